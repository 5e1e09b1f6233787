import Glibc
import Model
import Sweep
import Text

/// The ranges of metrics that a trial's settings imply. `RecordForm` checks records against them, and figures
/// clip intervals to them.
extension MetricForms {
    /// The range of a metric in one layer.
    ///
    /// - Parameters:
    ///   - layer: counted from 0.
    ///   - request: the measure request that the metric belongs to; nil for a metric outside the catalogue's
    ///     table.
    func range(of metric: Metric, layer: Int, _ request: RequestedMeasure?) -> ClosedRange<Double> {
        let infinity = Double.infinity
        func upTo(_ sizes: [Int], _ maximum: Int = .max) -> ClosedRange<Double> {
            0...Double(min(maximum, sizes.indices.contains(layer) ? sizes[layer] : 0))
        }
        switch metric.limit {
        case .finite: return -infinity...infinity
        case .nonNegative: return 0...infinity
        case .share, .explained: return 0...1
        case .loss: return settings.training.loss == .gaussianNLL ? -infinity...infinity : 0...infinity
        case .steps: return steps
        case .rank: return upTo(sizes.ranks)
        case .units: return upTo(sizes.units, request?.testPoints ?? .max)
        case .smoothedUnits:
            return
                0...MetricForms.rankMe(
                    of: upTo(sizes.units, request?.testPoints ?? .max).upperBound, request)
        case .matrixRank: return upTo(sizes.matrixRanks)
        case .meanMatrixRank:
            return 0...Double(sizes.matrixRanks.reduce(0, +)) / Double(max(1, sizes.matrixRanks.count))
        case .otherClasses: return 0...Double(max(0, sizes.classes - 1))
        case .inputInformation: return 0...log(Double(points(of: request))) / MetricForms.unit(metric)
        case .classInformation: return 0...classEntropy(request) / MetricForms.unit(metric)
        case .classInformationEstimate:
            return
                -infinity...(settings.hasClasses
                ? classEntropy(request) / MetricForms.unit(metric) : infinity)
        case .drawnUnits: return 0...MetricForms.drawnUnits(request)
        case .drawnPoints:
            return 0...min(MetricForms.drawnUnits(request), request?.settings["batch"]?.number ?? infinity)
        }
    }

    /// The size of the metric's unit in nats.
    private static func unit(_ metric: Metric) -> Double { metric.unit == .bits ? log(2) : 1 }

    private func points(of request: RequestedMeasure?) -> Int {
        max(
            1,
            request.map { $0.testPoints ?? settings.dataset.facts.maxCount }
                ?? settings.dataset.facts.maxCount)
    }

    /// The largest entropy that the classes of the measured points can have, in nats; for the whole symmetric
    /// set, the exact entropy.
    private func classEntropy(_ request: RequestedMeasure?) -> Double {
        if settings.dataset.description is SymmetricData, request?.settings["points"] == .string("all") {
            let share = Double(SymmetricData.positives) / Double(SymmetricData.patterns)
            return -share * log(share) - (1 - share) * log(1 - share)
        }
        return log(Double(max(1, min(sizes.classes, points(of: request)))))
    }

    /// RankMe of this number of equal singular values. It grows with their number, because ε is at most 1.
    private static func rankMe(of values: Double, _ request: RequestedMeasure?) -> Double {
        guard values > 0 else { return 0 }
        let epsilon = request?.settings["epsilon"]?.number ?? 0
        return exp(-(1 + values * epsilon) * log(1 / values + epsilon))
    }

    private static func drawnUnits(_ request: RequestedMeasure?) -> Double {
        let side = request?.settings["side"]?.number ?? .infinity
        return side * side * (request?.settings["channels"]?.number ?? .infinity)
    }
}

/// The ranges of one trial's metrics. They are the same for all seeds.
public struct TrialRanges: Sendable {
    private let forms: MetricForms
    /// The trial's measure requests, by the measure's name.
    private let requests: [String: RequestedMeasure]

    /// The ranges of a trial with these settings.
    public init(of settings: TrialSettings) {
        forms = MetricForms(settings)
        requests = Dictionary(settings.measures.requested.map { ($0.name, $0) }) { first, _ in first }
    }

    /// The range of a figure's quantity; unbounded where the trial doesn't have it.
    ///
    /// - Parameter layer: counted from 1; nil: the quantity's own layer.
    public func range(of quantity: FigureSpec.Quantity, layer: Int? = nil) -> ClosedRange<Double> {
        let metric = quantity.metric
        let count = metric.shape == .hiddenLayers ? forms.sizes.hidden : forms.sizes.count(of: metric)
        func range(_ layer: Int) -> ClosedRange<Double> {
            guard layer >= 1, layer <= count else { return -.infinity ... .infinity }
            let request = TrialRanges.measureNames[metric.key].flatMap { requests[$0] }
            return forms.range(of: metric, layer: layer - 1, request)
        }
        // The smallest of several numbers is below the upper bound of each of them.
        func least(_ layers: Int) -> ClosedRange<Double> {
            let ranges = (1..<(max(layers, 1) + 1)).map(range)
            return (ranges.map(\.lowerBound).min() ?? 0)...(ranges.map(\.upperBound).min() ?? .infinity)
        }
        if let layer { return range(layer) }
        switch quantity.layer {
        case .number(let number)?: return range(number)
        case .min?: return least(count)
        case .hiddenMin?: return least(forms.sizes.hidden)
        case .last?, .each?, nil: return range(count)
        }
    }

    /// The measure's name, by the metric's key.
    private static let measureNames = Dictionary(
        MeasureCatalogue.listed.flatMap { measure in measure.metrics.map { ($0.key, measure.name) } }
    ) { first, _ in first }
}

/// Finds the ranges of a sweep's trials by the axes in their records. Trials that differ only in their seed
/// share ranges.
public struct MetricRanges {
    private let grid: Grid
    /// For each axis, the index of each value by its text. Empty for seeds, because they change no range.
    private let indices: [[String: Int]]
    private var known: [[Int]: TrialRanges] = [:]
    private static let capacity = 1024

    /// The ranges of a grid's trials; none is computed yet.
    public init(_ grid: Grid) {
        self.grid = grid
        indices = grid.axes.map { axis in
            guard axis.path != "seed" else { return [:] }
            return Dictionary((0..<axis.count).map { (axis.label(at: $0).canonicalText, $0) }) { first, _ in
                first
            }
        }
    }

    /// The ranges of the trial with these axes; nil where the sweep has no such trial.
    public mutating func ranges(of axes: [String: JSONValue]) -> TrialRanges? {
        var positions: [Int] = []
        for (axis, indices) in zip(grid.axes, indices) {
            guard axis.path != "seed" else {
                positions.append(0)
                continue
            }
            guard let position = axes[axis.path].flatMap({ indices[$0.canonicalText] }) else { return nil }
            positions.append(position)
        }
        if let found = known[positions] { return found }
        let ranges = TrialRanges(of: grid.trial(positions: positions, index: 0).settings)
        if known.count >= MetricRanges.capacity { known.removeAll(keepingCapacity: true) }
        known[positions] = ranges
        return ranges
    }
}
