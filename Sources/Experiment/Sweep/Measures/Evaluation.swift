import Model

extension Setting.Use {
    /// Models whose features and head can be told apart.
    static let ofFeatures = Setting.Use(
        path: "model", words: Setting.trainedModels.filter { $0 != "vib" } + ["onnx"])
    static let vib = Setting.Use(path: "model", words: ["vib"])
    static let mlp = Setting.Use(path: "model", words: ["mlp"])
    static let teacher = Setting.Use(path: "dataset", words: TeacherData.kind.names)
    static let classes = Setting.Use(
        path: "dataset", words: Dataset.allKinds.filter(\.mayHaveClasses).flatMap(\.names))
    /// Data whose classes a VIB can learn.
    static let vibClasses = Setting.Use(
        path: "dataset",
        words: Dataset.allKinds.filter { $0.mayHaveClasses && $0.vibObjection == nil }.flatMap(\.names))
    static let trained = Setting.Use(path: "model", words: Setting.trainedModels)
    /// Models whose layers end in their activations.
    static let ofActivations = network(["mlp", "cnn", "resnet", "layers"])
    static let layers = network(["layers"])
    static let onnx = Setting.Use(path: "model", words: ["onnx"])
    /// Models whose Jacobians are taken in a patch of an image.
    static let ofPatches = network(["cnn", "resnet"] + Setting.tokenModels + ["layers", "onnx"])
    /// Data with classes. A teacher's regression has none.
    static let ofClasses = [classes, Setting.Use(path: "dataset.task", words: ["classification"])]
}

/// Metrics of every network that they apply to, without a request in the sweep.
extension Metric {
    package static let trainLoss = Metric(
        "train_loss", label: "training loss", unit: .loss, uses: [.trained], limit: .loss)
    package static let testLoss = Metric("test_loss", label: "test loss", unit: .loss, limit: .loss)
    package static let accuracy = Metric("accuracy", label: "test accuracy", uses: [.classes], limit: .share)
    package static let trainAccuracy = Metric(
        "train_accuracy", label: "training accuracy", uses: [.trained, .classes], limit: .share)
    package static let accuracyOneSample = Metric(
        "accuracy_one_sample", label: "test accuracy (one sample of z)", uses: [.vib, .vibClasses],
        limit: .share)
    package static let accuracySampled = Metric(
        "accuracy_sampled", label: "test accuracy (averaged over z)", uses: [.vib, .vibClasses], limit: .share
    )
    package static let klNats = Metric(
        "kl_nats", label: "KL(q(z|x) ‖ r(z))", unit: .nats, uses: [.vib], hasTheory: true, limit: .nonNegative
    )
    package static let klBits = Metric(
        "kl_bits", label: "KL(q(z|x) ‖ r(z))", unit: .bits, uses: [.vib], limit: .nonNegative)
    package static let izyNats = Metric(
        "i_zy_nats", label: "H(Y) − CE ≤ I(Z;Y)", unit: .nats, uses: [.vib], hasTheory: true,
        limit: .classInformationEstimate)
    package static let izyBits = Metric(
        "i_zy_bits", label: "H(Y) − CE ≤ I(Z;Y)", unit: .bits, uses: [.vib], limit: .classInformationEstimate)
    package static let trainMargin = Metric(
        "train_margin", label: "smallest training margin", uses: [.teacher])
    package static let stoppedAtStep = Metric(
        "stopped_at_step", label: "step at which training stopped", uses: [.trained], isOfTraining: true,
        limit: .steps)
}

extension MeasureDeclaration {
    /// Losses, accuracies and information. No setting turns them off.
    package static let evaluation = MeasureDeclaration(
        own: "evaluation",
        metrics: [
            .trainLoss, .testLoss, .accuracy, .trainAccuracy, .accuracyOneSample, .accuracySampled, .klNats,
            .klBits, .izyNats, .izyBits,
        ], settings: [], isUsual: true)

    package static let margin = MeasureDeclaration(
        own: "margin", metrics: [.trainMargin], settings: [], isUsual: true)

    package static let stopping = MeasureDeclaration(
        own: "stopping", metrics: [.stoppedAtStep], settings: [], isUsual: false,
        askedBy: Setting.stopAtLoss.setting.path)
}
