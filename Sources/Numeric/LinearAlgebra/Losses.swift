import CKernels

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
        let loss =
            Self.isSingle
            ? ck_cross_entropy_f32(f32, labels, rows, columns, Float(scale), &correct)
            : ck_cross_entropy_f64(f64, labels, rows, columns, Double(scale), &correct)
        return LossSum(loss: loss, correct: Int(correct))
    }

    /// Softmax cross-entropy where a class's target is 1 − `smoothing` for the label, and `smoothing` / classes more for
    /// every class (Szegedy et al. 2016).
    @_specialize(where Scalar == Float)
    public func crossEntropy(labels: [Int32], scale: Scalar, smoothing: Double) -> LossSum {
        precondition(labels.count >= rows)
        precondition(labels.prefix(rows).allSatisfy { $0 >= 0 && Int($0) < columns })
        // Σ_k t_k (−ln p_k) = −ln p_y + α (z_y − mean z), because ln p_k = z_k − ln Σ e^z.
        var excess = 0.0
        for row in 0..<rows {
            let logits = base + row * columns
            var sum = 0.0
            for column in 0..<columns { sum += Double(logits[column]) }
            excess += Double(logits[Int(labels[row])]) - sum / Double(columns)
        }
        var result = crossEntropy(labels: labels, scale: scale)
        result.loss += smoothing * excess
        let (share, part) = (scale * Scalar(smoothing), scale * Scalar(smoothing / Double(columns)))
        for row in 0..<rows {
            let gradient = base + row * columns
            for column in 0..<columns { gradient[column] -= part }
            gradient[Int(labels[row])] += share
        }
        return result
    }

    /// Σ ln(1 + e^(−y z)) for one output z per point (self, points × 1), with y = 1 for label 1 and −1 for
    /// label 0. On return self is scale · d(sum)/dz. Points with y z > 0 count as correct.
    public func logistic(labels: [Int32], scale: Scalar) -> LossSum {
        precondition(columns == 1 && labels.count >= rows)
        var correct: Int64 = 0
        let loss =
            Self.isSingle
            ? ck_logistic_f32(f32, labels, rows, Float(scale), &correct)
            : ck_logistic_f64(f64, labels, rows, Double(scale), &correct)
        return LossSum(loss: loss, correct: Int(correct))
    }

    /// self[r, j] becomes 0 where a row's noise, from the first of the columns given on, is below a threshold, else
    /// `scale` times itself.
    public func drop(below threshold: Scalar, _ noise: Matrix, columns range: Range<Int>, scale: Scalar) {
        precondition(noise.rows >= rows && range.count == columns)
        precondition(range.lowerBound >= 0 && range.upperBound <= noise.columns)
        if Self.isSingle {
            ck_drop_f32(
                f32, noise.f32 + range.lowerBound, noise.columns, rows, columns, Float(threshold),
                Float(scale))
        } else {
            ck_drop_f64(
                f64, noise.f64 + range.lowerBound, noise.columns, rows, columns, Double(threshold),
                Double(scale))
        }
    }

    /// self = softmax(scale · self), row by row.
    @_specialize(where Scalar == Float)
    public func becomeSoftmax(scale: Double) {
        if Self.isSingle {
            ck_softmax_f32(f32, rows, columns, Float(scale))
        } else {
            ck_softmax_f64(f64, rows, columns, scale)
        }
    }

    /// Turns self, the gradient in a softmax, into that in its argument before scaling; or the argument's tangent into
    /// the softmax's, because the Jacobian is symmetric.
    ///
    /// - Parameter shares: the softmax of scale · argument.
    @_specialize(where Scalar == Float)
    public func becomeSoftmaxGradient(_ shares: Matrix, scale: Double) {
        precondition(rows == shares.rows && columns == shares.columns)
        if Self.isSingle {
            ck_softmax_backward_f32(f32, shares.f32, rows, columns, Float(scale))
        } else {
            ck_softmax_backward_f64(f64, shares.f64, rows, columns, scale)
        }
    }

    /// probabilities += softmax(self), row by row; overwrites self.
    public func addSoftmax(to probabilities: Matrix) {
        precondition(rows == probabilities.rows && columns == probabilities.columns)
        if Self.isSingle {
            ck_softmax_add_f32(f32, probabilities.f32, rows, columns)
        } else {
            ck_softmax_add_f64(f64, probabilities.f64, rows, columns)
        }
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
        return LossSum(
            loss: Self.isSingle
                ? ck_squared_error_f32(f32, target.f32, count, Float(scale))
                : ck_squared_error_f64(f64, target.f64, count, Double(scale)))
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
            loss: Self.isSingle
                ? ck_gaussian_nll_f32(
                    f32, target.f32, logVariance.f32, gradient.f32, rows, columns, Float(scale),
                    inOrder ? 1 : 0)
                : ck_gaussian_nll_f64(
                    f64, target.f64, logVariance.f64, gradient.f64, rows, columns, Double(scale),
                    inOrder ? 1 : 0))
    }

    /// Reparameterisation of an encoder's head, self = (μ | s), rows × 2K: σ = softplus(s + shift),
    /// z = μ + σ · noise. Returns Σ KL(N(μ, σ²) ‖ N(0, I)) over the rows, in nats.
    @_specialize(where Scalar == Float)
    public func reparameterise(noise: Matrix, shift: Scalar, sigma: Matrix, z: Matrix) -> Double {
        let latent = columns / 2
        precondition(columns == 2 * latent && noise.columns == latent && noise.rows == rows)
        precondition(sigma.count == noise.count && z.count == noise.count)
        return Self.isSingle
            ? ck_reparameterise_f32(f32, noise.f32, Float(shift), sigma.f32, z.f32, rows, latent)
            : ck_reparameterise_f64(f64, noise.f64, Double(shift), sigma.f64, z.f64, rows, latent)
    }

    /// Sets self (rows × 2K) to the gradient in the head, given dz and klScale · dKL.
    @_specialize(where Scalar == Float)
    public func setReparameterisationGradient(
        head: Matrix, noise: Matrix, sigma: Matrix, dz: Matrix, shift: Scalar, klScale: Scalar
    ) {
        let latent = columns / 2
        precondition(head.count == count && dz.count == rows * latent && sigma.count == dz.count)
        precondition(noise.count == dz.count)
        if Self.isSingle {
            ck_reparameterise_backward_f32(
                head.f32, noise.f32, sigma.f32, dz.f32, Float(shift), Float(klScale), f32, rows, latent)
        } else {
            ck_reparameterise_backward_f64(
                head.f64, noise.f64, sigma.f64, dz.f64, Double(shift), Double(klScale), f64, rows, latent)
        }
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
        if Self.isSingle {
            ck_adam_f32(
                f32, gradient.f32, first.f32, second.f32, count, Float(rate), Float(1 - beta1),
                Float(1 - beta2), Float(epsilon), Float(decay))
        } else {
            ck_adam_f64(
                f64, gradient.f64, first.f64, second.f64, count, rate, 1 - beta1, 1 - beta2, epsilon, decay)
        }
    }

    /// One step of gradient descent with momentum: v = momentum · v + g + decay · w; w −= rate · v.
    @_specialize(where Scalar == Float)
    public func momentumStep(
        gradient: Matrix, velocity: Matrix, rate: Double, momentum: Double, decay: Double
    ) {
        precondition(gradient.count == count && velocity.count == count)
        if Self.isSingle {
            ck_sgd_f32(
                f32, gradient.f32, velocity.f32, count, Float(rate), Float(1 - momentum), Float(decay))
        } else {
            ck_sgd_f64(f64, gradient.f64, velocity.f64, count, rate, 1 - momentum, decay)
        }
    }

    /// Scales the matrix down to an L2 norm of `limit` if its norm is larger, as `torch.nn.utils.clip_grad_norm_` does:
    /// by limit / (norm + 1e-6).
    @_specialize(where Scalar == Float)
    public func clip(toNorm limit: Double) {
        var sum = 0.0
        for index in 0..<count { sum += Double(base[index]) * Double(base[index]) }
        let factor = limit / (sum.squareRoot() + 1e-6)
        guard factor < 1 else { return }
        for index in 0..<count { base[index] *= Scalar(factor) }
    }

    /// self −= share · self.
    @_specialize(where Scalar == Float)
    public func shrink(by share: Double) {
        if Self.isSingle {
            ck_shrink_f32(f32, count, Float(share))
        } else {
            ck_shrink_f64(f64, count, share)
        }
    }

    /// self += (1 − keep) (other − self): an exponential moving average.
    @_specialize(where Scalar == Float)
    public func moveAverage(towards other: Matrix, keep: Double) {
        precondition(other.count == count)
        if Self.isSingle {
            ck_average_f32(f32, other.f32, count, Float(1 - keep))
        } else {
            ck_average_f64(f64, other.f64, count, 1 - keep)
        }
    }
}
