import Model
import TestSupport
import Testing

@testable import Learning
@testable import LinearAlgebra

@Suite struct GraphGroupTests {
    static func plan(
        _ function: GroupFunction, groups: Int, length: Int, epsilon: Double = 0.5, taking: Bool = false
    ) -> NetworkPlan {
        Graphs.plan(
            inputs: groups * length, count: function.isReduction ? groups : groups * length, taking: taking
        ) { _ in GroupOperation(function, groups: groups, length: length, epsilon: epsilon) }
    }

    /// The values for 1, −2, 3, 0.5 and for 4, 1, 2, 3, by Python's math.
    static let answers: [(GroupFunction, [Double])] = [
        (.sum, [2.5, 10]), (.mean, [0.625, 2.5]), (.maximum, [3, 4]), (.minimum, [-2, 1]),
        (.product, [-3, 24]), (.sumOfSquares, [14.25, 30]), (.l1, [6.5, 10]),
        (.l2, [3.774917217635375, 5.477225575051661]),
        (.logSum, [0.9162907318741551, 2.302585092994046]),
        (.logSumExp, [3.202253447679352, 4.440189698561196]),
        (
            .softmax,
            [
                0.11055375036174, 0.0055041471275837, 0.81688786337007, 0.067054239140611,
                0.64391425988797, 0.032058603280085, 0.087144318742033, 0.23688281808991,
            ]
        ),
        (
            .logSoftmax,
            [
                -2.2022534476794, -5.2022534476794, -0.20225344767935, -2.7022534476794,
                -0.4401896985612, -3.4401896985612, -2.4401896985612, -1.4401896985612,
            ]
        ),
        (
            .standardise,
            [
                0.19569842191603, -1.3698889534122, 1.2394233388015, -0.065232807305344,
                1.1338934190277, -1.1338934190277, -0.37796447300923, 0.37796447300923,
            ]
        ),
    ]

    @Test func `Every function has the values of its definition`() {
        #expect(Set(Self.answers.map(\.0)) == Set(GroupFunction.allCases))
        for (function, answer) in Self.answers {
            let outputs = Graphs.outputs(
                Self.plan(function, groups: 2, length: 4),
                at: [[1, -2, 3, 0.5, 4, 1, 2, 3], [4, 1, 2, 3, 1, -2, 3, 0.5]])
            let half = answer.count / 2
            let swapped = Array(answer[half...] + answer[..<half])
            expectClose(outputs, answer + swapped, within: 1e-12, floor: 1e-3, "\(function)")
        }
    }

    /// Groups longer and shorter than a vector.
    @Test(arguments: GroupFunction.allCases, [1, 3, 21])
    func `Tangents are the differences' limit`(function: GroupFunction, length: Int) {
        var draws = Draws(UInt64(length))
        // Sums must be positive for their logarithms.
        let range = function == .logSum ? 0.2...2.0 : -2.0...2.0
        let point = draws.numbers(2 * length, in: range)
        for taking in [false, true] {
            Graphs.expectDerivative(
                Self.plan(function, groups: 2, length: length, taking: taking), at: point,
                "\(function) \(length) \(taking)")
        }
    }

    private func jacobian(_ function: GroupFunction, _ point: [Double]) -> [Double] {
        let network: Network<Double> = Graphs.network(
            Self.plan(function, groups: 1, length: point.count), [], points: 1)
        var found = [Double]()
        NetworkTangents(network, of: [1]).forEachJacobian(at: Matrix([point])) {
            found = $0.whole.values
        }
        return found
    }

    @Test func `The first of equal extremes has the derivative, and zeros do no harm`() {
        #expect(jacobian(.maximum, [1, 3, 3, 2]) == [0, 1, 0, 0])
        #expect(jacobian(.minimum, [2, 1, 1]) == [0, 1, 0])
        #expect(jacobian(.product, [2, 0, 5]) == [0, 10, 0])
        #expect(jacobian(.product, [2, 0, 0]) == [0, 0, 0])
        #expect(jacobian(.l2, [0, 0]) == [0, 0])
        #expect(jacobian(.l1, [-2, 0, 3]) == [-1, 0, 1])
    }

    @Test func `Softmax neither overflows nor underflows`() {
        let outputs = Graphs.outputs(
            Self.plan(.softmax, groups: 2, length: 2), at: [[1000, 1000, -1000, -1000]])
        #expect(outputs == [0.5, 0.5, 0.5, 0.5])
        #expect(
            Graphs.outputs(Self.plan(.logSoftmax, groups: 1, length: 2), at: [[0, 1000]]) == [-1000, 0])
        #expect(Graphs.outputs(Self.plan(.logSumExp, groups: 1, length: 2), at: [[800, -800]]) == [800])
        // A mask: nothing of a number that is −∞.
        #expect(
            Graphs.outputs(Self.plan(.softmax, groups: 1, length: 3), at: [[-.infinity, 2, 2]])
                == [0, 0.5, 0.5])
    }

    @Test func `NaN passes through extremes`() {
        for function in [GroupFunction.maximum, .minimum] {
            for point in [[Double.nan, 1, 2], [1, .nan, 2], [1, 2, .nan]] {
                #expect(Graphs.outputs(Self.plan(function, groups: 1, length: 3), at: [point])[0].isNaN)
            }
        }
    }

    // MARK: - Windows

    /// Windows of 2 × 2 pixels, one pixel apart, over two planes of 3 × 3.
    private static func windows(weights: [Float]?, taking: Bool = false) -> NetworkPlan {
        let corners: [Int32] = [0, 1, 3, 4]
        return Graphs.plan(inputs: 18, count: 8, taking: taking) { _ in
            WindowOperation(
                planes: 2, planeSize: 9, starts: [0, 4, 8, 12, 16],
                indices: corners.flatMap { corner in corners.map { corner + $0 } },
                weights: weights.map { weights in corners.flatMap { _ in weights } })
        }
    }
    private static let image: [Double] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 9, 2, 7, 1, 2, 2, 3, 4, 4]

    @Test func `A window's largest number is taken`() {
        let plan = Self.windows(weights: nil)
        #expect(
            Graphs.outputs(plan, at: [Self.image, Self.image.map { -$0 }]) == [
                5, 6, 8, 9, 9, 7, 4, 4, -1, -2, -4, -5, -1, -2, -1, -2,
            ])
        let nan = Graphs.outputs(plan, at: [[.nan] + Self.image.dropFirst()])
        #expect(nan[0].isNaN && nan[1] == 6)
        var draws = Draws(5)
        Graphs.expectDerivative(plan, at: draws.numbers(18))
    }

    @Test func `The first of equal maxima has the derivative`() {
        let network: Network<Double> = Graphs.network(Self.windows(weights: nil), [], points: 1)
        // The last window of the second plane is 2, 2, 4, 4.
        NetworkTangents(network, of: [1]).forEachJacobian(at: Matrix([Self.image])) {
            let jacobian = $0.whole
            #expect((0..<18).map { jacobian[$0, 7] } == (0..<18).map { $0 == 16 ? 1 : 0 })
        }
    }

    @Test func `Weighted windows are sums`() {
        let plan = Self.windows(weights: [0.5, 0.25, 0, -1])
        #expect(Graphs.outputs(plan, at: [Self.image]).prefix(4) == [-4, -4.25, -4.75, -5])
        Graphs.expectDerivative(plan, at: Self.image)
        Graphs.expectDerivative(Self.windows(weights: [0.5, 0.25, 0, -1], taking: true), at: Self.image)
    }

    @Test func `An empty window has no number`() {
        let plan = Graphs.plan(inputs: 2, count: 2) { _ in
            WindowOperation(planes: 1, planeSize: 2, starts: [0, 0, 2], indices: [0, 1], weights: nil)
        }
        #expect(Graphs.outputs(plan, at: [[3, 4]]) == [-.infinity, 4])
    }
}
