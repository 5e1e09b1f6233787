import Text

/// Images of ten classes or so, from files or computed.
public struct ImageData: Hashable, Sendable, DatasetDescription {
    /// Which images.
    public var name: ImageSetDescription
    /// How the bytes 0 … 255 become inputs.
    public var scale: InputScale
    /// The first so many training images, or all where nil.
    public var trainPoints: Int?
    /// The first so many test images, or all where nil.
    public var testPoints: Int?

    /// Some or all images of a set.
    public init(name: ImageSetDescription, scale: InputScale, trainPoints: Int?, testPoints: Int?) {
        self.name = name
        self.scale = scale
        self.trainPoints = trainPoints
        self.testPoints = testPoints
    }

    /// What is known of all images.
    public static let kind = DataKind(
        names: ImageSetDescription.allCases.map(\.rawValue), activation: .relu, width: 200)

    var facts: DataFacts {
        DataFacts(
            input: name.size, outputs: name.classes, classes: name.classes,
            trainCount: trainPoints ?? name.trainPoints, testCount: testPoints ?? name.testPoints,
            isSizeOfFiles: trainPoints == nil && name.storage != .computed,
            largestCount: (trainPoints ?? 2 * name.trainPoints) + 2 * name.testPoints)
    }

    var json: JSONValue {
        .object([
            "name": .string(name.rawValue), "scale": .string(scale.rawValue),
            "train_points": trainPoints.map { JSONValue($0) } ?? .null,
            "test_points": testPoints.map { JSONValue($0) } ?? .null,
        ])
    }
}

/// A set of images as it was published: a value for each, in a file of its own.
public struct ImageSetDescription: Hashable, Sendable, RawRepresentable, CaseIterable {
    /// Its name in sweep files, and of its folder in the data directory.
    public let rawValue: String
    /// The size of an image.
    public let size: ImageSize
    /// How many classes there are.
    public let classes: Int
    /// How many training images were published.
    public let trainPoints: Int
    /// How many test images were published.
    public let testPoints: Int
    /// Where the images come from.
    public let storage: Storage

    /// Where images come from.
    public enum Storage: Hashable, Sendable {
        /// Four IDX files as of MNIST, each plain or with ".gz".
        case idx([PublishedFile], mirrors: [String])
        /// CIFAR-10's batches in their binary version, which no command fetches.
        case batches(train: [String], test: String)
        /// A function of the settings: there are no files.
        case computed
    }

    /// A file that `ranksweep data fetch` knows.
    public struct PublishedFile: Hashable, Sendable {
        /// Its name without ".gz".
        public var name: String
        /// SHA-256 of its uncompressed bytes, in hexadecimal: how it is compressed is the mirror's business.
        public var digest: String
        /// Bytes of the publisher's own NAME.gz: for progress lines alone.
        public var compressedSize: Int
    }

    /// All sets, in the order of the documentation.
    public static let allCases: [ImageSetDescription] = [.mnist, .fashionMNIST, .cifar10, .generated]

    /// Its files in its folder; those of IDX sets each plain or with ".gz".
    public var files: [String] {
        switch storage {
        case .idx(let files, _): files.map(\.name)
        case .batches(let train, let test): train + [test]
        case .computed: []
        }
    }

    /// The files that can be fetched; none of a set that no command fetches.
    public var publishedFiles: [PublishedFile] {
        if case .idx(let files, _) = storage { files } else { [] }
    }

    /// Folders on the web that hold its files as NAME.gz, the first to be tried first.
    public var mirrors: [String] { if case .idx(_, let mirrors) = storage { mirrors } else { [] } }

    /// The set of a name; nil where there is none.
    public init?(rawValue name: String) {
        guard let set = ImageSetDescription.allCases.first(where: { $0.rawValue == name }) else { return nil }
        self = set
    }

    init(
        _ name: String, _ size: ImageSize, classes: Int = 10, trainPoints: Int, testPoints: Int = 10_000,
        _ storage: Storage
    ) {
        rawValue = name
        self.size = size
        self.classes = classes
        self.trainPoints = trainPoints
        self.testPoints = testPoints
        self.storage = storage
    }
}

extension ImageSetDescription.Storage {
    /// The four files of MNIST and its like.
    ///
    /// - Parameter facts: of train images, train labels, test images and test labels.
    static func mnistFiles(_ facts: [(digest: String, size: Int)], mirrors: [String]) -> Self {
        let names = [
            "train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte",
            "t10k-labels-idx1-ubyte",
        ]
        return .idx(
            zip(names, facts).map { .init(name: $0, digest: $1.digest, compressedSize: $1.size) },
            mirrors: mirrors)
    }
}
