import Model

extension ImageSetDescription {
    /// Small photographs of ten kinds of things, in colour (Krizhevsky 2009).
    public static let cifar10 = ImageSetDescription(
        "cifar-10", ImageSize(height: 32, width: 32, channels: 3), trainPoints: 50_000,
        .batches(train: (1...5).map { "data_batch_\($0).bin" }, test: "test_batch.bin"))
}
