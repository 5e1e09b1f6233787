import Foundation
import TestSupport
import Testing
import Text

private typealias Bytes = ONNXBytes

/// Whole numbers as a tensor.
private func numbers(_ name: String, _ list: [Int]) -> [UInt8] {
    let bits = list.map { UInt64(bitPattern: Int64($0)) }
    return Bytes.tensor(name, type: 7, shape: [list.count], Bytes.raw(bits, width: 8))
}

/// A network of the input "x" and the tensors "k", whole numbers, and "w", [12, 5].
private func network(
    _ nodes: [[UInt8]], k: [Int] = [1], _ initializers: [[UInt8]] = [], input: [Int?] = [nil, 12],
    output: String = "y", opset: Int = 17
) -> [UInt8] {
    let weights: [Float] = (0..<60).map { Float($0 * 7 % 11) / 11 - 0.4 }
    let own = [numbers("k", k), Bytes.tensor("w", shape: [12, 5], Bytes.raw(weights))]
    let graph = Bytes.graph(
        nodes: nodes, initializers: own + initializers, inputs: [Bytes.value("x", shape: input)],
        outputs: [Bytes.value(output, shape: [])])
    return Bytes.model(graph, opset: opset)
}

/// A network of one node.
private func one(
    _ operation: String, _ others: [String] = [], k: [Int] = [1], _ attributes: [UInt8]...
) -> [UInt8] {
    network([Bytes.node(operation, ["x"] + others, ["y"], name: "n", attributes: attributes)], k: k)
}

/// y = x W, with W as these dimensions and fields say.
private func product(_ shape: [Int], _ numbers: [UInt8]) -> [UInt8] {
    network([Bytes.node("MatMul", ["x", "v"], ["y"])], [Bytes.tensor("v", shape: shape, numbers)])
}

private func external(_ location: String, offset: String = "0", length: String = "240") -> [UInt8] {
    product([12, 5], Bytes.external(["location": location, "offset": offset, "length": length]))
}

private func ints(_ name: String, _ values: Int...) -> [UInt8] {
    Bytes.attribute(name, type: 7, values.flatMap { Bytes.field(8, $0) })
}

private func int(_ name: String, _ value: Int) -> [UInt8] {
    Bytes.attribute(name, type: 2, Bytes.field(3, value))
}

/// Networks that can be measured: of dense layers, with weights in another file, an attention over four tokens, and one
/// that computes its shapes.
private let whole: [[UInt8]] = [
    network([
        Bytes.node("MatMul", ["x", "w"], ["p"], name: "fc"), Bytes.node("Relu", ["p"], ["h"], name: "act"),
        Bytes.node("Softmax", ["h"], ["y"]),
    ]),
    external("w.data", offset: "16"),
    network(
        [
            Bytes.node("Reshape", ["x", "k"], ["r"]), Bytes.node("MatMul", ["r", "q"], ["a"]),
            Bytes.node("Transpose", ["a"], ["t"], attributes: [ints("perm", 0, 2, 1)]),
            Bytes.node("MatMul", ["a", "t"], ["l"]), Bytes.node("Softmax", ["l"], ["m"]),
            Bytes.node("MatMul", ["m", "r"], ["o"]), Bytes.node("Add", ["o", "r"], ["s"]),
            Bytes.node("Sigmoid", ["s"], ["y"]),
        ], k: [-1, 4, 3],
        [Bytes.tensor("q", shape: [3, 3], Bytes.raw([1, 0.5, -1, 0.25, 1, -0.5, 2, -1, 0.75]))]),
    network(
        [
            Bytes.node("Shape", ["x"], ["h"]), Bytes.node("Gather", ["h", "k"], ["n"]),
            Bytes.node("Concat", ["n", "rest"], ["t"], attributes: [int("axis", 0)]),
            Bytes.node("Reshape", ["x", "t"], ["r"]), Bytes.node("Tile", ["r", "times"], ["ti"]),
            Bytes.node("Flatten", ["ti"], ["f"]), Bytes.node("Slice", ["f", "from", "to", "axes"], ["y"]),
        ], k: [0],
        [
            numbers("rest", [3, 4]), numbers("times", [1, 2, 1]), numbers("from", [2]), numbers("to", [20]),
            numbers("axes", [1]),
        ]),
]

/// Networks that can't be measured, and what is wrong with each.
private let hostile: [(what: String, bytes: [UInt8])] = [
    ("huge dimensions", product([1 << 40, 1 << 40], Bytes.raw([1]))),
    ("dimensions whose product wraps around", product([1 << 32, 1 << 32], [])),
    ("a huge dimension", product([12, 1 << 62], Bytes.raw([1]))),
    ("a large dimension without numbers", product([12, 1 << 28], [])),
    ("a negative dimension", product([-12, 5], Bytes.raw([1]))),
    ("no dimension", product([0, 5], [])),
    ("a thousand dimensions", product([Int](repeating: 1, count: 1000), Bytes.raw([1]))),
    ("an input of 2⁶² numbers", network([Bytes.node("Relu", ["x"], ["y"])], input: [nil, 1 << 62])),
    ("an input of −12 numbers", network([Bytes.node("Relu", ["x"], ["y"])], input: [nil, -12])),
    (
        "an input of 1000 dimensions",
        network([Bytes.node("Relu", ["x"], ["y"])], input: [Int?](repeating: 1 << 20, count: 1000))
    ),
    ("expanded to 2⁶²", one("Expand", ["k"], k: [1 << 62])),
    ("expanded to 2⁴⁰ × 12", one("Expand", ["k"], k: [1 << 40, 12])),
    ("repeated 2⁴⁰ times", one("Tile", ["k"], k: [1, 1 << 40])),
    ("repeated −1 times", one("Tile", ["k"], k: [1, -1])),
    ("padded by 2⁶²", one("Pad", ["k"], k: [0, 1 << 62, 0, 1 << 62])),
    ("reshaped to 2⁶² × 2⁶²", one("Reshape", ["k"], k: [1 << 62, 1 << 62])),
    ("reshaped to two open sizes", one("Reshape", ["k"], k: [-1, -1])),
    ("reshaped to 7", one("Reshape", ["k"], k: [-1, 7])),
    ("split into −1 and 13", one("Split", ["k"], k: [-1, 13], int("axis", 1))),
    ("transposed to the same axis twice", one("Transpose", [], ints("perm", 0, 0))),
    ("transposed to axis 7", one("Transpose", [], ints("perm", 0, 7))),
    ("joined at axis 2⁴⁰", one("Concat", ["x"], int("axis", 1 << 40))),
    ("flattened at axis −99", one("Flatten", [], int("axis", -99))),
    ("a new axis at 2⁴⁰", one("Unsqueeze", ["k"], k: [1 << 40])),
    ("summed over axis 99", one("ReduceMean", [], ints("axes", 99))),
    ("no column", one("Gather", ["k"], k: [], int("axis", 1))),
    ("column 2⁴⁰", one("Gather", ["k"], k: [1 << 40], int("axis", 1))),
    ("a cast to type 99", one("Cast", [], int("to", 99))),
    ("zero groups", one("Conv", ["w"], int("group", 0))),
    ("a pool without strides", one("MaxPool", [], ints("kernel_shape", 2, 2), ints("strides", 0, 0))),
    (
        "a constant of 2⁴⁰ numbers",
        network(
            [
                Bytes.node("ConstantOfShape", ["k"], ["c"]), Bytes.node("Add", ["x", "c"], ["y"]),
            ], k: [1 << 40])
    ),
    (
        "a range of 2⁶² numbers",
        network(
            [
                Bytes.node("Range", ["k", "k2", "k"], ["c"]),
                Bytes.node("Cast", ["c"], ["d"], attributes: [int("to", 1)]),
                Bytes.node("Add", ["x", "d"], ["y"]),
            ], k: [1], [numbers("k2", [1 << 62])])
    ),
    ("a node that reads itself", network([Bytes.node("Relu", ["y"], ["y"])])),
    (
        "a cycle of two nodes",
        network([Bytes.node("Add", ["x", "b"], ["y"]), Bytes.node("Relu", ["y"], ["b"])])
    ),
    (
        "a cycle of 5000 nodes",
        network(
            (0..<5000).map {
                Bytes.node("Relu", ["a\(($0 + 1) % 5000)"], ["a\($0)"])
            }, output: "a0")
    ),
    ("a name that nothing makes", network([Bytes.node("Add", ["x", "nothing"], ["y"])])),
    ("an output that nothing makes", network([Bytes.node("Relu", ["x"], ["z"])])),
    (
        "two results of one name",
        network([Bytes.node("Relu", ["x"], ["y"]), Bytes.node("Neg", ["x"], ["y"])])
    ),
    ("no nodes", network([])),
    ("an unknown operation", one("Relu6")),
    ("opset 3", network([Bytes.node("Relu", ["x"], ["y"])], opset: 3)),
    ("opset 10⁹", network([Bytes.node("Relu", ["x"], ["y"])], opset: 1_000_000_000)),
    ("weights in the folder above", external("../w.data")),
    ("weights by a full path", external("/etc/passwd")),
    ("weights beyond a folder", external("a/../../w.data")),
    ("weights in no file", external("none.data")),
    ("weights in a folder", external(".")), ("weights in a pipe", external("pipe")),
    ("weights behind a link to another folder", external("link")),
    ("weights from 2⁶² on", external("w.data", offset: "4611686018427387904")),
    ("weights from −16 on", external("w.data", offset: "-16")),
    ("2⁶² bytes of weights", external("w.data", length: "4611686018427387904")),
    ("infinite weights", product([12, 5], Bytes.raw([Float](repeating: .infinity, count: 60)))),
    ("4 bytes of weights", external("w.data", length: "4")),
    ("weights from a text on", external("w.data", offset: "start")),
    ("nothing", []), ("a text", Array("a text\n".utf8)), ("zeros", [UInt8](repeating: 0, count: 1000)),
    ("a length of 2⁶³", [0x3a] + Bytes.varint(1 << 63) + [1, 2, 3]),
]

/// Each network's beginnings.
private let cutShort: [(what: String, bytes: [UInt8])] = whole.enumerated().flatMap {
    (index, bytes) -> [(what: String, bytes: [UInt8])] in
    [10, 40, 70, 95].map { percent in
        ("\(percent) % of network \(index)", Array(bytes.prefix(bytes.count * percent / 100)))
    }
}

/// `ranksweep measure` with .onnx files that were damaged, or made to do harm.
@Suite(.timeLimit(.minutes(10))) struct MangledGraphTests {
    private let work: Workspace

    init() throws {
        work = try Workspace()
        let header = Array("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 12), }\n".utf8)
        var points: [UInt8] = [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(header.count), 0]
        points += header
        for index in 0..<24 {
            points += Bytes.littleEndian(UInt64((Float(index) / 10 - 1).bitPattern), width: 4)
        }
        try write(points, "in/x.npy")
        let weights = [UInt8](repeating: 0x3e, count: 256)
        try write(weights, "in/w.data")
        try write(weights, "w.data")
        let folder = work.folder.appending(path: "in").path
        #expect(mkfifo(folder + "/pipe", 0o600) == 0 && symlink("../w.data", folder + "/link") == 0)
    }

    private func write(_ bytes: [UInt8], _ name: String) throws {
        let file = work.folder.appending(path: name)
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(bytes).write(to: file)
    }

    /// Measures a file: whether that succeeded. A failure must be one error, and no more memory may be taken than 200 MB
    /// beside the file.
    private func isMeasured(_ bytes: [UInt8], _ what: String) throws -> Bool {
        try write(bytes, "in/net.onnx")
        let own = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let program = URL(filePath: own).deletingLastPathComponent().appending(path: "ranksweep").path
        let end = try work.start("peak-memory", [program, "measure", "in/net.onnx", "--inputs", "in/x.npy"])
            .wait()
        var lines = end.output.split(separator: "\n")
        let peak = try #require(lines.popLast().flatMap { Int($0) }, "\(what): \(end.all)")
        #expect(peak > 1 << 20 && peak <= bytes.count + 200_000_000, "\(what): \(peak) bytes")
        let errors = end.errors.split(separator: "\n", omittingEmptySubsequences: false)
        if end.code == 0 {
            #expect(lines.count == 1 && end.errors.isEmpty, "\(what): \(end.all)")
        } else {
            #expect(
                end.code == 2 && lines.isEmpty && errors.count == 2 && errors[0].hasPrefix("error: ")
                    && errors[1].isEmpty,
                "\(what), code \(end.code): \(end.all)")
        }
        return end.code == 0
    }

    /// RANKSWEEP_FUZZ=10 tries ten times as many, and RANKSWEEP_FUZZ_SEED=7 others.
    @Test func `Two hundred mangled files give one error each`() throws {
        for (index, bytes) in whole.enumerated() { #expect(try isMeasured(bytes, "network \(index)")) }
        for (what, bytes) in hostile + cutShort { #expect(try !isMeasured(bytes, what), "\(what)") }
        let words = ["..", "/", "location", "w.data", "Reshape", "MatMul", "\0", "x", "y"]
        let environment = ProcessInfo.processInfo.environment
        let count = 200 * (environment["RANKSWEEP_FUZZ"].flatMap { Int($0) } ?? 1)
        let seed = environment["RANKSWEEP_FUZZ_SEED"].flatMap { UInt64($0) } ?? 0
        var harmless = 0
        for round in hostile.count + cutShort.count..<count {
            var mangler = Mangler(draws: Draws(seed << 40 ^ UInt64(round)), corpus: whole, words: words)
            if try isMeasured(mangler.next(), "seed \(seed), round \(round)") { harmless += 1 }
        }
        // Changed weights, and names that say nothing.
        #expect(harmless < count / 5, "\(harmless)")
    }
}
