import Text

/// A metric of a record, with its key under `metrics`. A measure's declaration lists its metrics; figures,
/// tables and messages read all they need about a metric here.
public struct Metric: Sendable {
    /// The key under `metrics` and in figures, as "local_rank".
    public let key: String
    /// The number of values and what they belong to.
    public let shape: Shape
    /// The name in figures, in gnuplot's enhanced text, without layer, threshold and unit.
    public let label: String
    /// The unit of the values.
    public let unit: Unit
    /// The path of the setting that lists the metric's thresholds, if it has any.
    public let thresholdSetting: String?
    /// A figure's notation for the threshold, as "σ > ε".
    public let thresholdLabel: String
    /// Conditions that a sweep must meet for the metric to exist.
    let uses: [Setting.Use]
    /// Whether values are whole numbers, or means of them, over most of the range: ranks and counts.
    public let isCount: Bool
    /// Whether it describes the whole training, by its trace. Such a metric exists only at the end.
    public let isOfTraining: Bool
    /// Whether the closed form for Gaussian data predicts it. Of informative directions it predicts the rank.
    public let hasTheory: Bool
    /// Whether theory bounds it for a network that learns from a teacher.
    public let hasBound: Bool
    package let limit: Limit
    package let notation: Notation
    /// Whether `null` may replace a number.
    package let hasGaps: Bool
    /// Whether a record may lack it although its measure is requested.
    package let isOptional: Bool

    /// The number of values and what they belong to.
    public enum Shape: Equatable, Sendable {
        case number
        /// A number for each layer.
        case layers
        /// A number for each layer except the last.
        case hiddenLayers
        /// A number for each entry of a list that isn't of layers, such as classes. `first` is the first
        /// entry's number.
        case list(of: String, first: Int, Count)
    }

    /// The length of a list that isn't of layers.
    public enum Count: Equatable, Sendable {
        /// One for each class.
        case classes
        /// At most one for each point at which the measure is taken.
        case points
        /// At most the value of the measure's setting with this key.
        case setting(String)
    }

    /// The range of a metric's values. Records with a value outside are refused (`RecordForm` in Records).
    public enum Limit: Equatable, Sendable {
        case finite
        case nonNegative
        /// 0 to 1.
        case share
        /// Not negative, unless the task loss can be.
        case loss
        /// A number of training steps.
        case steps
        /// For each layer, at most the largest possible rank of its Jacobian.
        case rank
        /// For each layer, at most its number of units.
        case units
        /// For each layer, at most the largest possible rank of its weight matrix.
        case matrixRank
        /// At most the mean over layers of the largest possible ranks of weight matrices.
        case meanMatrixRank
        /// For each layer, RankMe: as `units`, plus what its ε adds.
        case smoothedUnits
        /// The explained share of a variance: 0 to 1, except for rounding.
        case explained
        /// Information about the input: at most ln n for n measured points.
        case inputInformation
        /// Information about the class: at most the entropy of the measured points' classes.
        case classInformation
        /// The same for an estimate, which may be negative.
        case classInformationEstimate
        /// At most the number of classes minus one.
        case otherClasses
        /// At most the units of the layers that the measure draws; for `drawnPoints` also at most its inputs.
        case drawnUnits
        case drawnPoints
    }

    /// The JSON of a metric in records, at each threshold where it has thresholds.
    public enum Notation: Equatable, Sendable {
        /// The number or the list itself.
        case plain
        /// `{"mean": …}`
        case mean
        /// `{"mean": …, "stderr": …}`
        case meanAndError
        /// The same with lists of one number, the last layer's.
        case meanAndErrorOfLast
    }

    /// The unit of a metric.
    public enum Unit: Sendable {
        /// Pure numbers and counts.
        case one
        case nats, bits
        /// The unit of the task loss.
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
        // A record lacks such a metric where the training is too short for it, or where it isn't a number.
        self.isOptional = isOptional || isOfTraining
    }

    /// The layers, or the weight matrices, of a network that it has a number for, counted from 0.
    ///
    /// - Parameter isDenseChain: whether the network is a chain of dense layers, so that the layers above each one
    ///   can be computed from it alone.
    package func indices(layers: Int, matrices: Int, isDenseChain: Bool) -> Range<Int> {
        if isOfMatrices { return 0..<matrices }
        guard shape == .hiddenLayers else { return 0..<layers }
        let hidden = max(0, layers - 1)
        return (self == .classificationDimension && !isDenseChain ? max(0, hidden - 1) : 0)..<hidden
    }

    /// Whether it has a number for each layer, or for each hidden layer.
    public var isPerLayer: Bool { shape == .layers || shape == .hiddenLayers }
    /// Whether its numbers for layers are one for each weight matrix, and not for each layer that the network's points
    /// pass.
    package var isOfMatrices: Bool { Metric.ofMatrices.contains(key) }

    private static let ofMatrices = Set(
        MeasureCatalogue.all.filter { measure in
            measure.name == MeasureDeclaration.weightNorms.name
                || [.initialWeights, .gradients, .weightHistory].contains(where: measure.needs.contains)
        }.flatMap(\.metrics).map(\.key))

    /// The things that a list counts, and the number of the first; nil for a metric that isn't a list.
    public var list: (of: String, first: Int)? {
        if case .list(let what, let first, _) = shape { (what, first) } else { nil }
    }

    /// All metrics of all measures, in the order of tables.
    public static let all: [Metric] = MeasureCatalogue.all.flatMap(\.metrics)

    private static let byKey = Dictionary(uniqueKeysWithValues: all.map { ($0.key, $0) })

    /// The metric with this key; nil where no measure has it.
    public init?(key: String) {
        guard let metric = Metric.byKey[key] else { return nil }
        self = metric
    }

    /// The metric's position in tables. Unknown keys come last.
    public static func order(of key: String) -> Int { orders[key] ?? all.count }

    private static let orders = Dictionary(
        uniqueKeysWithValues: all.enumerated().map { ($0.element.key, $0.offset) })

    /// The measure that the metric belongs to.
    var measure: MeasureDeclaration? {
        MeasureCatalogue.all.first { $0.metrics.contains(self) }
    }
}

/// Measured values, by metric.
package typealias Metrics = [Metric: JSONValue]

extension Metrics {
    /// The values by key, as in records.
    package var byKey: [String: JSONValue] {
        [String: JSONValue](uniqueKeysWithValues: map { metric, value in (metric.key, value) })
    }
}

/// Metrics are equal where their keys are.
extension Metric: Hashable {
    public static func == (left: Metric, right: Metric) -> Bool { left.key == right.key }
    public func hash(into hasher: inout Hasher) { hasher.combine(key) }
}
