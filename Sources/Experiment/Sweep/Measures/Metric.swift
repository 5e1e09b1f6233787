/// What a record measures, by its key under `metrics`. A measure's declaration lists its metrics; figures,
/// tables and messages read what they need to know of one here.
public struct Metric: Sendable {
    /// Under `metrics`, and in figures: "local_rank".
    public let key: String
    public let shape: Shape
    /// What figures call it, in gnuplot's enhanced text, without layer, threshold and unit.
    public let label: String
    public let unit: Unit
    /// The setting whose list holds the metric's thresholds, if it has any.
    public let thresholdSetting: String?
    /// What a figure says of the threshold: "σ > ε".
    public let thresholdLabel: String
    /// What a sweep must have for the metric to exist.
    let uses: [Setting.Use]
    /// Whole numbers, or means of such, over most of the range: ranks and counts.
    public let isCount: Bool
    /// Whether it is one of the whole training, from its trace: at the end only.
    public let isOfTraining: Bool
    /// Whether the closed form of Gaussian data has it; of informative directions it is the rank.
    public let hasTheory: Bool
    /// Whether a network that learns from a teacher has a bound on it.
    public let hasBound: Bool
    let limit: Limit
    let notation: Notation
    /// Whether `null` may stand for a number.
    let hasGaps: Bool
    /// Whether a record may lack it though its measure is asked for.
    let isOptional: Bool

    public enum Shape: Equatable, Sendable {
        case number
        /// A number for each layer.
        case layers
        /// A number for each layer but the last.
        case hiddenLayers
        /// A number for each of something else, such as classes; the first one's number.
        case list(of: String, first: Int, Count)
    }

    /// How many numbers a list has that is not of layers.
    public enum Count: Equatable, Sendable {
        /// One for each class.
        case classes
        /// At most one for each point that the measure is taken at.
        case points
        /// At most so many as the measure's setting of this key says.
        case setting(String)
    }

    /// What a number may be. Records that hold another are refused (`RecordForm`).
    public enum Limit: Equatable, Sendable {
        case finite
        case nonNegative
        /// 0 to 1.
        case share
        /// Not negative, unless the task loss may be.
        case loss
        /// Steps of the training.
        case steps
        /// Of each layer: at most the rank that its Jacobian can have.
        case rank
        /// Of each layer: at most its units.
        case units
        /// Of each layer: at most the rank that its weight matrix can have.
        case matrixRank
        /// At most the mean of these ranks.
        case meanMatrixRank
        /// Of each layer, RankMe: as `units`, and what its ε adds.
        case smoothedUnits
        /// The share of a variance that is explained: 0 to 1, but for rounding.
        case explained
        /// Information on the input: at most ln n of the n points that it is measured at.
        case inputInformation
        /// Information on the class: at most the entropy of the classes of the measured points.
        case classInformation
        /// The same of an estimate that may be negative.
        case classInformationEstimate
        /// At most the number of classes but one.
        case otherClasses
        /// At most the units of the layers that the measure draws, or also at most its inputs.
        case drawnUnits
        case drawnPoints
    }

    /// How records write a metric, at each threshold where it has any.
    public enum Notation: Equatable, Sendable {
        /// The number or list itself.
        case plain
        /// `{"mean": …}`
        case mean
        /// `{"mean": …, "stderr": …}`
        case meanAndError
        /// The same with lists of one number: the last layer's.
        case meanAndErrorOfLast
    }

    public enum Unit: Sendable {
        /// Of pure numbers and counts.
        case one
        case nats, bits
        /// The task loss's.
        case loss
    }

    init(
        _ key: String, _ shape: Shape = .number, label: String, unit: Unit = .one,
        thresholds: (setting: String, label: String)? = nil, uses: [Setting.Use] = [], isCount: Bool = false,
        isOfTraining: Bool = false, hasTheory: Bool = false, hasBound: Bool = false,
        limit: Limit = .finite, notation: Notation = .plain, hasGaps: Bool = false, isOptional: Bool = false
    ) {
        self.key = key
        self.shape = shape
        self.label = label
        self.unit = unit
        thresholdSetting = thresholds?.setting
        thresholdLabel = thresholds?.label ?? ""
        self.uses = uses
        self.isCount = isCount
        self.isOfTraining = isOfTraining
        self.hasTheory = hasTheory
        self.hasBound = hasBound
        self.limit = limit
        self.notation = notation
        self.hasGaps = hasGaps
        // Where a training is too short for it, or it is no number, it is left out.
        self.isOptional = isOptional || isOfTraining
    }

    public var isPerLayer: Bool { shape == .layers || shape == .hiddenLayers }
    /// What a list counts, and from which number; nil of what is no list.
    public var list: (of: String, first: Int)? {
        if case .list(let what, let first, _) = shape { (what, first) } else { nil }
    }

    /// Every metric that some measure has, in the order of tables.
    public static let all: [Metric] = MeasureCatalogue.all.flatMap(\.metrics)

    private static let byKey = Dictionary(uniqueKeysWithValues: all.map { ($0.key, $0) })

    /// nil where no measure has it.
    public init?(key: String) {
        guard let metric = Metric.byKey[key] else { return nil }
        self = metric
    }

    /// The metric's place in tables.
    public static func place(of key: String) -> Int { places[key] ?? all.count }

    private static let places = Dictionary(
        uniqueKeysWithValues: all.enumerated().map { ($0.element.key, $0.offset) })

    /// The measure that has it.
    var measure: MeasureDeclaration? {
        MeasureCatalogue.all.first { $0.metrics.contains(self) }
    }
}

/// A key names one metric.
extension Metric: Hashable {
    public static func == (left: Metric, right: Metric) -> Bool { left.key == right.key }
    public func hash(into hasher: inout Hasher) { hasher.combine(key) }
}
