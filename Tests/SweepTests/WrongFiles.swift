/// Wrong sweep files, each with its exact message: how the program talks to somebody who mistyped.
///
/// Most add one wrong thing to a small right file.
enum WrongFiles {
    struct Case: Sendable {
        var overrides: [String] = []
        var quick = false
        let text: String
        let message: String
    }

    /// A right file of a VIB on Gaussian data, but for its beta.
    static let vib = """
        name: s
        model: vib
        dataset: {name: gaussian, correlations: [0.5, 0.9]}
        training: {steps: 100}

        """

    /// A right file of a residual network.
    static let resnet = "name: s\nmodel: resnet\ndataset: cifar-10\ntraining: {epochs: 1}\n"

    /// A right file of an MLP on images.
    static let images = """
        name: s
        model: mlp
        dataset: mnist
        training: {epochs: 1}

        """

    static func vib(
        _ rest: String, set overrides: [String] = [], quick: Bool = false, _ message: String
    ) -> Case {
        Case(overrides: overrides, quick: quick, text: vib + rest, message: message)
    }

    static func tokens(_ model: String, _ rest: String, _ message: String) -> Case {
        Case(
            text: "name: s\nmodel: \(model)\ndataset: mnist\ntraining: {epochs: 1}\n" + rest + "\n",
            message: message)
    }

    static func images(_ rest: String, _ message: String) -> Case {
        Case(text: images + rest, message: message)
    }

    static func file(_ text: String, _ message: String) -> Case { Case(text: text, message: message) }

    static let all = settings + axes + others
}
