import Foundation
import Testing

@testable import Console

@Suite struct RunLogTests {
    @Test func `Times are ISO 8601, in UTC with milliseconds or with the place's offset`() throws {
        #expect(isoTime(unixMilliseconds: 0) == "1970-01-01T00:00:00.000Z")
        #expect(isoTime(unixMilliseconds: 1_796_135_540_007) == "2026-12-01T14:32:20.007Z")
        #expect(isoTime(unixMilliseconds: -1) == "1969-12-31T23:59:59.999Z")
        for time: Int64 in [0, 951_782_399_999, 1_796_135_540_123, 4_102_444_800_000] {
            #expect(unixMilliseconds(isoTime: isoTime(unixMilliseconds: time)) == time)
        }
        for text in ["", "2026-12-01", "2026-12-01T14:32:20Z", "2026-12-01T14:32:20.007+01:00"] {
            #expect(unixMilliseconds(isoTime: text) == nil)
        }
        let local = localTime(unixMilliseconds: 1_796_135_540_007)
        #expect(local.wholeMatch(of: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d/) != nil, "\(local)")
        // The same moment by Foundation.
        #expect(try Date(local, strategy: .iso8601).timeIntervalSince1970 == 1_796_135_540)
    }

    private func lines(_ message: String, _ level: LogLevel? = nil) -> [String] {
        LogEntry.lines(of: message, level, unixMilliseconds: 0).map { "\($0.level.rawValue)|\($0.message)" }
    }

    @Test func `A line's level is its first word, or that of its message`() {
        #expect(lines("one worker") == ["info|one worker"])
        #expect(lines("warning: it is slow") == ["warning|it is slow"])
        #expect(lines("it is lost", .warning) == ["warning|it is lost"])
        #expect(lines("error: no\n(see help)", .error) == ["error|no", "error|(see help)"])
        #expect(lines("warning: edited:\n  a: 1") == ["warning|edited:", "warning|  a: 1"])
        #expect(lines("the end\nwarning: but") == ["info|the end", "warning|but"])
        #expect(lines("a \u{1b}[2Jb") == ["info|a ·[2Jb"])
        #expect(lines("").isEmpty)
        #expect(LogLevel.debug < .info && LogLevel.info < .warning && LogLevel.warning < .error)
    }

    @Test func `JSON holds what the text says, and is read again`() throws {
        let entry = LogEntry(
            unixMilliseconds: 1_796_135_540_007, level: .warning, message: "a \"b\"", trial: 17)
        #expect(
            entry.json.canonicalText
                == #"{"level":"warning","message":"a \"b\"","time":"2026-12-01T14:32:20.007Z","trial":17}"#)
        #expect(LogEntry(parsing: entry.json.canonicalBytes) == entry)
        #expect(entry.text.hasSuffix(" warning: a \"b\""))
        for line in ["", "{}", "text", #"{"time":"x","level":"info","message":""}"#] {
            #expect(LogEntry(parsing: line.utf8) == nil)
        }
    }

    @Test func `A worker's lines keep their level, and a crash is a warning`() {
        func json(_ level: LogLevel) -> String {
            LogEntry(unixMilliseconds: 0, level: level, message: "m").json.canonicalText
        }
        #expect(LogEntry.message(of: json(.info), from: "host1") == "host1: m")
        #expect(LogEntry.message(of: json(.error), from: "host1") == "error: host1: m")
        #expect(LogEntry.message(of: "Fatal error", from: "host1") == "warning: host1: Fatal error")
        #expect(LogEntry.message(of: json(.info)) == "m" && LogEntry.message(of: json(.error)) == "error: m")
        #expect(LogEntry.message(of: "Fatal error") == "Fatal error")
    }

    private func settings(_ words: String...) throws -> LogSettings {
        try LogSettings(Arguments(words, for: CommandSpec("x", "", options: LogSettings.options)))
    }

    @Test func `Options choose the form and the least level`() throws {
        #expect(try settings() == LogSettings())
        #expect(try settings("--quiet").level == .warning && settings("--verbose").level == .debug)
        #expect(try settings("--log-format", "json").format == .json)
        #expect(throws: UsageError("--log-format must be text or json, not 'xml'")) {
            try settings("--log-format", "xml")
        }
        #expect(throws: UsageError.self) { try settings("--quiet", "--verbose") }
    }

    @Test func `The file gets the lines from before it, and what isn't printed`() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        var settings = LogSettings()
        settings.level = .error
        let log = RunLog(settings)
        log.add("before", trial: 3)
        log.keep(in: folder.path)
        log.add("warning: after")
        log.note("printed elsewhere")
        log.add("debug: not wanted")
        let text = try String(contentsOf: folder.appending(path: "log.ndjson"), encoding: .utf8)
        let entries = text.split(separator: "\n").map { LogEntry(parsing: $0.utf8) }
        #expect(entries.map { $0?.message } == ["before", "after", "printed elsewhere"])
        #expect(entries.first??.trial == 3)
        // While the folder is gone, lines are lost; then one tells how many.
        try FileManager.default.removeItem(at: folder)
        log.note("lost")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        log.note("kept")
        let rest = try String(contentsOf: folder.appending(path: "log.ndjson"), encoding: .utf8)
        #expect(rest.contains("\"kept\"") && rest.contains("1 line of this log could not be written"))
    }
}
