import Text

/// A data set with its options.
public enum Dataset: Hashable, Sendable {
    /// Numbers with a joint normal distribution.
    case gaussian(GaussianData)
    /// Images of a published set, or computed ones.
    case images(ImageData)
    /// Points that a known network labels.
    case teacher(TeacherData)
    /// The patterns of 12 bits of the information plane.
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

    /// The kind of a name; Gaussian data's for a name that is none.
    public static func kind(of name: String) -> DataKind {
        kinds.first { $0.names.contains(name) } ?? GaussianData.kind
    }

    /// Its sizes, and the losses that fit.
    public var facts: DataFacts { description.facts }

    /// Everything in it, under names of its own: trial identifiers hash it.
    public var json: JSONValue { description.json }
}

/// A data set's description, in a file of its own: its kind, its options, its sizes.
protocol DatasetDescription: Hashable, Sendable {
    static var kind: DataKind { get }
    var facts: DataFacts { get }
    var json: JSONValue { get }
}

/// What is known of data sets before their options are.
public struct DataKind: Sendable {
    /// The names in sweep files: one, but for images.
    public let names: [String]
    /// The default of `activation`.
    public let activation: Activation
    /// The default of `width`.
    public let width: Int
    /// The default of `biases`.
    public var hasBiases = true
    /// Whether points may have classes.
    public var mayHaveClasses = true
    /// The default of `bottleneck`; nil: as many as inputs.
    public var bottleneck: Int? = 32
    /// The default of `sigma_shift`.
    public var sigmaShift = -5.0
    /// Why no VIB learns from them; nil where one does.
    public var vibObjection: String?
}

/// What sweep reading, cost estimates, records and kept weights must know of a data set.
public struct DataFacts: Sendable {
    /// The size of a point.
    public let input: ImageSize
    /// Outputs of a network that learns from it.
    public let outputs: Int
    /// How many classes points belong to; 0 of a regression.
    public let classes: Int
    /// How many training points there are; nil where each is drawn anew.
    public let trainCount: Int?
    /// How many test points there are.
    public let testCount: Int
    /// Whether a set's files may have other numbers of training points.
    public var isSizeOfFiles = false
    /// The losses of plain networks that fit, the default first.
    public var losses: [Loss] = [.crossEntropy, .meanSquaredError]
    /// The same of VIBs.
    public var vibLosses: [Loss] = [.crossEntropy]
    /// The most points that there are to measure at, where files may have more than those published.
    var largestCount: Int?
    /// The most points that there are to measure at.
    public var maxCount: Int { largestCount ?? (trainCount ?? 0) + testCount }
}

/// How bytes or bits become inputs: 0 … 1, or −1 … 1.
public enum InputScale: String, CaseIterable, Sendable {
    /// 0 … 1.
    case unit
    /// −1 … 1.
    case symmetric
}
