import Files
import Text

/// Options that decide what a program prints about a run, and how.
public struct LogSettings: Equatable, Sendable {
    /// The form of the lines on standard error.
    public enum Format: String, CaseIterable, Sendable {
        case text
        /// One JSON object a line.
        case json
    }

    /// The form of the lines.
    public var format = Format.text
    /// Lines that matter less aren't printed.
    public var level = LogLevel.info

    /// The options of a command line that set them.
    public static let options = [
        OptionSpec(
            "--log-format", "text|json",
            "how lines about the run are printed: text (default), or one JSON object a line"),
        OptionSpec(flag: "--quiet", "print only problems"),
        OptionSpec(flag: "--verbose", "also print each trial's start and end"),
    ]

    /// Creates the default settings.
    public init() {}

    /// Reads the options.
    public init(_ arguments: Arguments) throws(UsageError) {
        guard !arguments.has("--quiet") || !arguments.has("--verbose") else {
            throw UsageError("--quiet and --verbose contradict each other: give one of them")
        }
        if arguments.has("--quiet") { level = .warning }
        if arguments.has("--verbose") { level = .debug }
        guard let text = arguments["--log-format"] else { return }
        guard let format = Format(rawValue: text) else {
            throw UsageError("--log-format must be text or json, not '\(text)'")
        }
        self.format = format
    }
}

/// The log of a run: every line with its time and level, on standard error and, once `keep` was called, in a file
/// of the run directory. The file gets the lines that aren't printed, too, but those of level `debug` only where they
/// are printed.
public final class RunLog {
    /// The files in a run directory, the older one first: one JSON object a line.
    public static let fileNames = ["log.1.ndjson", "log.ndjson"]
    /// The size of each of them in bytes.
    public static let fileLimit = 8 << 20

    private let settings: LogSettings
    private var terminal = Terminal()
    private var file: RotatedFile?
    /// The run directory with the file; nil before there is one.
    public private(set) var folder: String?
    /// Lines from before there is a file.
    private var early: [LogEntry] = []
    private static let maxEarly = 1000
    /// Lines that the disk didn't take, and that no line tells of yet.
    private var lost = 0

    /// Creates a log without a file.
    public init(_ settings: LogSettings = LogSettings()) { self.settings = settings }

    /// Whether lines of level `debug` are wanted. Ask before making many of them.
    public var isVerbose: Bool { settings.level == .debug }

    /// Whether a progress line is shown in place.
    public var showsProgress: Bool {
        terminal.isTerminal && settings.format == .text && settings.level <= .info
    }

    /// Adds a message, each of its lines for itself.
    ///
    /// - Parameters:
    ///   - level: how much it matters; nil: what its first word says, or else `info`.
    ///   - trial: index of the trial that it is about.
    public func add(_ message: String, _ level: LogLevel? = nil, trial: Int? = nil) {
        let entries = LogEntry.lines(
            of: message, level, trial: trial, unixMilliseconds: unixMilliseconds())
        for entry in entries {
            if entry.level >= settings.level {
                terminal.print(settings.format == .json ? entry.json.canonicalText : entry.text)
            }
            store(entry)
        }
    }

    /// Adds a message to the file alone: standard output has said it.
    public func note(_ message: String, _ level: LogLevel? = nil) {
        for entry in LogEntry.lines(of: message, level, unixMilliseconds: unixMilliseconds()) {
            store(entry)
        }
    }

    /// Writes all lines to a file of this run directory from now on, and those before.
    public func keep(in folder: String) {
        self.folder = folder
        file = RotatedFile(
            "\(folder)/\(RunLog.fileNames[1])", older: "\(folder)/\(RunLog.fileNames[0])",
            limit: RunLog.fileLimit)
        let entries = early
        early = []
        for entry in entries { store(entry) }
    }

    private func store(_ entry: LogEntry) {
        guard entry.level > .debug || isVerbose else { return }
        guard let file else {
            if early.count < RunLog.maxEarly { early.append(entry) }
            return
        }
        guard file.append(entry.json.canonicalBytes) else {
            lost += 1
            return
        }
        guard lost > 0 else { return }
        let gap = LogEntry(
            unixMilliseconds: entry.unixMilliseconds, level: .warning,
            message: "\(countText(lost, "line")) of this log could not be written")
        if file.append(gap.json.canonicalBytes) { lost = 0 }
    }

    // MARK: - The progress line

    /// The columns that a progress line may have.
    public var width: Int { terminal.width }

    /// Shows the progress line in place of the one before.
    public func showProgress(_ line: String) { if showsProgress { terminal.setFoot(line) } }

    /// Ends the progress line, whose text stays.
    public func endProgress() { terminal.endFoot() }
}

extension RunLog {
    /// Logs why a run ended.
    ///
    /// - Returns: the failure, which isn't printed again.
    package func reported(_ failure: CommandFailure) -> CommandFailure {
        for line in failure.lines { add(line, .error) }
        var failure = failure
        failure.isReported = true
        return failure
    }
}
