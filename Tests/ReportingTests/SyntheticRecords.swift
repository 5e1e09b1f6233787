import Foundation
import Records
import Sweep
import Text

@testable import Reporting

/// Records as trials would leave them, without training: smooth functions of the settings, and noise that
/// is a function of the trial's index.
struct SyntheticRecords {
    let spec: SweepSpec
    /// Trials that diverge, by index.
    var diverged: Set<Int> = []
    /// Trials that have no record yet.
    var missing: Set<Int> = []

    var lines: [String] {
        (0..<spec.grid.count).filter { !missing.contains($0) }.map { index in
            let trial = spec.grid[index]
            return recordLine(trial: trial, sweepDigest: spec.digest, body: body(of: trial))
        }
    }

    func write(to path: String) throws {
        try Data(lines.map { $0 + "\n" }.joined().utf8).write(to: URL(filePath: path))
    }

    private func noise(_ index: Int, _ purpose: Int) -> Double {
        var state = UInt64(truncatingIfNeeded: index &* 31 &+ purpose) &* 0x9E37_79B9_7F4A_7C15
        state = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
        state = (state ^ (state >> 27)) &* 0x94D0_49BB_1331_11EB
        return Double((state ^ (state >> 31)) >> 11) / 9_007_199_254_740_992 - 0.5
    }

    private func body(of trial: Trial) -> JSONValue {
        if diverged.contains(trial.index) {
            return .object([
                "metrics": .object([:]), "outcome": .string("diverged"), "diverged_at_step": JSONValue(17),
            ])
        }
        var body: [String: JSONValue] = ["outcome": .string("measured")]
        body["metrics"] = metrics(trial, progress: 1)
        if trial.settings.dataset.description is GaussianData, let beta {
            body["theory"] = theory(beta(trial), trial)
        }
        if trial.settings.measures.traceAt != .end {
            body["trace"] = .array(
                [1, 3, 10, 30, 100, 300, 1000].map { step in
                    guard case .object(var entry) = metrics(trial, progress: log10(step) / 3) else {
                        return .null
                    }
                    entry["step"] = .number(step)
                    return .object(entry)
                })
        }
        return .object(body)
    }

    private var beta: ((Trial) -> Double)? {
        spec.model == "vib" ? { $0.axesObject["beta"]?.number ?? 1 } : nil
    }

    private static let squares = [0.16, 0.25, 0.81, 0.8464, 0.9025]

    private func theory(_ beta: Double, _ trial: Trial) -> JSONValue {
        let kept = Self.squares.filter { $0 > beta }
        let kl = kept.map { max(0, 0.5 * log(($0 * (1 - beta)) / (beta * (1 - $0)))) }.reduce(0, +)
        return .object([
            "critical_betas": JSONValue(Self.squares), "kl_nats": .number(kl),
            "i_zy_nats": .number(kl * 0.6), "rank": JSONValue(kept.count),
            "informative_directions": JSONValue(kept.count),
            "local_rank": .object(["0.1": JSONValue(kept.count), "0.01": JSONValue(kept.count)]),
        ])
    }

    private func metrics(_ trial: Trial, progress: Double) -> JSONValue {
        let noise = noise(trial.index, 1)
        let depth = trial.settings.network.depth
        let isImages = trial.settings.dataset.description is ImageData
        let isFashion = trial.axesObject["dataset"]?.string == "fashion-mnist"
        let price = beta?(trial) ?? 0.1
        var metrics: [String: JSONValue] = [
            "train_loss": .number(0.3 + (1 - progress) * 2 + 0.05 * noise),
            "test_loss": .number(0.35 + (1 - progress) * 2 + 0.08 * noise),
        ]
        var rank = 5.0
        if isImages {
            rank = 9 / (1 + 40 * price) + (isFashion ? 2 : 0) + noise
            let accuracy = (isFashion ? 0.88 : 0.98) - 0.5 * price - 0.01 * noise
            for key in ["accuracy", "accuracy_one_sample", "accuracy_sampled", "train_accuracy"] {
                metrics[key] = .number(accuracy * (0.3 + 0.7 * progress))
            }
            metrics["kl_nats"] = .number(max(0, 3 - log10(price) * 12 + 2 * noise))
            metrics["i_zy_nats"] = .number(2.2 - 2 * price + 0.1 * noise)
        } else if beta != nil, let form = theory(price, trial).object {
            rank = form["rank"]?.number ?? 0
            metrics["kl_nats"] = .number(max(0, (form["kl_nats"]?.number ?? 0) * (1 + 0.1 * noise)))
            metrics["i_zy_nats"] = .number((form["i_zy_nats"]?.number ?? 0) * (1 + 0.1 * noise))
            metrics["informative_directions"] = .object(["mean": .number(rank), "stderr": .number(0)])
            if self.noise(trial.index, 2) > 0.4 { rank = max(0, rank - 1) }
        }
        metrics["kl_bits"] = metrics["kl_nats"]?.number.map { .number($0 * 1.4426950408889634) }
        func layers(_ shift: Double) -> JSONValue {
            let list = (1...depth).map { max(0, rank + Double(depth - $0) * (1.5 - progress) + shift) }
            return .object(["mean": JSONValue(list), "stderr": JSONValue(list.map { _ in 0.0 })])
        }
        metrics["local_rank"] = .object(["0.1": layers(0), "0.01": layers(isImages ? 0.5 : 0)])
        metrics["local_rank_relative"] = .object(["0.01": layers(0)])
        if beta != nil {
            metrics["local_rank_noise"] = .object([
                "1": .object(["mean": JSONValue([rank]), "stderr": JSONValue([0.0])])
            ])
        }
        if depth > 1 {
            let units = (1..<depth).map { 60.0 - Double($0) + 8 * noise }
            metrics["active_units"] = .object([
                "mean": JSONValue(units), "stderr": JSONValue(units.map { _ in 0.1 }),
            ])
        }
        return .object(metrics)
    }
}
