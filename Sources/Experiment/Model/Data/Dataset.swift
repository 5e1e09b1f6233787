import Text

/// A data set with its options.
public enum Dataset: Hashable, Sendable {
    /// Numbers with a joint normal distribution.
    case gaussian(GaussianData)
    /// Images of a published set, or computed images.
    case images(ImageData)
    /// Points that a known network labels.
    case teacher(TeacherData)
    /// The 4096 patterns of 12 bits from the information plane experiments.
    case symmetric(SymmetricData)
    /// The table of addition modulo p.
    case modular(ModularData)

    private var description: any DatasetDescription {
        switch self {
        case .gaussian(let data): data
        case .images(let data): data
        case .teacher(let data): data
        case .symmetric(let data): data
        case .modular(let data): data
        }
    }

    /// The kinds of data sets, in the order of the documentation.
    public static let kinds = [
        GaussianData.kind, ImageData.kind, TeacherData.kind, SymmetricData.kind, ModularData.kind,
    ]

    /// The names of all data sets in sweep files.
    public static let names = kinds.flatMap(\.names)

    /// The kind that has this name; Gaussian data for an unknown name.
    public static func kind(of name: String) -> DataKind {
        kinds.first { $0.names.contains(name) } ?? GaussianData.kind
    }

    /// The data set's sizes, and the losses that fit it.
    public var facts: DataFacts { description.facts }

    /// The data set's kind and options as JSON, each under its own key. Trial identifiers hash it.
    public var json: JSONValue { description.json }
}

/// A data set's description: its kind, its options and its sizes. Each has its own file.
protocol DatasetDescription: Hashable, Sendable {
    static var kind: DataKind { get }
    var facts: DataFacts { get }
    var json: JSONValue { get }
}

/// The facts about a kind of data set that hold whatever its options are: names and defaults.
public struct DataKind: Sendable {
    /// The names in sweep files. Only images have more than one.
    public let names: [String]
    /// The default of `activation`.
    public let activation: Activation
    /// The default of `width`.
    public let width: Int
    /// The default of `biases`.
    public var hasBiases = true
    /// Whether points may have classes.
    public var mayHaveClasses = true
    /// The default of `bottleneck`; nil: as many units as inputs.
    public var bottleneck: Int? = 32
    /// The default of `sigma_shift`.
    public var sigmaShift = -5.0
    /// Why a VIB can't learn from this data; nil where it can.
    public var vibObjection: String?
}

/// The facts about a data set that sweep reading, cost estimates, records and kept weights need.
public struct DataFacts: Sendable {
    /// The size of a point.
    public let input: ImageSize
    /// Number of outputs of a network that learns from it.
    public let outputs: Int
    /// Number of classes; 0 for a regression.
    public let classes: Int
    /// Number of training points; nil where every batch is drawn anew.
    public let trainCount: Int?
    /// Number of test points.
    public let testCount: Int
    /// Whether the data set's files may hold another number of training points.
    public var isSizeOfFiles = false
    /// The losses of plain networks that fit, the default first.
    public var losses: [Loss] = [.crossEntropy, .meanSquaredError]
    /// The losses of VIBs that fit, the default first.
    public var vibLosses: [Loss] = [.crossEntropy]
    /// The most points available to measures; set where files may have more points than were published.
    var largestCount: Int?
    /// The most points available to measures.
    public var maxCount: Int { largestCount ?? (trainCount ?? 0) + testCount }
}

/// The interval that bytes or bits are mapped to as inputs.
public enum InputScale: String, CaseIterable, Sendable {
    /// 0 … 1.
    case unit
    /// −1 … 1.
    case symmetric
}
