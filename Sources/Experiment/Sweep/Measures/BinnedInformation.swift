extension MeasureDeclaration {
    static let binnedInformation = MeasureDeclaration(
        "binned_information", needs: [.activations, .labels],
        metrics: [
            Metric("i_xt_nats", .layers, label: "I(X;T)", unit: .nats, limit: .inputInformation),
            Metric("i_xt_bits", .layers, label: "I(X;T)", unit: .bits, limit: .inputInformation),
            Metric("i_ty_nats", .layers, label: "I(T;Y)", unit: .nats, limit: .classInformation),
            Metric("i_ty_bits", .layers, label: "I(T;Y)", unit: .bits, limit: .classInformation),
            Metric(
                "i_xt_fall_nats", .layers, label: "fall of I(X;T)", unit: .nats, isOfTraining: true,
                limit: .inputInformation),
            Metric(
                "i_xt_fall_step", .layers, label: "step at which I(X;T) starts to fall", isOfTraining: true,
                limit: .steps, hasGaps: true),
            Metric(
                "i_xt_falls", .layers, label: "share of seeds where I(X;T) falls", isOfTraining: true,
                limit: .share),
            Metric(
                "two_phases", .layers, label: "share of seeds where I(X;T) rises, then falls",
                isOfTraining: true, limit: .share),
        ],
        options: [
            Option(
                "bins", .integer(1...1_000_000), default: .number(30),
                "Equal bins of −1 … 1. Units without bounds have bins of the same width, as many as they "
                    + "reach.")
        ],
        points: .string("all"),
        "Whether I(X;T) and I(T;Y) of each layer's binned activations are measured.")
}
