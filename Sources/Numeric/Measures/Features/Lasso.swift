import LinearAlgebra

/// Lasso regressions of single columns of a matrix on the other columns, from their covariances. For
/// column i they
///
///     minimise over w   (1/2n) ‖x_i − X w − b‖² + α ‖w‖₁        (scikit-learn's `Lasso`)
///
/// by coordinate descent with covariance updates (Friedman, Hastie & Tibshirani 2010, Section 2.2). All
/// regressions share one matrix XᵀX/n, at n d² operations, and a sweep over d coordinates costs at most d²,
/// whatever n. Along a path of falling penalties each solution starts from the one before. If columns nearly
/// depend on each other, descent alone takes very many sweeps. So every ten sweeps it also moves towards the
/// minimum for the present signs of the weights, up to the point where one sign would change (Lee, Battle,
/// Raina & Ng 2006): a³/3 operations for a weights.
///
/// It stops at a duality gap of `tolerance` · ‖x_i‖²/n. If columns depend on each other exactly, several
/// solutions may have the same objective; it then returns one of them and may need many sweeps: see
/// `hasConverged`.
public struct Lasso {
    /// XᵀX/n, row by row; X is centred if there is an intercept.
    private let gram: [Double]
    private let means: [Double]
    private let order: Int
    private let hasIntercept: Bool

    /// The regression of a column at one penalty.
    public struct Solution: Equatable, Sendable {
        /// The penalty α.
        public let penalty: Double
        /// One weight per column of the matrix; 0 for the target itself and for columns left out.
        public let weights: [Double]
        /// The intercept b; 0 if the regressions have none.
        public let intercept: Double
        /// The share of the target's mean square (with an intercept, of its variance) that the prediction
        /// explains.
        public let determination: Double
        /// Upper bound on the distance of the objective from its minimum.
        public let gap: Double
        /// Whether the gap reached the tolerance within the allowed sweeps.
        public let hasConverged: Bool
    }

    /// Computes the covariances.
    ///
    /// - Parameter columns: [points, columns], finite.
    public init<Scalar: Real>(_ columns: Matrix<Scalar>, intercept: Bool) {
        precondition(columns.rows > 0)
        order = columns.columns
        hasIntercept = intercept
        let points: Matrix<Double>
        if intercept {
            (points, means) = centred(columns)
        } else {
            (points, means) = (widened(columns), [Double](repeating: 0, count: columns.columns))
        }
        let product = Matrix.product(points, points, transposeA: true)
        gram = product.values.map { $0 / Double(columns.rows) }
    }

    /// The smallest penalty whose solution is 0: max_j |x_jᵀ x_i| / n.
    public func largestPenalty(target: Int) -> Double {
        (0..<order).reduce(0) { $1 == target ? $0 : max($0, abs(gram[target * order + $1])) }
    }

    /// `count` penalties in geometric progression from the largest down to `ratio` times it.
    public func penalties(target: Int, count: Int, ratio: Double = 1e-3) -> [Double] {
        let step = count > 1 ? naturalLogarithm(ratio) / Double(count - 1) : 0
        return (0..<count).map { largestPenalty(target: target) * exponential(Double($0) * step) }
    }

    /// A solution for each penalty; give penalties from large to small for speed.
    ///
    /// - Parameters:
    ///   - tolerance: the gap at which descent stops, relative to ‖x_i‖²/n.
    ///   - sweeps: maximum number of sweeps for each penalty.
    public func path(
        target: Int, penalties: [Double], tolerance: Double = 1e-12, sweeps: Int = 10_000
    ) -> [Solution] {
        precondition(target >= 0 && target < order && penalties.allSatisfy { $0 > 0 })
        var state = Descent(target: target, order: order, gram: gram)
        return penalties.map { penalty in
            let least = tolerance * gram[target * order + target]
            var gap = state.gap(gram, penalty)
            var sweep = 0
            while gap > least && sweep < sweeps {
                // Computing the gap costs as much as a sweep over the columns in use.
                for _ in 0..<10 { state.sweep(gram, penalty) }
                sweep += 10
                gap = state.gap(gram, penalty)
                guard gap > least else { break }
                let jumped = state.jumped(gram, penalty)
                let other = jumped.gap(gram, penalty)
                if other < gap { (state, gap) = (jumped, other) }
            }
            return solution(state, penalty, gap, hasConverged: gap <= least)
        }
    }

    private func solution(
        _ state: Descent, _ penalty: Double, _ gap: Double, hasConverged: Bool
    ) -> Solution {
        let predicted = zip(state.weights, means).reduce(0) { $0 + $1.0 * $1.1 }
        let square = gram[state.target * order + state.target]
        return Solution(
            penalty: penalty, weights: state.weights,
            intercept: hasIntercept ? means[state.target] - predicted : 0,
            determination: square > 0 ? 1 - state.residualSquare(gram) / square : 1, gap: gap,
            hasConverged: hasConverged)
    }
}

/// The state of one target's descent.
private struct Descent {
    let target: Int
    let order: Int
    var weights: [Double]
    /// x_jᵀ residual / n of every column j.
    var correlations: [Double]

    init(target: Int, order: Int, gram: [Double]) {
        self.target = target
        self.order = order
        weights = [Double](repeating: 0, count: order)
        correlations = Array(gram[target * order..<(target + 1) * order])
    }

    mutating func sweep(_ gram: [Double], _ penalty: Double) {
        for column in 0..<order where column != target {
            let start = column * order
            let square = gram[start + column]
            guard square > 0 else { continue }
            let old = weights[column]
            let correlation = correlations[column] + square * old
            let shrunk = abs(correlation) - penalty
            let new = shrunk > 0 ? (correlation > 0 ? shrunk : -shrunk) / square : 0
            guard new != old else { continue }
            weights[column] = new
            let change = new - old
            for other in 0..<order { correlations[other] -= change * gram[start + other] }
        }
    }

    /// The state moved to the minimum for the signs of the nonzero weights, or as far towards it as all signs
    /// are kept. Returns self if that minimum is not unique.
    func jumped(_ gram: [Double], _ penalty: Double) -> Descent {
        let used = (0..<order).filter { weights[$0] != 0 }
        let factor = Matrix<Double>(rows: used.count, columns: used.count)
        let best = Matrix<Double>(rows: used.count, columns: 1)
        for (row, i) in used.enumerated() {
            for (column, j) in used.enumerated() { factor[row, column] = gram[i * order + j] }
            best[row, 0] = gram[target * order + i] - (weights[i] > 0 ? penalty : -penalty)
        }
        guard factor.becomeCholeskyFactor() else { return self }
        best.divide(byCholesky: factor)
        var (share, first) = (1.0, -1)
        for (row, i) in used.enumerated() where best[row, 0] * weights[i] <= 0 {
            let reach = weights[i] / (weights[i] - best[row, 0])
            if reach < share { (share, first) = (reach, i) }
        }
        var result = self
        for (row, i) in used.enumerated() {
            result.weights[i] = i == first ? 0 : weights[i] + share * (best[row, 0] - weights[i])
        }
        result.correlations = Array(gram[target * order..<(target + 1) * order])
        for i in used where result.weights[i] != 0 {
            let weight = result.weights[i]
            for other in 0..<order { result.correlations[other] -= weight * gram[i * order + other] }
        }
        return result
    }

    /// ‖residual‖²/n.
    func residualSquare(_ gram: [Double]) -> Double {
        // rᵀr = rᵀy − Σ w_j x_jᵀr.
        var sum = correlations[target]
        for column in 0..<order { sum -= weights[column] * correlations[column] }
        return max(0, sum)
    }

    /// The objective minus the dual objective at the residual scaled to be feasible.
    func gap(_ gram: [Double], _ penalty: Double) -> Double {
        var (largest, norm) = (0.0, 0.0)
        for column in 0..<order where column != target {
            largest = max(largest, abs(correlations[column]))
            norm += abs(weights[column])
        }
        let square = residualSquare(gram)
        let scale = largest > penalty ? penalty / largest : 1
        let dual = scale * correlations[target] - scale * scale * square / 2
        return max(0, square / 2 + penalty * norm - dual)
    }
}
