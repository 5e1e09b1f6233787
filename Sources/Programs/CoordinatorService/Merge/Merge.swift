import Console
import Files
import Glibc
import Journal
import Records
import Sweep
import Text
import Wire

/// Joins records by trial, in the journal of a new run directory.
struct Merge {
    let run: RunDirectory
    private let journal: RunJournal
    private let digest: String
    /// The index of each trial in the merged sweep.
    private let indices: [TrialID: Int]
    private(set) var tally = Tally()

    struct Tally {
        var equal = 0
        var conflicts: [Conflict] = []
        /// Records of each input that belong to no trial of the sweep.
        var foreign: [(path: String, count: Int)] = []
        /// Records of each input whose weights are missing or wrong, with the first fault.
        var bare: [(path: String, file: String, why: String, count: Int)] = []
    }

    struct Conflict {
        let trial: Int
        let kept: (path: String, by: Provenance?)
        let refused: (path: String, by: Provenance?)
    }

    /// The input that each kept record came from, which is reported only for conflicts.
    private var origins: [Int32]
    private static let batch = 5000

    init(_ run: RunDirectory, _ journal: RunJournal) {
        self.run = run
        self.journal = journal
        digest = run.spec.digest
        origins = [Int32](repeating: -1, count: run.spec.grid.count)
        indices = Merge.indices(run.spec.grid)
    }

    static func indices(_ grid: Grid) -> [TrialID: Int] {
        var indices: [TrialID: Int] = [:]
        indices.reserveCapacity(grid.count)
        var identifier = TrialHasher()
        for index in 0..<grid.count { indices[identifier.id(of: grid[index].settings)] = index }
        return indices
    }

    /// Trials without a record.
    var missing: [Int] { origins.indices.filter { origins[$0] < 0 } }

    /// Adds the records of all inputs.
    mutating func add(_ inputs: [MergeInput]) throws(CommandFailure) {
        for number in inputs.indices {
            try add(inputs, number)
            progress.tell("merging: \(groupedText(number + 1)) of \(countText(inputs.count, "input"))")
        }
        let missing = missing
        try journaled { () throws(JournalError) in
            try journal.adding { () throws(JournalError) in
                for trial in missing where aside.contains(trial) { try journal.addQuarantine(trial: trial) }
            }
        }
    }

    private var aside: Set<Int> = []
    private var progress = SlowProgress()

    private mutating func add(_ inputs: [MergeInput], _ number: Int) throws(CommandFailure) {
        let input = inputs[number]
        var state = Adding(number: number)
        var items: [MergeInput.Item] = []
        var error: CommandFailure?
        try input.forEach { item throws(JournalError) in
            items.append(item)
            guard items.count >= Merge.batch, error == nil else { return }
            do throws(CommandFailure) { try self.add(items, inputs, &state) } catch let failure {
                error = failure
            }
            items.removeAll(keepingCapacity: true)
        }
        if let error { throw error }
        try add(items, inputs, &state)
        if state.foreign > 0 { tally.foreign.append((input.path, state.foreign)) }
        if let bare = state.bare { tally.bare.append((input.path, bare.file, bare.why, state.bareCount)) }
    }

    /// State of one input while it is being added.
    private struct Adding {
        let number: Int
        /// Records that were not taken, with the outcome that their attempts get.
        var others: [Int: String] = [:]
        var foreign = 0
        var bare: (file: String, why: String)?
        var bareCount = 0
        /// Digests of weights that were brought, to be stored with their records.
        var digests: [(file: String, sha256: String)] = []
    }

    private mutating func add(
        _ items: [MergeInput.Item], _ inputs: [MergeInput], _ state: inout Adding
    ) throws(CommandFailure) {
        // Weights first: a record says that its weights are there.
        var taken: [MergeInput.Item] = []
        for item in items {
            if case .record(let id, "measured", _) = item, let position = indices[id], origins[position] < 0,
                try !takeWeights(of: position, inputs[state.number], &state)
            {
                state.others[position] = "damaged"
                continue
            }
            taken.append(item)
        }
        try journaled { () throws(JournalError) in
            try journal.adding { () throws(JournalError) in
                for item in taken { try add(item, inputs, &state) }
                for (file, sha256) in state.digests { try journal.add(digest: sha256, ofWeights: file) }
                state.digests = []
            }
        }
    }

    private mutating func add(
        _ item: MergeInput.Item, _ inputs: [MergeInput], _ state: inout Adding
    ) throws(JournalError) {
        switch item {
        case .record(let id, let outcome, let body):
            guard let position = indices[id] else {
                state.foreign += 1
                return
            }
            let line = recordLine(trial: run.spec.grid[position], id: id, sweepDigest: digest, body: body)
            if origins[position] < 0 {
                origins[position] = Int32(state.number)
                try journal.add(record: line, outcome: outcome, trial: position)
            } else if try journal.storedRecord(ofTrial: position)?.line == line {
                tally.equal += 1
                state.others[position] = "duplicate"
            } else {
                state.others[position] = "conflict"
                let kept = inputs[Int(origins[position])].path
                tally.conflicts.append(
                    Conflict(
                        trial: position, kept: (kept, try journal.provenance(ofTrial: position)),
                        refused: (inputs[state.number].path, nil)))
            }
        case .attempt(let id, var attempt):
            guard let position = indices[id] else { return }
            if let other = state.others[position], attempt.isRecorded {
                attempt.outcome = other
                if other == "conflict" { attempt.cause = "its record differs from the first" }
                if other == "damaged" { attempt.cause = "its weights were missing when it was merged" }
                name(attempt.provenance, position, inputs[state.number].path)
            }
            try journal.add(attempt, trial: position)
        case .quarantined(let id):
            if let position = indices[id] { aside.insert(position) }
        }
    }

    /// Adds the provenance, which comes later, to the conflict of a refused record.
    private mutating func name(_ provenance: Provenance, _ trial: Int, _ path: String) {
        guard
            let position = tally.conflicts.lastIndex(where: { $0.trial == trial && $0.refused.path == path })
        else { return }
        let conflict = tally.conflicts[position]
        tally.conflicts[position] = Conflict(
            trial: trial, kept: conflict.kept, refused: (path, provenance))
    }

    // MARK: - Weights

    /// Brings a trial's weights to the new directory.
    ///
    /// - Returns: whether all of them are there, where the sweep keeps any.
    private mutating func takeWeights(
        of position: Int, _ input: MergeInput, _ state: inout Adding
    ) throws(CommandFailure) -> Bool {
        guard run.spec.weights != .none else { return true }
        let trial = run.spec.grid[position]
        if let fault = run.weightsFault(of: trial, in: input.weights, digests: input.digests) {
            state.bareCount += 1
            if state.bare == nil { state.bare = fault }
            return false
        }
        try filed { () throws(FileError) in
            try makeFolder(run.weights.path)
            for name in run.weightNames(of: trial) {
                try linkOrCopy("\(input.weights.path)/\(name)", to: "\(run.weights.path)/\(name)")
            }
        }
        for name in run.weightNames(of: trial) {
            let digest = input.digests[name] ?? fileDigest("\(run.weights.path)/\(name)")
            if let digest { state.digests.append((name, digest)) }
        }
        return true
    }
}

/// Prints a progress line every few seconds for slow operations.
struct SlowProgress {
    private static let milliseconds: Int64 = 5000
    private var nextAt = monotonicMilliseconds() + SlowProgress.milliseconds

    mutating func tell(_ line: @autoclosure () -> String) {
        let now = monotonicMilliseconds()
        guard now >= nextAt else { return }
        nextAt = now + SlowProgress.milliseconds
        printError(line())
    }
}

/// Hard-links a file where the file system supports it, otherwise copies it, whole or not at all.
func linkOrCopy(_ from: String, to path: String) throws(FileError) {
    unlink(path)
    if link(from, path) != 0 { try copyFile(from, to: path) }
}
