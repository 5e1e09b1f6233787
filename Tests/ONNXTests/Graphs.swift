import Learning
import LinearAlgebra
import Model
import TestSupport

@testable import ONNX

/// A small network, written as an ONNX file and compiled.
struct Graphs {
    typealias Bytes = ONNXBytes

    var nodes: [[UInt8]]
    var initializers: [[UInt8]] = []
    var input: [Int?] = [nil, 4]
    var opset = 17

    /// The file's bytes. The output is "y".
    var bytes: [UInt8] {
        Bytes.model(
            Bytes.graph(
                nodes: nodes, initializers: initializers, inputs: [Bytes.value("x", shape: input)],
                outputs: [Bytes.value("y", shape: [])]), opset: opset)
    }

    func compile(shape: [Int]? = nil) throws -> NetworkGraph {
        try NetworkGraph(ONNXModel(bytes: bytes, path: "net.onnx"), inputShape: shape)
    }

    /// The output for one point.
    func output(_ point: [Float], shape: [Int]? = nil) throws -> [Float] {
        let graph = try compile(shape: shape)
        return try graph.values([graph.plan.last], at: point)[0]
    }

    /// The words of the fault, with the node; nil where the graph can be compiled.
    func fault(shape: [Int]? = nil) throws -> String? {
        do {
            _ = try compile(shape: shape)
            return nil
        } catch let error as GraphError {
            switch error {
            case .graph(let fault): return fault.description
            case .file(let fault): return fault.description
            }
        }
    }

    // MARK: - Parts

    static func node(
        _ operation: String, _ inputs: [String], _ outputs: [String], name: String? = nil,
        _ attributes: [UInt8]...
    ) -> [UInt8] {
        Bytes.node(operation, inputs, outputs, name: name ?? outputs.first ?? "", attributes: attributes)
    }

    /// A node that makes the network's output.
    static func node(
        _ operation: String, _ inputs: [String], name: String = "y", domain: String = "",
        _ attributes: [UInt8]...
    ) -> [UInt8] {
        Bytes.node(operation, inputs, ["y"], name: name, attributes: attributes, domain: domain)
    }

    static func floats(_ name: String, _ shape: [Int], _ numbers: [Float]) -> [UInt8] {
        Bytes.tensor(name, shape: shape, Bytes.raw(numbers))
    }

    static func ints(_ name: String, _ numbers: [Int], shape: [Int]? = nil) -> [UInt8] {
        Bytes.tensor(
            name, type: 7, shape: shape ?? [numbers.count],
            Bytes.raw(numbers.map { UInt64(bitPattern: Int64($0)) }, width: 8))
    }

    static func int(_ name: String, _ value: Int) -> [UInt8] {
        Bytes.attribute(name, type: 2, Bytes.field(3, value))
    }

    static func ints(attribute name: String, _ values: [Int]) -> [UInt8] {
        Bytes.attribute(name, type: 7, values.flatMap { Bytes.field(8, $0) })
    }

    static func float(_ name: String, _ value: Float) -> [UInt8] {
        Bytes.attribute(name, type: 1, Bytes.field(2, value))
    }

    static func text(_ name: String, _ value: String) -> [UInt8] {
        Bytes.attribute(name, type: 3, Bytes.field(4, value))
    }
}

extension NetworkGraph {
    /// Some values of the plan at a point.
    func values(_ values: [Int], at point: [Float]) throws -> [[Float]] {
        let network = Network<Float>(
            NetworkShape(graph: plan, layers: values), loss: .crossEntropy, points: 1)
        network.parameters.flat.assign(try parameters())
        let inputs = Matrix<Float>(rows: 1, columns: point.count)
        inputs.assign(point)
        return network.outputs(at: inputs).map(\.activation.values)
    }

    /// The names of the operations of the plan.
    var operations: [String] { plan.nodes.map { "\(type(of: $0.operation))" } }

    func layer(_ name: String) -> Layer? { layers.first { $0.name == name } }
}
