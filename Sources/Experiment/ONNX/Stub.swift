public struct ONNXModel: Sendable {
    public var opset: Int
    public var graph: Graph
    public struct Graph: Sendable {
        public var nodes: [Node]; public var initializers: [String: ONNXTensor];
        public var inputs: [ValueInfo]; public var outputs: [ValueInfo]
    }
    public struct ValueInfo: Sendable {
        public var name: String; public var elementType: ONNXElementType?; public var shape: [Dimension]?
    }
    public enum Dimension: Sendable { case size(Int), symbol(String) }
    public struct Node: Sendable {
        public var name, operation, domain: String; public var inputs, outputs: [String];
        public var attributes: [String: Attribute]
    }
    public enum Attribute: Sendable {
        case int(Int), float(Double), string(String), ints([Int]), floats([Double]), strings([String]),
            tensor(ONNXTensor), unsupported(String)
    }
}
public struct ONNXTensor: Sendable {
    public var name: String; public var shape: [Int]; public var elementType: ONNXElementType
    func doubles() throws(ONNXFault) -> [Double] { [] }
    func floats() throws(ONNXFault) -> [Float] { [] }
}
public enum ONNXElementType: Int, Sendable {
    case float = 1, bool = 9, int64 = 7
    var isInteger: Bool { false }
    var isFloatingPoint: Bool { false }
}
public struct ONNXFault: Error {}
