import Console
import Files
import Glibc
import Journal
import Records
import Sweep
import Text
import Transport

/// A run directory: the paths of its files, and their contents (docs/records.md).
struct RunDirectory {
    let path: String
    let spec: SweepSpec
    /// The share of a larger run that this run is; nil: all trials.
    var share: RunShare?

    /// The path as it is written in suggested commands.
    var word: String { shellPath(path) }
    var recordsPath: String { path + "/records.ndjson" }
    var provenancePath: String { path + "/provenance.ndjson" }
    var weights: WeightsFolder { WeightsFolder(path: share?.weightsPath ?? path + "/weights") }
    private static func sweepPath(_ path: String) -> String { path + "/sweep.json" }
    var sweepPath: String { RunDirectory.sweepPath(path) }
    var sweepBytes: [UInt8] { Array((RunDirectory.text(of: spec) + "\n").utf8) }

    var hasJournal: Bool { RunDirectory.has(RunJournal.path(in: path)) }
    /// Whether the path holds a nonempty file, or something other than a file, which fails when opened.
    private static func has(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && (status.st_size > 0 || FileKind(mode: status.st_mode) != nil)
    }

    /// Throws where a directory already holds a run or remains of one, or is unsuitable for one.
    static func checkIsFree(_ path: String) throws(CommandFailure) {
        try checkIsNoRoot(path)
        guard !has(RunJournal.path(in: path)) else {
            throw .input(
                "\(path) already holds a run: \(quotedCommand("ranksweep resume \(shellPath(path))")) continues it, "
                    + "--out DIR starts another")
        }
        guard !has(path + "/records.ndjson") else {
            throw .input(
                "\(path) holds records without a journal, which are not overwritten: choose another --out DIR"
            )
        }
        guard let stranger = fileNames(in: path).first(where: { !isLeftover($0) }) else { return }
        throw .input(
            "\(path) is not empty, and is not a run directory: it holds '\(printable(stranger))'; choose a new --out DIR, "
                + "such as \(path)/NAME")
    }

    /// Whether an interrupted start leaves this file, or a new disk contains it.
    private static func isLeftover(_ name: String) -> Bool {
        name.hasPrefix("journal.sqlite") || name.hasPrefix("sweep.json")
            || ["coordinator.lock", ControlListener.fileName, "files", "lost+found"].contains(name)
            || RunLog.fileNames.contains(name) || name.hasPrefix(metricsFileName)
    }

    /// Throws for the root and the home directory: a run's files belong in a folder of their own.
    static func checkIsNoRoot(_ path: String) throws(CommandFailure) {
        try checkNewPath(path, "--out")
        guard !isSame(path, "/") else {
            throw .input("--out \(path): that is the root of the file system; choose a folder in it")
        }
        guard let home = homeDirectory(), isSame(path, home) else { return }
        throw .input(
            "--out \(path): that is your home directory; choose a folder in it, such as \(path)/runs/NAME")
    }

    static func isSame(_ path: String, _ other: String) -> Bool {
        var (one, two) = (stat(), stat())
        return stat(path, &one) == 0 && stat(other, &two) == 0 && one.st_dev == two.st_dev
            && one.st_ino == two.st_ino
    }

    /// Throws where there are records without a journal, which resuming would lose.
    func checkHasNoRecords() throws(CommandFailure) {
        guard !RunDirectory.has(recordsPath) else {
            throw .input(
                "\(path): journal.sqlite is missing, but records.ndjson exists: restore the journal, or run the "
                    + "sweep again with another --out DIR (\(quotedCommand("ranksweep figures \(word)")) still works)"
            )
        }
    }

    /// Opens the journal. Creates it where there is none, or where it is empty because its creation was cut
    /// short by a full disk or a crash.
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

    /// Makes a new run directory in an existing folder.
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

    /// The content of `sweep.json`: the normalised sweep and the format's version.
    static func text(of spec: SweepSpec) -> String {
        var members = spec.canonicalJSON.object ?? [:]
        members["version"] = JSONValue(Int(formatVersion))
        return JSONValue.object(members).canonicalText
    }

    /// Throws where another version of ranksweep made the directory.
    static func checkFormat(_ path: String, _ sweep: [UInt8]) throws(CommandFailure) {
        // Anything but a JSON object is reported as a broken file elsewhere.
        guard let members = (try? JSONValue(parsing: sweep))?.object, members["name"] != nil else { return }
        let version = members["version"]?.number.flatMap { Int(exactly: $0) }
        guard version != Int(formatVersion) else { return }
        let found = version ?? RunJournal.format(in: path)
        guard found != Int(formatVersion) else {
            throw .input(
                "\(sweepPath(path)) lacks its 'version', and the journal beside it has format \(formatVersion): restore the "
                    + "file that the run began with")
        }
        throw .input(formatRefusal(path, found: found))
    }

    static func open(_ path: String) throws(CommandFailure) -> RunDirectory {
        let file = sweepPath(path)
        if let why = readRefusal(file) { throw .input("\(file): cannot be read: \(why)") }
        guard access(path, F_OK) == 0 else { throw .input("\(path): no such run directory") }
        guard access(file, F_OK) == 0 else {
            let isSweep = path.hasSuffix(".yaml") || path.hasSuffix(".yml")
            throw .input(
                "\(path): not a run directory: it has no sweep.json"
                    + (isSweep ? "; to start a sweep: ranksweep run \(shellPath(path))" : ""))
        }
        // An extension that was cut short has changed the journal, but not the file yet.
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

    /// Writes `records.ndjson` and `provenance.ndjson` from the journal. Each is written whole, or left as it
    /// was.
    func export(_ journal: RunJournal) throws(CommandFailure) {
        try exportLines(to: recordsPath) { write throws(JournalError) in
            var known = SweepRecords(spec.grid)
            try journal.forEachRecord { trial, line throws(JournalError) in
                if let why = known.fault(inLine: line, trial: trial) {
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
        try journal.forEachAttempt { index, attempt throws(JournalError) in
            let trial = (0..<spec.grid.count).contains(index) ? trials.trial(at: index) : nil
            try body(
                attempt.bytes(index: index, trial: trial.map { ($0.axesObject, trials.id(of: $0).text) }))
        }
    }

    /// - Parameter visit: calls its argument with each line, without a newline.
    private func exportLines(
        to path: String,
        _ visit: ((_ line: [UInt8]) throws(JournalError) -> Void) throws(JournalError) -> Void
    ) throws(CommandFailure) {
        let file = try filed { () throws(FileError) in try WholeFile(path) }
        try journaled { () throws(JournalError) in
            try visit { line throws(JournalError) in
                do throws(FileError) { try file.write(line + [UInt8(ascii: "\n")]) } catch {
                    // A journal's visitor can throw only the journal's errors.
                    throw .system(path: path, code: 0, detail: error.description)
                }
            }
        }
        try filed { () throws(FileError) in try file.commit() }
    }
}
