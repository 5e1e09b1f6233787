import Text

/// What sweeps, figures and commands know of a measure without computing it: the coordinator's half. The
/// worker's half, which computes it, is a `Measure` of the same name in Experiments.
public struct MeasureDeclaration: Sendable {
    /// As in a sweep file's `measures.NAME`, and in `ranksweep measure --measures NAME`.
    public let name: String
    /// What it computes from.
    public let needs: [Need]
    public let metrics: [Metric]
    /// All of the measure, `measures.NAME` itself the first.
    public let settings: [Setting]
    /// What its theory is: a closed form, a limit, …
    let theoryName: String
    /// Only trials that meet all of these have it.
    let uses: [Setting.Use]
    /// Whether sweeps have it that say nothing of it.
    let isUsual: Bool
    /// Whether it is in the catalogue's table, and its trials' settings hold it by name; others have places
    /// of their own there.
    public let isListed: Bool

    /// What a measure computes from, beside the weights, which it always has.
    public enum Need: Hashable, Sendable {
        /// What the layers compute at the measured points.
        case activations
        /// The classes of these points.
        case labels
        /// The weights before the first step.
        case initialWeights
        /// Gradients of mini-batches at the present weights.
        case gradients
        /// At the end, the weights of all steps of the trace.
        case weightHistory
        /// The phase change that `gradientNoise` finds.
        case phaseChange
        /// What else was measured along the training.
        case trace
        /// The Jacobians of the layers in the network's input.
        case jacobians
        /// That the network is a chain of dense layers and activations: W_l φ(W_{l−1} …), nothing between them.
        case denseChain
        /// Nothing of the trial's network: it draws its own from the trial's streams.
        case ownNetwork

        /// What `ranksweep measure` has not: why it cannot.
        var isOfTraining: Bool {
            switch self {
            case .activations, .labels, .denseChain, .jacobians: false
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

    /// Test points that a measure is taken on where nobody says how many.
    public static let defaultPoints = 1000

    /// A measure of the table: off unless a sweep asks for it. Where it needs activations or labels it has
    /// the setting `points`; where it needs labels it is of classes alone.
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
        isListed = true
        var options = options
        if needs.contains(.activations) || needs.contains(.labels) {
            options.append(
                Option(
                    "points", .points, default: points,
                    "The points it is measured at: the first so many test points (at most as many as there "
                        + "are), or `all` training and test points of a finite data set."))
        }
        let path = "measures.\(name)"
        let uses = self.uses
        settings =
            [Setting(path, .flag, value: .bool(false), uses: uses, what)]
            + options.map {
                Setting("\(path).\($0.key)", $0.kind, value: $0.fallback, uses: uses, $0.meaning)
            }
    }

    /// A measure whose settings have places of their own in `TrialSettings`.
    init(own name: String, metrics: [Metric], settings: [Setting], isUsual: Bool) {
        self.name = name
        needs = []
        theoryName = "closed form"
        self.metrics = metrics
        self.settings = settings
        uses = []
        self.isUsual = isUsual
        isListed = false
    }

    /// "measures.NAME".
    public var path: String { "measures.\(name)" }

    /// The settings but the one that turns it on and off.
    var options: ArraySlice<Setting> { settings.dropFirst() }

    /// Whether it can be measured of a network of which only the weights are known.
    public var isOfAnyNetwork: Bool { !needs.contains { $0.isOfTraining } }

    /// Whether the features of one layer and the head above it are enough.
    public var isOfFeatures: Bool {
        isOfAnyNetwork && !needs.contains(.jacobians) && needs.contains(.activations)
    }

    /// Whether it is of hidden layers alone: of a network of one layer it has nothing to say.
    public var isOfHiddenLayers: Bool { MeasureCatalogue.ofFeatures.contains { $0.name == name } }

    public var needsLabels: Bool { needs.contains(.labels) }
}

/// Every measure there is. To add one: docs/extending.md.
public enum MeasureCatalogue {
    /// Those of the table: their trials hold them by name, and Experiments has a `Measure` for each. One that
    /// reads another's metrics stands after it.
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
    ]

    /// In the order of tables.
    public static let all: [MeasureDeclaration] =
        [.evaluation, .localRank, .weightNorms, .margin] + listed

    /// Those that are measured where a layer's features and the head above them are all there is, and nobody says what:
    /// each says how the head reads its features.
    public static let ofFeatures: [MeasureDeclaration] = [.classificationDimension, .neuralCollapse]

    public static func named(_ name: String) -> MeasureDeclaration? { byName[name] }

    private static let byName = Dictionary(uniqueKeysWithValues: all.map { ($0.name, $0) })

    /// The settings of the measures of the table.
    static let listedPaths = Set(listed.flatMap { $0.settings.map(\.path) })
}

/// A measure of the table that a trial asks for, its settings complete.
public struct RequestedMeasure: Equatable, Sendable {
    public let name: String
    /// By key, without the measure's name.
    public let settings: [String: JSONValue]

    public init(name: String, settings: [String: JSONValue]) {
        self.name = name
        self.settings = settings
    }

    /// With every default; nil of a name that is not in the table.
    ///
    /// - Parameter testPoints: how many there are.
    public init?(_ name: String, testPoints: Int) {
        guard let declaration = MeasureCatalogue.named(name), declaration.isListed else { return nil }
        var settings: [String: JSONValue] = [:]
        for option in declaration.options { settings[option.key] = option.fallback }
        if let points = settings["points"]?.number {
            settings["points"] = .number(min(points, Double(testPoints)))
        }
        self.init(name: name, settings: settings)
    }

    public var declaration: MeasureDeclaration? { MeasureCatalogue.named(name) }

    /// Test points it is measured at; nil where all points are, or none.
    public var testPoints: Int? { settings["points"]?.number.flatMap { Int(exactly: $0) } }
}

extension RequestedMeasure: Hashable {
    public func hash(into hasher: inout Hasher) {
        hasher.combine(name)
        hasher.combine(JSONValue.object(settings).canonicalBytes)
    }
}
