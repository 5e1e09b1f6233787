import Glibc

/// Bounds for the minimum-norm network of depth L that fits data which a teacher of depth K fits with weight
/// matrices of Frobenius norm at most B (Timor et al. 2023, Theorems 4 and 5; local rank, Propositions 2 and
/// 3). They assume one output, ReLU, no biases, L ≥ K, and some |x| ≤ 1 whose target is at least 1 from 0.
///
/// They promise nothing for networks that are not of minimum norm.
public struct RankBounds: Equatable, Sendable {
    /// The fit that is asked of the network.
    public enum Task: Sendable {
        /// Labels ±1, each point with margin 1.
        case classification
        /// Non-negative targets, met exactly.
        case interpolation
    }

    /// The depth L.
    public let depth: Int
    /// Upper bound on the square of the harmonic mean over layers of ‖W‖_F / ‖W‖_σ, and so on the smallest
    /// stable rank: 2 (B/√2)^(2K/L) (L + 1)/L for classification, B^(2K/L) for interpolation.
    public let stableRank: Double

    /// Computes the bounds; nil if the network is shallower than the teacher, about which nothing is known.
    ///
    /// - Parameter norm: B.
    public init?(_ task: Task, teacherDepth: Int, norm: Double, depth: Int) {
        guard depth >= teacherDepth, depth > 0 else { return nil }
        let exponent = 2 * Double(teacherDepth) / Double(depth)
        self.depth = depth
        stableRank =
            switch task {
            case .classification:
                2 * pow(norm / 2.0.squareRoot(), exponent) * Double(depth + 1) / Double(depth)
            case .interpolation: pow(norm, exponent)
            }
    }

    /// Upper bound on the smallest stable rank of all layers but the last, whose single row always has stable
    /// rank 1: ((L − 1) / (L/C − 1))², C² being `stableRank`. It follows from the harmonic mean, whose last
    /// summand is 1. nil if C ≥ L, because that mean then says nothing about the other layers.
    public var hiddenStableRank: Double? {
        let (layers, ratio) = (Double(depth), stableRank.squareRoot())
        guard depth > 1, ratio < layers else { return nil }
        let bound = (layers - 1) / (layers / ratio - 1)
        return bound * bound
    }

    /// Upper bound on the local rank at ε of a layer with this spectral norm, if its stable rank is at most
    /// `stableRank`: stableRank · ‖W_l‖_σ² / ε².
    ///
    /// The proof takes ε so small that it counts every nonzero singular value of J_l. For the smallest ε the
    /// bound exceeds a double's range: the result is then the largest double, which no rank exceeds either.
    public static func localRank(stableRank: Double, spectralNorm: Double, threshold: Double) -> Double {
        let scale = spectralNorm / threshold
        return min(stableRank * scale * scale, .greatestFiniteMagnitude)
    }
}
