// ONNX: reads a network from an .onnx file into values: its nodes, values and tensors, checked as a whole.
// Imports Files (reading part by part) and Text (counts in words). Trusts nothing that a file says.
// Leaves out the operations: whether they are known, and their shapes and numbers. Subgraphs, functions and
// training information are not read; an operation that needs them is for others to refuse.

import Files

/// A network as its .onnx file describes it. Big tensors stay in the file until their numbers are asked for.
///
/// The graph is checked: each value has one maker, and no node comes before the makers of its inputs.
public struct ONNXModel: Sendable {
    /// The version of the file's format (IR), as the file states it.
    public var formatVersion: Int
    /// The version of the default domain's operations.
    public var opset: Int
    /// The network.
    public var graph: Graph

    /// The opsets that are read unless another range is given.
    public static let opsets = 11...21

    /// A network: nodes in an order in which they can be computed.
    public struct Graph: Sendable {
        /// The nodes; each comes after those that make its inputs.
        public var nodes: [Node]
        /// The values that the file holds, by name.
        public var initializers: [String: ONNXTensor]
        /// The values to be given; those that have an initializer are left out.
        public var inputs: [ValueInfo]
        /// The network's results.
        public var outputs: [ValueInfo]
    }

    /// A value's name, type and shape, as far as the file states them.
    public struct ValueInfo: Sendable, Equatable {
        /// The value's name.
        public var name: String
        /// The type of its elements; nil where it isn't a tensor, or isn't stated.
        public var elementType: ONNXElementType?
        /// Its sizes; nil where the file doesn't even state how many there are.
        public var shape: [Dimension]?
    }

    /// A size of a value.
    public enum Dimension: Sendable, Equatable {
        case size(Int)
        /// A size to be given, under its name; "" where the file has no name for it.
        case symbol(String)
    }

    /// One operation on values.
    public struct Node: Sendable {
        /// The node's name; may be empty.
        public var name: String
        /// The operation: "Conv".
        public var operation: String
        /// The set of operations it belongs to; "" for ONNX's own, which files also call "ai.onnx".
        public var domain: String
        /// The names of the values it reads; "" where an optional input is absent.
        public var inputs: [String]
        /// The names of the values it makes; "" where an optional output is absent.
        public var outputs: [String]
        /// The operation's options.
        public var attributes: [String: Attribute]
    }

    /// An option of an operation.
    public enum Attribute: Sendable {
        case int(Int)
        case float(Double)
        case string(String)
        case ints([Int])
        case floats([Double])
        case strings([String])
        case tensor(ONNXTensor)
        /// An attribute of a kind that isn't read: "graph".
        case unsupported(String)
    }

    /// Reads a file.
    ///
    /// - Parameter opsets: the versions of operations to accept.
    public init(reading path: String, opsets: ClosedRange<Int> = opsets) throws(ONNXFault) {
        let file: InputFile
        do throws(FileError) { file = try InputFile(path) } catch {
            throw ONNXFault(file: path, what: "cannot be read: \(error.cause)")
        }
        try self.init(WireInput(file), opsets: opsets)
    }

    /// Reads a file's bytes. `path` stands in messages, and external data lie beside it.
    public init(bytes: [UInt8], path: String, opsets: ClosedRange<Int> = opsets) throws(ONNXFault) {
        try self.init(WireInput(InputFile(bytes: bytes, path: path)), opsets: opsets)
    }
}
