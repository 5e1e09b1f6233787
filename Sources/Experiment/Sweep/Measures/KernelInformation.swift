extension MeasureDeclaration {
    static let kernelInformation = MeasureDeclaration(
        "kernel_information", needs: [.activations, .labels],
        metrics: [
            Metric(
                "kernel_i_xt_lower_nats", .layers, label: "I(X;T), lower bound", unit: .nats,
                limit: .inputInformation),
            Metric(
                "kernel_i_xt_upper_nats", .layers, label: "I(X;T), upper bound", unit: .nats,
                limit: .inputInformation),
            Metric(
                "kernel_i_ty_lower_nats", .layers, label: "I(T;Y) by lower bounds", unit: .nats,
                limit: .classInformationEstimate),
            Metric(
                "kernel_i_ty_upper_nats", .layers, label: "I(T;Y) by upper bounds", unit: .nats,
                limit: .classInformationEstimate),
        ],
        options: [
            Option(
                "noise", .number(Setting.positive), default: .number(0.1),
                "σ², the variance of the noise that is added to each unit.")
        ],
        points: .string("all"),
        "Whether kernel-density bounds on I(X;T) of each layer with added noise are measured.")
}
