import Text

extension MeasureDeclaration {
    static let stepsToLoss = MeasureDeclaration(
        "steps_to_loss", needs: [.trace],
        metrics: [
            Metric("steps_to_loss", label: "steps to the loss", isOfTraining: true, limit: .steps),
            Metric("reached_loss", label: "share that reached the loss", isOfTraining: true, limit: .share),
        ],
        options: [
            Option("target", .number(Setting.positive), default: .number(0.1), "The loss to come to."),
            Option(
                "loss", .word(["train", "test"]), default: .string("train"),
                "Which loss: `train_loss` or `test_loss`."),
        ],
        "Whether it is found when the loss first comes to a target: between steps of the trace, so it needs "
            + "`measures.trace_at`.")
}
