import Sweep
import Text

/// Why a worker's report isn't a record of the sweep.
public enum RecordFault: Error, Equatable, Sendable, CustomStringConvertible {
    /// The worker expands the sweep differently.
    case otherTrial
    /// No trial can give this body, for the reason given.
    case malformed(String)

    /// The fault in words.
    public var description: String {
        switch self {
        case .otherTrial: "it belongs to another trial"
        case .malformed(let why): why
        }
    }
}

/// The possible records of a sweep's trials. Requests for one trial after another are cheap: trials with
/// equal forms share one.
public struct SweepRecords: Sendable {
    /// The trials' settings, with a cache.
    public var trials: TrialCache
    private let grid: Grid
    /// The most recently used forms, latest first. A sweep's trials have few different forms.
    private(set) var forms: [RecordForm] = []
    static let maxForms = 16

    /// The possible records of a grid's trials; no form is computed yet.
    public init(_ grid: Grid) {
        self.grid = grid
        trials = TrialCache(grid)
    }

    /// The form of the trial's record.
    mutating func form(of trial: Trial) -> RecordForm {
        let source = RecordForm.Source(trial.settings)
        if let position = forms.firstIndex(where: { $0.source == source }) {
            if position > 0 { forms.insert(forms.remove(at: position), at: 0) }
        } else {
            if forms.count >= SweepRecords.maxForms { forms.removeLast() }
            forms.insert(RecordForm(of: trial.settings), at: 0)
        }
        return forms[0]
    }

    /// Validates the body of a trial's record. The result is canonical JSON, so that equal records have equal
    /// bytes, and has the form of the trial's record.
    public mutating func body(_ bytes: [UInt8], of trial: Trial) throws(RecordFault) -> CanonicalObject {
        let form = form(of: trial)
        // Checks the size before parsing anything.
        guard bytes.count <= form.maxBytes else {
            throw .malformed("it has \(bytes.count) bytes; at most \(form.maxBytes) are possible")
        }
        guard let body = CanonicalObject(bytes) else {
            do throws(JSONError) { _ = try JSONValue(parsing: bytes) } catch {
                throw .malformed(error.description)
            }
            throw .malformed("not canonical JSON of a record")
        }
        if let fault = form.fault(in: body) { throw .malformed(fault) }
        return body
    }

    /// The line of a record that a worker sent, and its outcome as in `Record`.
    ///
    /// - Parameters:
    ///   - index: the trial's index according to the worker.
    ///   - id: the trial's identifier according to the worker.
    public mutating func record(
        ofTrial index: UInt64, id: TrialID, body bytes: [UInt8], sweepDigest: String
    ) throws(RecordFault) -> (trial: Trial, line: [UInt8], outcome: String) {
        guard let index = Int(exactly: index), index < grid.count else { throw .otherTrial }
        let trial = trials.trial(at: index)
        guard trials.id(of: trial) == id else { throw .otherTrial }
        let body = try body(bytes, of: trial)
        let line = recordLine(trial: trial, id: id, sweepDigest: sweepDigest, body: body)
        return (trial, line, RecordForm.isDiverged(body) ? "diverged" : "measured")
    }

    /// Why a line isn't a record that the trial can have; nil where it is. The line is scanned, not parsed,
    /// and may have any length.
    public mutating func fault(inLine line: [UInt8], trial index: Int) -> String? {
        guard (0..<grid.count).contains(index) else {
            return "the sweep has \(countText(grid.count, "trial"))"
        }
        let trial = trials.trial(at: index)
        let form = form(of: trial)
        let maxBytes = form.maxBytes + trial.axesObject.canonicalBytes.count + 1024
        guard line.count <= maxBytes else {
            return "it has \(groupedText(line.count)) bytes; at most \(groupedText(maxBytes)) are possible"
        }
        let name = "\"\(trials.id(of: trial).text)\"".utf8
        if let object = CanonicalObject(line) {
            guard object["trial"].map({ $0.elementsEqual(name) }) ?? false else {
                return "it belongs to another trial"
            }
            return form.fault(inLine: object)
        }
        let value: JSONValue
        do throws(JSONError) { value = try JSONValue(parsing: line) } catch { return error.description }
        guard value["trial"]?.string == trials.id(of: trial).text else {
            return "it belongs to another trial"
        }
        return form.fault(inLine: value)
    }

    /// Why a line isn't a record of the trial, byte for byte as this version writes it; nil where it is.
    public mutating func fault(
        inOwnLine line: [UInt8], outcome: String, trial index: Int, sweepDigest: String
    ) -> String? {
        if let fault = fault(inLine: line, trial: index) { return fault }
        guard let value = try? JSONValue(parsing: line), value["outcome"]?.string == outcome else {
            return "its outcome is not \(outcome)"
        }
        let trial = trials.trial(at: index)
        let due = recordLine(trial: trial, id: trials.id(of: trial), sweepDigest: sweepDigest, body: value)
        return due == line ? nil : "it is not as this version writes it"
    }
}
