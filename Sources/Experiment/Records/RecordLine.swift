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
