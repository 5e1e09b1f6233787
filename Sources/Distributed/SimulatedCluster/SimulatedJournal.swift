import Scheduling
import Wire

/// Identity of a failure, as its worker reported it.
struct FailureKey: Hashable {
    let trial: UInt64
    let lease: LeaseID
    let attempt: UInt32

    init(_ failure: WorkerMessage.Failure) {
        (trial, lease, attempt) = (failure.trial, failure.lease, failure.attempt)
    }

    init(_ report: WorkerMessage.Report) {
        (trial, lease, attempt) = (report.trial, report.lease, report.attempt)
    }
}

/// State that a coordinator leaves behind, and the checker of safety. It sees what is made durable, and
/// nothing of how that was decided.
struct SimulatedJournal {
    let sweep: SimulatedSweep
    /// Bytes of each trial's weights, by step.
    let files: [UInt64]
    let settings: DispatchSettings
    /// Failures that happened on some worker.
    var reported: Set<FailureKey> = []
    /// Whether a trial is poisonous, if nothing else can bring down workers; nil if something can.
    var onlyPoisonKills: ((UInt64) -> Bool)?
    /// A planted bug: the last of two records is kept.
    var keepsLast = false
    /// Number of second records that differed from the first.
    private(set) var conflicts = 0
    /// Step, and bytes written so far, of a file that isn't complete, by trial.
    private var partial: [UInt64: (step: Int, count: UInt64)] = [:]
    /// Steps of complete files, by trial.
    private var kept: [UInt64: Set<Int>] = [:]
    private(set) var records: [UInt64: ValidatedReport] = [:]
    private(set) var quarantined: Set<UInt64> = []
    private(set) var failures: [UInt64: [WorkerMessage.Failure]] = [:]
    /// Newest attempt of trials whose failures were forgiven.
    private var forgiven: [UInt64: UInt32] = [:]

    init(sweep: SimulatedSweep, files: [UInt64], settings: DispatchSettings) {
        self.sweep = sweep
        self.files = files
        self.settings = settings
    }

    private var trials: Range<UInt64> { 0..<UInt64(sweep.trials.count) }

    var isComplete: Bool { trials.allSatisfy { records[$0] != nil || quarantined.contains($0) } }

    /// State that a new dispatcher starts from.
    var restored: [(trial: Int, outcome: Dispatcher.Restored)] {
        trials.compactMap { trial in
            if records[trial] != nil { return (Int(trial), .complete) }
            if quarantined.contains(trial) { return (Int(trial), .quarantined) }
            let list = failures[trial] ?? []
            let last = max(list.map(\.attempt).max() ?? 0, forgiven[trial] ?? 0)
            return last == 0 ? nil : (Int(trial), .failed(times: list.count, lastAttempt: last))
        }
    }

    /// Forgives failures, as `resume --retry failed,quarantined` does.
    mutating func forgive() {
        for (trial, list) in failures {
            forgiven[trial] = max(list.map(\.attempt).max() ?? 0, forgiven[trial] ?? 0)
        }
        failures = [:]
        quarantined = []
    }

    /// Difference between the export and that of the sequential run; nil if there is none.
    var exportProblem: String? {
        let lines = records.sorted { $0.key < $1.key }.map(\.value.line)
        let expected = trials.filter { !quarantined.contains($0) || records[$0] != nil }.map {
            sweep.lines[Int($0)]
        }
        return lines == expected ? nil : "the export differs from the sequential run's"
    }

    /// Whether the trial was given up, or an attempt with this number or a later one failed by a lease before
    /// this one.
    func hadFailed(_ trial: UInt64, _ attempt: UInt32, before lease: UInt64) -> Bool {
        quarantined.contains(trial) || attempt <= forgiven[trial] ?? 0
            || failures[trial]?.contains { $0.attempt >= attempt && $0.lease.value < lease } ?? false
    }

    // MARK: Entries

    /// Performs an effect that concerns the journal. Returns what is wrong with it, if anything is.
    mutating func perform(_ effect: DispatchEffect) -> String? {
        switch effect {
        case .append(let report): append(report)
        case .check(let report): check(report)
        case .appendFailure(let failure, let isFinal): append(failure, isFinal)
        case .write(let trial, let step, let offset, let bytes): write(UInt64(trial), step, offset, bytes)
        case .keep(let trial, let step): keep(UInt64(trial), step)
        case .send, .note, .finished, .drained, .hopeless: nil
        }
    }

    private mutating func append(_ report: ValidatedReport) -> String? {
        let trial = UInt64(report.attempt.trial)
        guard trials.contains(trial) else { return "trial \(trial) is appended" }
        if records[trial] != nil { return "trial \(trial) is appended twice" }
        if report.line != sweep.lines[Int(trial)] { return "trial \(trial) has another's record" }
        if kept[trial, default: []].count != files.count {
            return "trial \(trial) is appended before its weights"
        }
        records[trial] = report
        return nil
    }

    private mutating func check(_ report: ValidatedReport) -> String? {
        let trial = UInt64(report.attempt.trial)
        guard let first = records[trial] else { return "trial \(trial) is checked in vain" }
        if first.line == report.line { return nil }
        conflicts += 1
        if keepsLast { records[trial] = report }
        return nil
    }

    private mutating func append(_ failure: WorkerMessage.Failure, _ isFinal: Bool) -> String? {
        let trial = failure.trial
        let isLoss = failure.cause.contains("lost")
        if records[trial] != nil || quarantined.contains(trial) {
            return "trial \(trial) fails after its end"
        }
        if !isLoss, !reported.contains(FailureKey(failure)) {
            return "attempt \(failure.attempt) at trial \(trial) is blamed for a failure it never had"
        }
        if failures[trial, default: []].contains(where: { FailureKey($0) == FailureKey(failure) }) {
            return "attempt \(failure.attempt) at trial \(trial) fails twice"
        }
        failures[trial, default: []].append(failure)
        guard isFinal else { return nil }
        quarantined.insert(trial)
        if isLoss, let mayKill = onlyPoisonKills, !mayKill(trial) {
            return "trial \(trial) is quarantined for what others did to its workers"
        }
        let count = failures[trial]?.count ?? 0
        return isLoss || count == settings.maximumFailures
            ? nil : "trial \(trial) is given up after \(count) failures"
    }

    private mutating func write(_ trial: UInt64, _ step: Int, _ offset: UInt64, _ bytes: [UInt8]) -> String? {
        if records[trial] != nil { return "trial \(trial)'s weights are written after its record" }
        if offset == 0 { partial[trial] = (step, 0) }
        guard let before = partial[trial], before == (step, offset) else {
            return "trial \(trial)'s weights have a gap or an overlap at \(offset)"
        }
        guard bytes.allSatisfy({ $0 == weightByte(trial, step) }) else { return "another's weights" }
        partial[trial] = (step, offset + UInt64(bytes.count))
        return nil
    }

    private mutating func keep(_ trial: UInt64, _ step: Int) -> String? {
        guard let whole = partial.removeValue(forKey: trial), files.indices.contains(step),
            whole == (step, files[step])
        else { return "half of trial \(trial)'s weights are kept" }
        kept[trial, default: []].insert(step)
        return nil
    }
}

/// The byte that fills a simulated file.
func weightByte(_ trial: UInt64, _ step: Int) -> UInt8 { UInt8(truncatingIfNeeded: 3 * trial + UInt64(step)) }
