import Model
import Text

extension TrialSettings {
    /// All settings as JSON, each under its own key: two settings are equal exactly where their JSON is.
    /// Trial identifiers hash it, so its form is a contract (`TrialID.contentVersion`).
    public var json: JSONValue {
        let members: [String: JSONValue] = [
            "model": model.json, "dataset": dataset.json,
            "hidden": JSONValue(network.hidden), "activation": .string(network.activation.rawValue),
            "training": training.json, "measures": measures.json, "seed": .number(Double(seed)),
        ]
        // Settings added later are written only where they differ from the default, so that identifiers stay
        // the same.
        return .object(members.merging(network.stored.values) { own, _ in own })
    }
}

extension TrialSettings.Model {
    var json: JSONValue {
        switch self {
        case .mlp: .object(["name": .string("mlp")])
        case .network(let architecture): architecture.json
        case .onnx(let graph): graph.json
        case .vib(let beta, let bottleneck, let sigmaShift, let encoder):
            .object(
                [
                    "name": .string("vib"), "beta": .number(beta), "bottleneck": JSONValue(bottleneck),
                    "sigma_shift": .number(sigmaShift), "encoder": encoder?.json,
                ].compactMapValues { $0 })
        }
    }
}

extension TrialSettings.Training {
    var json: JSONValue {
        var members: [String: JSONValue] = [
            "optimizer": optimizer.method.json, "learning_rate": .number(optimizer.learningRate),
            "schedule": optimizer.schedule.json,
            "weight_decay": .number(optimizer.weightDecay),
            "ema_decay": optimizer.emaDecay.map(JSONValue.number) ?? .null,
            "batch_size": JSONValue(batchSize), "duration": duration.json, "loss": .string(loss.rawValue),
        ]
        if let logDet {
            members["log_det"] = .object([
                "weight": .number(logDet.weight), "epsilon": .number(logDet.epsilon),
                "layers": JSONValue(logDet.layers),
            ])
        }
        return .object(members.merging(stored.values) { own, _ in own })
    }
}

extension Optimizer {
    var json: JSONValue {
        switch self {
        case .sgd(let momentum): .object(["name": .string(word), "momentum": .number(momentum)])
        case .adam(let beta1, let beta2, let epsilon), .adamW(let beta1, let beta2, let epsilon):
            .object([
                "name": .string(word), "beta1": .number(beta1), "beta2": .number(beta2),
                "epsilon": .number(epsilon),
            ])
        }
    }
}

extension Schedule {
    var json: JSONValue {
        switch self {
        case .constant: .string("constant")
        case .cosine: .string("cosine")
        case .decay(let factor, let every):
            .object(["factor": .number(factor), "every": JSONValue(every)])
        case .milestones(let milestones, let factor):
            .object(["factor": .number(factor), "milestones": JSONValue(milestones)])
        }
    }
}

extension TrialSettings.Training.Duration {
    var json: JSONValue {
        switch self {
        case .steps(let count): .object(["steps": JSONValue(count)])
        case .epochs(let count): .object(["epochs": JSONValue(count)])
        }
    }
}

extension TrialSettings.Measures {
    var json: JSONValue {
        var members: [String: JSONValue] = [
            MeasureDeclaration.localRank.name: localRank?.json ?? .null, "trace_at": traceAt.json,
            "samples": JSONValue(samples),
        ]
        if let weightNorms {
            members["weight_norms"] = .object([
                "tolerance": weightNorms.tolerance.map(JSONValue.number) ?? .null
            ])
        }
        for measure in requested { members[measure.name] = .object(measure.settings) }
        return .object(members)
    }
}

extension TrialSettings.Measures.Times {
    var json: JSONValue {
        switch self {
        case .end: .string("end")
        case .linear(let count): .object(["linear": JSONValue(count)])
        case .log(let count): .object(["log": JSONValue(count)])
        case .epochs(let count): .object(["epochs": JSONValue(count)])
        case .steps(let steps): JSONValue(steps)
        }
    }
}

extension TrialSettings.LocalRank {
    var json: JSONValue {
        var members: [String: JSONValue] = [
            "thresholds": JSONValue(thresholds), "relative": JSONValue(relative), "noise": JSONValue(noise),
            "points": JSONValue(points),
        ]
        if let patch { members["patch"] = JSONValue(patch) }
        if let columns { members["columns"] = JSONValue(columns) }
        return .object(members)
    }
}
