import Glibc
import LinearAlgebra
import Testing

@testable import Measures

/// Eight classes' logits, of which the last three nearly depend on the others.
private func dependentLogits() -> Matrix<Double> {
    let free = mapped(drawn(70, 400, 5)) { 3 * $0 + 0.5 }
    let bound = sum(Matrix.product(free, drawn(71, 5, 3)), drawn(72, 400, 3), times: 0.1)
    return Matrix(zip(rows(free), rows(bound)).map { $0 + $1 })
}

@Suite struct LassoTests {
    @Test(arguments: [true, false]) func `Solutions are scikit-learn's`(intercept: Bool) {
        let lasso = Lasso(dependentLogits(), intercept: intercept)
        var numbers: [Double] = []
        for target in [0, 6] {
            for solution in lasso.path(target: target, penalties: [0.5, 0.05, 0.005], tolerance: 1e-14) {
                #expect(solution.hasConverged)
                numbers += solution.weights + [solution.intercept]
            }
        }
        expectPeers(intercept ? "lassoIntercept" : "lassoPlain", numbers, 1e-9)
    }

    @Test func `The path begins where everything is zero`() {
        let lasso = Lasso(dependentLogits(), intercept: true)
        let penalties = lasso.penalties(target: 2, count: 4)
        #expect(penalties[0] == lasso.largestPenalty(target: 2))
        #expect(isClose(penalties[3], 1e-3 * penalties[0], 1e-12))
        let path = lasso.path(target: 2, penalties: penalties)
        #expect(path[0].weights.allSatisfy { abs($0) < 1e-12 } && path[1].weights.contains { $0 != 0 })
        for (one, next) in zip(path, path.dropFirst()) { #expect(one.determination < next.determination) }
    }

    /// Stationarity: |x_jᵀ r|/n ≤ α, with equality and the weight's sign where there is a weight.
    @Test func `Solutions meet the conditions of the minimum`() {
        let x = rows(dependentLogits())
        let penalty = 0.02
        for target in 0..<8 {
            let solution = Lasso(dependentLogits(), intercept: false)
                .path(target: target, penalties: [penalty], tolerance: 1e-15)[0]
            let residuals = x.map { row in
                row[target] - zip(row, solution.weights).reduce(0) { $0 + $1.0 * $1.1 }
            }
            for column in 0..<8 where column != target {
                let slope = zip(x, residuals).reduce(0) { $0 + $1.0[column] * $1.1 } / 400
                let weight = solution.weights[column]
                #expect(abs(slope) <= penalty + 1e-8)
                if weight != 0 { #expect(abs(slope - (weight > 0 ? penalty : -penalty)) < 1e-7) }
            }
        }
    }

    @Test func `An exact copy is found and the sweeps end`() {
        let base = drawn(75, 50, 3)
        let x = Matrix<Float>(rows: 50, columns: 4)
        for row in 0..<50 {
            for column in 0..<3 { x[row, column] = Float(base[row, column]) }
            x[row, 3] = -x[row, 1]
        }
        let solution = Lasso(x, intercept: true).path(target: 3, penalties: [0.001])[0]
        #expect(solution.hasConverged && solution.weights[1] < -0.99 && solution.determination > 0.9999)
        let cut = Lasso(dependentLogits(), intercept: true)
            .path(target: 6, penalties: [1e-6], tolerance: 1e-30, sweeps: 10)[0]
        #expect(!cut.hasConverged && cut.gap > 0)
    }
}

@Suite struct IndependenceDeficitTests {
    @Test func `Accuracies by prediction are scikit-learn's`() throws {
        let logits = dependentLogits()
        let labels = largestLabels(sum(logits, drawn(73, 400, 8), times: 2))
        let deficit = IndependenceDeficit.along(
            [0.05], label: 6, logits: logits, labels: labels, lasso: Lasso(logits, intercept: true),
            tolerance: 1e-14)[0]
        expectPeers(
            "deficit",
            [
                deficit.accuracy, deficit.predictedAccuracy, deficit.ownAccuracy ?? 0,
                deficit.predictedOwnAccuracy ?? 0, deficit.determination,
            ], 1e-9)
        let weights = deficit.deciders.map { abs($0.weight) }
        #expect(weights == weights.sorted(by: >) && !deficit.deciders.contains { $0.label == 6 })
        let none = IndependenceDeficit.along(
            [0.05], label: 6, logits: logits, labels: labels.map { $0 == 6 ? 0 : $0 },
            lasso: Lasso(logits, intercept: true))[0]
        #expect(none.ownAccuracy == nil && none.predictedOwnAccuracy == nil)
    }
}

@Suite struct NeuralCollapseTests {
    @Test func `The four measures are NumPy's`() throws {
        let labels = drawnLabels(80, 150, 4)
        let means = drawn(82, 4, 10)
        let spread = Matrix<Double>(rows: 150, columns: 10)
        spread.assign(rows: labels.map(Int.init), of: means)
        let features = sum(spread, drawn(81, 150, 10), times: 0.3)
        let weight = drawn(83, 4, 10)
        let predictions = largestLabels(Matrix.product(features, weight, transposeB: true))
        let collapse = try #require(
            try NeuralCollapse(features, labels: labels, weight: weight, predictions: predictions))
        let head = try #require(collapse.head)
        expectPeers(
            "collapse",
            [collapse.variability] + numbers(collapse.means) + numbers(head)
                + [collapse.duality ?? 0, collapse.nearestMean ?? 0], 1e-11)
    }

    private func numbers(_ simplex: NeuralCollapse.Simplex) -> [Double] {
        [simplex.lengths, simplex.angles, simplex.maximality]
    }

    /// Corners of a simplex, somewhere else than at the origin, with a head along them.
    @Test func `Full collapse is zero in all`() throws {
        let classes = 5
        let corners = (0..<classes).map { i in
            (0..<classes).map { ($0 == i ? 1.0 : 0) - 1 / Double(classes) }
        }
        let labels = (0..<40).map { Int32($0 % classes) }
        let features = Matrix<Double>(labels.map { corners[Int($0)].map { 3 * $0 + 1 } })
        let collapse = try #require(
            try NeuralCollapse(features, labels: labels, weight: Matrix(corners), predictions: labels))
        let all =
            [collapse.variability, collapse.duality ?? 1, collapse.nearestMean ?? 1]
            + numbers(collapse.means) + numbers(try #require(collapse.head))
        #expect(all.allSatisfy { abs($0) < 1e-12 })
    }

    @Test func `One class or equal means have none`() throws {
        #expect(try NeuralCollapse(drawn(84, 6, 3), labels: [2, 2, 2, 2, 2, 2]) == nil)
        let equal = Matrix<Double>([[1, 0], [-1, 0], [1, 0], [-1, 0]])
        #expect(try NeuralCollapse(equal, labels: [0, 0, 1, 1]) == nil)
    }
}

@Suite struct IntrinsicDimensionTests {
    @Test func `It is the direct evaluation and leaves out equal points`() throws {
        let plain = Matrix<Double>(rows: 400, columns: 5)
        let draws = drawn(90, 400, 3)
        for row in 0..<400 { for column in 0..<3 { plain[row, column] = draws[row, column] } }
        let x = Matrix.product(plain, drawn(91, 5, 5))
        let found = try #require(IntrinsicDimension(x))
        expectPeers("twoNearest", [found.dimension, found.likeliest], 1e-10)
        #expect(found.points == 400 && found.duplicates == 0 && abs(found.dimension - 3) < 0.5)
        // Seven of each of fifty points more, in disorder, moved far away: the same numbers.
        let more = Matrix<Double>(rows: 750, columns: 5)
        more.assign(rows: (0..<750).map { $0 < 350 ? $0 % 50 : $0 - 350 }, of: x)
        let again = try #require(IntrinsicDimension(more))
        #expect(again.points == 400 && again.duplicates == 350)
        #expect(isClose(again.dimension, found.dimension, 1e-12))
    }

    @Test func `Scale and place do not matter`() throws {
        let x = drawn(92, 300, 4)
        let moved = mapped(x) { $0 * 1e-3 + 7 }
        let (one, other) = (try #require(IntrinsicDimension(x)), try #require(IntrinsicDimension(moved)))
        #expect(isClose(one.dimension, other.dimension, 1e-9))
    }

    @Test func `Too few or regular points have none`() throws {
        #expect(IntrinsicDimension(Matrix<Float>([[0, 0], [1, 0], [0, 0]])) == nil)
        // A ring of equal distances: every ratio is 1.
        let square = Matrix<Float>([[0, 0], [1, 0], [0, 1], [1, 1]])
        #expect(IntrinsicDimension(square) == nil)
    }
}
