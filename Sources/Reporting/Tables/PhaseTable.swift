import Fitting
import Records
import Sweep
import Text

/// The text of `tables/NAME-phases.dat`: in how many trials I(X;T) falls, for each layer and for any hidden
/// one. Filled record by record.
struct PhaseTable {
    let figure: String
    private let sweepName: String
    private let sweepDigest: String
    /// Axes other than the seed.
    private let paths: [String]
    private var rows: [Row] = []
    private var rowIndices: [String: Int] = [:]
    /// Diverged and failed trials by their axes. They say nothing about layers.
    private var lost: [String: TrialCount] = [:]

    private struct Row {
        let axes: [JSONValue]
        /// Counted from 1; nil for the row of any hidden layer.
        let layer: Int?
        var measured = 0
        var falls = 0
        var twoPhases = 0
        var nats = Sample()
        var steps: [Double] = []
    }

    init(_ figure: String, of scope: ReportScope) {
        self.figure = figure
        sweepName = scope.name
        sweepDigest = scope.digest
        paths = scope.varied.filter { $0 != "seed" }
    }

    var isEmpty: Bool { rows.isEmpty }

    mutating func add(_ record: Record) {
        func list(_ metric: Metric) -> [Double?]? { record[metric]?.array?.map(\.number) }
        let axes = paths.map { record.axes[$0] ?? .null }
        guard record.isMeasured else {
            lose(axes, \.diverged)
            return
        }
        guard let falls = list(.ixtFalls), let both = list(.twoPhases),
            let nats = list(.ixtFallNats), let steps = list(.ixtFallStep),
            Set([falls.count, both.count, nats.count, steps.count]).count == 1
        else { return }
        for layer in falls.indices {
            let row = row(axes, layer: layer + 1)
            rows[row].measured += 1
            if falls[layer] == 1 { rows[row].falls += 1 }
            if both[layer] == 1 { rows[row].twoPhases += 1 }
            if let fall = nats[layer] { rows[row].nats.add(fall) }
            if let step = steps[layer] { rows[row].steps.append(step) }
        }
        let any = row(axes, layer: nil)
        rows[any].measured += 1
        if falls.dropLast().contains(1) { rows[any].falls += 1 }
        if both.dropLast().contains(1) { rows[any].twoPhases += 1 }
    }

    /// Counts a trial whose attempts failed: it has no record.
    mutating func addFailed(_ axes: [String: JSONValue]) { lose(paths.map { axes[$0] ?? .null }, \.failed) }

    private mutating func lose(_ axes: [JSONValue], _ outcome: WritableKeyPath<TrialCount, Int>) {
        lost[key(axes), default: TrialCount()][keyPath: outcome] += 1
        // There may be no other trial with these axes.
        _ = row(axes, layer: nil)
    }

    private func key(_ axes: [JSONValue]) -> String { JSONValue.array(axes).canonicalText }

    private mutating func row(_ axes: [JSONValue], layer: Int?) -> Int {
        let key = key(axes) + " \(layer ?? 0)"
        if let index = rowIndices[key] { return index }
        rowIndices[key] = rows.count
        rows.append(Row(axes: axes, layer: layer))
        return rows.count - 1
    }

    var text: String {
        let columns =
            paths + [
                "layer", "n", "falls", Metric.twoPhases.key, "fall_nats:mean", "fall_nats:stderr",
                "start_step:median", "diverged", "failed",
            ]
        var lines = [
            "# In how many of n trials I(X;T) falls for good, in figure \(figure) of the sweep \(sweepName)",
            "# Sweep digest \(sweepDigest)",
            "# two_phases: it rises before. fall_nats: peak minus end, of all trials; start_step: of those where it",
            "# falls. Layer \"hidden\": in how many trials at least one hidden layer does so. diverged and",
            "# failed: trials beside the n. nan: no value",
            "# Columns: "
                + columns.enumerated().map { "\($0.offset + 1):\($0.element)" }.joined(separator: " "),
        ]
        // The row of any hidden layer follows the layers' rows, even if a diverged trial came first.
        let firsts = Dictionary(
            rows.enumerated().map { (key($0.element.axes), $0.offset) }, uniquingKeysWith: { min($0, $1) })
        let ordered = rows.sorted { left, right in
            let (first, second) = (firsts[key(left.axes)] ?? 0, firsts[key(right.axes)] ?? 0)
            return (first, left.layer ?? .max) < (second, right.layer ?? .max)
        }
        for row in ordered {
            let numbers: [Double?] = [
                Double(row.measured), Double(row.falls), Double(row.twoPhases), row.nats.mean,
                row.nats.standardError, median(row.steps), Double(lost[key(row.axes)]?.diverged ?? 0),
                Double(lost[key(row.axes)]?.failed ?? 0),
            ]
            let layer = row.layer.map { JSONValue($0) } ?? .string("hidden")
            let cells = (row.axes + [layer]).map(Summary.axisText) + numbers.map(cellText)
            lines.append(cells.joined(separator: " "))
        }
        return lines.joined(separator: "\n") + "\n"
    }
}

extension FigureSpec {
    /// Whether x is the binned I(X;T); records say whether it falls.
    var isInformationPlane: Bool {
        guard case .metric(let quantity) = x else { return false }
        return [.ixtNats, .ixtBits].contains(quantity.metric)
    }
}
