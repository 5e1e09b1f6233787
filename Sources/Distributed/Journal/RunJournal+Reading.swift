import Glibc
import Records
import Scheduling
import Text
import Wire

/// State of a run, for `ranksweep status`.
public struct RunSummary: Equatable, Sendable {
    /// Trials whose outcome is `measured`.
    public var measured = 0
    /// Trials whose outcome is `diverged`.
    public var diverged = 0
    /// Trials that were given up.
    public var quarantined = 0
    /// Failed attempts, whatever became of their trials.
    public var failures = 0
    /// Attempts whose record differs from the one that is kept.
    public var conflicts = 0
    /// Failures by cause, the most frequent first. The example of a cause is its first trial.
    public var causes: [Cause] = []
    /// The first thousand quarantined trials, ascending.
    public var quarantinedTrials: [Int] = []
    /// Workers that ended an attempt, the latest first; at most a thousand.
    public var workers: [Worker] = []
    /// Records by the commit that their workers were built from, sorted by commit.
    public var commits: [Commit] = []

    /// Number of records made by workers of one commit.
    public struct Commit: Equatable, Sendable {
        /// Commit that the workers were built from; empty if unknown.
        public var name: String
        /// Number of records.
        public var records: Int
    }

    /// Failures with the same message.
    public struct Cause: Equatable, Sendable {
        /// The message.
        public var text: String
        /// Number of failures.
        public var count: Int
        /// First trial that failed with it.
        public var exampleTrial: Int
        /// Host on which that trial last failed.
        public var exampleHost: String
        /// Last lines that the example's slot wrote; may be empty.
        public var exampleLog: String
    }

    /// A worker's process that ended at least one attempt.
    public struct Worker: Equatable, Sendable {
        /// Name of its host.
        public var host: String
        /// Process identifier on that host.
        public var process: Int
        /// Number of attempts that it ended.
        public var attempts: Int
        /// BLAS kernel that its slots used.
        public var kernel: String
        /// Commit that it was built from; empty if unknown.
        public var commit: String
        /// Unix time at which its last attempt ended, in milliseconds.
        public var lastEndMilliseconds: Int64
    }

    /// Creates the summary of an empty run.
    public init() {}

    /// Number of trials with a record.
    public var complete: Int { measured + diverged }
}

/// Records of a period of time.
public struct RecentRecords: Equatable, Sendable {
    /// Number of records.
    public let count: Int
    /// Unix time at which the first of their attempts began.
    public let firstStartMilliseconds: Int64

    /// Creates it from its parts.
    public init(count: Int, firstStartMilliseconds: Int64) {
        self.count = count
        self.firstStartMilliseconds = firstStartMilliseconds
    }
}

// MARK: - Reading

extension RunJournal {
    /// Outcomes and failures of trials so far, for a dispatcher to start from.
    public func restored() throws(JournalError) -> [(trial: Int, outcome: Dispatcher.Restored)] {
        var restored: [(trial: Int, outcome: Dispatcher.Restored)] = []
        try forEach("SELECT trial FROM records") { row in
            restored.append((Int(row.integer(0)), .complete))
        }
        try forEach("SELECT trial FROM quarantined") { row in
            restored.append((Int(row.integer(0)), .quarantined))
        }
        try forEach(
            """
            SELECT trial, count(*), max(attempt) FROM attempts WHERE outcome = 'failed' AND forgiven = 0
            AND trial NOT IN (SELECT trial FROM records) AND trial NOT IN (SELECT trial FROM quarantined)
            GROUP BY trial
            """
        ) { row in
            let attempt = UInt32(clamping: row.integer(2))
            restored.append((Int(row.integer(0)), .failed(times: Int(row.integer(1)), lastAttempt: attempt)))
        }
        return restored
    }

    /// Calls `body` with each record's trial and line, in grid order. Only one is in memory at a time.
    ///
    /// - Throws: `damagedRecords` before the first line that differs from what was appended.
    public func forEachRecord(
        _ body: (_ trial: Int, [UInt8]) throws(JournalError) -> Void
    ) throws(JournalError) {
        try forEachStoredRecord { record throws(JournalError) in
            guard record.isWhole else {
                throw .damagedRecords(path: database.path, trials: try damagedRecords())
            }
            try body(record.trial, record.line)
        }
    }

    /// Calls `body` with each attempt as a line of `provenance.ndjson`, in grid order, then in the order in
    /// which they were appended.
    public func forEachAttempt(
        _ body: (_ trial: Int, ProvenanceLine) throws(JournalError) -> Void
    ) throws(JournalError) {
        try forEach("\(RunJournal.attemptQuery) ORDER BY trial, id") { row throws(JournalError) in
            try body(Int(row.integer(11)), attempt(row))
        }
    }

    /// The attempts at a trial, as lines of `provenance.ndjson`, in the order in which they were appended.
    public func attempts(atTrial trial: Int) throws(JournalError) -> [ProvenanceLine] {
        let statement = try Statement("\(RunJournal.attemptQuery) WHERE trial = ? ORDER BY id", in: database)
        try statement.bind([.integer(Int64(trial))])
        var lines: [ProvenanceLine] = []
        while try statement.step() { lines.append(try attempt(statement)) }
        return lines
    }

    private static let attemptQuery =
        "SELECT \(Provenance.columns), trial, attempt, lease, outcome, cause, id FROM attempts"

    private func attempt(_ row: Statement) throws(JournalError) -> ProvenanceLine {
        let cause = row.text(15)
        return ProvenanceLine(
            number: UInt32(clamping: row.integer(12)), lease: UInt64(bitPattern: row.integer(13)),
            outcome: row.text(14), cause: cause.isEmpty ? nil : cause,
            log: cause.isEmpty ? "" : try log(ofAttempt: row.integer(16)), provenance: Provenance(row))
    }

    /// State of the run, from all that was appended.
    public func summary() throws(JournalError) -> RunSummary {
        var summary = RunSummary()
        try forEach("SELECT outcome, count(*) FROM records GROUP BY outcome") { row in
            if row.text(0) == "diverged" {
                summary.diverged += Int(row.integer(1))
            } else {
                summary.measured += Int(row.integer(1))
            }
        }
        summary.quarantined = Int(try database.integer("SELECT count(*) FROM quarantined"))
        summary.conflicts = Int(
            try database.integer("SELECT count(*) FROM attempts WHERE outcome = 'conflict'"))
        try forEach(
            """
            SELECT cause, count(*), min(trial), host FROM attempts WHERE outcome IN ('failed', 'quarantined')
            GROUP BY cause ORDER BY count(*) DESC, cause LIMIT 100
            """
        ) { row in
            summary.causes.append(
                RunSummary.Cause(
                    text: row.text(0), count: Int(row.integer(1)), exampleTrial: Int(row.integer(2)),
                    exampleHost: row.text(3), exampleLog: ""))
        }
        for index in summary.causes.indices.prefix(10) {
            try completeExample(&summary.causes[index])
        }
        try forEach("SELECT trial FROM quarantined ORDER BY trial LIMIT 1000") { row in
            summary.quarantinedTrials.append(Int(row.integer(0)))
        }
        summary.failures = Int(
            try database.integer("SELECT count(*) FROM attempts WHERE outcome IN ('failed', 'quarantined')"))
        try forEach(
            """
            SELECT host, process, count(*), max(kernel), max(start_ms + CAST(seconds * 1000 AS INTEGER)),
            max(program_commit) FROM attempts WHERE process > 0 GROUP BY host, process ORDER BY 5 DESC, 1, 2 LIMIT 1000
            """
        ) { row in
            summary.workers.append(
                RunSummary.Worker(
                    host: row.text(0), process: Int(row.integer(1)), attempts: Int(row.integer(2)),
                    kernel: row.text(3), commit: row.text(5), lastEndMilliseconds: row.integer(4)))
        }
        try forEach(
            """
            SELECT program_commit, count(*) FROM attempts WHERE outcome IN ('measured', 'diverged')
            GROUP BY 1 ORDER BY 1 LIMIT 1000
            """
        ) { row in
            summary.commits.append(RunSummary.Commit(name: row.text(0), records: Int(row.integer(1))))
        }
        return summary
    }

    /// Records whose attempt ended at this Unix time or later.
    public func recordsSince(unixMilliseconds: Int64) throws(JournalError) -> RecentRecords {
        let statement = try Statement(
            """
            SELECT count(*), min(start_ms) FROM attempts WHERE outcome IN ('measured', 'diverged')
            AND start_ms + seconds * 1000 >= ?
            """, in: database)
        try statement.bind([.integer(unixMilliseconds)])
        guard try statement.step() else { return RecentRecords(count: 0, firstStartMilliseconds: 0) }
        return RecentRecords(count: Int(statement.integer(0)), firstStartMilliseconds: statement.integer(1))
    }

    /// The records that were appended last, the newest first.
    public func newestRecords(_ limit: Int) throws(JournalError) -> [(trial: Int, line: [UInt8])] {
        var found: [(trial: Int, line: [UInt8])] = []
        try forEach(
            """
            SELECT records.trial, records.line FROM
            (SELECT trial, id FROM attempts WHERE +outcome IN ('measured', 'diverged') ORDER BY id DESC LIMIT \(limit))
            AS newest JOIN records ON records.trial = newest.trial ORDER BY newest.id DESC
            """
        ) { row in found.append((Int(row.integer(0)), row.blob(1))) }
        return found
    }

    /// The trials with the records that took longest, the slowest first, and the mean of all.
    public func slowestTrials(
        atMost limit: Int
    ) throws(JournalError) -> (trials: [(trial: Int, seconds: Double)], meanSeconds: Double) {
        let kept = "+outcome IN ('measured', 'diverged') AND continued_step = 0"
        var trials: [(trial: Int, seconds: Double)] = []
        try forEach(
            "SELECT trial, seconds FROM attempts WHERE \(kept) ORDER BY seconds DESC, trial LIMIT \(limit)"
        ) { row in trials.append((Int(row.integer(0)), row.real(1))) }
        let mean = try Statement("SELECT avg(seconds) FROM attempts WHERE \(kept)", in: database)
        return (trials, try mean.step() ? mean.real(0) : 0)
    }

    /// The seconds that the newest records' trials took, newest first, without those that continued from a checkpoint.
    public func recentSeconds(
        atMost limit: Int
    ) throws(JournalError) -> [(trial: Int, seconds: Double)] {
        var found: [(trial: Int, seconds: Double)] = []
        try forEach(
            """
            SELECT trial, seconds FROM attempts WHERE +outcome IN ('measured', 'diverged') AND continued_step = 0
            ORDER BY id DESC LIMIT \(limit)
            """
        ) { row in found.append((Int(row.integer(0)), row.real(1))) }
        return found
    }

    /// Provenance of the record that is kept; nil if the journal doesn't say.
    public func provenance(ofTrial trial: Int) throws(JournalError) -> Provenance? {
        let statement = try Statement(
            """
            SELECT \(Provenance.columns) FROM attempts WHERE trial = ? AND outcome IN ('measured', 'diverged')
            ORDER BY id LIMIT 1
            """, in: database)
        try statement.bind([.integer(Int64(trial))])
        return try statement.step() ? Provenance(statement) : nil
    }

    func forEach(
        _ query: String, _ body: (Statement) throws(JournalError) -> Void
    ) throws(JournalError) {
        let statement = try Statement(query, in: database)
        while try statement.step() { try body(statement) }
    }
}

extension Provenance {
    /// The columns that hold it.
    fileprivate static let columns =
        "host, process, slot, cpu, kernel, start_ms, seconds, peak_memory_bytes, continued_step, measuring_seconds, program_commit"

    /// Reads a row that begins with `columns`.
    fileprivate init(_ row: Statement) {
        self.init(
            host: row.text(0), process: UInt32(clamping: row.integer(1)),
            slot: UInt32(clamping: row.integer(2)), cpu: row.text(3), kernel: row.text(4),
            startMilliseconds: row.integer(5), seconds: row.real(6),
            peakMemoryBytes: UInt64(clamping: row.integer(7)),
            continuedFrom: UInt64(clamping: row.integer(8)), measuringSeconds: row.real(9),
            commit: row.text(10))
    }
}

func fileExists(_ path: String) -> Bool { access(path, F_OK) == 0 }
