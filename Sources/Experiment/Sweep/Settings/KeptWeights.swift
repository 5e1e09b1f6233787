import Text

/// The weights of each trial that a run keeps. This belongs to the sweep, not to its trials: it changes no
/// record and no identifier.
public enum KeptWeights: Equatable, Sendable {
    case none
    /// The weights after the last step.
    case final
    /// The weights at the step of the trace with the lowest test loss; the earliest of equals.
    case best
    /// The weights after each of these steps that the trial reaches, ascending.
    case steps([Int])

    /// The most bytes of parameters that one trial may keep, in all its files together.
    public static let limit = 1 << 28

    /// Reads a setting's normal form.
    init(_ value: JSONValue?) {
        switch value?.string {
        case "final": self = .final
        case "best": self = .best
        default:
            let steps = value?.array?.compactMap { $0.number.map { Int($0) } } ?? []
            self = steps.isEmpty ? .none : .steps(steps)
        }
    }

    /// The most files that a measured trial can have. The exact number may depend on the number of training
    /// steps, which for images is known only where the images are.
    public var maxFiles: Int {
        switch self {
        case .none: 0
        case .final, .best: 1
        case .steps(let steps): steps.count
        }
    }

    /// The number of files of a training with this number of steps.
    public func files(steps: Int) -> Int {
        if case .steps(let listed) = self { listed.count { $0 <= steps } } else { maxFiles }
    }

    /// Whether a measured trial may have kept its weights after exactly these steps.
    public func allows(_ steps: [Int]) -> Bool {
        switch self {
        case .none: steps.isEmpty
        case .final, .best: steps.count == 1 && steps[0] >= 0
        case .steps(let listed): listed.starts(with: steps)
        }
    }

    /// The name of a file in the run directory's folder `weights`.
    public func fileName(_ trial: TrialID, step: Int) -> String {
        if case .steps = self { "\(trial)-step-\(step).safetensors" } else { "\(trial).safetensors" }
    }
}

extension TrialSettings {
    /// A network's parameters by name, in the order in which training stores them. The shape of a weight is
    /// [outputs, inputs].
    public var tensors: [(name: String, shape: [Int])] { networkDescription.tensors }

    package var inputCount: Int { dataset.facts.input.count }

    package var outputCount: Int { dataset.facts.outputs }

    /// The most bytes of weights that a training keeps from its trace's steps; 0 where no measure needs them.
    public var historyBytes: Int {
        measures.need(.weightHistory) ? parameterBytes * maxTraceEntries : 0
    }

    /// The most entries that the trace can have, by the published size of the data set.
    package var maxTraceEntries: Int {
        switch measures.traceAt {
        case .end: 0
        case .linear(let count), .log(let count): count
        case .epochs(let count): trainingSteps / (count * (stepsPerEpoch ?? 1)) + 2
        case .steps(let steps): steps.count
        }
    }

    /// Bytes of all parameters as single-precision numbers.
    public var parameterBytes: Int { 4 * tensors.reduce(0) { $0 + $1.shape.reduce(1, *) } }
}

extension Trial {
    /// The header of a .safetensors file with the trial's parameters. The parameters follow in single
    /// precision, in the order of `settings.tensors`. The header, and therefore the file's size, depends only
    /// on the trial and the step.
    public func weightsHeader(step: Int) -> [UInt8] {
        var metadata = [
            "trial": id.text, "step": String(step), "model": settings.modelName,
            "network": settings.networkDescription.json.canonicalText,
        ]
        if let preparation = (settings.dataset.description as? ArrayData)?.preparation {
            metadata["inputs"] = preparation
        }
        for (path, value) in axes {
            // A covariance may be an axis. It is cut, because no program reads it here.
            metadata["axes.\(path)"] = String((value.string ?? value.canonicalText).prefix(1000))
        }
        var members = [
            "\"__metadata__\":\(JSONValue.object(metadata.mapValues(JSONValue.string)).canonicalText)"
        ]
        var begin = 0
        for (name, shape) in settings.tensors {
            let end = begin + 4 * shape.reduce(1, *)
            members.append(
                "\"\(name)\":{\"dtype\":\"F32\",\"shape\":\(JSONValue(shape).canonicalText),"
                    + "\"data_offsets\":[\(begin),\(end)]}")
            begin = end
        }
        var text = Array("{\(members.joined(separator: ","))}".utf8)
        while text.count % 8 != 0 { text.append(UInt8(ascii: " ")) }
        return (0..<8).map { UInt8(truncatingIfNeeded: text.count >> (8 * $0)) } + text
    }

    /// The size in bytes of a file with the trial's parameters.
    public func weightsFileSize(step: Int) -> Int {
        weightsHeader(step: step).count + settings.parameterBytes
    }
}
