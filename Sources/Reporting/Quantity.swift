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
        }
    }

    /// How many layers the record has of the quantity; 0 where it has none.
    func layers(in metrics: JSONValue) -> Int {
        entry(in: metrics).flatMap(FigureSpec.Quantity.numbers)?.count ?? 0
    }

    /// What the closed form says. Of local rank it speaks of the last layer only.
    func theory(in record: Record, layer each: Int? = nil) -> Double? {
        guard let theory = record.theory else { return nil }
        switch metric {
        case .informativeDirections: return theory[metric.rawValue]?.number ?? theory["rank"]?.number
        case .localRank:
            let layers = layers(in: record.metrics)
            if layers > 0 {
                if layer == .each, each != layers { return nil }
                if case .number(let number)? = layer, number != layers { return nil }
            }
            return threshold.flatMap { theory["local_rank"]?[thresholdKey($0)]?.number }
        default: return theory[metric.rawValue]?.number
        }
    }

    private func entry(in metrics: JSONValue) -> JSONValue? {
        let found = metrics[metric.rawValue]
        return threshold == nil ? found : threshold.flatMap { found?[thresholdKey($0)] }
    }

    private static func numbers(_ entry: JSONValue) -> [JSONValue]? { entry.array ?? entry["mean"]?.array }

    /// Whole numbers over most of the range, with steps in theory: ranks and counts.
    var isStaircase: Bool {
        [.localRank, .localRankRelative, .localRankNoise, .informativeDirections, .activeUnits]
            .contains(metric)
    }

    /// A column's name: `local_rank_0.1_layer2`.
    var columnName: String {
        var name = metric.rawValue
        if let threshold { name += "_\(thresholdKey(threshold))" }
        switch layer {
        case .number(let number)?: name += "_layer\(number)"
        case .last?: name += "_last"
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
        switch self {
        case .trainLoss, .testLoss: squaredLoss ? "squared error" : "nats"
        case .klNats, .izyNats: "nats"
        case .klBits, .izyBits: "bits"
        default: "1"
        }
    }
}
