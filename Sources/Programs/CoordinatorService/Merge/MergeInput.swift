import Console
import Files
import Glibc
import Journal
import Records
import Sweep
import Text

/// An input of a merge: a shard's file, or a run directory with its journal.
struct MergeInput {
    enum Origin {
        case shard(ShardHeader)
        case run(RunDirectory, RunJournal)
    }

    /// A record, an attempt or a quarantined trial.
    enum Item {
        case record(TrialID, outcome: String, JSONValue)
        case attempt(TrialID, ProvenanceLine)
        case quarantined(TrialID)
    }

    let path: String
    let kind: Origin
    /// BLAS kernels that computed its records.
    let kernels: Set<String>
    /// Commits of the programs that made its records.
    let commits: Set<String>
    /// The known digests of its kept weights, by file name.
    let digests: [String: String]

    var spec: SweepSpec {
        switch kind {
        case .shard(let header): header.spec
        case .run(let run, _): run.spec
        }
    }

    /// The folder with its trials' weights.
    var weights: WeightsFolder {
        switch kind {
        case .shard: WeightsFolder(path: path + RunShare.weightsSuffix)
        case .run(let run, _): run.weights
        }
    }

    /// Opens the input and reads all of it once.
    ///
    /// - Throws: what is wrong with it; the message begins with its name.
    init(_ operand: String) throws(CommandFailure) {
        var path = operand
        while path.hasSuffix("/"), path != "/" { path.removeLast() }
        guard !path.isEmpty else { throw .input("'': an input has an empty name") }
        self.path = path
        var status = stat()
        if stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR {
            (kind, kernels, commits, digests) = try MergeInput.openRun(path)
            return
        }
        do throws(ShardFault) {
            let reader = try ShardReader(path)
            kind = .shard(reader.header)
            var (kernels, commits): (Set<String>, Set<String>) = ([], [])
            while let line = try reader.next() {
                if case .attempt(_, let attempt) = line, attempt.isRecorded {
                    kernels.insert(attempt.provenance.kernel)
                    commits.insert(attempt.provenance.commit)
                }
            }
            self.kernels = kernels.subtracting([""])
            self.commits = commits
            digests = reader.weights
        } catch {
            throw .input("\(path): \(error.message)\(MergeInput.advice(path, error))")
        }
    }

    /// Advice about a fault.
    private static func advice(_ path: String, _ fault: ShardFault) -> String {
        if fault == .unreadable(ENOENT) {
            let work = path + RunShare.workSuffix
            return fileSize(work + "/sweep.json") == nil
                ? ": merge without it, and 'ranksweep merge' says how to run the missing trials"
                : ": its shard is not finished: run its command again, or merge \(work)"
        }
        switch fault {
        case .empty, .torn, .tooLong, .cut, .damaged, .malformed, .trailing:
            let shard = (try? ShardReader(path).header.text) ?? "its shard"
            return ": copy it again, or remove it and run \(shard) again; or merge without it"
        case .notAShard where path.hasSuffix(".ndjson"):
            return "; to merge a run, name its directory"
        default: return ""
        }
    }

    private static func openRun(_ path: String) throws(CommandFailure) -> (
        Origin, kernels: Set<String>, commits: Set<String>, digests: [String: String]
    ) {
        try checkIsRun(path)
        var run = try RunDirectory.open(path)
        guard run.hasJournal else {
            throw .input("\(path): the run directory has no journal.sqlite: it cannot be merged")
        }
        let journal = try journaled { () throws(JournalError) in
            try RunJournal.open(in: path, sweep: run.spec.digest, readOnly: true)
        }
        let (damaged, unfit) = try journaled { () throws(JournalError) in try faults(run, journal) }
        run.share = try journaled { () throws(JournalError) in try RunShare(run, journal) }
        guard damaged.isEmpty else {
            throw .input(
                "\(path): \(trialsText(damaged)) damaged on the disk: "
                    + (run.share == nil
                        ? quotedCommand("ranksweep resume \(run.word)") : "its 'ranksweep shard' command")
                    + " runs them again, to the same bytes")
        }
        if let unfit { throw .input(unfit.message) }
        let summary = try journaled { () throws(JournalError) in try journal.summary() }
        let digests = try journaled { () throws(JournalError) in try journal.weightDigests() }
        return (.run(run, journal), summary.kernels, Set(summary.commits.map(\.name)), digests)
    }

    /// Damaged records, and the first whole one that the sweep can't produce.
    private static func faults(
        _ run: RunDirectory, _ journal: RunJournal
    ) throws(JournalError) -> (damaged: [Int], unfit: JournalError?) {
        var known = SweepRecords(run.spec.grid)
        var (damaged, unfit): ([Int], JournalError?) = ([], nil)
        try journal.forEachStoredRecord { record in
            guard record.isWhole else {
                damaged.append(record.trial)
                return
            }
            guard unfit == nil, let why = known.fault(inLine: record.line, trial: record.trial) else {
                return
            }
            unfit = .unfitRecord(path: RunJournal.path(in: run.path), trial: record.trial, why: why)
        }
        return (damaged, unfit)
    }

    /// Rejects folders that are likely to be named by mistake.
    private static func checkIsRun(_ path: String) throws(CommandFailure) {
        let file = path + "/sweep.json"
        guard access(file, F_OK) != 0, readRefusal(file) == nil else { return }
        if path.hasSuffix(RunShare.weightsSuffix) {
            let file = path.dropLast(RunShare.weightsSuffix.count)
            throw .input("\(path): a folder of kept weights, which merge finds by itself: name only \(file)")
        }
        if fileNames(in: path).contains(where: { $0.hasSuffix(".ndjson") }) {
            throw .input(
                "\(path): not a run directory: it has no sweep.json; for the shards in it: \(path)/*.ndjson")
        }
    }

    /// Calls `body` with all records in grid order, then all attempts, then the quarantined trials.
    func forEach(_ body: (Item) throws(JournalError) -> Void) throws(CommandFailure) {
        switch kind {
        case .shard:
            try forEachOfShard(body)
        case .run(let run, let journal):
            try journaled { () throws(JournalError) in
                try journal.snapshot { () throws(JournalError) in
                    try MergeInput.forEach(of: run, journal, body)
                }
            }
        }
    }

    private func forEachOfShard(_ body: (Item) throws(JournalError) -> Void) throws(CommandFailure) {
        // Trials with an attempt that quarantined them. Those with a record are skipped below.
        var aside: [TrialID] = []
        var done: Set<TrialID> = []
        func readAll() throws(ShardFault) -> JournalError? {
            let reader = try ShardReader(path)
            while let line = try reader.next() {
                do throws(JournalError) {
                    switch line {
                    case .record(let id, let outcome, let value, _):
                        done.insert(id)
                        try body(.record(id, outcome: outcome, value))
                    case .attempt(let id, let attempt):
                        if attempt.outcome == "quarantined" { aside.append(id) }
                        try body(.attempt(id, attempt))
                    }
                } catch { return error }
            }
            return nil
        }
        let error: JournalError?
        do throws(ShardFault) { error = try readAll() } catch {
            throw .input("\(path): \(error.message)")
        }
        if let error { throw CommandFailure(error) }
        try journaled { () throws(JournalError) in
            for id in aside where !done.contains(id) { try body(.quarantined(id)) }
        }
    }

    private static func forEach(
        of run: RunDirectory, _ journal: RunJournal, _ body: (Item) throws(JournalError) -> Void
    ) throws(JournalError) {
        var identifier = TrialHasher()
        func id(_ trial: Int) throws(JournalError) -> TrialID {
            guard (0..<run.spec.grid.count).contains(trial) else {
                throw .corrupt(path: RunJournal.path(in: run.path), detail: "it contains trial \(trial)")
            }
            return identifier.id(of: run.spec.grid[trial].settings)
        }
        try journal.forEachStoredRecord { record throws(JournalError) in
            guard let value = try? JSONValue(parsing: record.line) else {
                throw .damagedRecords(path: RunJournal.path(in: run.path), trials: [record.trial])
            }
            try body(.record(try id(record.trial), outcome: record.outcome, value))
        }
        try journal.forEachAttempt { trial, attempt throws(JournalError) in
            guard ProvenanceLine.outcomes.contains(attempt.outcome) else {
                throw .corrupt(
                    path: RunJournal.path(in: run.path), detail: "an attempt at trial \(trial) is unreadable")
            }
            try body(.attempt(try id(trial), attempt))
        }
        for (trial, outcome) in try journal.restored() where outcome == .quarantined {
            try body(.quarantined(try id(trial)))
        }
    }
}
