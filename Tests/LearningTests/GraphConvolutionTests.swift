import Model
import TestSupport
import Testing

@testable import Learning
@testable import LinearAlgebra

@Suite struct GraphConvolutionTests {
    struct Shape: Sendable, CustomStringConvertible {
        var description: String
        var channels = 2
        var groups = 1
        var outputs = 3
        var images = 1
        var vertical = Self.axis(6, kernel: 3)
        var horizontal = Self.axis(5, kernel: 3)
        var hasBias = true

        static func axis(
            _ size: Int, kernel: Int, stride: Int = 1, dilation: Int = 1, before: Int = 0, after: Int = 0
        ) -> GroupedWindow.Axis {
            let room = size + before + after - (kernel - 1) * dilation - 1
            return GroupedWindow.Axis(
                size: size, kernel: kernel, stride: stride, dilation: dilation, before: before,
                positions: room / stride + 1)
        }

        var window: GroupedWindow {
            GroupedWindow(channels: channels, groups: groups, vertical: vertical, horizontal: horizontal)
        }
        var weights: Int { outputs * window.rows }
        var inputs: Int { images * channels * vertical.size * horizontal.size }
    }

    static let shapes = [
        Shape(description: "plain"),
        Shape(
            description: "padded", vertical: Shape.axis(6, kernel: 3, before: 1, after: 1),
            horizontal: Shape.axis(5, kernel: 3, before: 1, after: 1)),
        Shape(
            description: "strides", vertical: Shape.axis(7, kernel: 3, stride: 2, before: 1, after: 1),
            horizontal: Shape.axis(9, kernel: 2, stride: 3, before: 1), hasBias: false),
        Shape(
            description: "dilated", vertical: Shape.axis(7, kernel: 3, dilation: 2, before: 2, after: 2),
            horizontal: Shape.axis(8, kernel: 3, stride: 2, dilation: 3, before: 1, after: 2)),
        Shape(description: "groups", channels: 4, groups: 2, outputs: 6),
        Shape(description: "each channel alone", channels: 3, groups: 3, outputs: 3),
        Shape(
            description: "a window larger than the image",
            vertical: Shape.axis(2, kernel: 5, before: 3, after: 2),
            horizontal: Shape.axis(3, kernel: 7, dilation: 2, before: 7, after: 8)),
        Shape(
            description: "pointwise", vertical: Shape.axis(4, kernel: 1),
            horizontal: Shape.axis(5, kernel: 1)),
        Shape(
            description: "pointwise in groups", channels: 4, groups: 2, outputs: 2,
            vertical: Shape.axis(4, kernel: 1), horizontal: Shape.axis(3, kernel: 1)),
        Shape(
            description: "pointwise, many pixels", images: 2, vertical: Shape.axis(12, kernel: 1),
            horizontal: Shape.axis(12, kernel: 1)),
        Shape(
            description: "every other pixel", vertical: Shape.axis(5, kernel: 1, stride: 2),
            horizontal: Shape.axis(6, kernel: 1, stride: 2)),
        Shape(
            description: "a sequence", vertical: Shape.axis(1, kernel: 1),
            horizontal: Shape.axis(9, kernel: 4, stride: 2)),
        Shape(description: "images", images: 3),
        Shape(
            description: "many positions", channels: 1, outputs: 2, images: 2,
            vertical: Shape.axis(13, kernel: 3, before: 1, after: 1),
            horizontal: Shape.axis(14, kernel: 3, before: 1, after: 1)),
    ]

    static func plan(_ shape: Shape) -> NetworkPlan {
        var plan = NetworkPlan(graphInputs: shape.inputs)
        let weight = plan.take(
            "w", shape: [shape.weights], rows: shape.outputs, columns: shape.window.rows,
            layer: ("w", shape.outputs))
        let bias =
            shape.hasBias ? plan.take("b", shape: [shape.outputs], rows: 1, columns: shape.outputs) : nil
        _ = plan.add(
            GroupedConvolutionOperation(
                window: shape.window, images: shape.images, outputChannels: shape.outputs, weight: weight,
                bias: bias), reading: [0], count: shape.images * shape.outputs * shape.window.positions)
        return plan
    }

    /// ONNX's Conv, number by number.
    private static func plain(_ shape: Shape, _ x: [Double], _ parameters: [Double]) -> [Double] {
        let (v, h) = (shape.vertical, shape.horizontal)
        let (inputs, outputs) = (shape.channels / shape.groups, shape.outputs / shape.groups)
        return (0..<shape.images * shape.outputs * v.positions * h.positions).map { index in
            let (oy, ox) = (index / h.positions % v.positions, index % h.positions)
            let (image, output) = (
                index / (shape.outputs * v.positions * h.positions),
                index / (v.positions * h.positions) % shape.outputs
            )
            var sum = shape.hasBias ? parameters[shape.weights + output] : 0
            for c in 0..<inputs {
                for ky in 0..<v.kernel {
                    for kx in 0..<h.kernel {
                        let y = oy * v.stride + ky * v.dilation - v.before
                        let column = ox * h.stride + kx * h.dilation - h.before
                        guard (0..<v.size).contains(y), (0..<h.size).contains(column) else { continue }
                        let channel = image * shape.channels + output / outputs * inputs + c
                        sum +=
                            x[(channel * v.size + y) * h.size + column]
                            * parameters[((output * inputs + c) * v.kernel + ky) * h.kernel + kx]
                    }
                }
            }
            return sum
        }
    }

    @Test(arguments: shapes) func `Convolutions are sums under windows`(shape: Shape) {
        let plan = Self.plan(shape)
        var draws = Draws(21)
        let parameters = draws.numbers(plan.parameterCount)
        let points = (0..<7).map { _ in draws.numbers(shape.inputs) }
        let expected = points.flatMap { Self.plain(shape, $0, parameters) }
        expectClose(Graphs.outputs(plan, parameters, at: points), expected, within: 1e-12)
        // A convolution is linear: the differences need no small step, so few numbers do for large images.
        if shape.inputs <= 130 {
            Graphs.expectDerivative(plan, parameters, at: points[0], shape.description)
        } else {
            expectLinearTangents(shape, plan, parameters, draws: &draws)
        }
    }

    /// Tangents of some inputs are the weights: a convolution of an input that is 1, without the bias.
    private func expectLinearTangents(
        _ shape: Shape, _ plan: NetworkPlan, _ parameters: [Double], draws: inout Draws
    ) {
        let network: Network<Double> = Graphs.network(plan, parameters, points: 1)
        let inputs = (0..<9).map { _ in Int(draws.next() % UInt64(shape.inputs)) }
        let zeros = Self.plain(shape, [Double](repeating: 0, count: shape.inputs), parameters)
        let expected = inputs.flatMap { input in
            let one = (0..<shape.inputs).map { $0 == input ? 1.0 : 0 }
            return zip(Self.plain(shape, one, parameters), zeros).map { $0 - $1 }
        }
        let tangents = NetworkTangents(network, of: [1], inputs: inputs)
        tangents.forEachJacobian(at: draws.matrix(rows: 1, columns: shape.inputs)) {
            expectClose($0.whole.values, expected, within: 1e-12, shape.description)
        }
    }

    /// The windows of so many channels are gathered some rows at a time.
    @Test func `A large image is convolved in bands`() {
        let shape = Shape(
            description: "bands", channels: 130, outputs: 2,
            vertical: Shape.axis(41, kernel: 3, before: 1, after: 1),
            horizontal: Shape.axis(15, kernel: 3, before: 1, after: 1))
        let plan = Self.plan(shape)
        #expect((plan.nodes[0].operation as? any NumericOperation)?.scratchCount(points: 1) == 1170 * 21 * 15)
        var draws = Draws(22)
        let parameters = draws.numbers(plan.parameterCount)
        let point = draws.numbers(shape.inputs)
        expectClose(
            Graphs.outputs(plan, parameters, at: [point], floatsWithin: 1e-4),
            Self.plain(shape, point, parameters),
            within: 1e-11)
    }

    /// One channel, 2 × 2 kernel: the corner 1·1 + 2·2 + 4·3 + 5·4 and so on.
    @Test func `A convolution does not flip its kernel`() {
        let shape = Shape(
            description: "", channels: 1, outputs: 1, vertical: Shape.axis(3, kernel: 2),
            horizontal: Shape.axis(3, kernel: 2))
        let outputs = Graphs.outputs(
            Self.plan(shape), [1, 2, 3, 4, 0.5], at: [[1, 2, 3, 4, 5, 6, 7, 8, 9]])
        #expect(outputs == [37.5, 47.5, 67.5, 77.5])
    }
}
