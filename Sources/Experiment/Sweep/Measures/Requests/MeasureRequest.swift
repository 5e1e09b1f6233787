import Model
import Text

/// A request of `ranksweep measure` to a worker program: the measures of one network, trained anywhere. Facts
/// that only the network's file contains (its kind, perhaps its activation) are settled where it is read.
public struct MeasureRequest: Equatable, Sendable {
    /// A measure by its name on the command line: a metric that every record has, or a measure in the
    /// catalogue's table.
    public struct Measure: RawRepresentable, CaseIterable, Hashable, Sendable {
        /// The name on the command line.
        public let rawValue: String

        /// The measure with this name; nil where there is none.
        public init?(rawValue: String) {
            guard Measure.allCases.contains(where: { $0.rawValue == rawValue }) else { return nil }
            self.init(rawValue)
        }

        fileprivate init(_ name: String) { rawValue = name }

        /// Local rank of each layer.
        public static let localRank = Measure(Metric.localRank.key)
        /// Active units of each hidden layer.
        public static let activeUnits = Measure(Metric.activeUnits.key)
        /// Accuracy at the given points.
        public static let accuracy = Measure(Metric.accuracy.key)
        /// Loss at the given points.
        public static let loss = Measure("loss")
        /// KL divergence of a VIB.
        public static let kl = Measure("kl")
        /// Spectral norm of each weight matrix.
        public static let spectralNorm = Measure(Metric.spectralNorm.key)
        /// Frobenius norm of each weight matrix.
        public static let frobeniusNorm = Measure(Metric.frobeniusNorm.key)
        /// Stable rank of each weight matrix.
        public static let stableRank = Measure(Metric.stableRank.key)
        /// Numerical rank of each weight matrix.
        public static let numericalRank = Measure(Metric.numericalRank.key)

        /// The measures taken by default, as far as the network and its points allow.
        public static let defaults: [Measure] =
            [.localRank, .activeUnits, .accuracy, .loss, .kl] + ofWeights
        /// The measures of weight matrices, as in a sweep's `measures.weight_norms`.
        public static let ofWeights: [Measure] = [.spectralNorm, .frobeniusNorm, .stableRank, .numericalRank]
        /// All measures, the default ones first.
        public static let allCases: [Measure] =
            defaults + MeasureCatalogue.listed.map { Measure($0.name) }

        /// The declaration of a measure in the catalogue's table; nil for the default measures.
        public var declaration: MeasureDeclaration? {
            MeasureCatalogue.listed.first { $0.name == rawValue }
        }

        /// Whether it needs the classes of the points.
        public var needsLabels: Bool {
            self == .accuracy || self == .loss || declaration?.needsLabels ?? false
        }
    }

    /// The points at which the network is measured.
    public enum Points: Equatable, Sendable {
        /// No points, for measures of weights alone.
        case noPoints
        /// The test images of a data set.
        case dataset(ImageSetDescription, InputScale)
        /// All 4096 patterns of the symmetric set.
        case symmetric(InputScale)
        /// A .npy file, whose numbers are taken as they are, with labels in a .npy or an IDX file.
        case array(String, labels: String?)
        /// An IDX file of images, with labels in a .npy or an IDX file.
        case images(String, labels: String?, InputScale)
        /// A .npy file of the last hidden layer's outputs in a larger network. The file of weights then
        /// contains only the layer that follows.
        case features(String, labels: String?)

        /// Whether the points come with labels.
        public var haveLabels: Bool {
            switch self {
            case .noPoints: false
            case .dataset, .symmetric: true
            case .array(_, let labels), .images(_, let labels, _), .features(_, let labels): labels != nil
            }
        }

        /// Whether the points are features of a larger network.
        public var areFeatures: Bool { if case .features = self { true } else { false } }
    }

    /// Path of the .safetensors or .onnx file.
    public var weights: String
    /// Whether the file is a graph: its name ends in ".onnx".
    public var isGraph: Bool { weights.lowercased().hasSuffix(".onnx") }
    /// The points to measure at.
    public var points: Points
    /// The activation; nil: the one named in the file.
    public var activation: Activation?
    /// The measures, each once; nil: the default ones that the network and its points allow.
    public var measures: [Measure]?
    /// The names in the file of the dense layers to measure, in order; nil: by the numbers in their names.
    public var layers: [String]?
    /// The side of the central square of pixels that a convolutional network's Jacobians are taken with
    /// respect to; nil: 16, as in sweeps.
    public var patch: Int?
    /// How the numbers of points become a graph's inputs.
    public var preprocessing = Preprocessing()
    /// The only point that is read, counted from 0; nil: all.
    public var point: Int?
    /// The tolerance of numerical ranks of weights, relative to σ_1; nil: the default.
    public var tolerance: Double?
    /// The seed of what is drawn for a graph.
    public var seed: UInt64 = 0
    /// The inputs that a graph's Jacobians are taken with respect to; nil: the patch, or all.
    public var columns: Columns?
    /// Whether to print a graph's layers, and to measure nothing.
    public var listsLayers = false
    /// Path of the folder for the layers' values; nil: they are not kept.
    public var outputsFolder: String?
    /// Path of the folder for the Jacobians that local ranks are counted from; nil: they are not kept.
    public var jacobiansFolder: String?
    /// The thresholds ε of #{σ > ε}.
    public var thresholds: [Double]
    /// The thresholds ε of #{σ ≥ ε σ_1}.
    public var relative: [Double]
    /// The number of points for local ranks and for measures of the catalogue's table, taken from the front;
    /// nil: 256 and 1000 respectively, or all where there are fewer.
    public var rankPoints: Int?
    /// The names of the options in messages.
    public var optionNames = JacobianInputs.Options.command
    /// Settings of the catalogue's measures that differ from the defaults: [measure][key].
    public var settings: [String: [String: JSONValue]] = [:]

    /// Whether the network's values at the points are computed, for other ends than Jacobians.
    package var needsOutputs: Bool {
        let others = measures?.contains { $0 != .localRank && !Measure.ofWeights.contains($0) }
        return !listsLayers && (outputsFolder != nil || others ?? points.haveLabels)
    }

    /// A request.
    public init(
        weights: String, points: Points, activation: Activation?,
        measures: [Measure]?, thresholds: [Double] = [0.01, 0.1], relative: [Double] = [0.01],
        rankPoints: Int? = nil
    ) {
        self.weights = weights
        self.points = points
        self.activation = activation
        self.measures = measures
        self.thresholds = thresholds
        self.relative = relative
        self.rankPoints = rankPoints
    }

    /// The default measures that these points and this network allow.
    public static func measures(
        for points: Points, _ activation: Activation, isVIB: Bool = false
    ) -> [Measure] {
        guard points != .noPoints else { return Measure.ofWeights }
        let candidates =
            points.areFeatures
            ? [.accuracy, .loss] + Measure.ofWeights
                + MeasureCatalogue.ofFeatures.map { Measure($0.name) } : Measure.defaults
        return candidates.filter {
            (points.haveLabels || !$0.needsLabels) && (activation == .relu || $0 != .activeUnits)
                && (isVIB || $0 != .kl)
        }
    }

    /// Whether the request is only for norms and ranks of weight matrices.
    public var isOfWeights: Bool { measures?.allSatisfy(Measure.ofWeights.contains) ?? false }
}

extension MeasureRequest.Measure {
    /// Why it can't be measured for a network from an ONNX file, in words that follow its name; nil where it can.
    ///
    /// - Parameters:
    ///   - endsDense: whether the network ends in a dense layer.
    ///   - ranks: how the user asks for relative ranks in a patch.
    public func problemOfGraph(endsDense: Bool, ranks: String) -> String? {
        if self == .activeUnits || self == .kl { return "is not a measure of networks from ONNX files" }
        if rawValue == MeasureDeclaration.partialRank.name {
            return "is local_rank_relative here: give \(ranks)"
        }
        if declaration?.needs.contains(.denseChain) == true {
            return "needs a chain of dense layers from a .safetensors file"
        }
        return endsDense || declaration?.needs.contains(.denseHead) != true
            ? nil : "needs a network that ends in a dense layer over its features"
    }

    /// Why it can't be measured for a network, in words that follow its name; nil where it can.
    ///
    /// - Parameter kind: "mlp", "vib", "cnn" or "resnet".
    public func problem(kind: String, isDenseChain: Bool, activation: Activation)
        -> String?
    {
        if self == .kl, kind != "vib" { return "needs a vib, and this is a \(kind)" }
        if self == .activeUnits, activation != .relu {
            return "needs a relu network: no other unit is ever inactive"
        }
        guard let declaration else { return nil }
        let kinds = declaration.uses.filter { $0.path == "model" }.flatMap(\.words).filter { $0 != "onnx" }
        if !kinds.isEmpty, !kinds.contains(kind) {
            return "works for \(listed(kinds, "or")), and this is a \(kind)"
        }
        if declaration.needs.contains(.denseChain), !isDenseChain {
            return
                "works for plain networks only: without normalisation, residual connections and convolutions"
        }
        return nil
    }
}

extension MeasureRequest {
    /// The requested measures of the catalogue's table, with their settings.
    ///
    /// - Parameter points: the number of points available.
    public func requested(of points: Int) -> [RequestedMeasure] {
        (measures ?? []).compactMap { measure in
            guard let defaults = RequestedMeasure(measure.rawValue, testPoints: points) else { return nil }
            var settings = defaults.settings
            if settings["points"] != nil, let rankPoints { settings["points"] = JSONValue(rankPoints) }
            settings.merge(self.settings[measure.rawValue] ?? [:]) { _, own in own }
            return RequestedMeasure(name: measure.rawValue, settings: settings)
        }
    }

    /// Reads "MEASURE.KEY=VALUE" and sets the value, which is as in a sweep file under `measures.MEASURE`.
    ///
    /// - Throws: the mistake in words.
    public mutating func set(_ argument: String) throws(SettingMistake) {
        guard let sign = argument.firstIndex(of: "="), let dot = argument[..<sign].firstIndex(of: ".") else {
            throw SettingMistake(words: "expected MEASURE.KEY=VALUE")
        }
        let (name, key) = (String(argument[..<dot]), String(argument[argument.index(after: dot)..<sign]))
        guard let measure = measures?.first(where: { $0.rawValue == name }) else {
            let answer = Alias.answer(to: name) { Measure(rawValue: $0) != nil }
            throw SettingMistake(
                words: answer?.message(for: name) ?? "'\(name)' is not among --measures")
        }
        let options = measure.declaration?.options.map { $0 } ?? []
        guard let option = options.first(where: { $0.key == key }) else {
            let keys = options.map(\.key)
            if let answer = Alias.answer(to: key, isKnown: keys.contains) {
                throw SettingMistake(words: answer.message(for: key))
            }
            let near = nearestSpelling(to: key, among: keys).map { "; did you mean '\($0)'?" } ?? ""
            throw SettingMistake(
                words: keys.isEmpty
                    ? "\(name) has no settings here"
                    : "\(name) has \(listed(keys, "and")), no '\(key)'\(near)")
        }
        var faults = Faults()
        do {
            let text = argument[argument.index(after: sign)...]
            let node = try YAMLReader.read(Array(String(text).utf8), override: argument)
            let value = node.value(of: option.kind, path: option.path, &faults)
            settings[name, default: [:]][key] = value
        } catch { throw SettingMistake(words: error.problem.words) }
        if let fault = faults.list.first { throw SettingMistake(words: fault.problem.words) }
    }

    /// Why the argument of a `--set` is invalid, in words.
    public struct SettingMistake: Error, Equatable { public let words: String }

    /// The request as JSON, which `init(_:)` reads.
    public var json: JSONValue {
        var members: [String: JSONValue] = [
            "points": points.json,
            "relative": JSONValue(relative),
            "thresholds": JSONValue(thresholds),
            "weights": .string(weights),
        ]
        if let activation { members["activation"] = .string(activation.rawValue) }
        if let measures { members["measures"] = .array(measures.map { .string($0.rawValue) }) }
        if let layers { members["layers"] = .array(layers.map(JSONValue.string)) }
        if let patch { members["patch"] = JSONValue(patch) }
        if preprocessing != Preprocessing() { members["preprocessing"] = preprocessing.json }
        if let columns { members["columns"] = columns.json }
        if listsLayers { members["lists_layers"] = .bool(true) }
        if let outputsFolder { members["outputs_folder"] = .string(outputsFolder) }
        if let jacobiansFolder { members["jacobians_folder"] = .string(jacobiansFolder) }
        if let rankPoints { members["rank_points"] = JSONValue(rankPoints) }
        if !settings.isEmpty { members["settings"] = .object(settings.mapValues(JSONValue.object)) }
        return .object(members)
    }

    /// Reads a request; nil where the JSON isn't one.
    public init?(_ json: JSONValue) {
        guard let weights = json["weights"]?.string, let points = json["points"].flatMap(Points.init),
            let thresholds = json["thresholds"]?.array, let relative = json["relative"]?.array
        else { return nil }
        let names = json["measures"]?.array
        self.init(
            weights: weights, points: points,
            activation: json["activation"]?.string.flatMap { Activation(rawValue: $0) },
            measures: names?.compactMap { $0.string.flatMap { Measure(rawValue: $0) } },
            thresholds: thresholds.compactMap(\.number), relative: relative.compactMap(\.number),
            rankPoints: json["rank_points"]?.number.flatMap { Int(exactly: $0) })
        guard measures?.count == names?.count, (activation == nil) == (json["activation"] == nil) else {
            return nil
        }
        layers = json["layers"]?.array?.compactMap(\.string)
        patch = json["patch"]?.number.flatMap { Int(exactly: $0) }
        if let given = json["preprocessing"] {
            guard let read = Preprocessing(given) else { return nil }
            preprocessing = read
        }
        if let given = json["columns"] {
            guard let read = Columns(given) else { return nil }
            columns = read
        }
        listsLayers = json["lists_layers"]?.bool ?? false
        outputsFolder = json["outputs_folder"]?.string
        jacobiansFolder = json["jacobians_folder"]?.string
        settings = json["settings"]?.object?.compactMapValues(\.object) ?? [:]
    }
}

extension MeasureRequest.Points {
    fileprivate var json: JSONValue {
        var members: [String: JSONValue] = [:]
        switch self {
        case .noPoints: break
        case .dataset(let name, let scale):
            members = ["dataset": .string(name.rawValue), "scale": .string(scale.rawValue)]
        case .symmetric(let scale):
            members = ["dataset": .string("symmetric"), "scale": .string(scale.rawValue)]
        case .array(let inputs, let labels):
            members["inputs"] = .string(inputs)
            if let labels { members["labels"] = .string(labels) }
        case .images(let images, let labels, let scale):
            members = ["images": .string(images), "scale": .string(scale.rawValue)]
            if let labels { members["labels"] = .string(labels) }
        case .features(let features, let labels):
            members["features"] = .string(features)
            if let labels { members["labels"] = .string(labels) }
        }
        return .object(members)
    }

    fileprivate init?(_ json: JSONValue) {
        let labels = json["labels"]?.string
        let scale = json["scale"]?.string.flatMap { InputScale(rawValue: $0) }
        if let inputs = json["inputs"]?.string {
            self = .array(inputs, labels: labels)
        } else if let features = json["features"]?.string {
            self = .features(features, labels: labels)
        } else if let images = json["images"]?.string, let scale {
            self = .images(images, labels: labels, scale)
        } else if let scale, json["dataset"] == .string("symmetric") {
            self = .symmetric(scale)
        } else if let scale,
            let name = json["dataset"]?.string.flatMap({ ImageSetDescription(rawValue: $0) })
        {
            self = .dataset(name, scale)
        } else if json.object?.isEmpty ?? false {
            self = .noPoints
        } else {
            return nil
        }
    }
}
