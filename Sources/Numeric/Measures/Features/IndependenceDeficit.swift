import LinearAlgebra

/// The classes whose logits linearly determine one class's logit, and the accuracy of a network that judges
/// the class by them (rank diminishing, Section 6.2, eq. 11–12): a Lasso regression of its logit
/// on the others'.
///
/// The paper's objective E[(λᵀ logits)²] + η ‖λ‖₁ is twice that of `Lasso` with α = η/2, without intercept:
/// its η = 20 is a penalty of 10. A penalty has the scale of squared logits: compare networks at one share of
/// `Lasso.largestPenalty`, or at equal determination.
///
/// Limits: a softmax does not change when a number is added to all logits, so a network may have any such
/// dependence, or none, at the same predictions. With few classes most logits can be predicted from the
/// others: the paper has 1000 classes.
public struct IndependenceDeficit: Equatable, Sendable {
    /// A class with a weight in the regression.
    public struct Decider: Equatable, Sendable {
        /// The class.
        public let label: Int
        /// The weight of its logit.
        public let weight: Double
    }

    /// The class whose logit is predicted.
    public let label: Int
    /// The Lasso's penalty α.
    public let penalty: Double
    /// The classes with a weight, by falling |weight|.
    public let deciders: [Decider]
    /// The regression's intercept; 0 if `lasso` has none.
    public let intercept: Double
    /// The share of the logit's variance (mean square without intercept) that the prediction explains.
    public let determination: Double
    /// Whether the duality gap reached the tolerance.
    public let hasConverged: Bool
    /// The share of all points classified correctly, with the logits as they are.
    public let accuracy: Double
    /// The same share after replacing the class's logit by its prediction.
    public let predictedAccuracy: Double
    /// The share of this class's points classified correctly; nil if it has none.
    public let ownAccuracy: Double?
    /// The same share after replacing the class's logit by its prediction.
    public let predictedOwnAccuracy: Double?

    /// The results of one class at each penalty, each starting from the solution before.
    ///
    /// - Parameters:
    ///   - logits: [points, classes]
    ///   - lasso: built from the same logits.
    ///   - tolerance: as for `Lasso.path`.
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

    /// The shares of points whose (first) largest logit is at their class.
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
