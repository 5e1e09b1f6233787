import Records
import Sweep
import Text

/// Finds a figure's quantity in a record.
extension FigureSpec.Quantity {
    /// The value under `metrics`, or in an entry of the trace; nil where the record has none.
    ///
    /// - Parameter layer: which, counted from 1, of a quantity with `layer: each`.
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
            // All are of hidden layers.
            return (metric.shape == .hiddenLayers ? list[...] : list.dropLast()).compactMap(\.number).min()
        }
    }

    /// How many layers the record has of the quantity; 0 where it has none.
    func layers(in metrics: JSONValue) -> Int {
        entry(in: metrics).flatMap(FigureSpec.Quantity.numbers)?.count ?? 0
    }

    /// Of a list, the number at each place; nil where there is none.
    func entries(in metrics: JSONValue) -> [Double?] {
        entry(in: metrics).flatMap(FigureSpec.Quantity.numbers)?.map(\.number) ?? []
    }

    /// What the closed form says, or the bound. Of local rank the closed form speaks of the last layer only,
    /// and a bound of one layer that it does not name: so of smallest ones.
    func theory(in record: Record, layer each: Int? = nil) -> Double? {
        guard let theory = record.theory else { return nil }
        if record.hasBounds { return bound(in: theory) }
        switch metric {
        case .informativeDirections: return theory[metric.key]?.number ?? theory["rank"]?.number
        case .localRank:
            let layers = layers(in: record.metrics)
            if layers > 0 {
                if layer == .each, each != layers { return nil }
                if case .number(let number)? = layer, number != layers { return nil }
            }
            return threshold.flatMap { theory[metric.key]?[thresholdKey($0)]?.number }
        default:
            // Of a metric by threshold or layer, theory stands as the metric does.
            let all = theory[metric.key]
            let found = threshold.map { all?[thresholdKey($0)] } ?? all
            guard let list = found?.array else { return found?.number }
            let place: Int? =
                switch layer {
                case .number(let number)?: number
                case .last?: list.count
                default: each
                }
            guard let place, list.indices.contains(place - 1) else { return nil }
            return list[place - 1].number
        }
    }

    private func bound(in theory: JSONValue) -> Double? {
        switch (metric, layer) {
        case (.meanStableRank, _), (.stableRank, .min?): return theory["stable_rank_bound"]?.number
        case (.stableRank, .hiddenMin?): return theory["hidden_stable_rank_bound"]?.number
        case (.localRank, .min?):
            let bounds = threshold.flatMap { theory["local_rank_bound"]?[thresholdKey($0)]?.array } ?? []
            let layer = theory["bound_layer"]?.number.flatMap { Int(exactly: $0) } ?? 0
            return bounds.indices.contains(layer - 1) ? bounds[layer - 1].number : nil
        case (.localRank, .hiddenMin?):
            return threshold.flatMap { theory["hidden_local_rank_bound"]?[thresholdKey($0)]?.number }
        default: return nil
        }
    }

    /// What the layers' sizes alone bound it by, beside a bound: one that is no smaller says nothing.
    func trivialBound(in record: Record) -> Double? {
        guard record.hasBounds, [.localRank, .stableRank].contains(metric) else { return nil }
        let ranks = record.theory?["trivial_rank"]?.array?.compactMap(\.number) ?? []
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

    /// Whole numbers over most of the range, with steps in theory: ranks and counts.
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

/// A threshold as records key it.
func thresholdKey(_ threshold: Double) -> String { JSONValue.text(of: threshold) }

extension Metric {
    /// In which unit; "1" of pure numbers and counts.
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
