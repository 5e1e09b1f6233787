import Records
import Sweep
import Text
import Wire

/// A real sweep, with the record that each trial always gives. The export of the sequential run is known
/// beforehand.
struct SimulatedSweep: Sendable {
    let json: [UInt8]
    let digest: String
    let trials: [Trial]
    let ids: [TrialID]
    /// Bodies of the records.
    let bodies: [[UInt8]]
    let lines: [[UInt8]]
    /// Order that puts the trials of a seed side by side, since they may be trained as a batch.
    var order: TrialOrder?

    /// A sweep without trials, in place of one that can't be made.
    static let none = SimulatedSweep(json: [], digest: "", trials: [], ids: [], bodies: [], lines: [])
}

extension SimulatedSweep {
    init?(trials count: Int) {
        // Several trials for each seed, so that some slots train batches.
        let betas = [15, 10, 5, 2, 1].first { count.isMultiple(of: $0) && count >= $0 } ?? 1
        let text = """
            name: simulated
            model: vib
            dataset: {name: gaussian, correlations: [0.5]}
            axes: {beta: \((1...betas).map { Double($0) / 100 }), depth: [1], seed: {range: [0, \(count / betas)]}}
            activation: linear
            training: {optimizer: adam, learning_rate: 1e-2, batch_size: 16, steps: 10}
            measures: {local_rank: {thresholds: [0.1], points: 4}}
            """
        guard let spec = try? SweepSpec(parsing: text, file: "simulated"), spec.grid.count == count else {
            return nil
        }
        json = spec.gridJSON.canonicalBytes
        digest = spec.digest
        let all = (0..<count).map { spec.grid[$0] }
        trials = all
        ids = all.map(\.id)
        let values = all.indices.map { Self.body(of: $0) }
        bodies = values.map { Array($0.canonicalText.utf8) }
        let digest = digest
        order = TrialOrder(spec.grid)
        lines = zip(all, values).map { recordLine(trial: $0, id: $0.id, sweepDigest: digest, body: $1) }
    }

    /// Body of a record, with a number that only this trial has.
    private static func body(of index: Int) -> JSONValue {
        var chance = Chance(UInt64(index))
        let accuracy = Double(chance.next() >> 11) * 0x1p-53
        return body(accuracy: accuracy)
    }

    static func body(accuracy: Double) -> JSONValue {
        let metrics: Metrics = [.accuracy: .number(accuracy)]
        return .object(["metrics": .object(metrics.byKey), "outcome": .string("measured")])
    }

    /// Whether the simulated coordinator accepts a body: the metric is there, and within its bounds.
    func allows(_ body: [UInt8]) -> Bool {
        guard let metrics = (try? JSONValue(parsing: body))?["metrics"]?.object, metrics.count == 1,
            let accuracy = metrics[Metric.accuracy.key]?.number
        else { return false }
        return (0...1).contains(accuracy)
    }

    /// The record's line, as the coordinator makes it from what a worker sent.
    func line(of report: WorkerMessage.Report) -> [UInt8] {
        let trial = Int(report.trial)
        if report.body == bodies[trial], report.id == ids[trial] { return lines[trial] }
        guard let body = CanonicalObject(report.body) else { return report.body }
        return recordLine(trial: trials[trial], id: report.id, sweepDigest: digest, body: body)
    }

    /// Sweeps of all sizes that a seed may draw, made once.
    private static let made: [Int: SimulatedSweep] = {
        var made: [Int: SimulatedSweep] = [:]
        for count in [1, 2, 5, 20, 60, 150] { made[count] = SimulatedSweep(trials: count) }
        return made
    }()

    static func of(trials: Int) -> SimulatedSweep? { made[trials] }
}
