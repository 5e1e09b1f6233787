// Extending a run by more trials. Records and attempts are stored by grid index, and the indices change.

extension RunJournal {
    private static let sweepText = "sweep_json"

    /// The sweep of an extended run, as the text of `sweep.json`: after a crash that file may be older than
    /// the journal. nil if the run wasn't extended, or the journal can't be read.
    public static func extendedSweep(in directory: String) -> String? {
        guard fileExists(path(in: directory)),
            let database = try? Database.reading(path(in: directory), in: directory),
            let statement = try? Statement("SELECT value FROM meta WHERE key = ?", in: database),
            (try? statement.bind([.text(sweepText)])) != nil, (try? statement.step()) == true
        else { return nil }
        return statement.text(0)
    }

    /// Trials that the journal has any entry of, ascending.
    public func knownTrials() throws(JournalError) -> [Int] {
        var trials: [Int] = []
        try forEach(
            """
            SELECT trial FROM records UNION SELECT trial FROM attempts UNION SELECT trial FROM quarantined
            ORDER BY 1
            """
        ) { row in trials.append(Int(row.integer(0))) }
        return trials
    }

    /// Turns this into the journal of another sweep, which contains every trial of the one before: completely
    /// or not at all.
    ///
    /// - Parameters:
    ///   - json: the new sweep, as in `sweep.json`.
    ///   - newIndex: gives a trial's new grid index for its old one, for all `knownTrials`.
    ///   - line: gives a record's line in the new sweep for its old line and its new grid index.
    public func extend(
        toSweep digest: String, json: String, newIndex: (Int) throws(JournalError) -> Int,
        line: ([UInt8], _ newIndex: Int) throws(JournalError) -> [UInt8]
    ) throws(JournalError) {
        let trials = try knownTrials()
        try database.transaction { () throws(JournalError) in
            // Old and new indices overlap. Negative ones are free, so each row passes through one.
            let moveRecord = try Statement(
                "UPDATE records SET trial = -1 - ?, line = ?, checksum = ? WHERE trial = ?", in: database)
            let moveAttempts = try Statement(
                "UPDATE attempts SET trial = -1 - ? WHERE trial = ?", in: database)
            let moveQuarantine = try Statement(
                "UPDATE quarantined SET trial = -1 - ? WHERE trial = ?", in: database)
            for trial in trials {
                let old = Statement.Value.integer(Int64(trial))
                let index = try newIndex(trial)
                let new = Statement.Value.integer(Int64(index))
                if let kept = try record(ofTrial: trial) {
                    guard kept.isWhole else {
                        throw .damagedRecords(path: database.path, trials: try damagedRecords())
                    }
                    let moved = try line(kept.line, index)
                    let sum = RunJournal.checksum(trial: index, outcome: kept.outcome, line: moved)
                    try moveRecord.run(new, .blob(moved), .integer(sum), old)
                }
                try moveAttempts.run(new, old)
                try moveQuarantine.run(new, old)
            }
            for table in ["records", "attempts", "quarantined"] {
                try database.execute("UPDATE \(table) SET trial = -1 - trial WHERE trial < 0")
            }
            try setSetting("sweep", digest)
            try setSetting(RunJournal.sweepText, json)
        }
    }
}
