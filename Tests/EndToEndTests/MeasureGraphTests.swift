import Foundation
import TestSupport
import Testing
import Text

/// `ranksweep measure NET.onnx` as a user types it.
@Suite struct MeasureGraphTests {
    /// A network 3-2 with a ReLU, two points, and files of other kinds.
    private func makeFiles(_ work: Workspace) throws {
        func write(_ bytes: [UInt8], _ name: String) throws {
            try Data(bytes).write(to: work.folder.appending(path: name))
        }
        try write(ONNXBytes.layer, "net.onnx")
        let header = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }\n"
        let numbers: [Float] = [1, 1, 1, -9, 0, 0]
        try write(
            [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(header.utf8.count), 0] + Array(header.utf8)
                + numbers.flatMap { ONNXBytes.littleEndian(UInt64($0.bitPattern), width: 4) }, "x.npy")
        try write(Array("PK\u{3}\u{4}net/data.pkl".utf8), "net.pt")
        try write(Array("PK\u{3}\u{4}net/data.pkl".utf8), "torch.onnx")
    }

    @Test func `Layers are listed, measured and saved`() throws {
        let work = try Workspace()
        try makeFiles(work)
        let table = try work.run("measure", "net.onnx", "--list-layers")
        #expect(table.code == 0 && table.errors.isEmpty, "\(table.all)")
        let rows = table.output.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
        #expect(
            rows == [
                ["layer", "operation", "shape", "units", "multiplications", "measured"],
                ["fc", "Gemm", "2", "2", "6", "yes"], ["act", "Relu", "2", "2", "0", "yes"],
            ])
        let end = try work.run(
            "measure", "net.onnx", "--inputs", "x.npy", "--points", "2", "--measures", "local_rank",
            "--thresholds",
            "0.1", "--save-outputs", "out", "--save-jacobians", "jacobians")
        #expect(end.code == 0 && end.errors.isEmpty, "\(end.all)")
        let metrics = try JSONValue(parsing: end.output.utf8)
        // Both units are active at the first point, none at the second.
        #expect(metrics["local_rank"]?["0.1"]?["mean"] == JSONValue([2.0, 1.0]))
        #expect(metrics["local_rank"]?["0.1"]?["max"] == JSONValue([2.0, 2.0]))
        #expect(try work.bytes("out/fc.npy").count == 128 + 16)
        // Two units in three inputs: W transposed at the first point, and 0 at the second, where no unit is active.
        let slopes: [Float] = [1, 3, 5, 2, 4, 6] + [Float](repeating: 0, count: 6)
        #expect(
            try work.bytes("jacobians/act.npy").dropFirst(128)
                == Data(slopes.flatMap { ONNXBytes.littleEndian(UInt64($0.bitPattern), width: 4) }))
        #expect(
            try work.bytes("jacobians/columns.npy").dropFirst(128)
                == Data((0..<3).flatMap { ONNXBytes.littleEndian($0, width: 8) }))
    }

    private static let mistakes: [(line: String, message: String)] = [
        ("measure net.onnx", "no points to measure at"),
        (
            "NET --activation relu",
            "--activation is not for .onnx files, which hold the activations: leave it out"
        ),
        ("NET --mean x", "--mean: 'x' is not a number"), ("NET --std 0", "--std: 0 can't divide"),
        ("NET --layout cnhw", "--layout: 'cnhw' must be nchw or nhwc"),
        ("NET --scale unit", "--scale: 'unit' must be a number"),
        ("NET --columns 1,1", "--columns: '1,1' is neither a list of inputs, each once, nor random:N"),
        ("NET --columns 0 --patch 2", "--columns and --patch cannot be combined"),
        ("NET --columns 3", "net.onnx: has 3 inputs, from 0 on: --columns names 3"),
        ("NET --layers conv", "net.onnx: has no layer 'conv'; it has fc, act"),
        ("NET --measures active_units", "active_units is not a measure of networks from ONNX files"),
        ("NET --save-outputs no/where", "no/where: cannot be made: No such file or directory"),
        ("NET --save-jacobians no/where", "no/where: cannot be made: No such file or directory"),
        (
            "NET --save-jacobians j --measures stable_rank",
            "--save-jacobians needs local_rank among --measures"
        ),
        ("NET --save-jacobians j --save-outputs ./j/", "j: is given for Jacobians and outputs"),
        ("NET --points 3", "x.npy: holds 2 points; 3 are asked for"),
        ("measure none.onnx --inputs x.npy", "none.onnx: cannot be read: No such file or directory"),
        (
            "measure torch.onnx --list-layers",
            "torch.onnx: is not an ONNX file, but a zip archive, as PyTorch and Keras write; export the network"
        ),
        (
            "measure net.pt --inputs x.npy --activation relu",
            "net.pt: is not a .safetensors file, but a zip archive, as PyTorch writes; export"
        ),
        ("measure net.pt --list-layers", "--list-layers is for .onnx files, and 'net.pt' is none"),
    ]

    @Test(arguments: mistakes) func `Wrong use is explained in one line, with code 2`(
        line: String, message: String
    ) throws {
        let work = try Workspace()
        try makeFiles(work)
        let words = line.replacingOccurrences(of: "NET", with: "measure net.onnx --inputs x.npy")
        let end = try work.start("ranksweep", words.split(separator: " ").map(String.init)).wait()
        #expect(end.code == 2 && end.output.isEmpty, "\(end.all)")
        #expect(end.errors.contains(message), "\(end.errors)")
        let lines = end.errors.split(separator: "\n")
        #expect(lines.first?.hasPrefix("error: ") == true)
        #expect(lines.dropFirst().allSatisfy { $0.hasPrefix("(see ") }, "\(end.errors)")
    }
}
