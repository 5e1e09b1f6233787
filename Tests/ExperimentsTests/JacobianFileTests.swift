import Files
import Foundation
import LinearAlgebra
import Sweep
import TestSupport
import Testing
import Text

@testable import Experiments

private typealias Bytes = ONNXBytes

/// The files that `--save-jacobians` writes.
@Suite struct JacobianFileTests {
    let files: GivenFiles
    var request: MeasureRequest

    /// A convolution of 1 × 3 × 4 pixels to 12 × 2 × 3, with tanh, and a dense layer of 5 units.
    init() throws {
        files = try GivenFiles()
        var draws = Draws(3)
        func numbers(_ count: Int) -> [Float] { (0..<count).map { _ in Float(draws.uniform(-1...1)) } }
        let model = Bytes.model(
            Bytes.graph(
                nodes: [
                    Bytes.node("Conv", ["x", "w"], ["c"], name: "/body/conv"),
                    Bytes.node("Tanh", ["c"], ["t"], name: "tanh"),
                    Bytes.node("Flatten", ["t"], ["f"], name: "flat"),
                    Bytes.node("Gemm", ["f", "v"], ["y"], name: "fc"),
                ],
                initializers: [
                    Bytes.tensor("w", shape: [12, 1, 2, 2], Bytes.raw(numbers(48))),
                    Bytes.tensor("v", shape: [72, 5], Bytes.raw(numbers(360))),
                ], inputs: [Bytes.value("x", shape: [nil, 1, 3, 4])],
                outputs: [Bytes.value("y", shape: [])]))
        request = MeasureRequest(
            weights: try files.write(model, "net.onnx"),
            points: .array(
                try files.write(GivenFiles.npy([3, 1, 3, 4], floats: numbers(36)), "x.npy"), labels: nil),
            activation: nil, measures: [.localRank], thresholds: [0.3], relative: [0.01], rankPoints: 2)
        request.jacobiansFolder = files.folder.appending(path: "j").path
    }

    private func run() throws -> JSONValue {
        try measure(request, data: DataDirectory(data: "", cache: nil), memory: nil)
    }

    private func read(_ name: String) throws -> (shape: [Int], numbers: [Double]) {
        let file = try ArrayFile(opening: files.folder.appending(path: name).path)
        var numbers: [Double] = []
        try file.forEach { numbers.append($0) }
        return (file.shape, numbers)
    }

    private var message: String? {
        do {
            _ = try run()
            return nil
        } catch { return "\(error)".replacing(files.folder.path + "/", with: "") }
    }

    @Test func `A Jacobian has the dimensions of the layer, then the inputs, and is that of differences`()
        throws
    {
        var request = request
        let columns = [7, 0, 5, 11, 3]
        request.columns = .listed(columns)
        request.layers = ["*"]
        let result = try measure(request, data: DataDirectory(data: "", cache: nil), memory: nil)
        let taken = try read("j/columns.npy")
        #expect(taken.shape == [5] && taken.numbers == columns.map(Double.init))
        // The same points, with each of the inputs above and below.
        let step = Float(0.01)
        let x = try read("x.npy").numbers.map { Float($0) }
        var points: [Float] = []
        for point in 0..<2 {
            for column in columns {
                for sign in [step, -step] {
                    var moved = Array(x[point * 12..<(point + 1) * 12])
                    moved[column] += sign
                    points += moved
                }
            }
        }
        request.points = .array(
            try files.write(GivenFiles.npy([20, 1, 3, 4], floats: points), "moved.npy"), labels: nil)
        request.jacobiansFolder = nil
        request.outputsFolder = files.folder.appending(path: "out").path
        request.measures = []
        _ = try measure(request, data: DataDirectory(data: "", cache: nil), memory: nil)
        for (layer, (name, shape)) in [
            ("_body_conv", [12, 2, 3]), ("tanh", [12, 2, 3]), ("flat", [72]), ("fc", [5]),
        ].enumerated() {
            let found = try read("j/\(name).npy")
            #expect(found.shape == [2] + shape + [5], "\(name)")
            let values = try read("out/\(name).npy").numbers
            let units = shape.reduce(1, *)
            var ranks = 0.0
            for point in 0..<2 {
                let jacobian = Matrix<Double>(rows: units, columns: 5)
                for unit in 0..<units {
                    for column in 0..<5 {
                        let above = (point * 5 + column) * 2
                        let slope =
                            (values[above * units + unit] - values[(above + 1) * units + unit])
                            / Double(2 * step)
                        let own = found.numbers[(point * units + unit) * 5 + column]
                        #expect(abs(slope - own) < 1e-3, "\(name) \(unit) \(column): \(own), not \(slope)")
                        jacobian[unit, column] = own
                    }
                }
                let sigma = try jacobian.singularValues()
                #expect(sigma.allSatisfy { abs($0 / 0.3 - 1) > 1e-3 }, "\(sigma)")
                ranks += Double(sigma.count { $0 > 0.3 })
            }
            #expect(result["local_rank"]?["0.3"]?["mean"]?.array?[layer].number == ranks / 2, "\(name)")
        }
    }

    @Test func `The files are those of the chosen layers and the inputs, all of them by default`() throws {
        var request = request
        request.layers = ["fc", "/body/*"]
        #expect(MeasureRequest(request.json) == request)
        _ = try measure(request, data: DataDirectory(data: "", cache: nil), memory: nil)
        #expect(
            try FileManager.default.contentsOfDirectory(
                atPath: files.folder.appending(path: "j").path
            ).sorted() == ["_body_conv.npy", "columns.npy", "fc.npy"])
        #expect(try read("j/columns.npy").numbers == (0..<12).map(Double.init))
        #expect(try read("j/fc.npy").shape == [2, 5, 12])
    }

    @Test mutating func `What can't be written is refused before anything is computed`() throws {
        request.outputsFolder = request.jacobiansFolder.map { $0 + "/" }
        let names = try FileManager.default.contentsOfDirectory(atPath: files.folder.path).sorted()
        #expect(
            message
                == "j: is given for Jacobians and outputs, whose files have the same names: choose two folders"
        )
        #expect(try FileManager.default.contentsOfDirectory(atPath: files.folder.path + "/j").isEmpty)
        request.outputsFolder = nil
        request.jacobiansFolder = files.folder.appending(path: "none/j").path
        #expect(message == "none/j: cannot be made: No such file or directory")
        request.jacobiansFolder = files.folder.appending(path: "net.onnx").path
        #expect(message == "net.onnx/columns.npy: cannot be written: Not a directory")
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: files.folder.path).sorted()
                == (names + ["j"]).sorted())
        // Two layers of these names, as net.onnx above.
        let nodes = [
            Bytes.node("Relu", ["x"], ["a"], name: "columns"), Bytes.node("Tanh", ["a"], ["y"], name: "t"),
        ]
        request.weights = try files.write(
            Bytes.model(
                Bytes.graph(
                    nodes: nodes, inputs: [Bytes.value("x", shape: [nil, 1, 3, 4])],
                    outputs: [Bytes.value("y", shape: [])])), "columns.onnx")
        request.jacobiansFolder = files.folder.appending(path: "j").path
        #expect(
            message
                == "j: layer 'columns' and the inputs' numbers would both be written to columns.npy: choose others "
                + "with --layers")
    }

    @Test func `Jacobians that the disk has no room for are refused, with their size`() throws {
        let model = try GivenGraph.model(request)
        let points = try GraphPoints(request, declared: model.pointSizes, first: nil)
        let graph = try ReadGraph(request, model, shape: points.shape)
        let given = try GivenGraph(request, graph, at: points)
        func make(free: Int) throws {
            _ = try JacobianFiles(
                given.layers, columns: given.tangents?.inputs ?? [], points: 2,
                in: files.folder.appending(path: "j").path, free: free)
        }
        // 72 + 72 + 5 units (the flattened ones are not measured by default), 12 inputs, 2 points, 4 bytes.
        try make(free: 149 * 12 * 2 * 4)
        let words = try fault(files.folder.path + "/j") { try make(free: 149 * 12 * 2 * 4 - 1) }
        #expect(
            words
                == "needs 14.3 kB for the Jacobians of 3 layers in 12 inputs at 2 points, and 14.3 kB are free on this "
                + "disk: save fewer --layers, or fewer inputs (--patch, --columns)")
    }
}
