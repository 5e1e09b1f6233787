import Model
import Sweep
import Text

/// Why a .safetensors file gives no network.
public enum WeightsProblem: Error, Equatable, Sendable {
    case noHeader
    case archive
    case headerTooLong(announced: UInt64, found: Int)
    case notJSON(JSONError)
    case noObject
    case metadata
    case tensor(String, OfTensor)
    case trailing(Int)
    case noLayers
    case weightMissing(bias: String)
    case biasLength(String, found: Int, expected: Int)
    /// A layer's number of inputs differs from the number of outputs of the layer before it.
    case chain(String, inputs: Int, before: String, outputs: Int, order: [String])
    /// The product of the weights' norms is too large for ranks to be counted.
    case tooLarge
    /// The names of these weights have no numbers that give the layers' order.
    case noOrder(weights: [String])
    /// A name in `--layers` that no weight has.
    case noSuchLayer(String, layers: [String])
    /// The file has several layers where one is required.
    case noHead(layers: [String])
    case noMatrices
    /// The value of `network` in `__metadata__` describes no network, or another one.
    case description
    case otherTensors(missing: String?, unknown: String?)
    case activationMissing
    case otherActivation(String)
    /// A measure that this network doesn't have, and why.
    case measure(String, String)

    /// Why a tensor of a .safetensors file can't be used.
    public enum OfTensor: Error, Equatable, Sendable {
        case noObject
        case badMember(String)
        case unknownMember(String)
        case beyondEnd(begin: Int, end: Int, Int)
        case sizesDisagree(shape: [Int], type: String, bytes: Int)
        case overlaps(String)
        case gapBefore(Int)
        case type(String)
        case notFinite(Int)
        case beyondSingle(Int)
        case noPart
        case dimensions([Int], expected: Int)
        case tooWide(Int)
        case tooLong(Int)
    }
}

extension WeightsProblem {
    var words: String {
        switch self {
        case .noHeader: "is too short to be a .safetensors file"
        case .archive:
            "is not a .safetensors file, but a zip archive, as PyTorch writes; export the network with "
                + "torch.onnx.export(model, inputs, 'net.onnx'), or its weights with safetensors.torch.save_file"
        case .headerTooLong(let announced, let found):
            announced > UInt64(found)
                ? "is not a .safetensors file, or cut short: it announces a header of \(announced) bytes, "
                    + "\(found) follow"
                : "announces a header of \(announced) bytes; 100000000 are the most"
        case .notJSON(let error): "has a header that is \(error)"
        case .noObject: "has a header that is not a JSON object"
        case .metadata: "has a '__metadata__' that does not map names to texts"
        case .tensor(let name, let problem): "tensor '\(name)' \(problem.words)"
        case .trailing(let count): "goes on for \(count) bytes after its last tensor"
        case .noLayers: "holds no layer: no tensor is named '….weight'"
        case .weightMissing(let bias): "has '\(bias)', but no weight beside it"
        case .biasLength(let name, let found, let expected):
            "tensor '\(name)' has \(found) numbers; its layer has \(expected) outputs"
        case .chain(let layer, let inputs, let before, let outputs, let order):
            "layer '\(layer)' takes \(inputs) inputs, but '\(before)' before it has \(outputs) outputs; the "
                + "order, by name, is \(shortList(order)) (weights are [outputs, inputs])"
        case .tooLarge: "has weights so large that Jacobians are beyond double precision"
        case .noOrder(let weights):
            "the names of its layers do not say their order: \(shortList(weights)); give it by their "
                + "names, from the input on: --layers A,B,C"
        case .noSuchLayer(let name, let layers):
            GraphFacts.NoSuchLayer(name, layers).words
        case .noHead(let layers):
            "a head is one layer, and it has \(shortList(layers)): choose one with --layers"
        case .noMatrices: "holds no matrix of floating-point numbers"
        case .description: "has a '__metadata__' whose 'network' describes no network that this program knows"
        case .otherTensors(let missing?, _):
            "is not the network that its '__metadata__' describes: there is no tensor '\(missing)' of that shape"
        case .otherTensors(_, let unknown):
            "is not the network that its '__metadata__' describes: '\(unknown ?? "")' is none of it"
        case .activationMissing:
            "does not say what its hidden layers' activation is: --activation is missing: "
                + listed(Activation.allCases.map(\.rawValue), "or")
        case .otherActivation(let name):
            "says that its activation is \(name): leave --activation out, or give that"
        case .measure(let name, let why): "--measures: \(name) \(why)"
        }
    }
}

extension WeightsProblem.OfTensor {
    var words: String {
        switch self {
        case .noObject: "is not described by a JSON object"
        case .badMember(let key): "has no '\(key)', or a wrong one"
        case .unknownMember(let key): "has an unknown member '\(key)'"
        case .beyondEnd(let begin, let end, let size):
            "should be bytes \(begin) to \(end) of the data, but there are \(size); the file is cut short"
        case .sizesDisagree(let shape, let type, let bytes):
            "of type \(type) and shape \(JSONValue(shape).canonicalText) cannot have \(bytes) bytes"
        case .overlaps(let other): "overlaps tensor '\(other)'"
        case .gapBefore(let count): "comes after \(count) bytes that belong to no tensor"
        case .type(let type):
            "has the type \(type); weights may be \(WeightsFile.readTypes.joined(separator: ", "))"
        case .notFinite(let index): "has a number that is not finite, at \(index)"
        case .beyondSingle(let index):
            "has a number that single precision cannot hold, at \(index); networks are computed in it (weight_norms "
                + "are in double)"
        case .noPart:
            "is not the weight or bias of a dense layer ('NAME.weight', 'NAME.bias'); only networks of dense layers "
                + "are measured, and --layers selects the dense ones"
        case .dimensions(let shape, let expected):
            "has the shape \(JSONValue(shape).canonicalText); "
                + (expected == 2 ? "a dense layer's weight is [outputs, inputs]" : "a bias is [outputs]")
                + "; --layers names the dense layers where there are others"
        case .tooWide(let units): "has \(units) outputs; 65536 are the most"
        case .tooLong(let count): "has \(count) numbers; 2147483647 are the most"
        }
    }
}
