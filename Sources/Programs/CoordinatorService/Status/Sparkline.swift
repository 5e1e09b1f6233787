import Glibc
import Sweep
import Text

/// A curve as a line of characters.
struct Sparkline {
    /// The values, at least one.
    let values: [Double]

    private static let marks = Array("▁▂▃▄▅▆▇█")
    /// Positive values that span more than this factor are drawn by their logarithms.
    private static let logFactor = 100.0

    /// - Parameter values: those that aren't finite are left out; nil where none is left.
    init?(_ values: [Double]) {
        self.values = values.filter(\.isFinite)
        if self.values.isEmpty { return nil }
    }

    /// The curve in at most so many characters: one for each value, or for as many values as must share one, of
    /// which the last is drawn.
    func text(width: Int) -> String {
        let count = min(max(1, width), values.count)
        let shown = (1...count).map { values[values.count * $0 / count - 1] }
        let (least, most) = (shown.min() ?? 0, shown.max() ?? 0)
        let isLog = least > 0 && most > Sparkline.logFactor * least
        func height(_ value: Double) -> Double { isLog ? log(value) : value }
        let range = height(most) - height(least)
        return String(
            shown.map { value in
                guard range > 0 else { return Sparkline.marks[3] }
                let share = (height(value) - height(least)) / range
                return Sparkline.marks[min(7, max(0, Int((share * 8).rounded(.down))))]
            })
    }

    /// The first and the last value, with three digits.
    var ends: (first: String, last: String) {
        (roundedText(values[0]), roundedText(values[values.count - 1]))
    }
}

/// A traced metric of a finished trial.
struct TraceCurve {
    /// The metric: "loss", or "local_rank 0.1, layer 3" for an entry of a list.
    let metric: String
    let trial: Int
    /// The trial's axes in words.
    let point: String
    let line: Sparkline

    /// The curve of a record.
    ///
    /// - Parameters:
    ///   - asked: the key of a metric; nil: the first of `metrics`.
    /// - Returns: nil where the record has no such trace.
    init?(_ record: JSONValue, trial: Int, point: String, asked: String?) {
        let trace = record["trace"]?.array ?? []
        guard let key = asked ?? TraceCurve.metrics(of: record).first else { return nil }
        let found = trace.compactMap { $0[key].flatMap(TraceCurve.number) }
        guard let line = Sparkline(found.map(\.value)), let part = found.last?.part else { return nil }
        metric = part.isEmpty ? key : "\(key) \(part)"
        (self.trial, self.point, self.line) = (trial, point, line)
    }

    /// The traced metrics of a record, losses first.
    static func metrics(of record: JSONValue) -> [String] {
        guard let entry = record["trace"]?.array?.last?.object else { return [] }
        let keys = entry.keys.sorted().filter { key in
            key != "step" && entry[key].flatMap(number) != nil
        }
        let losses = [Metric.testLoss, .trainLoss].map(\.key).filter(keys.contains)
        return losses + keys.filter { !losses.contains($0) }
    }

    /// One number for a value: its own, that of the last layer, or that of the first threshold.
    private static func number(_ value: JSONValue) -> (value: Double, part: String)? {
        if let number = value.number { return (number, "") }
        if let list = value.array {
            guard let last = list.last?.number else { return nil }
            return (last, "layer \(list.count)")
        }
        guard let members = value.object else { return nil }
        if let mean = members["mean"] { return number(mean) }
        guard let key = members.keys.sorted().first, let inner = members[key].flatMap(number) else {
            return nil
        }
        return (inner.value, inner.part.isEmpty ? key : "\(key), \(inner.part)")
    }
}
