import Records
import Sweep
import Text

/// Looks up a figure's quantity in a record.
extension FigureSpec.Quantity {
    /// The value under `metrics`, or in an entry of the trace; nil where the record has none.
    ///
    /// - Parameter layer: the layer, counted from 1, for a quantity with `layer: each`.
    func value(in metrics: JSONValue, layer each: Int? = nil) -> Double? {
        guard let found = entry(in: metrics) else { return nil }
        guard let list = FigureSpec.Quantity.numbers(found) else {
            return found.number ?? found["mean"]?.number
        }
        switch layer {
        case .number(let number)?: return list.indices.contains(number - 1) ? list[number - 1].number : nil
        case .each?:
            guard let each else { return nil }
            return list.indices.contains(each - 1) ? list[each - 1].number : nil
        case .last?, nil: return list.last?.number
        case .min?: return list.compactMap(\.number).min()
        case .hiddenMin?:
            // All layers of these metrics are hidden.
            return (metric.shape == .hiddenLayers ? list[...] : list.dropLast()).compactMap(\.number).min()
        }
    }

    /// The number of layers for which the record has the quantity; 0 where it has none.
    func layers(in metrics: JSONValue) -> Int {
        entry(in: metrics).flatMap(FigureSpec.Quantity.numbers)?.count ?? 0
    }

    /// Entries of a list quantity; nil where one has no number.
    func entries(in metrics: JSONValue) -> [Double?] {
        entry(in: metrics).flatMap(FigureSpec.Quantity.numbers)?.map(\.number) ?? []
    }

    /// The value of the closed form, or of the bound. For local rank, the closed form applies only to the
    /// last layer. A bound holds for some layer that it doesn't name, and so for the smallest value over
    /// layers.
    func theory(in record: Record, layer each: Int? = nil) -> Double? {
        guard let theory = record.theory else { return nil }
        if record.hasBounds { return bound(in: theory) }
        switch metric {
        case .informativeDirections: return theory[metric.key]?.number ?? theory[.rank]?.number
        case .localRank:
            let layers = layers(in: record.metrics)
            if layers > 0 {
                if layer == .each, each != layers { return nil }
                if case .number(let number)? = layer, number != layers { return nil }
            }
            return threshold.flatMap { theory[metric.key]?[thresholdKey($0)]?.number }
        default:
            // Theory has the same structure of thresholds and layers as the metric.
            let all = theory[metric.key]
            let found = threshold.map { all?[thresholdKey($0)] } ?? all
            guard let list = found?.array else { return found?.number }
            let index: Int? =
                switch layer {
                case .number(let number)?: number
                case .last?: list.count
                default: each
                }
            guard let index, list.indices.contains(index - 1) else { return nil }
            return list[index - 1].number
        }
    }

    private func bound(in theory: JSONValue) -> Double? {
        switch (metric, layer) {
        case (.meanStableRank, _), (.stableRank, .min?): return theory[.stableRankBound]?.number
        case (.stableRank, .hiddenMin?): return theory[.hiddenStableRankBound]?.number
        case (.localRank, .min?):
            let bounds = threshold.flatMap { theory[.localRankBound]?[thresholdKey($0)]?.array } ?? []
            let layer = theory[.boundLayer]?.number.flatMap { Int(exactly: $0) } ?? 0
            return bounds.indices.contains(layer - 1) ? bounds[layer - 1].number : nil
        case (.localRank, .hiddenMin?):
            return threshold.flatMap { theory[.hiddenLocalRankBound]?[thresholdKey($0)]?.number }
        default: return nil
        }
    }

    /// The trivial bound, which depends on the layers' sizes alone, shown beside a bound. A bound that is no
    /// smaller than it says nothing.
    func trivialBound(in record: Record) -> Double? {
        guard record.hasBounds, [.localRank, .stableRank].contains(metric) else { return nil }
        let ranks = record.theory?[.trivialRank]?.array?.compactMap(\.number) ?? []
        switch layer {
        case .min?: return ranks.min()
        case .hiddenMin?: return ranks.dropLast().min()
        default: return nil
        }
    }

    private func entry(in metrics: JSONValue) -> JSONValue? {
        let found = metrics[metric.key]
        return threshold == nil ? found : threshold.flatMap { found?[thresholdKey($0)] }
    }

    private static func numbers(_ entry: JSONValue) -> [JSONValue]? { entry.array ?? entry["mean"]?.array }

    /// Whether the quantity is mostly a whole number, with steps in theory: a rank or a count.
    var isStaircase: Bool { metric.isCount }

    /// A column's name: `local_rank_0.1_layer2`.
    var columnName: String {
        var name = metric.key
        if let threshold { name += "_\(thresholdKey(threshold))" }
        switch layer {
        case .number(let number)?: name += "_layer\(number)"
        case .last?: name += "_last"
        case .min?: name += "_min"
        case .hiddenMin?: name += "_hidden_min"
        case .each?, nil: break
        }
        return name
    }
}

/// A threshold as a key in records.
func thresholdKey(_ threshold: Double) -> String { JSONValue.text(of: threshold) }

extension Metric {
    /// The metric's unit; "1" for pure numbers and counts.
    ///
    /// - Parameter squaredLoss: whether the task loss is a squared error.
    func unit(squaredLoss: Bool) -> String {
        switch unit {
        case .loss: squaredLoss ? "squared error" : "nats"
        case .nats: "nats"
        case .bits: "bits"
        case .one: "1"
        }
    }
}
