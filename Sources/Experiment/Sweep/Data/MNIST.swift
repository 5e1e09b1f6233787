import Model

extension ImageSetDescription {
    /// Handwritten digits (LeCun, Cortes & Burges 1998).
    public static let mnist = ImageSetDescription(
        "mnist", ImageSize(height: 28, width: 28, channels: 1), trainPoints: 60_000,
        perClass: [
            .train: [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949],
            .test: [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009],
        ],
        .mnistFiles(
            [
                ("ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db", 9_912_422),
                ("65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5", 28_881),
                ("0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7", 1_648_877),
                ("ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2", 4542),
            ],
            mirrors: [
                "https://storage.googleapis.com/cvdf-datasets/mnist/",
                "https://ossci-datasets.s3.amazonaws.com/mnist/",
            ]))
}
