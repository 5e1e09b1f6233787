/// The numbers of a point or of a batch that are brought to mean 0 and variance 1, then scaled by γ and
/// shifted by β. Each channel has one γ and one β. A vector's units are its channels.
public enum Normalisation: Hashable, Sendable {
    /// All numbers of a point (Ba, Kiros & Hinton 2016).
    case layer
    /// Each channel over all points of the batch and all pixels (Ioffe & Szegedy 2015). Evaluation uses a
    /// running average of the moments instead of the batch's.
    case batch
    /// Each channel of a point over its pixels (Ulyanov, Vedaldi & Lempitsky 2016). A vector counts as one
    /// channel with as many pixels as it has units: γ and β are one number each.
    case instance
    /// Groups of neighbouring channels, each over a point's pixels (Wu & He 2018). The value is the number of
    /// groups.
    case group(Int)
    /// The channels of each pixel of a point: PyTorch's LayerNorm of a sequence of tokens.
    case token

    /// The names in sweep files.
    public static let words = ["layer", "batch", "instance", "group", "token"]

    /// The name in sweep files.
    public var word: String {
        switch self {
        case .layer: "layer"
        case .batch: "batch"
        case .instance: "instance"
        case .group: "group"
        case .token: "token"
        }
    }

    /// The normalisation with this name in sweep files; nil for an unknown name.
    ///
    /// - Parameter groups: the number of groups, for a group normalisation.
    public init?(_ word: String, groups: Int) {
        let all: [Normalisation] = [.layer, .batch, .instance, .group(groups), .token]
        guard let named = all.first(where: { $0.word == word }) else { return nil }
        self = named
    }
}

/// γ (input − mean) / deviation + β.
public struct NormalisationOperation: NetworkOperation {
    /// The numbers that it normalises.
    public let kind: Normalisation
    /// The size of its input and output.
    public let size: ImageSize
    /// The scales γ.
    public let gamma: NetworkPlan.Region
    /// The shifts β.
    public let beta: NetworkPlan.Region
    /// The running averages of a batch normalisation's moments, as regions of all running averages; nil for
    /// other kinds.
    public let running: (mean: NetworkPlan.Region, variance: NetworkPlan.Region)?
}

extension LayerSpec {
    /// γ (p − mean) / deviation + β.
    public static func normalisation(_ kind: Normalisation, name: String? = nil) -> LayerSpec {
        LayerSpec { (plan, value) throws(ShapeFault) in
            let size = plan.values[value].size
            if case .group(let groups) = kind, groups <= 0 || size.channels % groups != 0 {
                throw .groupsDoNotDivide(groups, channels: size.channels)
            }
            let channels = kind == .instance && size.pixels == 1 ? 1 : size.channels
            let name = plan.name(name, kind: "norms")
            let gamma = plan.takeVector(channels, "\(name).weight", initialValue: 1)
            let beta = plan.takeVector(channels, "\(name).bias")
            let running =
                kind == .batch
                ? (
                    mean: plan.takeAverage(channels, "\(name).running_mean"),
                    variance: plan.takeAverage(channels, "\(name).running_var", initialValue: 1)
                ) : nil
            return plan.add(
                NormalisationOperation(kind: kind, size: size, gamma: gamma, beta: beta, running: running),
                value, size)
        }
    }
}
