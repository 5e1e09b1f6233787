import Text

/// The declaration of a measure: everything that sweeps, figures and commands must know of it, without its
/// computation. This is the coordinator's half. The worker's half, which computes the measure, is a `Measure`
/// of the same name in Experiments.
public struct MeasureDeclaration: Sendable {
    /// The name, as in a sweep file's `measures.NAME` and in `ranksweep measure --measures NAME`.
    public let name: String
    /// The data that it is computed from.
    public let needs: [Need]
    /// The metrics that it reports.
    public let metrics: [Metric]
    /// All settings of the measure. `measures.NAME` itself is the first.
    public let settings: [Setting]
    /// The name of its theory in figures: "closed form", a limit, ….
    let theoryName: String
    /// Conditions that a trial must all meet to have the measure.
    let uses: [Setting.Use]
    /// Whether it is on by default.
    let isUsual: Bool
    /// The path of a setting outside of `measures` that turns it on; nil where there is none.
    let askedBy: String?
    /// Whether it is in the catalogue's table. Settings of trials hold listed measures by name; the others
    /// have their own properties there.
    public let isListed: Bool

    /// Data that a measure needs beside the weights, which are always available.
    public enum Need: Hashable, Sendable {
        /// The layers' activations at the measured points.
        case activations
        /// The classes of these points.
        case labels
        /// The weights before the first step.
        case initialWeights
        /// Gradients of mini-batches at the present weights.
        case gradients
        /// At the end, the weights of all steps of the trace.
        case weightHistory
        /// The phase change found by `gradientNoise`.
        case phaseChange
        /// The other measurements along training.
        case trace
        /// The Jacobians of the layers with respect to the network's input.
        case jacobians
        /// A network that is a chain of dense layers and activations: W_l φ(W_{l−1} …), nothing between them.
        case denseChain
        /// A network that ends in a dense layer over its features.
        case denseHead
        /// Nothing from the trial's network: the measure draws its own network from the trial's streams.
        case ownNetwork

        /// Whether only a training provides it. `ranksweep measure` then can't take the measure.
        var isOfTraining: Bool {
            switch self {
            case .activations, .labels, .denseChain, .denseHead, .jacobians: false
            case .initialWeights, .gradients, .weightHistory, .phaseChange, .trace, .ownNetwork: true
            }
        }
    }

    /// A setting `measures.NAME.KEY`.
    struct Option {
        let key: String
        let kind: SettingType
        let fallback: JSONValue
        let meaning: String

        init(_ key: String, _ kind: SettingType, default fallback: JSONValue, _ meaning: String) {
            self.key = key
            self.kind = kind
            self.fallback = fallback
            self.meaning = meaning
        }
    }

    /// The default number of test points for a measure.
    public static let defaultPoints = 1000

    /// A measure in the catalogue's table. It is off unless a sweep requests it. If it needs activations or
    /// labels, it has the setting `points`; if it needs labels, it applies only to classification.
    ///
    /// - Parameters:
    ///   - theory: what figures call the theory of its metrics that have one.
    ///   - points: the default of `points`: a number of test points, or "all".
    ///   - what: "Whether … measured."
    init(
        _ name: String, needs: [Need] = [], theory: String = "closed form", metrics: [Metric],
        options: [Option] = [], points: JSONValue = JSONValue(MeasureDeclaration.defaultPoints),
        uses: [Setting.Use] = [],
        _ what: String
    ) {
        self.name = name
        self.needs = needs
        theoryName = theory
        self.metrics = metrics
        self.uses = uses + (needs.contains(.labels) ? Setting.Use.ofClasses : [])
        isUsual = false
        askedBy = nil
        isListed = true
        var options = options
        if needs.contains(.activations) || needs.contains(.labels) {
            options.append(
                Option(
                    "points", .points, default: points,
                    "The points it is measured at: a number of test points, from the first (at most as many as "
                        + "there are), or `all` training and test points of a finite data set."))
        }
        let path = "measures.\(name)"
        let uses = self.uses
        settings =
            [Setting(path, .flag, value: .bool(false), uses: uses, what)]
            + options.map {
                Setting("\(path).\($0.key)", $0.kind, value: $0.fallback, uses: uses, $0.meaning)
            }
    }

    /// A measure whose settings have their own properties in `TrialSettings`.
    init(own name: String, metrics: [Metric], settings: [Setting], isUsual: Bool, askedBy: String? = nil) {
        self.name = name
        needs = []
        theoryName = "closed form"
        self.metrics = metrics
        self.settings = settings
        uses = []
        self.isUsual = isUsual
        self.askedBy = askedBy
        isListed = false
    }

    /// The path of the setting that turns it on: "measures.NAME".
    public var path: String { "measures.\(name)" }

    /// All settings except the one that turns it on and off.
    var options: ArraySlice<Setting> { settings.dropFirst() }

    /// Whether it can be computed for a network of which only the weights are known.
    public var isOfAnyNetwork: Bool { !needs.contains { $0.isOfTraining } }

    /// Whether it can be computed from the features of one layer and the head above them.
    public var isOfFeatures: Bool {
        isOfAnyNetwork && !needs.contains(.jacobians) && needs.contains(.activations)
    }

    /// Whether it reads only the last features and the outputs of a network from a file.
    var isOfLastFeatures: Bool {
        needs.contains(.denseHead) && metrics.allSatisfy { !$0.isPerLayer || $0 == .classificationDimension }
    }

    /// Whether it covers hidden layers alone, so that it reports nothing for a network with one layer.
    public var isOfHiddenLayers: Bool { MeasureCatalogue.ofFeatures.contains { $0.name == name } }

    /// Whether it needs the classes of the measured points.
    public var needsLabels: Bool { needs.contains(.labels) }
}

/// All measures. To add one, see docs/extending.md.
public enum MeasureCatalogue {
    /// The measures of the table. Trials hold them by name, and Experiments has a `Measure` for each. A
    /// measure that reads another's metrics comes after it.
    public static let listed: [MeasureDeclaration] = [
        .effectiveRank,
        .gradientNoise,
        .weightDisplacement,
        .binnedInformation,
        .kernelInformation,
        .gaussianBound,
        .stepsToLoss,
        .activationRank,
        .featureDimension,
        .intrinsicDimension,
        .partialRank,
        .classificationDimension,
        .independenceDeficit,
        .neuralCollapse,
        .components,
        .weightProduct,
        .rankStability,
        .componentRank,
        .truncation,
    ]

    /// All measures, in the order of tables.
    public static let all: [MeasureDeclaration] =
        [.evaluation, .localRank, .weightNorms, .margin, .stopping] + listed

    /// The default measures where only a layer's features and the head above them are given. Each shows how
    /// the head reads its features.
    public static let ofFeatures: [MeasureDeclaration] = [.classificationDimension, .neuralCollapse]

    /// The measure with this name; nil where there is none.
    public static func named(_ name: String) -> MeasureDeclaration? { byName[name] }

    private static let byName = Dictionary(uniqueKeysWithValues: all.map { ($0.name, $0) })

    /// The paths of all settings of the measures in the table.
    static let listedPaths = Set(listed.flatMap { $0.settings.map(\.path) })
}

/// A measure of the table that a trial requests, with all its settings.
public struct RequestedMeasure: Hashable, Sendable {
    /// The measure's name.
    public let name: String
    /// The values of its settings by key, without the measure's name.
    public let settings: [String: JSONValue]

    /// A request with complete settings.
    public init(name: String, settings: [String: JSONValue]) {
        self.name = name
        self.settings = settings
    }

    /// A request with default settings; nil for a name that isn't in the table.
    ///
    /// - Parameter testPoints: the number of test points available.
    public init?(_ name: String, testPoints: Int) {
        guard let declaration = MeasureCatalogue.named(name), declaration.isListed else { return nil }
        var settings: [String: JSONValue] = [:]
        for option in declaration.options { settings[option.key] = option.fallback }
        if let points = settings["points"]?.number {
            settings["points"] = .number(min(points, Double(testPoints)))
        }
        self.init(name: name, settings: settings)
    }

    /// The declaration of the measure.
    public var declaration: MeasureDeclaration? { MeasureCatalogue.named(name) }

    /// The number of test points to measure at; nil where the measure takes all points, or none.
    public var testPoints: Int? { settings["points"]?.number.flatMap { Int(exactly: $0) } }
}
