import Console
import Files
import Glibc
import Journal
import Sweep
import Text
import Transport

/// A run directory: where things are in it, and what is in them (docs/records.md).
struct RunDirectory {
    let path: String
    let spec: SweepSpec
    /// The share of a larger run that this one is; nil: all trials.
    var share: RunShare?

    /// The path as a told command names it.
    var word: String { shellPath(path) }
    var recordsPath: String { path + "/records.ndjson" }
    var provenancePath: String { path + "/provenance.ndjson" }
    var weights: WeightsFolder { WeightsFolder(path: share?.weightsPath ?? path + "/weights") }
    private static func sweepPath(_ path: String) -> String { path + "/sweep.json" }
    var sweepPath: String { RunDirectory.sweepPath(path) }
    var sweepBytes: [UInt8] { Array((RunDirectory.text(of: spec) + "\n").utf8) }

    var hasJournal: Bool { RunDirectory.has(RunJournal.path(in: path)) }
    /// Whether a file that is not empty is there, or something in its place, which will be refused when it is opened.
    private static func has(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && (status.st_size > 0 || FileKind(mode: status.st_mode) != nil)
    }

    /// Throws where a directory holds a run already, or what is left of one, or is no place for one.
    static func checkIsFree(_ path: String) throws(CommandFailure) {
        try checkIsNoRoot(path)
        guard !has(RunJournal.path(in: path)) else {
            throw .input(
                "\(path) holds a run already: \(quotedCommand("ranksweep resume \(shellPath(path))")) goes on with it, "
                    + "--out DIR starts another")
        }
        guard !has(path + "/records.ndjson") else {
            throw .input(
                "\(path) holds records without a journal: they are not overwritten; take another --out DIR")
        }
        guard let stranger = fileNames(in: path).first(where: { !isLeftover($0) }) else { return }
        throw .input(
            "\(path) is not empty, and no run directory: it holds '\(printable(stranger))'; take a new --out DIR, "
                + "such as \(path)/NAME")
    }

    /// What a start that was cut short leaves, and what a new disk comes with.
    private static func isLeftover(_ name: String) -> Bool {
        name.hasPrefix("journal.sqlite") || name.hasPrefix("sweep.json")
            || ["coordinator.lock", ControlListener.fileName, "lost+found"].contains(name)
    }

    /// A run's files belong into a folder of their own.
    static func checkIsNoRoot(_ path: String) throws(CommandFailure) {
        try checkNewPath(path, "--out")
        guard !isSame(path, "/") else {
            throw .input("--out \(path): that is the root of all files; take a folder in it")
        }
        guard let home = homeDirectory(), isSame(path, home) else { return }
        throw .input(
            "--out \(path): that is your home directory; take a folder in it, such as \(path)/runs/NAME")
    }

    private static func isSame(_ path: String, _ other: String) -> Bool {
        var (one, two) = (stat(), stat())
        return stat(path, &one) == 0 && stat(other, &two) == 0 && one.st_dev == two.st_dev
            && one.st_ino == two.st_ino
    }

    /// Records of which no journal knows would be lost by going on.
    func checkHasNoRecords() throws(CommandFailure) {
        guard !RunDirectory.has(recordsPath) else {
            throw .input(
                "\(path): journal.sqlite is gone, but records.ndjson is there: put the journal back, or run the "
                    + "sweep again with another --out DIR (\(quotedCommand("ranksweep figures \(word)")) still draws)"
            )
        }
    }

    /// Opens the journal, or makes it where there is none, or one that holds nothing: its creation was cut
    /// short, by a full disk or a crash.
    func openOrCreateJournal() throws(CommandFailure) -> RunJournal {
        if hasJournal {
            do throws(JournalError) { return try RunJournal.open(in: path, sweep: spec.digest) } catch {
                guard case .empty = error else { throw CommandFailure(error) }
            }
        }
        try checkHasNoRecords()
        return try journaled { () throws(JournalError) in
            try RunJournal.create(in: path, sweep: spec.digest)
        }
    }

    /// Makes a new one, in a folder that is there.
    static func create(_ path: String, _ spec: SweepSpec) throws(CommandFailure) -> RunDirectory {
        let run = RunDirectory(path: path, spec: spec)
        try run.writeSweep()
        return run
    }

    func writeSweep() throws(CommandFailure) {
        try filed { () throws(FileError) in
            try writeFile(sweepBytes, to: sweepPath)
        }
    }

    /// What `sweep.json` holds: the sweep, normalised, and the format's version.
    static func text(of spec: SweepSpec) -> String {
        var members = spec.canonicalJSON.object ?? [:]
        members["version"] = JSONValue(Int(formatVersion))
        return JSONValue.object(members).canonicalText
    }

    /// Throws where another version of ranksweep made the directory.
    static func checkFormat(_ path: String, _ sweep: [UInt8]) throws(CommandFailure) {
        // What is no JSON object is told as a broken file.
        guard let members = (try? JSONValue(parsing: sweep))?.object, members["name"] != nil else { return }
        let version = members["version"]?.number.flatMap { Int(exactly: $0) }
        guard version != Int(formatVersion) else { return }
        throw .input(formatRefusal(path, found: version ?? RunJournal.format(in: path)))
    }

    static func open(_ path: String) throws(CommandFailure) -> RunDirectory {
        let file = sweepPath(path)
        if let why = readRefusal(file) { throw .input("\(file): cannot be read: \(why)") }
        guard access(path, F_OK) == 0 else { throw .input("\(path): no such run directory") }
        guard access(file, F_OK) == 0 else {
            let isSweep = path.hasSuffix(".yaml") || path.hasSuffix(".yml")
            throw .input(
                "\(path): no run directory, it has no sweep.json"
                    + (isSweep ? "; to start a sweep: ranksweep run \(shellPath(path))" : ""))
        }
        // An extension that was cut short has changed the journal, and not the file yet.
        let bytes: [UInt8]
        if let text = RunJournal.extendedSweep(in: path) {
            bytes = Array(text.utf8)
        } else {
            bytes = try readSweep(file)
        }
        try checkFormat(path, bytes)
        return try orFail(CommandFailure.init(_:)) { () throws(SweepError) in
            RunDirectory(path: path, spec: try SweepSpec(parsing: bytes, file: file))
        }
    }

    /// Writes `records.ndjson` and `provenance.ndjson` from the journal: each whole, or as it was.
    func export(_ journal: RunJournal) throws(CommandFailure) {
        try exportLines(to: recordsPath) { write throws(JournalError) in
            var check = RecordCheck(spec)
            try journal.forEachRecord { trial, line throws(JournalError) in
                if let why = check.fault(in: line, trial: trial) {
                    throw .unfitRecord(path: RunJournal.path(in: self.path), trial: trial, why: why)
                }
                try write(line)
            }
        }
        try exportLines(to: provenancePath) { write throws(JournalError) in
            try forEachProvenanceLine(journal, write)
        }
    }

    /// Calls `body` with each line of `provenance.ndjson`, without a newline.
    func forEachProvenanceLine(
        _ journal: RunJournal, _ body: (_ line: [UInt8]) throws(JournalError) -> Void
    ) throws(JournalError) {
        var trials = TrialCache(spec.grid)
        try journal.forEachAttempt { index, fields throws(JournalError) in
            var fields = fields
            fields["index"] = JSONValue(index)
            if (0..<spec.grid.count).contains(index) {
                let trial = trials.trial(at: index)
                fields["axes"] = trial.axesObject
                fields["trial"] = .string(trials.id(of: trial).text)
            }
            try body(JSONValue.object(fields).canonicalBytes)
        }
    }

    /// - Parameter visit: calls what it is given with each line, without a newline.
    private func exportLines(
        to path: String,
        _ visit: ((_ line: [UInt8]) throws(JournalError) -> Void) throws(JournalError) -> Void
    ) throws(CommandFailure) {
        let file = try filed { () throws(FileError) in try WholeFile(path) }
        try journaled { () throws(JournalError) in
            try visit { line throws(JournalError) in
                do throws(FileError) { try file.write(line + [UInt8(ascii: "\n")]) } catch {
                    // A journal's visitor throws the journal's errors only.
                    throw .system(path: path, code: 0, detail: error.description)
                }
            }
        }
        try filed { () throws(FileError) in try file.commit() }
    }
}
