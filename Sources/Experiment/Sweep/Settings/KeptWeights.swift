import Text

/// Which weights of each trial a run keeps. Of the sweep, not of its trials: it changes no record and no identifier.
public enum KeptWeights: Equatable, Sendable {
    case none
    /// After the last step.
    case final
    /// At the step of the trace with the lowest test loss, the first of equals.
    case best
    /// After each of these steps, ascending, that the trial comes to.
    case steps([Int])

    /// Most bytes of parameters that one trial may keep, all its files together.
    public static let limit = 1 << 28

    /// From a setting's normal form.
    init(_ value: JSONValue?) {
        switch value?.string {
        case "final": self = .final
        case "best": self = .best
        default:
            let steps = value?.array?.compactMap { $0.number.map { Int($0) } } ?? []
            self = steps.isEmpty ? .none : .steps(steps)
        }
    }

    /// How many files a measured trial has at most; the images' number of steps is known to who has the images.
    public var maxFiles: Int {
        switch self {
        case .none: 0
        case .final, .best: 1
        case .steps(let steps): steps.count
        }
    }

    /// How many files a training of so many steps has.
    public func files(steps: Int) -> Int {
        if case .steps(let listed) = self { listed.count { $0 <= steps } } else { maxFiles }
    }

    /// Whether a measured trial may have kept its weights after just these steps.
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
    /// A network's parameters by name, in the order in which training holds them. A weight is [outputs, inputs].
    public var tensors: [(name: String, shape: [Int])] { networkDescription.tensors }

    package var inputCount: Int { dataset.facts.input.count }

    package var outputCount: Int { dataset.facts.outputs }

    /// Most bytes of the weights that a training keeps of its trace's steps; 0 where no measure wants them.
    public var historyBytes: Int {
        measures.need(.weightHistory) ? parameterBytes * measures.traceAt.maxEntries : 0
    }

    /// Of all parameters as single-precision numbers.
    public var parameterBytes: Int { 4 * tensors.reduce(0) { $0 + $1.shape.reduce(1, *) } }
}

extension Trial {
    /// What a .safetensors file of its parameters begins with; they follow, single-precision, in the order of
    /// `settings.tensors`. Whoever knows the trial knows these bytes, and so the file's size.
    public func weightsHeader(step: Int) -> [UInt8] {
        var metadata = [
            "trial": id.text, "step": String(step), "model": settings.modelName,
            "network": settings.networkDescription.json.canonicalText,
        ]
        for (path, value) in axes {
            // A covariance may be an axis; nobody reads it here.
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

    /// Of a file of its parameters.
    public func weightsFileSize(step: Int) -> Int {
        weightsHeader(step: step).count + settings.parameterBytes
    }
}
