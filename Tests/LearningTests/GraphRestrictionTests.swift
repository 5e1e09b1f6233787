import Model
import TestSupport
import Testing

@testable import Learning
@testable import LinearAlgebra

/// Tangents of few inputs, which go through parts of the values, against those of all inputs.
@Suite struct GraphRestrictionTests {
    /// Two channels of 12 × 12 pixels: convolutions with strides, dilation and groups, an activation, both kinds of
    /// windows, a scale for each channel, a residual sum, a product of two values, and a normalisation at the end.
    private static let images: NetworkPlan = {
        var plan = NetworkPlan(graphInputs: 288)
        func axis(_ size: Int, _ kernel: Int, _ stride: Int, _ dilation: Int, _ before: Int, _ positions: Int)
            -> GroupedWindow.Axis
        {
            .init(
                size: size, kernel: kernel, stride: stride, dilation: dilation, before: before,
                positions: positions)
        }
        func convolve(
            _ value: Int, _ channels: Int, groups: Int = 1, _ vertical: GroupedWindow.Axis,
            _ horizontal: GroupedWindow.Axis, to outputs: Int
        ) -> Int {
            let window = GroupedWindow(
                channels: channels, groups: groups, vertical: vertical, horizontal: horizontal)
            let weight = plan.take(
                "w\(value)", shape: [outputs, window.rows], rows: outputs, columns: window.rows)
            let bias = plan.take("b\(value)", shape: [outputs], rows: 1, columns: outputs)
            return plan.add(
                GroupedConvolutionOperation(
                    window: window, images: 1, outputChannels: outputs, weight: weight, bias: bias),
                reading: [value], count: outputs * window.positions)
        }
        let first = convolve(0, 2, axis(12, 3, 1, 1, 1, 12), axis(12, 3, 1, 1, 1, 12), to: 2)
        let bent = plan.add(
            ElementwiseOperation(.tanh, operands: [.input(0)], maps: [nil], count: 288), reading: [first],
            count: 288)
        let scale = plan.take("scale", shape: [2], rows: 1, columns: 2)
        let channels = IndexMap((0..<288).map { Int32($0 / 144) })
        let scaled = plan.add(
            ElementwiseOperation(
                .multiply, operands: [.constant(scale), .input(0)], maps: [channels, nil], count: 288),
            reading: [bent], count: 288)
        let residual = plan.add(
            ElementwiseOperation(.add, operands: [.input(0), .input(1)], maps: [nil, nil], count: 288),
            reading: [0, scaled], count: 288)
        let square = plan.add(
            ElementwiseOperation(.multiply, operands: [.input(0), .input(1)], maps: [nil, nil], count: 288),
            reading: [residual, 0], count: 288)
        let corners: [Int32] = [0, 1, 12, 13]
        func pool(_ value: Int, weights: [Float]?) -> Int {
            let firsts = (0..<6).flatMap { row in (0..<6).map { Int32(24 * row + 2 * $0) } }
            return plan.add(
                WindowOperation(
                    planes: 2, planeSize: 144, starts: (0...36).map { Int32(4 * $0) },
                    indices: firsts.flatMap { first in corners.map { first + $0 } },
                    weights: weights.map { weights in firsts.flatMap { _ in weights } }),
                reading: [value], count: 72)
        }
        let largest = pool(square, weights: nil)
        let mean = pool(square, weights: [0.25, 0.25, 0.25, 0.25])
        let sum = plan.add(
            ElementwiseOperation(.add, operands: [.input(0), .input(1)], maps: [nil, nil], count: 72),
            reading: [largest, mean], count: 72)
        let wide = convolve(
            sum, 2, groups: 2, axis(6, 2, 2, 2, 0, 2), axis(6, 2, 3, 1, 1, 2), to: 4)
        _ = plan.add(
            GroupOperation(.standardise, groups: 4, length: 4, epsilon: 0.1), reading: [wide], count: 16)
        return plan
    }()

    /// Eight tokens of four numbers in two windows: a class token, dense layers, attention within windows, a shift by
    /// a slice and a concatenation, and a mean.
    private static let tokens: NetworkPlan = {
        var plan = NetworkPlan(graphInputs: 32)
        func dense(_ value: Int, tokens: Int) -> Int {
            let weight = plan.take("w\(value)", shape: [4, 4], rows: 4, columns: 4)
            return plan.add(
                MatrixProductOperation(
                    left: .input(0), right: .constant(weight), rows: tokens, inner: 4, columns: 4,
                    offsets: [.init(left: 0, right: 0)]), reading: [value], count: 4 * tokens)
        }
        let (queries, keys) = (dense(0, tokens: 8), dense(0, tokens: 8))
        let halves = [MatrixProductOperation.Offsets(left: 0, right: 0), .init(left: 16, right: 16)]
        let scores = plan.add(
            MatrixProductOperation(
                left: .input(0), right: .input(1), rows: 4, inner: 4, columns: 4, isRightTransposed: true,
                offsets: halves), reading: [queries, keys], count: 32)
        let shares = plan.add(GroupOperation(.softmax, groups: 8, length: 4), reading: [scores], count: 32)
        let mixed = plan.add(
            MatrixProductOperation(
                left: .input(0), right: .input(1), rows: 4, inner: 4, columns: 4, offsets: halves),
            reading: [shares, 0], count: 32)
        let head = plan.add(
            RearrangementOperation(map: IndexMap((0..<8).map { $0 })), reading: [mixed], count: 8)
        let tail = plan.add(
            RearrangementOperation(map: IndexMap((0..<24).map { $0 + 8 })), reading: [mixed], count: 24)
        let shifted = plan.add(
            ConcatenationOperation(operands: [.input(0), .input(1)], lengths: [24, 8], blocks: 1),
            reading: [tail, head], count: 32)
        let own = plan.take("class", shape: [2], rows: 1, columns: 2)
        let joined = plan.add(
            ConcatenationOperation(
                operands: [.input(0), .constant(own), .input(1)], lengths: [16, 1, 16], blocks: 2),
            reading: [shifted, mixed], count: 66)
        _ = plan.add(GroupOperation(.sumOfSquares, groups: 6, length: 11), reading: [joined], count: 6)
        return plan
    }()

    /// Each value's transposed Jacobian, row by row.
    private func jacobians(_ plan: NetworkPlan, inputs: [Int]?) -> [[[Double]]] {
        var draws = Draws(3)
        let network: Network<Double> = Graphs.network(plan, draws.numbers(plan.parameterCount), points: 1)
        let point = Matrix<Double>([draws.numbers(plan.values[0].size.count)])
        var found: [[[Double]]] = []
        let tangents = NetworkTangents(network, of: Array(plan.values.indices), inputs: inputs)
        for _ in 0..<2 {
            found = []
            tangents.forEachJacobian(at: point) { jacobian in
                let whole = jacobian.whole
                found.append((0..<whole.rows).map { whole.rows($0..<$0 + 1).values })
            }
        }
        return found
    }

    @Test(arguments: [
        [0], [77, 78, 89, 90, 221], [287, 0], [143, 0, 12], Array(60..<72),
    ])
    func `Parts of images give what whole images give`(inputs: [Int]) {
        let (parts, whole) = (jacobians(Self.images, inputs: inputs), jacobians(Self.images, inputs: nil))
        #expect(parts.count == Self.images.values.count && whole.count == parts.count)
        for (value, (part, all)) in zip(parts, whole).enumerated() {
            expectClose(
                part.flatMap { $0 }, inputs.flatMap { all[$0] }, within: 1e-12, floor: 1e-2, "value \(value)")
        }
    }

    /// One pixel changes 3 × 3 of both channels after a convolution, and at most 2 × 2 after a pool.
    @Test func `A patch grows by what windows reach`() {
        let plan = TangentPlan(Self.images, of: Array(Self.images.values.indices), inputs: [65])
        #expect(plan.supports.prefix(6).map(\.count) == [1, 18, 18, 18, 18, 18])
        #expect(plan.supports[6].count == 8 && plan.supports[7].count == 8)
        #expect(plan.supports[0].indices == [65])
        let rows = [52, 53, 54, 64, 65, 66, 76, 77, 78].map(Int32.init)
        #expect(plan.supports[1].indices == rows + rows.map { $0 + 144 })
        let all = TangentPlan(Self.images, of: Array(Self.images.values.indices))
        #expect(all.supports.allSatisfy { $0.indices == nil } && all.peak > 6 * plan.peak)
    }

    /// Sums of two values of which nearly all changes read copies of both.
    @Test(arguments: [Array(0..<287), Array(0..<100), Array(13..<280), [65]])
    func `No patch holds more derivatives than the plan's bound`(inputs: [Int]) {
        let chosen = Array(Self.images.values.indices)
        let plan = TangentPlan(Self.images, of: chosen, inputs: inputs)
        #expect(plan.peak <= ValueLiveness(Self.images, of: chosen).peaks[Self.images.last])
    }

    @Test(arguments: [[0], [17, 18], [31, 2], [4, 5, 6, 7]])
    func `Parts of tokens give what all tokens give`(inputs: [Int]) {
        let (parts, whole) = (jacobians(Self.tokens, inputs: inputs), jacobians(Self.tokens, inputs: nil))
        #expect(parts.count == Self.tokens.values.count && whole.count == parts.count)
        for (value, (part, all)) in zip(parts, whole).enumerated() {
            expectClose(
                part.flatMap { $0 }, inputs.flatMap { all[$0] }, within: 1e-12, floor: 1e-2, "value \(value)")
        }
    }

    /// A token changes its own row of a dense layer, and its window's attention.
    @Test func `A token changes its window`() {
        let plan = TangentPlan(Self.tokens, of: Array(Self.tokens.values.indices), inputs: [17])
        #expect(plan.supports[1].indices == [16, 17, 18, 19])
        #expect(plan.supports[3].indices == Array(16..<32) && plan.supports[4].indices == Array(16..<32))
        #expect(plan.supports[5].indices == Array(16..<32))
        #expect(plan.supports[6].count == 0 && plan.supports[7].indices == Array(8..<24))
        #expect(plan.supports[8].indices == Array(8..<24))
    }
}
