import Text

extension Metric {
    package static let stepsToLoss = Metric(
        "steps_to_loss", label: "steps to the loss", isOfTraining: true, limit: .steps)
    package static let reachedLoss = Metric(
        "reached_loss", label: "share that reached the loss", isOfTraining: true, limit: .share)
}

extension MeasureDeclaration {
    package static let stepsToLoss = MeasureDeclaration(
        "steps_to_loss", needs: [.trace],
        metrics: [.stepsToLoss, .reachedLoss],
        options: [
            Option("target", .number(Setting.positive), default: .number(0.1), "The loss to come to."),
            Option(
                "loss", .word(["train", "test"]), default: .string("train"),
                "Which loss: `train_loss` or `test_loss`."),
        ],
        "Whether the step at which the loss first reaches a target is measured, between steps of the trace: needs "
            + "`measures.trace_at`.")
}
