import Text

/// How much a line of a log matters.
public enum LogLevel: String, CaseIterable, Comparable, Sendable {
    case debug, info, warning, error

    /// Orders levels by how much they matter.
    public static func < (a: LogLevel, b: LogLevel) -> Bool { a.rank < b.rank }
    private var rank: Int { LogLevel.allCases.firstIndex(of: self) ?? 0 }
}

/// A line of a run's log. Pure: the caller passes the time.
public struct LogEntry: Equatable, Sendable {
    /// When it was written, in milliseconds since 1970.
    public var unixMilliseconds: Int64
    /// How much it matters.
    public var level: LogLevel
    /// The message, without the level and without control characters.
    public var message: String
    /// Index of the trial that it is about; nil where it is about none, or about several.
    public var trial: Int?

    /// Creates a line. Control characters of the message are replaced.
    public init(unixMilliseconds: Int64, level: LogLevel, message: String, trial: Int? = nil) {
        self.unixMilliseconds = unixMilliseconds
        self.level = level
        self.message = printable(message)
        self.trial = trial
    }

    /// The lines of a message, which all have its level: the given one or that of its first word ("warning: …",
    /// "error: …"), or else `info`.
    public static func lines(
        of message: String, _ level: LogLevel?, trial: Int? = nil, unixMilliseconds: Int64
    ) -> [LogEntry] {
        let lines = message.split(separator: "\n", omittingEmptySubsequences: true).map(String.init)
        let own = lines.first.flatMap { leading($0)?.level } ?? level ?? .info
        return lines.map { line in
            let (found, rest) = leading(line) ?? (own, line)
            return LogEntry(unixMilliseconds: unixMilliseconds, level: found, message: rest, trial: trial)
        }
    }

    /// The level that a line begins with, and the rest of the line; nil where it begins with none.
    private static func leading(_ line: String) -> (level: LogLevel, rest: String)? {
        for level in LogLevel.allCases where line.hasPrefix("\(level.rawValue): ") {
            return (level, String(line.dropFirst(level.rawValue.count + 2)))
        }
        return nil
    }

    // MARK: - Text and JSON

    /// The line for a person: "2026-12-01T14:32:20+01:00 info: worker on host1: 4 slots".
    public var text: String {
        "\(localTime(unixMilliseconds: unixMilliseconds)) \(level.rawValue): \(message)"
    }

    /// The line for a program: an object with `time` (UTC), `level`, `message` and, where it is known, `trial`.
    public var json: JSONValue {
        var members: [String: JSONValue] = [
            "time": .string(isoTime(unixMilliseconds: unixMilliseconds)), "level": .string(level.rawValue),
            "message": .string(message),
        ]
        if let trial { members["trial"] = JSONValue(trial) }
        return .object(members)
    }

    /// Reads a line of JSON; nil where it is none of a log.
    public init?(parsing line: some Sequence<UInt8>) {
        guard let json = try? JSONValue(parsing: Array(line)),
            let time = json["time"]?.string.flatMap(Console.unixMilliseconds(isoTime:)),
            let level = json["level"]?.string.flatMap(LogLevel.init), let message = json["message"]?.string
        else { return nil }
        self.init(
            unixMilliseconds: time, level: level, message: message,
            trial: json["trial"]?.number.flatMap { Int(exactly: $0) })
    }

    /// A line that a worker wrote as JSON, as a message without its time: "warning: …". Other programs' lines
    /// stay as they are.
    public static func message(of line: String) -> String {
        guard let entry = LogEntry(parsing: line.utf8) else { return line }
        return entry.level == .info ? entry.message : "\(entry.level.rawValue): \(entry.message)"
    }

    /// A line that a worker wrote, as a message that names its source: "warning: host1: …". What isn't JSON was
    /// written by a program that failed, or by a library, and is a warning.
    public static func message(of line: String, from source: String) -> String {
        guard let entry = LogEntry(parsing: line.utf8) else { return "warning: \(source): \(line)" }
        let text = "\(source): \(entry.message)"
        return entry.level == .info ? text : "\(entry.level.rawValue): \(text)"
    }
}
