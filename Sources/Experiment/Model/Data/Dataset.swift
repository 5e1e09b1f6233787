import Text

/// A data set with its options.
public enum Dataset: Hashable, Sendable {
    case gaussian(GaussianData)
    case images(ImageData)
    case teacher(TeacherData)
    case symmetric(SymmetricData)
    case modular(ModularData)

    /// What is asked of any data set.
    public var description: any DatasetDescription {
        switch self {
        case .gaussian(let data): data
        case .images(let data): data
        case .teacher(let data): data
        case .symmetric(let data): data
        case .modular(let data): data
        }
    }

    /// The kinds of data sets, in the order of the documentation.
    private static let kinds: [any DatasetDescription.Type] = [
        GaussianData.self, ImageData.self, TeacherData.self, SymmetricData.self, ModularData.self,
    ]

    /// The names of all data sets in sweep files.
    public static let names = kinds.flatMap { $0.names }

    /// The names of those that a choice is for.
    public static func names(where isChosen: (any DatasetDescription.Type) -> Bool) -> [String] {
        kinds.filter(isChosen).flatMap { $0.names }
    }

    /// The kind of a name; Gaussian data's for a name that is none.
    public static func kind(of name: String) -> any DatasetDescription.Type {
        kinds.first { $0.names.contains(name) } ?? GaussianData.self
    }
}

/// What sweep reading, cost estimates, records and kept weights must know of a data set.
public protocol DatasetDescription: Sendable {
    /// Its names in sweep files: one, but for images.
    static var names: [String] { get }
    /// What its networks are where a sweep doesn't say.
    static var defaults: NetworkDefaults { get }
    /// Whether its points may have classes.
    static var mayHaveClasses: Bool { get }
    /// Why no VIB learns from it; nil where one does.
    static var vibObjection: String? { get }

    /// The size of a point.
    var input: ImageSize { get }
    /// Outputs of a network that learns from it.
    var outputs: Int { get }
    /// How many classes points belong to; 0 of a regression.
    var classes: Int { get }
    /// How many training points there are; nil where each is drawn anew.
    var trainCount: Int? { get }
    /// How many test points there are.
    var testCount: Int { get }
    /// Whether a set's files may have other numbers of training points than `trainCount`.
    var isSizeOfFiles: Bool { get }
    /// At most so many points there are to measure at.
    var maxCount: Int { get }
    /// The losses that fit, the default first.
    func losses(ofVIB isVIB: Bool) -> [Loss]
    /// Everything in the description, under names of its own: trial identifiers hash it.
    var json: JSONValue { get }
}

extension DatasetDescription {
    public static var mayHaveClasses: Bool { true }
    public static var vibObjection: String? { nil }
    public var isSizeOfFiles: Bool { false }
    public var maxCount: Int { (trainCount ?? 0) + testCount }
    /// Those of classification with an output for each class.
    public func losses(ofVIB isVIB: Bool) -> [Loss] {
        isVIB ? [.crossEntropy] : [.crossEntropy, .meanSquaredError]
    }
}

/// What a data set's networks are where a sweep doesn't say.
public struct NetworkDefaults: Sendable {
    /// The function after each hidden layer.
    public var activation: Activation
    /// Units of a hidden layer.
    public var width: Int
    /// Whether layers have biases.
    public var hasBiases = true
    /// s0 of a VIB's σ = softplus(s + s0).
    public var sigmaShift = -5.0
    /// A VIB's latent variables; nil: as many as inputs.
    public var bottleneck: Int? = 32
}

/// How bytes or bits become inputs: 0 … 1, or −1 … 1.
public enum InputScale: String, CaseIterable, Sendable {
    /// 0 … 1.
    case unit
    /// −1 … 1.
    case symmetric
}
