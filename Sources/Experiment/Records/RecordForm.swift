import Model
import Sweep
import Text

/// The form of a trial's record body: the metrics, the number of values in each, and their bounds. It follows
/// from the trial's settings and the declarations of the requested measures, so that a coordinator can check
/// a worker's report against the sweep.
public struct RecordForm: Sendable {
    /// The largest size of the body in bytes.
    public let maxBytes: Int
    private let measured: ValueForm
    private let diverged: ValueForm
    let source: Source

    /// All settings of a trial that the form of its record depends on.
    struct Source: Hashable, Sendable {
        let model: TrialSettings.Model
        let dataset: Dataset
        let network: TrialSettings.Network
        let loss: Loss
        let batch: Int
        let duration: TrialSettings.Training.Duration
        let mayStop: Bool
        let measures: TrialSettings.Measures

        init(_ settings: TrialSettings) {
            model =
                if case .vib(_, let bottleneck, _, let encoder) = settings.model {
                    .vib(beta: 0, bottleneck: bottleneck, sigmaShift: 0, encoder: encoder)
                } else {
                    settings.model
                }
            (dataset, network, measures) = (settings.dataset, settings.network, settings.measures)
            (loss, batch) = (settings.training.loss, settings.training.batchSize)
            duration = settings.training.duration
            mayStop = settings.training[Setting.stopAtLoss] != nil
        }
    }

    /// The form of the record of a trial with these settings.
    public init(of settings: TrialSettings) {
        source = Source(settings)
        let metrics = MetricForms(settings)
        let theory = TheoryForms(settings, metrics.sizes)
        func body(_ outcome: String, _ more: [String: ValueForm], optional: Set<String>) -> ValueForm {
            let common: [String: ValueForm] = ["outcome": .word(outcome)]
            return .object(common.merging(more) { _, new in new }, optional: optional)
        }
        var ended: [String: ValueForm] = ["metrics": metrics.atEnd]
        var broken: [String: ValueForm] = [
            "metrics": .object([:]), "diverged_at_step": .number(metrics.steps, orNull: false),
        ]
        ended["trace"] = metrics.trace(isWhole: true)
        broken["trace"] = metrics.trace(isWhole: false)
        if let graph = settings.graph {
            ended["layers"] = .tuple(graph.layerNames.map(ValueForm.text))
            if settings.measures.weightNorms != nil, !graph.matrices.isEmpty {
                ended["weights"] = .tuple(graph.matrices.map { .text($0.name) })
            }
        }
        ended["theory"] = theory.measured
        broken["theory"] = theory.diverged
        measured = body("measured", ended, optional: theory.isRequired ? [] : ["theory"])
        diverged = body("diverged", broken, optional: theory.isRequired ? ["trace"] : ["theory", "trace"])
        maxBytes = max(measured.maxBytes, diverged.maxBytes)
    }

    /// Why a body isn't one that the trial's record can have; nil where it is.
    public func fault(in body: CanonicalObject) -> String? {
        guard body.bytes.count <= maxBytes else {
            return "it has \(body.bytes.count) bytes; at most \(maxBytes) are possible"
        }
        var check = FormCheck(body)
        return check.fault(form(of: body))
    }

    /// Why a record's line, which also identifies its trial, isn't one that the trial can have; nil where it
    /// is.
    public func fault(inLine line: CanonicalObject) -> String? {
        guard case .object(let members) = form(of: line) else { return nil }
        for member in members {
            let key = String(decoding: member.key, as: UTF8.self)
            if let value = line[key] {
                var check = FormCheck(Array(value))
                if let fault = check.fault(member.form) { return "\(key): \(fault)" }
            } else if member.isRequired {
                return "'\(key)' is missing"
            }
        }
        let known = members.map(\.key)
        let extra = RecordForm.bodyKeys.first { line[$0] != nil && !known.contains(Array($0.utf8)) }
        return extra.map { "'\($0)' is not one of this trial's keys" }
    }

    /// Why a parsed record line isn't one that the trial can have; nil where it is.
    public func fault(inLine line: JSONValue) -> String? {
        var members: [String: JSONValue] = [:]
        for key in RecordForm.bodyKeys { members[key] = line[key] }
        guard let body = CanonicalObject(JSONValue.object(members).canonicalBytes) else {
            return "its values are nested too deep"
        }
        return fault(in: body)
    }

    private func form(of record: CanonicalObject) -> ValueForm {
        RecordForm.isDiverged(record) ? diverged : measured
    }

    static func isDiverged(_ record: CanonicalObject) -> Bool {
        record["outcome"]?.elementsEqual("\"diverged\"".utf8) ?? false
    }

    /// The record's keys that hold the trial's result. The other keys identify the trial.
    public static let bodyKeys = [
        "diverged_at_step", "layers", "metrics", "outcome", "theory", "trace", "weights",
    ]
}

/// Sizes of a trial's network that bound its metrics.
struct RecordSizes {
    let inputs: Int
    /// For each layer, the number of activations; for a VIB's last layer, the number of components of μ.
    let units: [Int]
    /// For each layer, the largest rank of its Jacobian with respect to the inputs.
    let ranks: [Int]
    /// For each layer, the largest rank of its weight matrix.
    let matrixRanks: [Int]
    /// Number of classes; 0 where there are none.
    let classes: Int
    let isDenseChain: Bool

    var layers: Int { units.count }

    var hidden: Int { max(0, units.count - 1) }

    init(_ settings: TrialSettings) {
        let inputs = settings.inputCount
        self.inputs = inputs
        classes = settings.dataset.facts.classes
        let network = settings.networkDescription
        let isChain = settings.graph == nil && network.isDenseChain
        isDenseChain = isChain
        if let graph = settings.graph {
            units = graph.layers.map(\.units)
            matrixRanks = graph.matrices.map { min($0.rows, $0.columns) }
            ranks = units.map { min(graph.inputs.count, $0) }
            return
        }
        units = network.layerUnits
        matrixRanks = network.layers.map { min($0.region.rows, $0.region.columns) }
        var narrowest = inputs
        // A shortcut may carry directions past a layer that lost them.
        ranks = units.map { units in
            if isChain { narrowest = min(narrowest, units) }
            return min(narrowest, units)
        }
    }
}

/// The forms of a trial's metrics, at the end and along the trace.
struct MetricForms {
    let sizes: RecordSizes
    /// 0 to the last step; to 2^53 where only the data set's files say how many points an epoch has.
    let steps: ClosedRange<Double>
    let settings: TrialSettings
    /// The number of steps; nil where only the data set's files determine it.
    private let stepCount: Int?

    init(_ settings: TrialSettings) {
        self.settings = settings
        sizes = RecordSizes(settings)
        stepCount = settings.exactSteps
        steps = 0...(stepCount.map(Double.init) ?? 9_007_199_254_740_992)
    }

    var atEnd: ValueForm { forms { _ in true } }

    /// The form of the trace; nil where the trial requests none.
    func trace(isWhole: Bool) -> ValueForm? {
        // Files may have any number of points, so that an epoch may be a single step.
        let maximum = settings.maxTraceEntries + (settings.hasExactEpochs ? 0 : stepCount ?? 0)
        guard maximum > 0 else { return nil }
        guard case .object(var members) = forms(where: { !$0.isOfTraining }) else { return nil }
        members.append(ValueForm.Member(key: Array("step".utf8), form: .step, isRequired: true))
        members.sort { $0.key.lexicographicallyPrecedes($1.key) }
        let due = (settings.hasExactEpochs ? stepCount : nil).map { steps in
            settings.measures.traceAt.steps(
                of: TrainingLength(steps: steps, stepsPerEpoch: settings.stepsPerEpoch ?? 1))
        }
        let count = due?.count ?? maximum
        // All requested steps may lie beyond the end.
        guard count > 0 else { return nil }
        let least = isWhole && due != nil && settings.training[Setting.stopAtLoss] == nil ? count : 1
        return .trace(steps: due, counts: least...count, entry: .object(members))
    }

    private func forms(where isThere: (Metric) -> Bool) -> ValueForm {
        var members: [String: ValueForm] = [:]
        var optional: Set<String> = []
        func add(_ metrics: [Metric], _ request: RequestedMeasure? = nil) {
            for metric in metrics where isThere(metric) {
                members[metric.key] = form(metric, request)
                if metric.isOptional { optional.insert(metric.key) }
            }
        }
        add(ownMetrics)
        for request in settings.measures.requested {
            add(request.declaration?.metrics ?? [], request)
        }
        return .object(members, optional: optional)
    }

    /// The metrics of measures that have their own settings.
    private var ownMetrics: [Metric] {
        var metrics: [Metric] = [.trainLoss, .testLoss]
        if settings.hasClasses { metrics += [.accuracy, .trainAccuracy] }
        if settings.graph != nil { metrics = settings.hasClasses ? [.accuracy, .testLoss] : [] }
        if settings.training.loss == .logistic { metrics.append(.trainMargin) }
        if settings.training[Setting.stopAtLoss] != nil { metrics.append(.stoppedAtStep) }
        var isVIB = false
        if case .vib = settings.model { isVIB = true }
        if isVIB {
            metrics += [.klNats, .klBits, .izyNats, .izyBits]
            if settings.hasClasses { metrics += [.accuracyOneSample, .accuracySampled] }
        }
        if let rank = settings.measures.localRank {
            metrics.append(.localRank)
            if !rank.relative.isEmpty { metrics.append(.localRankRelative) }
            if isVIB {
                metrics.append(.informativeDirections)
                if !rank.noise.isEmpty { metrics.append(.localRankNoise) }
            }
            if settings.hasActiveUnits, sizes.hidden > 0 { metrics.append(.activeUnits) }
        }
        if settings.measures.weightNorms != nil {
            metrics += MeasureDeclaration.weightNorms.metrics.filter {
                settings.graph == nil || $0 != .meanStableRank
            }
        }
        return metrics
    }

    // MARK: - One metric

    private func form(_ metric: Metric, _ request: RequestedMeasure?) -> ValueForm {
        guard metric.thresholdSetting != nil else { return notation(metric, request) }
        // Without hidden layers, the object of thresholds is empty.
        if metric.shape == .hiddenLayers, sizes.hidden == 0, metric.notation == .plain { return .object([:]) }
        let each = notation(metric, request)
        let keys = thresholds(metric, request).map { (JSONValue.text(of: $0), each) }
        return .object(Dictionary(keys) { first, _ in first })
    }

    private func thresholds(_ metric: Metric, _ request: RequestedMeasure?) -> [Double] {
        guard let request else {
            let rank = settings.measures.localRank
            switch metric {
            case .localRank: return rank?.thresholds ?? []
            case .localRankRelative: return rank?.relative ?? []
            default: return rank?.noise ?? []
            }
        }
        let key = metric.thresholdSetting?.split(separator: ".").last.map(String.init) ?? ""
        let listed = request.settings[key]?.array?.compactMap(\.number) ?? []
        // Classes that the data set doesn't have are left out.
        if case .list(_, _, .classes) = metric.shape { return listed.filter { $0 < Double(sizes.classes) } }
        return listed
    }

    private func notation(_ metric: Metric, _ request: RequestedMeasure?) -> ValueForm {
        let value = value(metric, request)
        switch metric.notation {
        case .plain: return value
        case .mean: return .object(["mean": value])
        case .meanAndError:
            let both = ["mean": value, "stderr": value]
            // A network from a file also has the largest rank at any point.
            return .object(settings.graph == nil ? both : both.merging(["max": value]) { own, _ in own })
        case .meanAndErrorOfLast: return .object(["mean": .tuple([value]), "stderr": .tuple([value])])
        }
    }

    private func value(_ metric: Metric, _ request: RequestedMeasure?) -> ValueForm {
        func number(_ layer: Int) -> ValueForm {
            .number(
                MetricForms.allowingForRounding(range(of: metric, layer: layer, request), metric.limit),
                orNull: metric.hasGaps)
        }
        switch metric.shape {
        case .number: return number(sizes.layers - 1)
        case .layers, .hiddenLayers: return .tuple(layers(of: metric).map(number))
        case .list(_, _, let count): return .list(counts(count, request), number(sizes.layers - 1))
        }
    }

    /// The layers, or the weight matrices, that a metric of layers has a number for, counted from 0.
    func layers(of metric: Metric) -> Range<Int> {
        metric.indices(
            layers: sizes.layers, matrices: sizes.matrixRanks.count, isDenseChain: sizes.isDenseChain)
    }

    private func counts(_ count: Metric.Count, _ request: RequestedMeasure?) -> ClosedRange<Int> {
        switch count {
        case .classes: return sizes.classes...sizes.classes
        case .points: return 0...(request?.testPoints ?? settings.dataset.facts.maxCount)
        case .setting(let key):
            return 0...max(0, request?.settings[key]?.number.flatMap { Int(exactly: $0) } ?? 0)
        }
    }

    /// A metric's range, widened for rounding: floating-point results can exceed exact bounds slightly.
    private static func allowingForRounding(
        _ range: ClosedRange<Double>, _ limit: Metric.Limit
    ) -> ClosedRange<Double> {
        let largest = Double.greatestFiniteMagnitude
        if limit == .steps { return range }
        if limit == .share { return 0...1 + 1e-9 }
        let isRank = [.rank, .units, .matrixRank].contains(limit)
        let low = range.lowerBound == 0 ? (isRank ? 0 : -1e-3) : -largest
        let high = range.upperBound
        return low...(high.isFinite ? high * (1 + 1e-6) + 1e-6 : largest)
    }
}

extension TrialSettings {
    /// Whether points have classes.
    var hasClasses: Bool { dataset.facts.classes > 0 }

    /// Whether the steps of the trace follow from the settings, without the data set's files.
    fileprivate var hasExactEpochs: Bool {
        if case .epochs = measures.traceAt { !dataset.facts.isSizeOfFiles } else { true }
    }

    /// The number of training steps; nil where only the data set's files determine it.
    var exactSteps: Int? {
        if case .epochs = training.duration, dataset.facts.isSizeOfFiles { nil } else { trainingSteps }
    }
}
