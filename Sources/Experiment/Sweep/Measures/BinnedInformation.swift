extension Metric {
    package static let ixtNats = Metric(
        "i_xt_nats", .layers, label: "I(X;T)", unit: .nats, limit: .inputInformation)
    package static let ixtBits = Metric(
        "i_xt_bits", .layers, label: "I(X;T)", unit: .bits, limit: .inputInformation)
    package static let ityNats = Metric(
        "i_ty_nats", .layers, label: "I(T;Y)", unit: .nats, limit: .classInformation)
    package static let ityBits = Metric(
        "i_ty_bits", .layers, label: "I(T;Y)", unit: .bits, limit: .classInformation)
    package static let generalisationBound = Metric(
        "generalisation_bound", .layers, label: "bound on the generalisation gap", limit: .nonNegative,
        isOptional: true)
    package static let ixtFallNats = Metric(
        "i_xt_fall_nats", .layers, label: "fall of I(X;T)", unit: .nats, isOfTraining: true,
        limit: .inputInformation)
    package static let ixtFallStep = Metric(
        "i_xt_fall_step", .layers, label: "step at which I(X;T) starts to fall", isOfTraining: true,
        limit: .steps, hasGaps: true)
    package static let ixtFalls = Metric(
        "i_xt_falls", .layers, label: "share of seeds where I(X;T) falls", isOfTraining: true,
        limit: .share)
    package static let twoPhases = Metric(
        "two_phases", .layers, label: "share of seeds where I(X;T) rises, then falls",
        isOfTraining: true, limit: .share)
}

extension MeasureDeclaration {
    package static let binnedInformation = MeasureDeclaration(
        "binned_information", needs: [.activations, .labels],
        metrics: [
            .ixtNats, .ixtBits, .ityNats, .ityBits, .generalisationBound, .ixtFallNats, .ixtFallStep,
            .ixtFalls, .twoPhases,
        ],
        options: [
            Option(
                "bins", .integer(1...1_000_000), default: .number(30),
                "Equal bins of −1 … 1. Units without bounds have bins of the same width, as many as they "
                    + "reach."),
            Option(
                "delta", .number(Bounds(.open(0), .open(1))), default: .number(0.05),
                "δ, the probability with which the bound on the generalisation gap may fail."),
        ],
        points: .string("all"),
        "Whether I(X;T) and I(T;Y) of each layer's binned activations are measured.")
}
