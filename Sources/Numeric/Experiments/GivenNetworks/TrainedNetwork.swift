import Learning
import LinearAlgebra
import Model
import Sweep
import Text

/// A multilayer perceptron read from a .safetensors file: `NAME.weight` [outputs, inputs] and `NAME.bias`
/// [outputs], as in PyTorch's `state_dict`. The numbers in the layers' names give their order, unless the
/// user does.
struct TrainedNetwork {
    let shape: StackShape
    /// Names of the layers, in order.
    let names: [String]
    /// Parameters of one stack; a bias that is not in the file is zero.
    let parameters: Parameters<Float>
    var layers: [DenseLayer<Float>] { parameters.stacks[0] }

    private static let widest = 65_536
    /// LAPACK counts in 32 bits.
    private static let maxNumbers = Int(Int32.max)

    /// - Parameter layers: the layers' names in their order; other tensors are then ignored.
    init(_ file: WeightsFile, activation: Activation, layers: [String]? = nil) throws(DataError) {
        let parts = try TrainedNetwork.parts(of: file, layers: layers)
        let order: [String]
        if let layers { order = layers } else { order = try TrainedNetwork.order(of: parts, in: file) }
        var units: [Int] = []
        for (index, name) in order.enumerated() {
            guard let weight = parts[name]?.weight else {
                throw file.fault(.weightMissing(bias: name + ".bias"))
            }
            let (outputs, inputs) = (weight.shape[0], weight.shape[1])
            guard outputs <= TrainedNetwork.widest else {
                throw file.fault(.tensor(weight.name, .tooWide(outputs)))
            }
            guard inputs <= TrainedNetwork.maxNumbers / outputs else {
                throw file.fault(.tensor(weight.name, .tooLong(outputs * inputs)))
            }
            if let bias = parts[name]?.bias, bias.shape[0] != outputs {
                throw file.fault(.biasLength(bias.name, found: bias.shape[0], expected: outputs))
            }
            if let before = units.last, before != inputs {
                throw file.fault(
                    .chain(name, inputs: inputs, before: order[index - 1], outputs: before, order: order))
            }
            units += index == 0 ? [inputs, outputs] : [outputs]
        }
        guard !units.isEmpty else { throw file.fault(.noLayers) }
        names = order.map { $0.isEmpty ? "weight" : $0 }
        shape = StackShape(units: units, activation: activation)
        parameters = Parameters(stacks: [shape])
        for (name, layer) in zip(order, parameters.stacks[0]) {
            if let weight = parts[name]?.weight { layer.weight.assign(try file.floats(weight)) }
            if let bias = parts[name]?.bias { layer.bias.assign(try file.floats(bias)) }
        }
    }

    private struct Part {
        var weight: WeightsFile.Tensor?
        var bias: WeightsFile.Tensor?
    }

    /// The names in the order of their numbers. They must be equal otherwise.
    private static func order(of parts: [String: Part], in file: WeightsFile) throws(DataError) -> [String] {
        let order = parts.keys.sorted(by: precedesNaturally)
        for name in order where parts[name]?.weight == nil {
            throw file.fault(.weightMissing(bias: name + ".bias"))
        }
        let outlines = order.map(Outline.init)
        guard Set(outlines.map(\.words)).count < 2, Set(outlines.map(\.numbers)).count == order.count else {
            let weights = order.compactMap { parts[$0]?.weight }
            throw file.fault(
                .noOrder(weights: weights.map { "\($0.name) \(JSONValue($0.shape).canonicalText)" }))
        }
        return order
    }

    /// A name's words and numbers: "block2.fc10" has the words "block", ".fc", "" and the numbers 2, 10.
    private struct Outline {
        var words: [String] = [""]
        /// Without leading zeros.
        var numbers: [String] = []

        init(_ name: String) {
            var isInNumber = false
            for character in name {
                guard ("0"..."9").contains(character) else {
                    isInNumber = false
                    words[words.count - 1].append(character)
                    continue
                }
                if !isInNumber {
                    numbers.append("")
                    words.append("")
                }
                isInNumber = true
                let last = numbers.count - 1
                numbers[last] = numbers[last] == "0" ? String(character) : numbers[last] + String(character)
            }
        }
    }

    /// Weights and biases by the name before the last dot. Any other tensor is refused: it belongs to another
    /// kind of network. Where the layers are named, other tensors are ignored.
    private static func parts(of file: WeightsFile, layers: [String]?) throws(DataError) -> [String: Part] {
        var parts: [String: Part] = [:]
        if let missing = layers?.first(where: { name in
            !file.tensors.contains { split($0.name) == (name, "weight") }
        }) {
            let known = file.tensors.map { split($0.name) }.filter { $0.1 == "weight" }.map(\.0)
            throw file.fault(.noSuchLayer(missing, layers: known.sorted(by: precedesNaturally)))
        }
        for tensor in file.tensors {
            let (name, kind) = split(tensor.name)
            if let layers, !layers.contains(name) || kind != "weight" && kind != "bias" { continue }
            let dimensions = kind == "weight" ? 2 : 1
            guard kind == "weight" || kind == "bias" else { throw file.fault(.tensor(tensor.name, .noPart)) }
            guard tensor.shape.count == dimensions, !tensor.shape.contains(0) else {
                throw file.fault(.tensor(tensor.name, .dimensions(tensor.shape, expected: dimensions)))
            }
            if kind == "weight" {
                parts[name, default: Part()].weight = tensor
            } else {
                parts[name, default: Part()].bias = tensor
            }
        }
        return parts
    }

    /// "layers.0.weight" is ("layers.0", "weight"); a bare "weight" is ("", "weight").
    private static func split(_ name: String) -> (String, String) {
        guard let dot = name.lastIndex(of: ".") else { return ("", name) }
        return (String(name[..<dot]), String(name[name.index(after: dot)...]))
    }
}

/// Whether a name comes before another as people order numbered names: runs of digits compare as numbers, the
/// rest by its bytes. "fc2" comes before "fc10".
func precedesNaturally(_ a: String, _ b: String) -> Bool {
    let (x, y) = (Array(a.utf8), Array(b.utf8))
    func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
    func run(_ text: [UInt8], _ start: Int) -> ArraySlice<UInt8> {
        text[start...].prefix(while: isDigit)
    }
    var (i, j) = (0, 0)
    while i < x.count, j < y.count {
        if isDigit(x[i]), isDigit(y[j]) {
            let (first, second) = (run(x, i), run(y, j))
            let (p, q) = (first.drop { $0 == 0x30 }, second.drop { $0 == 0x30 })
            if p.count != q.count { return p.count < q.count }
            if !p.elementsEqual(q) { return p.lexicographicallyPrecedes(q) }
            (i, j) = (first.endIndex, second.endIndex)
        } else {
            if x[i] != y[j] { return x[i] < y[j] }
            (i, j) = (i + 1, j + 1)
        }
    }
    if (i == x.count) != (j == y.count) { return i == x.count }
    // Equal but for leading zeros.
    return x.lexicographicallyPrecedes(y)
}
