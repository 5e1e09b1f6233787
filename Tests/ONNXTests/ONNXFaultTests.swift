import Foundation
import TestSupport
import Testing

@testable import ONNX

private typealias Bytes = ONNXBytes

/// Bytes of a file, and what the fault says of them.
private struct Wrong: CustomTestStringConvertible {
    let what: String
    let bytes: [UInt8]
    var testDescription: String { what }

    init(_ what: String, _ bytes: [UInt8]) { (self.what, self.bytes) = (what, bytes) }

    /// The fault of a tensor t.
    init(tensor what: String, type: Int = 1, shape: [Int] = [2], _ numbers: [UInt8]...) {
        let tensor = Bytes.tensor("t", type: type, shape: shape, numbers.flatMap { $0 })
        self.init("tensor 't' " + what, model([relu], initializers: [tensor]))
    }

    /// The fault of an attribute.
    init(attribute what: String, _ attributes: [UInt8]...) {
        self.init(
            "node 0 (Relu) " + what, model([Bytes.node("Relu", ["x"], ["y"], attributes: attributes)]))
    }

    /// A damage at a byte of the file.
    init(damage what: String, at offset: Int, _ bytes: [UInt8]) {
        self.init("is damaged, or not an ONNX file: at byte \(offset) \(what)", bytes)
    }
}

private let relu = Bytes.node("Relu", ["x"], ["y"])
private let y = Bytes.value("y", shape: [1])

private func model(
    _ nodes: [[UInt8]], initializers: [[UInt8]] = [], inputs: [[UInt8]] = [Bytes.value("x", shape: [1])],
    outputs: [[UInt8]] = [y], opset: Int = 17
) -> [UInt8] {
    Bytes.model(
        Bytes.graph(nodes: nodes, initializers: initializers, inputs: inputs, outputs: outputs), opset: opset)
}

private let export = "export the network, from PyTorch with torch.onnx.export(model, inputs, 'net.onnx')"
private let w = Bytes.tensor("w", shape: [1], Bytes.raw([2]))

private let wrongFormats = [
    Wrong("is empty", []),
    Wrong(
        "is not an ONNX file, but a zip archive, as PyTorch and Keras write; \(export)",
        Array("PK\u{3}\u{4}net.pt".utf8)),
    Wrong(
        "is not an ONNX file, but a Python pickle, as old versions of PyTorch write; \(export)",
        [0x80, 2, 0x8a]),
    Wrong(
        "is not an ONNX file, but an HDF5 file, as Keras writes; export the network, from Keras with "
            + "model.export('net.onnx', format='onnx')", [0x89] + Array("HDF\r\n\u{1a}\n".utf8)),
    Wrong(
        "is not an ONNX file, but a safetensors file: weights without a network; \(export)",
        [2, 0, 0, 0, 0, 0, 0, 0] + Array("{}".utf8)),
    Wrong("is not an ONNX file, but an array of NumPy; \(export)", [0x93] + Array("NUMPY".utf8)),
    Wrong(
        "is not an ONNX file, but a TensorFlow Lite model; convert it with tf2onnx",
        [28, 0, 0, 0] + Array("TFL3".utf8)),
    Wrong("is not an ONNX file, but a GGUF file; \(export)", Array("GGUF".utf8)),
    Wrong(
        "is not an ONNX file, but a pointer of Git LFS; fetch the file with 'git lfs pull'",
        Array("version https://git-lfs.github.com/spec/v1".utf8)),
    Wrong(
        "is not an ONNX file, but a web page; download it again", Array("<!DOCTYPE html>".utf8)),
    Wrong(
        "is not an ONNX file, or holds no network: it has no graph", Bytes.field(1, 8)),
    Wrong(
        "does not say which version of ONNX's operations (opset) it uses",
        Bytes.model(Bytes.graph(nodes: [relu]), domain: "ai.onnx.ml")),
    Wrong(
        "uses version 10 of ONNX's operations (opset); 11 to 21 are read: export it with opset_version=18",
        model([relu], opset: 10)),
    Wrong(
        "uses version 22 of ONNX's operations (opset); 11 to 21 are read: export it with opset_version=18",
        model([relu], opset: 22)),
]

private let damages = [
    Wrong(damage: "a field announces 100 bytes, but only 2 are left", at: 2, [8, 8, 0x3a, 100, 1, 1]),
    Wrong(damage: "a number is cut short", at: 1, [8, 0x88]),
    Wrong(damage: "a number is cut short", at: 1, [0x0d, 1, 2, 3]),
    Wrong(
        damage: "a number is longer than 64 bits", at: 1,
        [8] + [UInt8](repeating: 0xff, count: 9) + [2]),
    Wrong(damage: "a group begins or ends, which ONNX does not use", at: 0, [0x0b]),
    Wrong(damage: "a field has the wire type 7", at: 0, [0x0f]),
    Wrong(damage: "a field has the number 0", at: 2, [8, 8, 0, 1]),
    Wrong(damage: "field 7 of a message has a wrong wire type", at: 0, Bytes.field(7, 1)),
    Wrong(
        damage: "field 1 of a message has a wrong wire type", at: 2,
        Bytes.field(7, bytes: Bytes.field(1, 1)) + Bytes.field(8, bytes: Bytes.field(2, 17))),
    Wrong(
        damage: "a text is not UTF-8", at: 4,
        Bytes.field(8, bytes: [0x0a, 2, 0xc3, 0x28])
            + Bytes.field(7, bytes: [])),
    Wrong(
        damage: "a text has 65537 bytes; 65536 are the most", at: 8,
        Bytes.field(8, bytes: Bytes.field(1, String(repeating: "n", count: 65537)))
            + Bytes.field(7, bytes: [])),
]

private let wrongGraphs = [
    Wrong("holds an empty network: its graph has no node", model([])),
    Wrong("holds a network without a result: its graph has no output", model([relu], outputs: [])),
    Wrong(
        "holds sparse initializers, which are not read; export dense ones",
        Bytes.model(Bytes.graph(nodes: [relu], outputs: [y]) + Bytes.field(15, bytes: []))),
    Wrong(
        "holds an initializer without a name",
        model([relu], initializers: [Bytes.tensor("", shape: [0])])),
    Wrong("holds the initializer 'w' twice", model([relu], initializers: [w, w])),
    Wrong("holds an input or output without a name", model([relu], outputs: [Bytes.value("", shape: [])])),
    Wrong(
        "holds the input 'x' twice",
        model([relu], inputs: [Bytes.value("x", shape: [1]), Bytes.value("x", shape: [2])])),
    Wrong("holds the output 'y' twice", model([relu], outputs: [y, y])),
    Wrong(
        "output 'z' of the graph is made by no node", model([relu], outputs: [Bytes.value("z", shape: [])])),
    Wrong(
        "value 'x' has elements of type 99, which ONNX does not know",
        model([relu], inputs: [Bytes.value("x", type: 99, shape: [1])])),
    Wrong("value 'x' has the size -7", model([relu], inputs: [Bytes.value("x", shape: [-7])])),
    Wrong("node 0 () has no operation", model([Bytes.node("", ["x"], ["y"])])),
    Wrong(
        "node 1 (Relu) makes 'y', which is an input, an initializer or another output already",
        model([relu, relu])),
    Wrong(
        "node 0 (Relu) makes 'x', which is an input, an initializer or another output already",
        model([Bytes.node("Relu", ["x"], ["x"])])),
    Wrong(
        "node 'a' (Relu) reads 'q', which is no input, no initializer and no output of a node",
        model([Bytes.node("Relu", ["q"], ["y"], name: "a")])),
    Wrong(
        "node 'a' (Add) reads 'y', which only node 1 (Relu) makes, and that does not come before it: the nodes are "
            + "not in order, or form a cycle",
        model([Bytes.node("Add", ["x", "y"], ["z"], name: "a"), Bytes.node("Relu", ["z"], ["y"])])),
    Wrong(
        "node 0 (Add) reads 'y', which only node 0 (Add) makes, and that does not come before it: the nodes are not "
            + "in order, or form a cycle", model([Bytes.node("Add", ["x", "y"], ["y"])])),
    Wrong(
        attribute: "has the attribute 'a' twice", Bytes.attribute("a", type: 2, []),
        Bytes.attribute("a", type: 1, [])),
    Wrong(
        attribute: "has an attribute 'a' of type 0, which ONNX does not know",
        Bytes.field(1, "a") + Bytes.field(3, 1)),
    Wrong(attribute: "has an attribute 'a' without its tensor", Bytes.attribute("a", type: 4, [])),
]

private let wrongTensors = [
    Wrong(tensor: "has elements of type 0, which ONNX does not know", type: 0),
    Wrong(tensor: "announces the shape [2, -1], which no tensor can have", shape: [2, -1]),
    Wrong(
        tensor: "announces the shape [4294967296, 4294967296], which no tensor can have",
        shape: [1 << 32, 1 << 32]),
    Wrong(
        tensor: "announces the shape [2305843009213693952], which no tensor can have", shape: [1 << 61]),
    Wrong(tensor: "has 33 dimensions; 32 are the most", shape: [Int](repeating: 1, count: 33)),
    Wrong(tensor: "is stored in segments, which are not read", Bytes.field(3, bytes: [])),
    Wrong(tensor: "of type float and shape [2] cannot have 0 bytes"),
    Wrong(tensor: "of type float and shape [2] cannot have 4 bytes", Bytes.raw([1])),
    Wrong(
        tensor: "of type int8 and shape [1073741824] cannot have 4 bytes", type: 3, shape: [1 << 30],
        Bytes.raw([1])),
    Wrong(tensor: "of shape [2] cannot have 1 number", Bytes.field(4, Float(1))),
    Wrong(
        tensor: "of shape [2] cannot have 3 numbers", type: 7, Bytes.field(7, bytes: [1, 2]),
        Bytes.field(7, 3)),
    Wrong(
        tensor: "has numbers in more than one field, or in the field of another type",
        Bytes.field(4, Float(1)), Bytes.field(5, 1)),
    Wrong(
        tensor: "has numbers in more than one field, or in the field of another type",
        Bytes.field(7, bytes: [1, 2])),
    Wrong(
        tensor: "has numbers in more than one field, or in the field of another type",
        Bytes.raw([1, 2]), Bytes.external(["location": "w.data"])),
]

private let wrongExternals = [
    Wrong(tensor: "has external data, but does not say in which file", Bytes.external([:])),
    Wrong(
        tensor: "has external data whose offset is '-8'",
        Bytes.external(["location": "w.data", "offset": "-8"])),
    Wrong(
        tensor: "has external data whose length is '8 bytes'",
        Bytes.external(["location": "w.data", "length": "8 bytes"])),
    Wrong(
        tensor: "has 8 bytes by its shape, but announces 4 of 'w.data'",
        Bytes.external(["location": "w.data", "length": "4"])),
    Wrong(
        tensor: "has external data in '../w.data', which is not a path inside the model's folder",
        Bytes.external(["location": "../w.data"])),
    Wrong(
        tensor: "has external data in 'a/../../w.data', which is not a path inside the model's folder",
        Bytes.external(["location": "a/../../w.data"])),
    Wrong(
        tensor: "has external data in './.', which is not a path inside the model's folder",
        Bytes.external(["location": "./."])),
    Wrong(
        tensor: "has external data in '/etc/passwd', which is not a path inside the model's folder",
        Bytes.external(["location": "/etc/passwd"])),
    Wrong(
        tensor: "has external data in 'w.data?', which is not a path inside the model's folder",
        Bytes.external(["location": "w.data\0"])),
    Wrong(
        tensor: "has its numbers in 'none' beside the model, which cannot be read: No such file or directory",
        Bytes.external(["location": "none"])),
    Wrong(
        tensor: "has its numbers in 'folder' beside the model, which cannot be read: a folder, not a file",
        Bytes.external(["location": "folder"])),
    Wrong(
        tensor:
            "has external data in 'link', which leads out of the model's folder; put the file itself there",
        Bytes.external(["location": "link"])),
    Wrong(
        tensor:
            "should be 8 bytes of 'w.data' from byte 3 on, but that has only 10: it is cut short, or another "
            + "model's", Bytes.external(["location": "w.data", "offset": "3"])),
    Wrong(
        tensor:
            "should be 8 bytes of 'w.data' from byte 9223372036854775807 on, but that has only 10: it is cut "
            + "short, or another model's",
        Bytes.external(["location": "w.data", "offset": "9223372036854775807"])),
]

@Suite struct ONNXFaultTests {
    @Test(arguments: wrongFormats + damages + wrongGraphs + wrongTensors)
    private func `A wrong file is refused with its fault`(_ wrong: Wrong) throws {
        let fault = #expect(throws: ONNXFault.self) {
            try ONNXModel(bytes: wrong.bytes, path: "net.onnx")
        }
        #expect(fault?.description == "net.onnx: \(wrong.what)")
    }

    @Test(arguments: wrongExternals)
    private func `External data must lie beside the model`(_ wrong: Wrong) throws {
        let (folder, other) = (try TemporaryFolder(), try TemporaryFolder())
        _ = try folder.write([UInt8](repeating: 0, count: 10), to: "w.data")
        let secret = try other.write([UInt8](repeating: 0, count: 10))
        let files = FileManager.default
        try files.createDirectory(atPath: folder.path + "/folder", withIntermediateDirectories: false)
        try files.createSymbolicLink(atPath: folder.path + "/link", withDestinationPath: secret)
        let path = try folder.write(wrong.bytes, to: "net.onnx")
        let fault = #expect(throws: ONNXFault.self) { try ONNXModel(reading: path) }
        #expect(fault?.description == "\(path): \(wrong.what)")
    }

    @Test func `A fault is one line, whatever names it has`() throws {
        let name = "a\n\u{1b}[31m" + String(repeating: "é", count: 30_000)
        let bytes = model([Bytes.node("Relu", ["q"], ["y"], name: name)])
        let fault = try #require(throws: ONNXFault.self) { try ONNXModel(bytes: bytes, path: "net.onnx") }
        #expect(fault.what.hasPrefix("node 'a??[31méé") && fault.what.count == 901)
        #expect(
            fault.what.hasSuffix(
                "é' (Relu) reads 'q', which is no input, no initializer and no output of a node"))
    }

    @Test func `A file that can't be read is a fault`() throws {
        let folder = try TemporaryFolder()
        let fault = #expect(throws: ONNXFault.self) { try ONNXModel(reading: folder.path + "/none") }
        #expect(fault?.description == "\(folder.path)/none: cannot be read: No such file or directory")
    }

    @Test func `A file cut short anywhere is refused, unless only its last fields are missing`() throws {
        let whole = Bytes.layer
        for count in 0..<whole.count {
            do throws(ONNXFault) {
                _ = try ONNXModel(bytes: Array(whole.prefix(count)), path: "net.onnx")
                Issue.record("\(count) of \(whole.count) bytes are read")
            } catch { #expect(error.description.count < 300 && !error.description.contains("\n")) }
        }
    }

    // Each in a process of its own, so that no other test's memory counts.
    @Test(arguments: 0..<7)
    func `No file takes more than 200 MB beyond its own bytes`(_ index: Int) async {
        await #expect(processExitsWith: .success) { [index] in
            let bytes = Bytes.field(7, bytes: hostileGraph(index)) + Bytes.field(8, bytes: Bytes.field(2, 17))
            let before = try residentBytes()
            let fault = #expect(throws: ONNXFault.self) { try ONNXModel(bytes: bytes, path: "net.onnx") }
            #expect(
                fault?.what == "describes a network that takes more than 144 MiB of memory beside its weights"
            )
            #expect(try peakBytes() - before < 200_000_000)
        }
    }
}

/// Graphs of a few million bytes that hold very many small things of one kind.
private func hostileGraph(_ index: Int) -> [UInt8] {
    func repeated(_ bytes: [UInt8], _ count: Int) -> [UInt8] {
        var all: [UInt8] = []
        all.reserveCapacity(count * bytes.count)
        for _ in 0..<count { all += bytes }
        return all
    }
    func node(_ fields: [UInt8]) -> [UInt8] { Bytes.field(1, bytes: Bytes.field(4, "A") + fields) }
    return switch index {
    case 0: repeated(node([]), 500_000)
    case 1: repeated(node(Bytes.field(2, "") + Bytes.field(1, "")), 500_000)
    case 2: node(repeated(Bytes.field(1, ""), 2_500_000))
    // Each in the attribute's list of its own node, as names must differ.
    case 3: repeated(node(Bytes.field(5, bytes: Bytes.field(20, 2))), 250_000)
    case 4:
        node(Bytes.field(5, bytes: Bytes.field(20, 7) + Bytes.field(8, bytes: repeated([1], 6_500_000))))
    case 5: Bytes.field(5, bytes: Bytes.field(2, 1) + Bytes.field(1, bytes: repeated([1], 6_500_000)))
    default: repeated(Bytes.field(11, bytes: Bytes.field(1, "a")), 500_000)
    }
}

/// The memory that this process has now.
private func residentBytes() throws -> Int {
    let pages = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8).split(separator: " ")
    return try #require(Int(pages[1])) * Int(getpagesize())
}

/// The most memory that this program had at any time. `ru_maxrss` would not do: a process inherits its parent's.
private func peakBytes() throws -> Int {
    let lines = try String(contentsOfFile: "/proc/self/status", encoding: .utf8).split(separator: "\n")
    let peak = try #require(lines.first { $0.hasPrefix("VmHWM:") })
    return try #require(Int(peak.filter(\.isNumber))) * 1024
}
