import Glibc

/// What is known of the minimum-norm network of depth L that fits data which a teacher of depth K fits with
/// weight matrices of Frobenius norm B or less (Timor et al. 2023, Theorems 4 and 5; local rank, Propositions
/// 2 and 3): one output, ReLU, no biases, L ≥ K, and some |x| ≤ 1 whose target is at least 1 from 0.
///
/// For networks that are not of minimum norm none of it is promised.
public struct RankBounds: Equatable, Sendable {
    public enum Task: Sendable {
        /// Labels ±1, each point with margin 1.
        case classification
        /// Targets that are never negative, met exactly.
        case interpolation
    }

    /// L.
    public let depth: Int
    /// Of the square of the harmonic mean over layers of ‖W‖_F / ‖W‖_σ, and so of the smallest stable rank:
    /// 2 (B/√2)^(2K/L) (L + 1)/L of classification, B^(2K/L) of interpolation.
    public let stableRank: Double

    /// nil where the network is shallower than the teacher: of that nothing is known.
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

    /// Of the smallest stable rank of the layers but the last, whose one row has stable rank 1 whatever it
    /// is: ((L − 1) / (L/C − 1))², C² being `stableRank`. It follows from the harmonic mean, whose last
    /// summand is 1. nil where C ≥ L, when that mean tells nothing of the others.
    public var hiddenStableRank: Double? {
        let (layers, ratio) = (Double(depth), stableRank.squareRoot())
        guard depth > 1, ratio < layers else { return nil }
        let bound = (layers - 1) / (layers / ratio - 1)
        return bound * bound
    }

    /// What the local rank at ε of a layer with this spectral norm is then at most, if the layer is one whose
    /// stable rank is at most `stableRank`: stableRank · ‖W_l‖_σ² / ε².
    ///
    /// The proof takes ε so small that it counts every singular value of J_l that is not 0. Of the smallest ε
    /// the number is beyond a double's: then the largest of those, which no rank exceeds either.
    public static func localRank(stableRank: Double, spectralNorm: Double, threshold: Double) -> Double {
        let scale = spectralNorm / threshold
        return min(stableRank * scale * scale, .greatestFiniteMagnitude)
    }
}
