import Testing
import Text

@testable import Sweep

private func settings(_ text: String) throws -> TrialSettings {
    try SweepSpec(parsing: "name: s\ntraining: {epochs: 1}\n" + text, file: "s.yaml").grid[0].settings
}

@Test func `A trial's activations are counted once for measures of the same points`() throws {
    let mlp = """
        model: mlp
        dataset: {name: mnist, train_points: 500, test_points: 200}
        hidden: [30, 20]
        """
    #expect(try settings(mlp).activationBytes == 0)
    // 100 points of 784 inputs and twice 30 + 20 + 10 units.
    let two = try settings(
        mlp
            + "\nmeasures: {effective_rank: {points: 100}, activation_rank: {points: 100}, gradient_noise: true}"
    )
    #expect(two.activationBytes == 4 * 100 * (784 + 120))
    let all = try settings(mlp + "\nmeasures: {effective_rank: {points: 100}, binned_information: true}")
    #expect(all.activationBytes == 4 * (100 + 700) * (784 + 120))
    #expect(all.largestSample?.measure == "binned_information")
}

@Test func `Whole image sets are too much for a convolutional network, and an error`() throws {
    let text = """
        model: cnn
        dataset: cifar-10
        hidden: [16, 16]
        measures: {binned_information: true}
        """
    let error = #expect(throws: SweepError.self) { try settings(text) }
    // 16 channels of 32 × 32 and of 16 × 16 pixels, and 10 outputs.
    let bytes = 4 * 60_000 * (3072 + 2 * (16 * 1024 + 16 * 256 + 10))
    #expect(
        error?.message.contains(
            "measures.binned_information.points: what this network's layers compute at 60000 points is \(bytes) "
                + "bytes; at most 4294967296 (4 GiB) can be measured at once: give fewer points") ?? false)
    let fewer = try settings(
        "model: cnn\ndataset: cifar-10\nhidden: [16, 16]\n"
            + "measures: {binned_information: {points: 5000}}")
    #expect(fewer.activationBytes < TrialSettings.activationLimit)
    // All of MNIST is not too much of an MLP.
    let mlp = try settings("model: mlp\ndataset: mnist\nmeasures: {binned_information: true}")
    #expect(mlp.activationBytes < TrialSettings.activationLimit)
}

@Test func `The points of arrays count, too`() throws {
    let text = """
        name: s
        model: mlp
        width: 10
        dataset: {inputs: x.npy, targets: t.npy}
        training: {epochs: 1}
        measures: {effective_rank: {points: all}}
        """
    func look(_ path: String, _ role: FileRole) -> FileFacts {
        let file = ContentFile(
            ContentFile.Part(path: path, digest: Digest(of: path).hexadecimal(), bytes: 1))
        return FileFacts(
            file,
            role == .points
                ? .points(shape: [1_000_000, 1200]) : .targets(count: 1_000_000, columns: 1))
    }
    let error = #expect(throws: SweepError.self) {
        try SweepSpec(parsing: text, file: "s.yaml", look: look)
    }
    // A million points of 1200 inputs, and of ten units and one output before and after the activation.
    let bytes = 4 * 1_000_000 * (1200 + 2 * 11)
    #expect(bytes > TrialSettings.activationLimit)
    #expect(
        error?.message.contains("measures.effective_rank.points: ") == true, "\(error?.message ?? "")")
    #expect(error?.message.contains("\(bytes) ") == true, "\(error?.message ?? "")")
}
