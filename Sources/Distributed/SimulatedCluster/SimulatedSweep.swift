import Reporting
import Sweep
import Text

/// A real sweep, and what its trials always give. What the sequential run exports is known beforehand.
struct SimulatedSweep: Sendable {
    let json: [UInt8]
    let digest: String
    let trials: [Trial]
    let ids: [TrialID]
    /// The records' bodies, and the lines that a run without any cluster would export.
    let bodies: [[UInt8]]
    let lines: [String]
    /// With the trials of a seed, which may be trained together, side by side.
    var order: TrialOrder?

    /// Of no trials; what every real one falls back to that cannot be.
    static let none = SimulatedSweep(json: [], digest: "", trials: [], ids: [], bodies: [], lines: [])
}

extension SimulatedSweep {
    init?(trials count: Int) {
        // Of one seed each: so many that some slots train them together.
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
        json = Array(spec.canonicalJSON.canonicalText.utf8)
        digest = spec.digest
        let all = (0..<count).map { spec.grid[$0] }
        trials = all
        ids = all.map(\.id)
        let values = all.indices.map { Self.body(of: $0) }
        bodies = values.map { Array($0.canonicalText.utf8) }
        let digest = digest
        order = TrialOrder(spec.grid)
        lines = zip(all, values).map { recordLine(trial: $0, sweepDigest: digest, body: $1) }
    }

    /// A number that only this trial has.
    private static func body(of index: Int) -> JSONValue {
        var chance = Chance(UInt64(index))
        let accuracy = Double(chance.next() >> 11) * 0x1p-53
        return .object([
            "metrics": .object(["accuracy": .number(accuracy)]), "outcome": .string("measured"),
        ])
    }

    /// What the coordinator holds a record against, played: the metric is there, and within its bounds.
    func allows(_ body: [UInt8]) -> Bool {
        guard let metrics = (try? JSONValue(parsing: body))?["metrics"]?.object, metrics.count == 1,
            let accuracy = metrics["accuracy"]?.number
        else { return false }
        return (0...1).contains(accuracy)
    }

    /// The record's line, as the coordinator makes it from what a worker sent.
    func line(of trial: Int, body: [UInt8]) -> String? {
        guard let value = try? JSONValue(parsing: body) else { return nil }
        return recordLine(trial: trials[trial], sweepDigest: digest, body: value)
    }

    /// Sweeps of all the sizes that a seed may draw: made once.
    private static let made: [Int: SimulatedSweep] = {
        var made: [Int: SimulatedSweep] = [:]
        for count in [1, 2, 5, 20, 60, 150] { made[count] = SimulatedSweep(trials: count) }
        return made
    }()

    static func of(trials: Int) -> SimulatedSweep? { made[trials] }
}
