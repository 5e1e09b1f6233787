// Upgrades of journals of older versions, completely or not at all.

extension RunJournal {
    static func upgrade(_ database: Database, from found: Int) throws(JournalError) {
        try database.transaction { () throws(JournalError) in
            if found < 2 {
                try database.execute(
                    "ALTER TABLE attempts ADD COLUMN continued_step INTEGER NOT NULL DEFAULT 0")
            }
            if found < 3 { try addChecksums(database) }
            if found < 4 {
                try database.execute(
                    "ALTER TABLE attempts ADD COLUMN measuring_seconds REAL NOT NULL DEFAULT 0")
            }
            if found < 5 {
                try database.execute(
                    "ALTER TABLE attempts ADD COLUMN program_commit TEXT NOT NULL DEFAULT ''")
            }
            try database.execute("PRAGMA user_version = \(version)")
        }
    }

    /// Adds checksums. Records of older versions are taken as they are.
    private static func addChecksums(_ database: Database) throws(JournalError) {
        try database.execute("ALTER TABLE records ADD COLUMN checksum INTEGER NOT NULL DEFAULT 0")
        let select = try Statement(
            "SELECT trial, outcome, line FROM records WHERE trial > ? ORDER BY trial LIMIT 1000", in: database
        )
        let update = try Statement("UPDATE records SET checksum = ? WHERE trial = ?", in: database)
        var last: Int64 = -1
        while true {
            // A thousand at a time, because a table must not be changed while it is read.
            var sums: [(trial: Int64, sum: Int64)] = []
            select.reset()
            try select.bind([.integer(last)])
            while try select.step() {
                let trial = select.integer(0)
                let sum = checksum(trial: Int(trial), outcome: select.text(1), line: select.blob(2))
                sums.append((trial, sum))
            }
            guard let end = sums.last else { return }
            select.reset()
            for (trial, sum) in sums { try update.run(.integer(sum), .integer(trial)) }
            last = end.trial
        }
    }
}
