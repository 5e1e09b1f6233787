import LinearAlgebra

/// Which classes' logits decide one class's linearly, and how well a network does that judges the class by
/// them (rank diminishing, Section 6.2, eq. 11–12): a Lasso of its logit on the others'.
///
/// The paper's objective E[(λᵀ logits)²] + η ‖λ‖₁ is twice that of `Lasso` with α = η/2, without intercept:
/// its η = 20 is a penalty of 10. A penalty has the scale of squared logits: compare networks at one share of
/// `Lasso.largestPenalty`, or at equal determination.
///
/// Limits: a softmax does not change when a number is added to all logits, so a network may have any such
/// dependence or none at the same predictions. With few classes most can be predicted from the others: the
/// paper's case is 1000 of them.
public struct IndependenceDeficit: Equatable, Sendable {
    public struct Decider: Equatable, Sendable {
        public let label: Int
        public let weight: Double
    }

    public let label: Int
    public let penalty: Double
    /// The classes with a weight, the largest |weight| first.
    public let deciders: [Decider]
    public let intercept: Double
    public let determination: Double
    public let hasConverged: Bool
    /// Share of all points judged right, with the logits as they are.
    public let accuracy: Double
    /// The same with the class's logit replaced by its prediction.
    public let predictedAccuracy: Double
    /// Of the points of this class alone; nil where there are none.
    public let ownAccuracy: Double?
    public let predictedOwnAccuracy: Double?

    /// One class at a penalty or several, each from the solution before.
    ///
    /// - Parameters:
    ///   - logits: [points, classes]
    ///   - lasso: of the same logits.
    ///   - tolerance: as `Lasso.path`.
    public static func along<Scalar: Real>(
        _ penalties: [Double], label: Int, logits: Matrix<Scalar>, labels: [Int32], lasso: Lasso,
        tolerance: Double = 1e-12
    ) -> [IndependenceDeficit] {
        precondition(labels.count == logits.rows && label >= 0 && label < logits.columns)
        let wide = widened(logits)
        let given = Hits(wide, labels, label)
        return lasso.path(target: label, penalties: penalties, tolerance: tolerance).map { solution in
            let weights = Matrix<Double>(rows: logits.columns, columns: 1)
            weights.assign(solution.weights)
            let prediction = Matrix.product(wide, weights).values
            let replaced = widened(wide)
            for point in 0..<logits.rows { replaced[point, label] = prediction[point] + solution.intercept }
            let predicted = Hits(replaced, labels, label)
            let order = solution.weights.indices.filter { solution.weights[$0] != 0 }
                .sorted { (-abs(solution.weights[$0]), $0) < (-abs(solution.weights[$1]), $1) }
            return IndependenceDeficit(
                label: label, penalty: solution.penalty,
                deciders: order.map { Decider(label: $0, weight: solution.weights[$0]) },
                intercept: solution.intercept, determination: solution.determination,
                hasConverged: solution.hasConverged, accuracy: given.share,
                predictedAccuracy: predicted.share, ownAccuracy: given.ownShare,
                predictedOwnAccuracy: predicted.ownShare)
        }
    }

    /// Points whose (first) largest logit is at their class.
    private struct Hits {
        let share: Double
        let ownShare: Double?

        init(_ logits: Matrix<Double>, _ labels: [Int32], _ label: Int) {
            let own = labels.indices.filter { Int(labels[$0]) == label }
            share = Double(logits.countOfLargest(at: labels)) / Double(max(1, labels.count))
            let rows = Matrix<Double>(rows: own.count, columns: logits.columns)
            rows.assign(rows: own, of: logits)
            ownShare =
                own.isEmpty
                ? nil : Double(rows.countOfLargest(at: own.map { labels[$0] })) / Double(own.count)
        }
    }
}
