import Sweep
import Text

/// The line of `records.ndjson` that a trial becomes, without its newline: keys sorted, shortest numbers.
///
/// - Parameter body: what the trial returned: `metrics`, `outcome` and, where there are any, `theory`,
///   `trace` and `diverged_at_step`. Precondition: every number is finite.
public func recordLine(trial: Trial, sweepDigest: String, body: JSONValue) -> String {
    String(
        decoding: recordLine(trial: trial, id: trial.id, sweepDigest: sweepDigest, body: body), as: UTF8.self)
}

/// The same as UTF-8, for whoever knows the trial's identifier.
public func recordLine(trial: Trial, id: TrialID, sweepDigest: String, body: JSONValue) -> [UInt8] {
    recordLine(
        axes: trial.axesObject, model: model(of: trial), trial: id.text, sweepDigest: sweepDigest,
        body: body)
}

/// The same of a body as it is written.
public func recordLine(trial: Trial, id: TrialID, sweepDigest: String, body: CanonicalObject) -> [UInt8] {
    var line: [UInt8] = []
    line.reserveCapacity(2048)
    line += #"{"axes":{"#.utf8
    for (place, axis) in trial.axes.enumerated() {
        if place > 0 { line.append(UInt8(ascii: ",")) }
        JSONValue.string(axis.path).write(to: &line)
        line.append(UInt8(ascii: ":"))
        axis.value.write(to: &line)
    }
    line.append(UInt8(ascii: "}"))
    // What an empty list would say is said by no list.
    func append(_ key: String) {
        guard let value = body[key], !value.elementsEqual("[]".utf8) else { return }
        line += ",\"\(key)\":".utf8
        line += value
    }
    // Sorted by key.
    append("diverged_at_step")
    append("metrics")
    line += ",\"model\":\"\(model(of: trial))\"".utf8
    append("outcome")
    line += ",\"sweep\":\"\(sweepDigest)\"".utf8
    append("theory")
    append("trace")
    line += ",\"trial\":\"\(id.text)\",\"version\":\(Record.version)}".utf8
    return line
}

private func model(of trial: Trial) -> String {
    // The names of the usual two are not asked for by way of JSON: records are many.
    switch trial.settings.model {
    case .mlp: "mlp"
    case .vib: "vib"
    case .network: trial.settings.modelName
    }
}

func recordLine(
    axes: JSONValue, model: String, trial: String, sweepDigest: String, body: JSONValue
) -> [UInt8] {
    var members: [String: JSONValue] = [
        "axes": axes, "model": .string(model), "sweep": .string(sweepDigest),
        "trial": .string(trial), "version": JSONValue(Record.version),
    ]
    for key in Record.bodyKeys where body[key] != .array([]) { members[key] = body[key] }
    return JSONValue.object(members).canonicalBytes
}

/// A record, read back.
public struct Record: Equatable, Sendable {
    /// Raised when a key changes its meaning.
    public static let version = 1
    static let bodyKeys = RecordForm.bodyKeys

    public let axes: [String: JSONValue]
    public let model: String
    public let metrics: JSONValue
    public let outcome: Outcome
    public let sweep: String
    public let theory: JSONValue?
    public let trace: [JSONValue]
    public let trial: String

    public enum Outcome: Equatable, Sendable {
        case measured
        /// A number of the trial became infinite or none at this step.
        case diverged(atStep: Int?)
    }

    /// Why a text is no record.
    struct Mistake: Error, Equatable { let why: String }

    /// Reads one line. Keys that this version does not know are let pass.
    init(parsing line: some Sequence<UInt8>) throws(Mistake) {
        let value: JSONValue
        do { value = try JSONValue(parsing: line) } catch { throw Mistake(why: error.description) }
        func text(_ key: String) throws(Mistake) -> String {
            guard let text = value[key]?.string else { throw Mistake(why: "'\(key)' must be a text") }
            return text
        }
        guard value.object != nil else { throw Mistake(why: "an object is due") }
        guard let version = value["version"]?.number else { throw Mistake(why: "no 'version'") }
        guard version == Double(Record.version) else {
            throw Mistake(why: "version \(JSONValue.text(of: version)); this program reads \(Record.version)")
        }
        guard let axes = value["axes"]?.object else { throw Mistake(why: "'axes' must be an object") }
        self.axes = axes
        model = try text("model")
        sweep = try text("sweep")
        trial = try text("trial")
        let outcome = try text("outcome")
        switch outcome {
        case "measured": self.outcome = .measured
        case "diverged":
            self.outcome = .diverged(atStep: value["diverged_at_step"]?.number.flatMap { Int(exactly: $0) })
        default: throw Mistake(why: "the outcome '\(outcome)' is neither measured nor diverged")
        }
        guard let metrics = value["metrics"], metrics.object != nil else {
            throw Mistake(why: "'metrics' must be an object")
        }
        self.metrics = metrics
        theory = value["theory"]
        trace = value["trace"]?.array ?? []
    }

    var isMeasured: Bool { outcome == .measured }
    /// Whether its theory bounds ranks, and is no closed form.
    var hasBounds: Bool { theory?["stable_rank_bound"] != nil }
}
