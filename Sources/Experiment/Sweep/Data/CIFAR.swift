import Model

extension ImageSetDescription {
    /// Small photographs of ten kinds of things, in colour (Krizhevsky 2009).
    public static let cifar10 = ImageSetDescription(
        "cifar-10", ImageSize(height: 32, width: 32, channels: 3), trainPoints: 50_000,
        .batches(
            Batches(
                name: "CIFAR-10", train: (1...5).map { "data_batch_\($0).bin" }, test: "test_batch.bin",
                labelBytes: 1, archive: "cifar-10-binary.tar.gz", folder: "cifar-10-batches-bin")))

    /// The same of a hundred kinds, by their fine labels.
    public static let cifar100 = ImageSetDescription(
        "cifar-100", ImageSize(height: 32, width: 32, channels: 3), classes: 100, trainPoints: 50_000,
        .batches(
            Batches(
                name: "CIFAR-100", train: ["train.bin"], test: "test.bin", labelBytes: 2,
                archive: "cifar-100-binary.tar.gz", folder: "cifar-100-binary")))

    /// The files of CIFAR's binary version: records of labels, of which the last one is the class, and an image.
    public struct Batches: Hashable, Sendable {
        /// The set's name for readers.
        public let name: String
        /// The files of training images.
        public let train: [String]
        /// The file of test images.
        public let test: String
        /// Bytes before an image; the last one is its class.
        public let labelBytes: Int
        /// The published archive.
        public let archive: String
        /// The folder that the archive unpacks to.
        public let folder: String
    }
}
