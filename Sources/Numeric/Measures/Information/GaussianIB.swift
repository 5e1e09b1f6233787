import LinearAlgebra

/// The Gaussian information bottleneck in closed form (Chechik, Globerson, Tishby & Weiss 2005; local rank,
/// Theorem 4), for the loss of a deep VIB, task + β · KL, at its optimum.
///
/// With ρ_i the canonical correlations of x and y, direction i is kept if β < ρ_i²:
///
///     a_i² = (ρ_i² − β) / (ρ_i² (1 − β)),   KL_i = ½ ln[ρ_i² (1 − β) / (β (1 − ρ_i²))],
///     I(Z_i; Y) = −½ ln(1 − a_i² ρ_i²)
///
/// a_i are the singular values of the encoder's mean map in whitened x. Assumes an encoder that can be any
/// linear map to its latent variables, and a decoder that can reach H(Y|Z). With a diagonal variance, that
/// holds if y is given in its canonical coordinates (`canonicalTargets`).
public struct GaussianIB {
    /// The canonical correlations ρ_i, largest first.
    public let correlations: [Double]
    /// Differential entropy of y, nats.
    public let targetEntropy: Double
    /// ln det of y's covariance: twice the amount by which −ln p(y) exceeds −ln p(T y), T being
    /// `canonicalTargets`.
    public let targetLogDeterminant: Double
    /// T, [targets, targets]: T y are y's canonical variables. They are white, and the i-th is correlated
    /// only with x's i-th.
    public let canonicalTargets: Matrix<Double>
    /// Row i maps x to its i-th canonical variable, [directions, inputs].
    private let directions: Matrix<Double>

    /// Why there is no solution.
    public enum Failure: Error, Equatable {
        /// The joint covariance is not positive definite.
        case notPositiveDefinite
    }

    /// Solves the bottleneck for a covariance.
    ///
    /// - Parameters:
    ///   - covariance: the joint covariance of (x, y), symmetric positive definite.
    ///   - inputs: number of leading variables that are x.
    /// - Throws: `Failure.notPositiveDefinite`.
    public init(covariance: [[Double]], inputs: Int) throws(Failure) {
        let targets = covariance.count - inputs
        precondition(inputs > 0 && targets > 0)
        guard (try? Matrix<Double>(covariance).choleskyFactor()) != nil else { throw .notPositiveDefinite }
        let x = Matrix<Double>(covariance[..<inputs].map { Array($0[..<inputs]) })
        let y = Matrix<Double>(covariance[inputs...].map { Array($0[inputs...]) })
        let cross = Matrix<Double>(covariance[..<inputs].map { Array($0[inputs...]) })
        guard let whitenX = GaussianIB.inverseSquareRoot(x), let whitenY = GaussianIB.inverseSquareRoot(y)
        else { throw .notPositiveDefinite }
        let whitened = Matrix.product(Matrix.product(whitenX.root, cross), whitenY.root)
        guard let singular = try? whitened.singularValues(),
            let left = GaussianIB.eigenvectors(Matrix.product(whitened, whitened, transposeB: true)),
            let right = GaussianIB.eigenvectors(Matrix.product(whitened, whitened, transposeA: true))
        else { throw .notPositiveDefinite }
        // Rounding may raise a correlation to 1, where the logarithms diverge.
        correlations = singular.map { min($0, 1.0.nextDown) }
        directions = Matrix.product(left.rows(0..<min(inputs, targets)), whitenX.root)
        canonicalTargets = Matrix.product(right, whitenY.root)
        let lnTwoPiE = 2.8378770664093454836
        targetLogDeterminant = whitenY.logDeterminant
        targetEntropy = 0.5 * (Double(targets) * lnTwoPiE + whitenY.logDeterminant)
    }

    /// Eigenvectors of a symmetric matrix as rows, in order of falling eigenvalues.
    private static func eigenvectors(_ matrix: Matrix<Double>) -> Matrix<Double>? {
        guard let eigen = try? matrix.symmetricEigen() else { return nil }
        let order = matrix.rows
        return Matrix((0..<order).map { i in (0..<order).map { eigen.vectors[$0, order - 1 - i] } })
    }

    /// Σ^{−1/2} and ln det Σ.
    private static func inverseSquareRoot(
        _ matrix: Matrix<Double>
    ) -> (root: Matrix<Double>, logDeterminant: Double)? {
        guard let eigen = try? matrix.symmetricEigen(), eigen.values.allSatisfy({ $0 > 0 }) else {
            return nil
        }
        let scaled = Matrix<Double>(rows: matrix.rows, columns: matrix.rows)
        for row in 0..<matrix.rows {
            for column in 0..<matrix.rows {
                scaled[row, column] = eigen.vectors[row, column] / eigen.values[column].squareRoot()
            }
        }
        return (
            Matrix.product(scaled, eigen.vectors, transposeB: true),
            eigen.values.reduce(0) { $0 + naturalLogarithm($1) }
        )
    }

    /// The β below which each direction is kept, ρ_i², largest first.
    public var criticalBetas: [Double] { correlations.map { $0 * $0 } }

    /// The optimum at one β > 0 with at most `bottleneck` latent variables, or units in the narrowest layer.
    public func optimum(beta: Double, bottleneck: Int) -> Optimum {
        let beta = max(beta, .leastNormalMagnitude)
        let kept = correlations.prefix(bottleneck).filter { beta < $0 * $0 }
        var gains: [Double] = []
        var kl = 0.0
        var information = 0.0
        for correlation in kept {
            let square = correlation * correlation
            let gain = (square - beta) / (square * (1 - beta))
            gains.append(gain.squareRoot())
            // Dividing by β may overflow.
            kl += 0.5 * (naturalLogarithm(square * (1 - beta) / (1 - square)) - naturalLogarithm(beta))
            information -= 0.5 * naturalLogarithm(1 - gain * square)
        }
        return Optimum(
            kl: kl, information: information, rank: kept.count, singularValues: singularValues(gains),
            noiseSingularValues: singularValues(gains.map { $0 / (1 - $0 * $0).squareRoot() }))
    }

    /// Singular values of diag(gains) times the first directions: a map from x in its own coordinates.
    private func singularValues(_ gains: [Double]) -> [Double] {
        let map = Matrix<Double>(rows: gains.count, columns: directions.columns)
        for (row, gain) in gains.enumerated() {
            for column in 0..<directions.columns { map[row, column] = gain * directions[row, column] }
        }
        return (try? map.singularValues()) ?? []
    }

    /// The optimal encoder at one β.
    public struct Optimum: Equatable, Sendable {
        /// E KL(q(z|x) ‖ r(z)) = I(X; Z), nats.
        public var kl: Double
        /// I(Z; Y), nats.
        public var information: Double
        /// Number of directions kept.
        public var rank: Int
        /// Singular values of the encoder's mean map x ↦ μ(x), in x's own coordinates, largest first.
        public var singularValues: [Double]
        /// Singular values of the same map divided by the noise's standard deviation; σ² = 1 − a² is what the
        /// prior's unit variance leaves.
        public var noiseSingularValues: [Double]

        /// Number of directions with more than 0.01 nats: #{½ ln(1 + s²) > 0.01}.
        public var informativeDirections: Int {
            noiseSingularValues.count { 0.5 * naturalLogarithm(1 + $0 * $0) > 0.01 }
        }

        /// The local rank, #{σ > threshold}.
        public func localRank(_ threshold: Double) -> Int { singularValues.count { $0 > threshold } }
    }
}
