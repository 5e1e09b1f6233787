import Console
import Journal
import Records
import Sweep
import Text

/// Faults in the records that a journal holds, and in the weights beside them.
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

    init(_ run: RunDirectory, _ journal: RunJournal) throws(JournalError) {
        let digest = run.spec.digest
        let digests = try journal.weightDigests()
        var known = SweepRecords(run.spec.grid)
        var progress = SlowProgress()
        try journal.forEachStoredRecord { record in
            records += 1
            guard record.isWhole else {
                damaged.append(record.trial)
                return
            }
            if let why = known.fault(
                inOwnLine: record.line, outcome: record.outcome, trial: record.trial,
                sweepDigest: digest)
            {
                unfit.append((record.trial, why))
                return
            }
            guard run.spec.weights != .none, record.outcome == "measured" else { return }
            let trial = run.spec.grid[record.trial]
            if let fault = run.weightsFault(of: trial, digests: digests) {
                bare.append((record.trial, fault.file, fault.why))
            }
            weightFiles.formUnion(run.weightNames(of: trial))
            progress.tell("reading weights: of \(countText(records, "record"))")
        }
    }

    var isWhole: Bool { damaged.isEmpty && unfit.isEmpty }
}
