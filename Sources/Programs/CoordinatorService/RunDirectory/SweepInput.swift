import Console
import Files
import Glibc
import Journal
import Sweep
import Text

// Sweep files as given to commands, and what a run remembers about its own.

/// Reads the sweep that a command names, with its overrides.
func readSpec(_ path: String, _ arguments: Arguments) throws(CommandFailure) -> SweepSpec {
    try SweepSource(path, arguments).spec(mayBePipe: true)
}

/// The bytes of a sweep file or of another `kind` of file. Refuses files larger than any real one.
///
/// - Parameter mayBePipe: whether the output of another program is accepted: `plan <(program)`.
func readSweep(
    _ path: String, kind: String = "sweep file", mayBePipe: Bool = false
) throws(CommandFailure) -> [UInt8] {
    var status = stat()
    guard stat(path, &status) == 0 else {
        guard errno == ENOENT else { throw .input("\(path): \(systemMessage(errno))") }
        let hint =
            nearFile(to: path, endings: [".yaml", ".yml"])
            ?? (mayBePipe ? Recipes.suggestion(for: path) : nil)
        throw .input("\(path): no such file\(hint.map { "; \($0)" } ?? "")")
    }
    let found = FileKind(mode: status.st_mode)
    guard found != .folder else {
        let isRun = access(path + "/sweep.json", F_OK) == 0
        throw .input(
            "\(path): a folder, not a \(kind)"
                + (isRun ? "; to continue its run: ranksweep resume \(shellPath(path))" : ""))
    }
    let limit = 1 << 20
    let bytes: [UInt8]
    if found == .pipe, mayBePipe {
        bytes = try filed { () throws(FileError) in try readPipe(path, atMost: limit + 1) }
    } else {
        let file = try filed { () throws(FileError) in try openStream(path) }
        defer { fclose(file) }
        var buffer = [UInt8](repeating: 0, count: limit + 1)
        let count = fread(&buffer, 1, buffer.count, file)
        bytes = Array(buffer[..<count])
    }
    guard bytes.count <= limit else { throw .input("\(path): larger than 1 MiB: not a \(kind)") }
    return bytes
}

/// Everything that another program writes. After a second without a byte, prints a line that says what it
/// waits for.
private func readPipe(_ path: String, atMost limit: Int) throws(FileError) -> [UInt8] {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw FileError(path: path, doing: "read", code: errno) }
    defer { close(descriptor) }
    var event = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    if poll(&event, 1, 1000) == 0 {
        printError("\(path) is a pipe: waiting for the program that writes to it")
        while poll(&event, 1, -1) < 0, errno == EINTR {}
    }
    _ = fcntl(descriptor, F_SETFL, 0)
    var bytes = [UInt8](repeating: 0, count: limit)
    var filled = 0
    while filled < limit {
        let count = bytes.withUnsafeMutableBytes {
            read(descriptor, $0.baseAddress?.advanced(by: filled), limit - filled)
        }
        if count < 0, errno == EINTR { continue }
        guard count >= 0 else { throw FileError(path: path, doing: "read", code: errno) }
        if count == 0 { break }
        filled += count
    }
    return Array(bytes[..<filled])
}

/// "did you mean 'sweeps/demo.yaml'?" where there is a file with a similar name.
func nearFile(to path: String, endings: [String]) -> String? {
    let slash = path.lastIndex(of: "/")
    let folder = slash.map { String(path[...$0]) } ?? ""
    let name = slash.map { String(path[path.index(after: $0)...]) } ?? path
    let names = fileNames(in: folder.isEmpty ? "." : folder).filter {
        endings.contains(where: $0.hasSuffix)
    }
    if let exact = names.first(where: { $0.hasPrefix(name + ".") }) {
        return "did you mean '\(folder)\(exact)'?"
    }
    return nearestSpelling(to: name, among: names).map { "did you mean '\(folder)\($0)'?" }
}

/// The sweep file and the overrides that a run began with. Kept in the run's journal, so that a later edit of
/// the file is noticed.
struct SweepSource: Equatable {
    /// The file as the user named it, or an absolute path: that of a recipe named without its folder, too.
    let file: String
    private let overrides: [String]
    private let isQuick: Bool
    /// The digest of the whole normalised sweep when the run began; nil where unknown.
    private var digest: String?

    private static let setting = "sweep_file"

    /// - Parameter log: the log of a run that begins; nil where none does.
    init(_ file: String, _ arguments: Arguments, _ log: RunLog? = nil) {
        let recipe = access(file, F_OK) == 0 ? nil : Recipes.path(named: file)
        if let recipe {
            let words = "\(file): the recipe \(recipe)"
            if let log { log.add(words) } else { printError(words) }
        }
        self.file = recipe ?? file
        overrides = arguments.all("--set")
        isQuick = arguments.has("--quick")
    }

    /// - Parameter look: looks at the files that the sweep names; nil: reads them.
    func spec(mayBePipe: Bool = false, _ look: FileLook? = nil) throws(CommandFailure) -> SweepSpec {
        let bytes = try readSweep(file, mayBePipe: mayBePipe)
        return try orFail(CommandFailure.init(_:)) { () throws(SweepError) in
            try SweepSpec(
                parsing: bytes, file: file, overrides: overrides.map { Override($0) }, quick: isQuick,
                look: look ?? fileLook(in: folder))
        }
    }

    /// The folder from which the sweep names other files.
    var folder: String { FileKind(at: file) == .pipe ? "." : folderOf(file) }

    private static func digest(of spec: SweepSpec) -> String {
        Digest(of: spec.canonicalJSON.canonicalText).hexadecimal(bytes: 16)
    }

    /// Keeps it with a new run. Input from a pipe can't be read again, so it isn't kept.
    func remember(in journal: RunJournal, for spec: SweepSpec) throws(JournalError) {
        guard FileKind(at: file) == nil else { return }
        let members: [String: JSONValue] = [
            "file": .string(absolutePath(file)), "set": .array(overrides.map(JSONValue.string)),
            "quick": .bool(isQuick), "sweep": .string(SweepSource.digest(of: spec)),
        ]
        try journal.setSetting(SweepSource.setting, JSONValue.object(members).canonicalText)
    }

    /// Restores what a run remembers; nil for runs that began without a file, such as merged ones.
    init?(rememberedIn journal: RunJournal) throws(JournalError) {
        guard let text = try journal.setting(SweepSource.setting),
            let json = try? JSONValue(parsing: text.utf8),
            let file = json["file"]?.string, let digest = json["sweep"]?.string
        else { return nil }
        self.file = file
        overrides = (json["set"]?.array ?? []).compactMap(\.string)
        isQuick = json["quick"]?.bool ?? false
        self.digest = digest
    }

    /// A change of the file since the run began.
    enum Edit {
        case other(SweepDifference)
        /// It is no longer a valid sweep, for this reason.
        case broken(String)
    }

    /// The folder of the file that a run began with; nil where it isn't known.
    static func folder(rememberedBy run: RunDirectory) throws(CommandFailure) -> String? {
        guard run.hasJournal else { return nil }
        return try journaled { () throws(JournalError) in
            let journal = try RunJournal.open(in: run.path, sweep: run.spec.digest, readOnly: true)
            return try SweepSource(rememberedIn: journal)?.folder
        }
    }

    /// nil where the file is unchanged since the run began, describes the same sweep as the run (which may
    /// have been extended), or can't be read.
    ///
    /// - Parameter readsFiles: whether the files that the sweep names are read, too. Otherwise, and where they are
    ///   gone, they count as unchanged.
    func edit(since run: RunDirectory, readsFiles: Bool) -> Edit? {
        guard access(file, R_OK) == 0 else { return nil }
        let (folder, known) = (folder, run.spec.files.facts)
        let read = fileLook(in: folder)
        func now(_ trusts: @escaping (String, FileFacts) -> Bool) throws(CommandFailure) -> SweepSpec {
            try spec { path, role in
                if let facts = known[path], trusts(path, facts) { return facts }
                return read(path, role)
            }
        }
        func isGone(_ path: String, _ facts: FileFacts) -> Bool {
            let folder = folderOf(filePath(path, in: folder))
            return facts.file.parts.contains { access("\(folder)/\($0.path)", R_OK) != 0 }
        }
        do throws(CommandFailure) {
            // A run knows only the layers that its trials measure: an edit may name others.
            let quick = readsFiles ? nil : try? now { _, _ in true }
            let now = if let quick { quick } else { try now(isGone) }
            guard SweepSource.digest(of: now) != digest else { return nil }
            return SweepDifference(from: run.spec, to: now).map { .other($0) }
        } catch { return .broken(error.message) }
    }

    /// Which settings differ, and the command that adds them.
    func words(_ difference: SweepDifference, _ run: String) -> String {
        var lines = difference.items.prefix(20).map { item in
            "  \(item.path): \(item.before) in the run, \(item.after) in \(file)"
        }
        if difference.items.count > 20 { lines.append("  … and \(difference.items.count - 20) more") }
        if let additions = difference.additions {
            let words = additions.map { "--set " + shellQuoted($0) }.joined(separator: " ")
            lines.append("to add these values to the run: ranksweep extend \(shellPath(run)) \(words)")
        }
        let options = overrides.map { " --set " + shellQuoted($0) }.joined() + (isQuick ? " --quick" : "")
        let command = shellPath(file) + options
        guard difference.isOfTrials else {
            lines.append(
                "to redraw the run's records with the edit: ranksweep merge \(shellPath(run)) --sweep \(command) "
                    + "--out DIR")
            return lines.joined(separator: "\n")
        }
        lines.append("to run the edited sweep separately: ranksweep run \(command) --out DIR")
        lines.append(
            "to start that run with the trials that both have: ranksweep merge \(shellPath(run)) --sweep \(command) "
                + "--out DIR, then ranksweep resume DIR")
        return lines.joined(separator: "\n")
    }
}

extension RunDirectory {
    /// Throws where a directory already holds a run or remains of one, and says how its sweep differs.
    static func checkIsFree(_ path: String, for spec: SweepSpec, _ source: SweepSource) throws(CommandFailure)
    {
        do throws(CommandFailure) { try checkIsFree(path) } catch {
            // `resume` would refuse a directory of another format.
            if let sweep = try? readSweep(path + "/sweep.json") { try checkFormat(path, sweep) }
            guard let run = try? open(path), run.hasJournal,
                let difference = SweepDifference(from: run.spec, to: spec)
            else { throw error }
            throw .input(
                "\(path) already holds a run, of another sweep than \(source.file) now describes:\n"
                    + source.words(difference, path)
                    + "\nto continue the run as it is: ranksweep resume \(shellPath(path))")
        }
    }

    /// A message that the sweep file was edited after the run began, with the differences. The run continues
    /// without the edit. nil where there is nothing to report.
    ///
    /// - Parameter readsFiles: whether changes of the files that the sweep names are noticed, too.
    func editMessage(
        _ journal: RunJournal, readsFiles: Bool
    ) throws(JournalError) -> (summary: String, details: String)? {
        guard let source = try SweepSource(rememberedIn: journal),
            let edit = source.edit(since: self, readsFiles: readsFiles)
        else { return nil }
        switch edit {
        case .other(let difference):
            return (
                "\(source.file) was edited since this run began, and the run continues without the edit",
                source.words(difference, path)
            )
        case .broken(let why):
            return (
                "\(source.file) was edited since this run began, and is no longer a valid sweep; the run continues with the "
                    + "sweep that it began with (\(sweepPath))",
                why.split(separator: "\n").prefix(5).map { "  \($0)" }.joined(separator: "\n")
            )
        }
    }

    func tellOfEdits(_ journal: RunJournal, _ log: RunLog) throws(CommandFailure) {
        let words = try journaled { () throws(JournalError) in try editMessage(journal, readsFiles: true) }
        if let (summary, details) = words { log.add("warning: \(summary):\n\(details)") }
    }
}

/// Throws where a new file's or folder's name would not be shown as it is in listings.
///
/// - Parameter option: the option that gives the path: "--out".
func checkNewPath(_ path: String, _ option: String) throws(CommandFailure) {
    let isHidden = path.unicodeScalars.contains { scalar in
        [.control, .lineSeparator, .paragraphSeparator].contains(scalar.properties.generalCategory)
    }
    guard isHidden || path.allSatisfy(\.isWhitespace) else { return }
    throw .input(
        isHidden
            ? "\(option) '\(printable(path))': the name contains a line break or another control character (·): choose another"
            : "\(option) '\(path)': the name is empty or only spaces: choose another")
}

/// The files that a start has made in a folder. They are removed where the start fails before anything is
/// begun.
struct FreshRun {
    let path: String
    /// Folders that did not exist before, outermost first.
    let folders: [String]

    private static let files =
        [
            "sweep.json", "journal.sqlite", "journal.sqlite-wal", "journal.sqlite-shm",
            "journal.sqlite-journal",
            "control.sock", "sweep.json.partial", "coordinator.lock",
        ] + RunLog.fileNames + [metricsFileName, metricsFileName + ".partial"]

    /// Makes the folder.
    init(_ path: String) throws(CommandFailure) {
        self.path = path
        folders = try filed { () throws(FileError) in try makeFolder(path) }
    }

    /// Removes the files and folders. The caller must hold the lock, or no other process may use the folder.
    func discard() {
        removeTree(path + "/files")
        for file in FreshRun.files { unlink("\(path)/\(file)") }
        discardFolders()
    }

    /// Removes the folders that are still empty.
    func discardFolders() {
        for folder in folders.reversed() { rmdir(folder) }
    }

    /// Whether nothing is known about any trial: no record, no attempt.
    static func isUntouched(_ journal: RunJournal) -> Bool { (try? journal.knownTrials())?.isEmpty == true }
}
