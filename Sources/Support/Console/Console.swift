// Console: command lines and their help, progress and durations in words, and writing to the terminal.
// Imports Files, Text, CPosix and Glibc. Leaves out what commands do. All that decides words is pure; what is written is
// checked (Output.swift).

import CPosix
import Glibc

/// Exit codes: a contract.
public enum ExitCode: Int32, Sendable {
    case done = 0
    /// Some trials failed or were quarantined.
    case incomplete = 1
    case wrongUse = 2
    /// Interrupted; can be resumed.
    case interrupted = 3
    /// A fault of ours, or of the system under us.
    case `internal` = 4
}

/// Where messages for people go: standard error, with one line at its foot that is written over and over.
public struct Terminal {
    /// Whether a person watches.
    public let isTerminal: Bool
    private var foot = ""

    public init() { isTerminal = isatty(STDERR_FILENO) == 1 }

    /// Columns.
    public var width: Int {
        var size = winsize()
        guard ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
        return Int(size.ws_col)
    }

    /// Writes a line, above the foot.
    public mutating func print(_ line: String) {
        let line = printable(line)
        write((foot.isEmpty ? "" : "\r\u{1b}[K") + line + "\n" + foot)
    }

    /// Sets the foot: on a terminal only.
    public mutating func setFoot(_ line: String) {
        guard isTerminal, line != foot else { return }
        foot = String(line.prefix(max(1, width - 1)))
        write("\r\u{1b}[K" + foot)
    }

    /// Ends the foot's line as it stands.
    public mutating func endFoot() {
        guard !foot.isEmpty else { return }
        write("\n")
        foot = ""
    }

    private func write(_ text: String) { _ = writeText(text, to: STDERR_FILENO) }
}

/// Lines on standard output that are written over by their next version, where a person watches; elsewhere each
/// version comes after the one before, with an empty line between.
public struct TerminalPage {
    private let isTerminal = isatty(STDOUT_FILENO) == 1
    private var shown: Int?

    public init() {}

    /// False where nobody reads any more.
    public mutating func show(_ text: String) -> Bool {
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        guard isTerminal else {
            defer { shown = 0 }
            return printOut((shown == nil ? "" : "\n") + text)
        }
        var size = winsize()
        let isKnown = ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0
        // A line that wraps, or more lines than there are, could not be found again.
        lines = lines.prefix(isKnown ? max(2, Int(size.ws_row) - 1) : 23).map {
            String($0.prefix(isKnown ? Int(size.ws_col) - 1 : 79))
        }
        let back = shown.map { "\u{1b}[\($0)A\u{1b}[J" } ?? ""
        shown = lines.count
        return printOut(back + lines.joined(separator: "\n"))
    }
}

/// The text without what would steer a terminal: others' words are only shown.
public func printable(_ text: String) -> String {
    String(
        text.unicodeScalars.map { scalar in
            scalar.properties.generalCategory == .control ? "·" : Character(scalar)
        })
}

/// Milliseconds of a clock that only goes forward.
public func monotonicMilliseconds() -> Int64 { monotonicNanoseconds() / 1_000_000 }

/// Of the same clock.
public func monotonicNanoseconds() -> Int64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
}

/// Milliseconds since 1970.
public func unixMilliseconds() -> Int64 {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
}
