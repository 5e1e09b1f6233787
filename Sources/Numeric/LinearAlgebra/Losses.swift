/// The loss of a batch: the sum over its points, in nats (or squared units), and the number of
/// correct guesses.
public struct LossSum: Sendable, Equatable {
    /// The summed loss.
    public var loss: Double
    /// Number of points classified correctly; 0 for a regression.
    public var correct: Int

    /// Creates a sum.
    public init(loss: Double = 0, correct: Int = 0) {
        self.loss = loss
        self.correct = correct
    }
}

extension Matrix {
    /// Softmax cross-entropy of logits (rows × classes). On return self is scale · d(sum)/d(logits).
    @_specialize(where Scalar == Float)
    public func crossEntropy(labels: [Int32], scale: Scalar) -> LossSum {
        precondition(labels.count >= rows)
        precondition(labels.prefix(rows).allSatisfy { $0 >= 0 && Int($0) < columns })
        var correct: Int64 = 0
        let loss = Scalar.kernels.crossEntropy(base, labels, rows, columns, scale, &correct)
        return LossSum(loss: loss, correct: Int(correct))
    }

    /// Σ ln(1 + e^(−y z)) for one output z per point (self, points × 1), with y = 1 for label 1 and −1 for
    /// label 0. On return self is scale · d(sum)/dz. Points with y z > 0 count as correct.
    public func logistic(labels: [Int32], scale: Scalar) -> LossSum {
        precondition(columns == 1 && labels.count >= rows)
        var correct: Int64 = 0
        let loss = Scalar.kernels.logistic(base, labels, rows, scale, &correct)
        return LossSum(loss: loss, correct: Int(correct))
    }

    /// probabilities += softmax(self), row by row; overwrites self.
    public func addSoftmax(to probabilities: Matrix) {
        precondition(rows == probabilities.rows && columns == probabilities.columns)
        Scalar.kernels.softmaxAdd(base, probabilities.base, rows, columns)
    }

    /// Number of rows whose (first) largest entry is at their label.
    public func countOfLargest(at labels: [Int32]) -> Int {
        precondition(labels.count >= rows)
        return (0..<rows).count { row in
            var best = 0
            for column in 1..<max(1, columns) where base[row * columns + column] > base[row * columns + best]
            {
                best = column
            }
            return best == Int(labels[row])
        }
    }

    /// Σ (self − target)². On return self is scale · d(sum)/d(self).
    @_specialize(where Scalar == Float)
    public func squaredError(_ target: Matrix, scale: Scalar) -> LossSum {
        precondition(rows == target.rows && columns == target.columns)
        return LossSum(loss: Scalar.kernels.squaredError(base, target.base, count, scale))
    }

    /// −Σ ln N(target; self, diag e^v), v one row. On return self is scale · d(sum)/d(self) and `gradient`
    /// (one row) is scale · d(sum)/dv. With `inOrder` it adds one number after another, which decides the
    /// last digits of records; otherwise it adds several at once, which is faster and gives other
    /// last digits.
    @_specialize(where Scalar == Float)
    public func gaussianNLL(
        _ target: Matrix, logVariance: Matrix, gradient: Matrix, scale: Scalar, inOrder: Bool = true
    ) -> LossSum {
        precondition(rows == target.rows && columns == target.columns)
        precondition(logVariance.count == columns && gradient.count == columns)
        return LossSum(
            loss: Scalar.kernels.gaussianNLL(
                base, target.base, logVariance.base, gradient.base, rows, columns, scale, inOrder))
    }

    /// Reparameterisation of an encoder's head, self = (μ | s), rows × 2K: σ = softplus(s + shift),
    /// z = μ + σ · noise. Returns Σ KL(N(μ, σ²) ‖ N(0, I)) over the rows, in nats.
    @_specialize(where Scalar == Float)
    public func reparameterise(noise: Matrix, shift: Scalar, sigma: Matrix, z: Matrix) -> Double {
        let latent = columns / 2
        precondition(columns == 2 * latent && noise.columns == latent && noise.rows == rows)
        precondition(sigma.count == noise.count && z.count == noise.count)
        return Scalar.kernels.reparameterise(
            base, noise.base, shift, sigma.base, z.base, rows, latent)
    }

    /// Sets self (rows × 2K) to the gradient in the head, given dz and klScale · dKL.
    @_specialize(where Scalar == Float)
    public func setReparameterisationGradient(
        head: Matrix, noise: Matrix, sigma: Matrix, dz: Matrix, shift: Scalar, klScale: Scalar
    ) {
        let latent = columns / 2
        precondition(head.count == count && dz.count == rows * latent && sigma.count == dz.count)
        precondition(noise.count == dz.count)
        Scalar.kernels.reparameteriseBackward(
            head.base, noise.base, sigma.base, dz.base, shift, klScale, base, rows, latent)
    }
}

extension Matrix {
    /// One step of Adam on a flat range of parameters (Kingma & Ba 2015, algorithm 1, in its efficient form):
    /// `rate` and `epsilon` include the bias corrections, and `decay` adds decay · w to the gradient.
    ///
    /// All constants are passed as doubles and rounded last: 1 − β₂ has few correct digits if β₂ is
    /// rounded first.
    @_specialize(where Scalar == Float)
    public func adamStep(
        gradient: Matrix, first: Matrix, second: Matrix, rate: Double, beta1: Double, beta2: Double,
        epsilon: Double, decay: Double
    ) {
        precondition(gradient.count == count && first.count == count && second.count == count)
        Scalar.kernels.adam(
            base, gradient.base, first.base, second.base, count, Scalar(rate), Scalar(1 - beta1),
            Scalar(1 - beta2), Scalar(epsilon), Scalar(decay))
    }

    /// One step of gradient descent with momentum: v = momentum · v + g + decay · w; w −= rate · v.
    @_specialize(where Scalar == Float)
    public func momentumStep(
        gradient: Matrix, velocity: Matrix, rate: Double, momentum: Double, decay: Double
    ) {
        precondition(gradient.count == count && velocity.count == count)
        Scalar.kernels.sgd(
            base, gradient.base, velocity.base, count, Scalar(rate), Scalar(1 - momentum), Scalar(decay))
    }

    /// self −= share · self.
    @_specialize(where Scalar == Float)
    public func shrink(by share: Double) { Scalar.kernels.shrink(base, count, Scalar(share)) }

    /// self += (1 − keep) (other − self): an exponential moving average.
    @_specialize(where Scalar == Float)
    public func moveAverage(towards other: Matrix, keep: Double) {
        precondition(other.count == count)
        Scalar.kernels.average(base, other.base, count, Scalar(1 - keep))
    }
}
