import Model
import TestSupport
import Testing

@testable import Learning
@testable import LinearAlgebra

/// Networks of a few operations, for tests of one.
enum Graphs {
    static func network<T: Real>(_ plan: NetworkPlan, _ parameters: [Double], points: Int) -> Network<T> {
        let network = Network<T>(
            NetworkShape(graph: plan, layers: [plan.last]), loss: .crossEntropy, points: points)
        network.parameters.flat.assign(parameters.map { T($0) })
        return network
    }

    /// The outputs at points, row by row. Those of floats must agree with them.
    static func outputs(
        _ plan: NetworkPlan, _ parameters: [Double] = [], at points: [[Double]],
        floatsWithin tolerance: Double = 2e-6,
        sourceLocation: SourceLocation = #_sourceLocation
    ) -> [Double] {
        let (double, single): (Network<Double>, Network<Float>) = (
            network(plan, parameters, points: points.count), network(plan, parameters, points: points.count)
        )
        let outputs = double.predict(Matrix(points)).doubles
        let rounded = single.predict(Matrix(points.map { $0.map { Float($0) } })).doubles
        for (index, (a, e)) in zip(rounded, outputs).enumerated() where !(a == e || a.isNaN && e.isNaN) {
            #expect(
                abs(a - e) <= tolerance * max(1, abs(e)), "float \(index)", sourceLocation: sourceLocation)
        }
        return outputs
    }

    /// A plan whose operation reads the input, or another value made from it, whose memory it may take.
    static func plan(
        inputs: Int, count: Int, parameters: [Int] = [], taking: Bool = false,
        _ operation: ([NetworkPlan.Region]) -> any NetworkOperation
    ) -> NetworkPlan {
        var plan = NetworkPlan(graphInputs: inputs)
        let regions = parameters.enumerated().map {
            plan.take("p\($0.offset)", shape: [$0.element], rows: 1, columns: $0.element)
        }
        let value =
            taking
            ? plan.add(
                ElementwiseOperation(.identity, operands: [.input(0)], maps: [nil], count: inputs),
                reading: [0], count: inputs) : 0
        _ = plan.add(operation(regions), reading: [value], count: count)
        return plan
    }

    /// Tangents of all inputs at once and of some, in doubles and floats, against differences of outputs.
    static func expectDerivative(
        _ plan: NetworkPlan, _ parameters: [Double] = [], at point: [Double], _ what: String = "",
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let (double, single): (Network<Double>, Network<Float>) = (
            network(plan, parameters, points: 1), network(plan, parameters, points: 1)
        )
        let x = Matrix([point])
        let differences = Nets.differences(x) { double.predict(x).values }
        let some = [point.count - 1, 0]
        var (all, part, floats) = ([Double](), [Double](), [Double]())
        // The memory of one point serves the next.
        let tangents = NetworkTangents(double, of: [plan.last])
        tangents.forEachJacobian(at: Matrix([point.map { 1 - 3 * $0 }])) { _ in }
        tangents.forEachJacobian(at: x) { all = $0.whole.values }
        NetworkTangents(double, of: [plan.last], inputs: some).forEachJacobian(at: x) {
            part = $0.whole.values
        }
        NetworkTangents(single, of: [plan.last])
            .forEachJacobian(at: Matrix([point.map { Float($0) }])) { floats = $0.whole.doubles }
        let expected = differences.flatMap { $0 }
        expectClose(all, expected, within: 1e-6, floor: 1e-1, what, sourceLocation: sourceLocation)
        expectClose(
            part, some.flatMap { differences[$0] }, within: 1e-6, floor: 1e-1, "\(what), some inputs",
            sourceLocation: sourceLocation)
        expectClose(
            floats, all, within: 1e-5, floor: 1, "\(what), floats", sourceLocation: sourceLocation)
    }
}
