import Model
import Text

/// A data set with its options.
public struct Dataset: Hashable, Sendable {
    /// The kind's description with the values of its options.
    package let description: any DatasetDescription
    /// The data set's sizes, and the losses that fit it.
    public let facts: DataFacts

    /// A data set of any kind.
    package init(_ description: any DatasetDescription) {
        self.description = description
        facts = description.facts
    }

    /// The kinds of data sets, in the order of the documentation.
    package static let kinds: [any DatasetDescription.Type] = [
        GaussianData.self,
        ImageData.self,
        TeacherData.self,
        SymmetricData.self,
        ModularData.self,
        ArrayData.self,
    ]

    /// The data set's kind and options as JSON, each under its own key. Trial identifiers hash it.
    public var json: JSONValue { description.json }

    /// Whether kind and options are equal.
    public static func == (left: Dataset, right: Dataset) -> Bool {
        left.description.equals(right.description)
    }

    /// Hashes kind and options.
    public func hash(into hasher: inout Hasher) { hasher.combine(description) }
}

/// A data set's description: its kind, its options, and what follows from them. Each has its own file, and is listed
/// in `Dataset.kinds`. Its points are a `PointSource` in Experiments.
package protocol DatasetDescription: Hashable, Sendable {
    /// The facts that hold whatever the options are.
    static var kind: DataKind { get }

    /// The data set at a point of a grid. Options that don't fit together are added to `conflicts`; the result is then
    /// the nearest that can be expressed.
    init(_ options: DataOptions, _ conflicts: inout [PointConflict])

    /// Sizes, and the losses that fit.
    var facts: DataFacts { get }
    /// The name and the options, each under its own key.
    var json: JSONValue { get }
}

extension DatasetDescription {
    fileprivate func equals(_ other: any DatasetDescription) -> Bool { self == other as? Self }
}

/// The facts about a kind of data set that hold whatever its options are: names, options and defaults.
package struct DataKind: Sendable {
    /// The names in sweep files. Only images have more than one.
    let names: [String]
    /// The name of the kind in tables; nil: its only name.
    var plural: String?
    /// The options, in the order of the documentation.
    let options: [Setting]
    /// Options that exclude each other. Each pair of sets allows options from only one of them.
    var exclusive: [(one: [String], other: [String])] = []
    /// The default of `activation`.
    let activation: Activation
    /// The default of `width`.
    let width: Int
    /// The default of `biases`.
    var hasBiases = true
    /// Whether points may have classes.
    var mayHaveClasses = true
    /// Whether there are so many training points that a pass over them is an epoch.
    var hasEpochs = true
    /// The default of `training.loss`, for readers.
    var lossText = Loss.crossEntropy.rawValue
    /// The default of `bottleneck`; nil: as many units as inputs.
    var bottleneck: Int? = 32
    /// The default of `sigma_shift`.
    var sigmaShift = -5.0
    /// Why a VIB can't learn from this data; nil where it can.
    var vibObjection: String?
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
