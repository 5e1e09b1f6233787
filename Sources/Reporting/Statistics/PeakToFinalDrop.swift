import Sweep
import Text

/// How far a quantity drops after its maximum along training: local rank in the compression phase (local
/// rank, Figure 1).
///
/// The largest of many noisy numbers exceeds the last one by chance alone, and a single seed's own maximum
/// exceeds it by much. So each seed is measured at the step where the mean of the *other* seeds is largest.
/// Where nothing drops, the differences are 0 on average; where the maximum is clear, all seeds choose the
/// same step.
struct PeakToFinalDrop: Equatable {
    /// The largest mean over seeds, and the first step where it occurs.
    let maximum: Double
    let step: Double
    /// The mean at the last step.
    let final: Double
    /// For each seed, its value at the step that the others choose minus its last value. For a single seed,
    /// its maximum minus its last value.
    let differences: Sample

    /// Whether the 95 % interval of the differences is above 0. A single seed has no interval.
    var isCertain: Bool { (differences.confidenceInterval?.low ?? 0) > 0 }

    /// - Parameter traces: the values of each seed, by step. Only steps that all seeds have count. The result
    ///   is nil where there are fewer than two such steps.
    init?(_ traces: [[Double: Double]]) {
        guard let first = traces.first else { return nil }
        let steps = first.keys.filter { step in traces.allSatisfy { $0[step] != nil } }.sorted()
        guard steps.count > 1 else { return nil }
        let rows = traces.map { trace in steps.map { trace[$0] ?? 0 } }
        let sums = steps.indices.map { index in rows.reduce(0) { $0 + $1[index] } }
        let top = PeakToFinalDrop.largest(sums)
        let last = steps.count - 1
        let count = Double(rows.count)
        (maximum, step, final) = (sums[top] / count, steps[top], sums[last] / count)
        guard rows.count > 1 else {
            differences = Sample([maximum - final])
            return
        }
        differences = Sample(
            rows.map { row in
                let others = PeakToFinalDrop.largest(zip(sums, row).map { $0 - $1 })
                return row[others] - row[last]
            })
    }

    /// Index of the largest number, the first of equal ones. Precondition: not empty.
    private static func largest(_ numbers: [Double]) -> Int {
        numbers.indices.reduce(0) { numbers[$1] > numbers[$0] ? $1 : $0 }
    }
}

extension FigureData {
    /// Whether the drop of the quantity is meaningful: for ranks and counts along training.
    func hasFalls(_ row: Int) -> Bool {
        if case .step = figure.x { figure.y[row].isStaircase } else { false }
    }

    var hasFalls: Bool { figure.y.indices.contains(where: hasFalls) }
}

/// The text of `tables/NAME-fall.dat`: a row for each curve and quantity of a figure along training.
struct PeakToFinalDropTable {
    let table: Table

    var text: String {
        let data = table.data
        let paths = table.paths.filter { $0 != "layer" }
        let columns =
            paths + ["metric", "threshold", "layer", "max", "max_step", "final"]
            + ["mean", "stderr", "ci95_low", "ci95_high"].map { "fall:\($0)" } + ["n", "diverged", "failed"]
        var lines = [
            "# How far ranks fall after their maximum, in figure \(data.figure.name) of the sweep "
                + table.sweepName,
            "# Sweep digest \(table.sweepDigest)",
            "# max, final: means over n seeds. fall: each seed's value at the step where the others' mean is "
                + "largest, minus its last;",
            "# its mean, standard error and 95 % interval by Student's t. nan: no value",
            "# Units: ranks and counts [1], max_step [training steps]",
            "# Columns: "
                + columns.enumerated().map { "\($0.offset + 1):\($0.element)" }.joined(separator: " "),
        ]
        for block in table.blocks {
            for row in data.figure.y.indices where data.hasFalls(row) {
                guard let fall = block.curve.fall(row) else { continue }
                lines.append(cells(block, row, fall, paths).joined(separator: " "))
            }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private func cells(_ block: Table.Block, _ row: Int, _ fall: PeakToFinalDrop, _ paths: [String])
        -> [String]
    {
        let quantity = table.data.figure.y[row]
        let layer: JSONValue =
            switch quantity.layer {
            case .number(let number)?: JSONValue(number)
            case .last?: .string("last")
            case .min?: .string("min")
            case .hiddenMin?: .string("hidden_min")
            case .each?: block.value("layer")
            case nil: .null
            }
        let interval = fall.differences.confidenceInterval
        let numbers: [Double?] = [
            fall.maximum, fall.step, fall.final, fall.differences.mean, fall.differences.standardError,
            interval?.low, interval?.high, Double(fall.differences.count),
            Double(block.curve.trials.diverged), Double(block.curve.trials.failed),
        ]
        return paths.map { Summary.axisText(block.value($0)) }
            + [
                Summary.axisText(.string(quantity.metric.key)), cellText(quantity.threshold),
                Summary.axisText(layer),
            ]
            + numbers.map(cellText)
    }
}
