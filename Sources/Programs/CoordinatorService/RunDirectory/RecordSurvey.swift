import Console
import Journal
import Reporting
import Sweep
import Text

/// Checks lines of records against their sweep: the right trial, with the metrics that it measures.
struct RecordCheck {
    private let spec: SweepSpec
    private let digest: String
    private var trials: TrialCache

    init(_ spec: SweepSpec) {
        self.spec = spec
        digest = spec.digest
        trials = TrialCache(spec.grid)
    }

    /// Why a line can't be a record of the trial; nil where it can. The line is scanned, not parsed, since it
    /// may have any length.
    mutating func fault(in line: [UInt8], trial index: Int) -> String? {
        guard (0..<spec.grid.count).contains(index) else {
            return "the sweep has \(countText(spec.grid.count, "trial"))"
        }
        let trial = trials.trial(at: index)
        let form = trials.form(of: trial)
        let most = form.maxBytes + trial.axesObject.canonicalBytes.count + 1024
        guard line.count <= most else {
            return "it has \(groupedText(line.count)) bytes, and at most \(groupedText(most)) are due"
        }
        let name = "\"\(trials.id(of: trial).text)\"".utf8
        if let object = CanonicalObject(line) {
            guard object["trial"].map({ $0.elementsEqual(name) }) ?? false else {
                return "it is of another trial"
            }
            return form.fault(inLine: object)
        }
        let value: JSONValue
        do throws(JSONError) { value = try JSONValue(parsing: line) } catch { return error.description }
        guard value["trial"]?.string == trials.id(of: trial).text else { return "it is of another trial" }
        return form.fault(inLine: value)
    }

    /// The same check for a record in the journal, byte for byte.
    mutating func fault(of record: StoredRecord) -> String? {
        if let fault = fault(in: record.line, trial: record.trial) { return fault }
        guard let value = try? JSONValue(parsing: record.line), value["outcome"]?.string == record.outcome
        else {
            return "its outcome is not \(record.outcome)"
        }
        let due = recordLine(trial: trials.trial(at: record.trial), sweepDigest: digest, body: value)
        return due.utf8.elementsEqual(record.line) ? nil : "it is not as this version writes it"
    }
}

/// Faults in a journal's records and in the weights beside them.
struct RecordSurvey {
    private(set) var records = 0
    /// Records whose bytes are not those that were appended.
    private(set) var damaged: [Int] = []
    /// Records that the sweep can't produce.
    private(set) var unfit: [(trial: Int, why: String)] = []
    /// Measured trials whose weights are not those that were kept.
    private(set) var bare: [(trial: Int, file: String, why: String)] = []
    /// All weight files that records refer to.
    private(set) var weightFiles: Set<String> = []
    /// Weight files whose digest the journal doesn't have: an older version kept them.
    private(set) var undigested: [String] = []

    init(_ run: RunDirectory, _ journal: RunJournal) throws(JournalError) {
        let digests = try journal.weightDigests()
        var check = RecordCheck(run.spec)
        var progress = SlowProgress()
        try journal.forEachStoredRecord { record in
            records += 1
            guard record.isWhole else {
                damaged.append(record.trial)
                return
            }
            if let why = check.fault(of: record) {
                unfit.append((record.trial, why))
                return
            }
            guard run.spec.weights != .none, record.outcome == "measured" else { return }
            let trial = run.spec.grid[record.trial]
            if let fault = run.weightsFault(of: trial, digests: digests) {
                bare.append((record.trial, fault.file, fault.why))
            }
            for name in run.weightNames(of: trial) {
                weightFiles.insert(name)
                if digests[name] == nil { undigested.append(name) }
            }
            progress.tell("reading weights: of \(countText(records, "record"))")
        }
    }

    var isWhole: Bool { damaged.isEmpty && unfit.isEmpty }
}
