import Sweep
import Text

/// The line of `records.ndjson` for a trial, without its newline. Keys are sorted and numbers are in their
/// shortest form.
///
/// - Parameter body: the trial's result: `metrics`, `outcome` and, where present, `theory`, `trace` and
///   `diverged_at_step`. Precondition: every number is finite.
public func recordLine(trial: Trial, sweepDigest: String, body: JSONValue) -> String {
    String(
        decoding: recordLine(trial: trial, id: trial.id, sweepDigest: sweepDigest, body: body), as: UTF8.self)
}

/// The same line as UTF-8, for callers that know the trial's identifier.
public func recordLine(trial: Trial, id: TrialID, sweepDigest: String, body: JSONValue) -> [UInt8] {
    recordLine(
        axes: trial.axesObject, model: model(of: trial), trial: id.text, sweepDigest: sweepDigest,
        body: body)
}

/// The same line for a body that is already canonical JSON.
public func recordLine(trial: Trial, id: TrialID, sweepDigest: String, body: CanonicalObject) -> [UInt8] {
    var line: [UInt8] = []
    line.reserveCapacity(2048)
    line += #"{"axes":{"#.utf8
    for (index, axis) in trial.axes.enumerated() {
        if index > 0 { line.append(UInt8(ascii: ",")) }
        JSONValue.string(axis.path).write(to: &line)
        line.append(UInt8(ascii: ":"))
        axis.value.write(to: &line)
    }
    line.append(UInt8(ascii: "}"))
    // An empty list is left out.
    func append(_ key: String) {
        guard let value = body[key], !value.elementsEqual("[]".utf8) else { return }
        line += ",\"\(key)\":".utf8
        line += value
    }
    // The keys, sorted.
    append("diverged_at_step")
    append("layers")
    append("metrics")
    line += ",\"model\":\"\(model(of: trial))\"".utf8
    append("outcome")
    line += ",\"sweep\":\"\(sweepDigest)\"".utf8
    append("theory")
    append("trace")
    line += ",\"trial\":\"\(id.text)\",\"version\":\(Record.version)".utf8
    append("weights")
    line.append(UInt8(ascii: "}"))
    return line
}

private func model(of trial: Trial) -> String {
    // Records are many, so the two usual names are literals instead of a detour through JSON.
    switch trial.settings.model {
    case .mlp: "mlp"
    case .vib: "vib"
    case .network, .onnx: trial.settings.modelName
    }
}

package func recordLine(
    axes: JSONValue, model: String, trial: String, sweepDigest: String, body: JSONValue
) -> [UInt8] {
    var members: [String: JSONValue] = [
        "axes": axes, "model": .string(model), "sweep": .string(sweepDigest),
        "trial": .string(trial), "version": JSONValue(Record.version),
    ]
    for key in RecordForm.bodyKeys where body[key] != .array([]) { members[key] = body[key] }
    return JSONValue.object(members).canonicalBytes
}
