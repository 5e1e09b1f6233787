import Model
import Text

/// Labelled images, read from files or computed.
public struct ImageData: Hashable, Sendable, DatasetDescription {
    /// The set that the images belong to.
    public var name: ImageSetDescription
    /// How the bytes 0 … 255 become inputs.
    public var scale: InputScale
    /// Number of training images, taken from the front of the set; nil: all.
    public var trainPoints: Int?
    /// Number of test images, taken from the front of the set; nil: all.
    public var testPoints: Int?
    /// The classes learned, and the noise of their labels.
    public var labels = LabelOptions()

    /// Some or all images of a set.
    public init(name: ImageSetDescription, scale: InputScale, trainPoints: Int?, testPoints: Int?) {
        self.name = name
        self.scale = scale
        self.trainPoints = trainPoints
        self.testPoints = testPoints
    }

    private static let givenScale = InputScale.option(default: .symmetric)
    private static let givenTrainPoints = DataOption(
        "train_points", .integer(1...10_000_000), default: 0, text: "all 60000 or 50000",
        "Number of images to train on, from the first.")
    private static let givenTestPoints = DataOption(
        "test_points", .integer(2...10_000_000), default: 0, text: "all 10000",
        "Points that the final measures are taken on.")

    package static let kind = DataKind(
        names: ImageSetDescription.allCases.map(\.rawValue), plural: "images",
        options: [givenTrainPoints.setting, givenTestPoints.setting, givenScale.setting]
            + LabelOptions.settings, activation: .relu, width: 200)

    package init(_ options: DataOptions, _ conflicts: inout [PointConflict]) {
        let set = ImageSetDescription(rawValue: options.name) ?? .mnist
        let (train, test) = (options.given(Self.givenTrainPoints), options.given(Self.givenTestPoints))
        let labels = LabelOptions(options, classes: set.classes, &conflicts)
        let held = (train: set.count(of: labels, .train), test: set.count(of: labels, .test))
        if let test, test > held.test {
            conflicts.append(
                PointConflict(
                    "dataset.test_points",
                    .data("\(test) test points, and the data set has \(held.test)")))
        }
        if let train, train > held.train {
            conflicts.append(
                PointConflict(
                    "dataset.train_points",
                    .data("\(train) training points, and the data set has \(held.train)")))
        }
        self.init(
            name: set, scale: options.given(Self.givenScale) ?? (options.model == "mlp" ? .unit : .symmetric),
            trainPoints: train, testPoints: test.map { min($0, held.test) })
        self.labels = labels
    }

    package var facts: DataFacts {
        let classes = labels.classes?.count ?? name.classes
        return DataFacts(
            input: name.size, outputs: classes, classes: classes,
            trainCount: trainPoints ?? name.count(of: labels, .train),
            testCount: testPoints ?? name.count(of: labels, .test),
            isSizeOfFiles: trainPoints == nil && name.storage != .computed,
            largestCount: (trainPoints ?? 2 * name.trainPoints) + 2 * name.testPoints)
    }

    package var json: JSONValue {
        var members: [String: JSONValue] = [
            "name": .string(name.rawValue), "scale": .string(scale.rawValue),
            "train_points": trainPoints.map { JSONValue($0) } ?? .null,
            "test_points": testPoints.map { JSONValue($0) } ?? .null,
        ]
        labels.add(to: &members)
        return .object(members)
    }
}

/// A set of images as it was published. Each set is one value, in its own file.
public struct ImageSetDescription: Hashable, Sendable, RawRepresentable, CaseIterable {
    /// The set's name in sweep files, and its folder's name in the data directory.
    public let rawValue: String
    /// The size of an image.
    public let size: ImageSize
    /// Number of classes.
    public let classes: Int
    /// Number of published training images.
    public let trainPoints: Int
    /// Number of published test images.
    public let testPoints: Int
    /// The published images of each class; empty: equally many of each.
    private let perClass: [Part: [Int]]
    /// The source of the images.
    public let storage: Storage

    /// The training or the test images.
    public enum Part: Hashable, Sendable { case train, test }

    /// The source of a set's images.
    public enum Storage: Hashable, Sendable {
        /// Four IDX files as for MNIST, each plain or with ".gz".
        case idx([PublishedFile], mirrors: [String])
        /// CIFAR's batches in their binary version. No command fetches them.
        case batches(Batches)
        /// A function of the settings, without files.
        case computed
    }

    /// A file that `ranksweep data fetch` can download.
    public struct PublishedFile: Hashable, Sendable {
        /// The file's name without ".gz".
        public var name: String
        /// SHA-256 of the uncompressed bytes, in hexadecimal. A mirror may compress the file in its own way.
        public var digest: String
        /// Size in bytes of the publisher's own NAME.gz. Only progress lines use it.
        public var compressedSize: Int
    }

    /// All sets, in the order of the documentation.
    public static let allCases: [ImageSetDescription] = [
        .mnist, .fashionMNIST, .cifar10, .cifar100, .generated,
    ]

    /// The files in the set's folder. Those of IDX sets may be plain or have ".gz".
    public var files: [String] {
        switch storage {
        case .idx(let files, _): files.map(\.name)
        case .batches(let batches): batches.train + [batches.test]
        case .computed: []
        }
    }

    /// The files that can be fetched; empty for a set that no command fetches.
    public var publishedFiles: [PublishedFile] {
        if case .idx(let files, _) = storage { files } else { [] }
    }

    /// The files of CIFAR's binary version; nil for other sets.
    public var batches: Batches? { if case .batches(let batches) = storage { batches } else { nil } }

    /// URLs of folders that hold the files as NAME.gz, in the order to try them.
    public var mirrors: [String] { if case .idx(_, let mirrors) = storage { mirrors } else { [] } }

    /// The set with this name; nil where there is none.
    public init?(rawValue name: String) {
        guard let set = ImageSetDescription.allCases.first(where: { $0.rawValue == name }) else { return nil }
        self = set
    }

    init(
        _ name: String, _ size: ImageSize, classes: Int = 10, trainPoints: Int, testPoints: Int = 10_000,
        perClass: [Part: [Int]] = [:], _ storage: Storage
    ) {
        self.perClass = perClass
        rawValue = name
        self.size = size
        self.classes = classes
        self.trainPoints = trainPoints
        self.testPoints = testPoints
        self.storage = storage
    }
}

extension ImageSetDescription {
    /// Number of published images of the chosen classes.
    func count(of labels: LabelOptions, _ part: Part) -> Int {
        let all = part == .train ? trainPoints : testPoints
        guard let chosen = labels.classes else { return all }
        return chosen.reduce(0) { $0 + (perClass[part]?[$1] ?? all / classes) }
    }
}

extension ImageSetDescription.Storage {
    /// The four files of MNIST and of sets in its format.
    ///
    /// - Parameter facts: for train images, train labels, test images and test labels, in this order.
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

/// The interval that bytes or bits are mapped to as inputs.
public enum InputScale: String, CaseIterable, Sendable, SettingValue {
    /// 0 … 1.
    case unit
    /// −1 … 1.
    case symmetric

    /// The option `scale` of images and patterns.
    static func option(default fallback: InputScale) -> DataOption<InputScale> {
        DataOption(
            "scale", .word(allCases.map(\.rawValue)), default: fallback,
            text: "unit (mlp), symmetric (others)",
            "Pixels and bits become 0 … 1 (unit) or −1 … 1 (symmetric).")
    }
}
