// Console: command lines and their help, progress and durations in words, the environment, the processors and
// memory of the machine, and writing to the terminal. Imports Files, Text, CPosix, Synchronization and Glibc.
// Leaves out what commands do. Functions that word a message are pure; every write is checked (Output.swift).

import CPosix
import Glibc

/// Exit codes, which scripts may rely on.
public enum ExitCode: Int32, Sendable {
    case done = 0
    /// Some trials failed or were quarantined.
    case incomplete = 1
    case wrongUse = 2
    /// The run was interrupted and can be resumed.
    case interrupted = 3
    /// A fault of this program or of the system under it.
    case `internal` = 4
}

/// Standard error, for messages to people, with a last line (the foot) that is overwritten in place.
public struct Terminal {
    /// Whether standard error is a terminal.
    public let isTerminal: Bool
    private var foot = ""

    /// Creates a terminal without a foot.
    public init() { isTerminal = obeysEscapes(STDERR_FILENO) }

    /// The columns that the foot may have.
    public var width: Int { overwritableColumns(STDERR_FILENO) }

    /// Writes a line above the foot.
    public mutating func print(_ line: String) {
        let line = printable(line)
        write((foot.isEmpty ? "" : "\r\u{1b}[K") + line + "\n" + foot)
    }

    /// Sets the foot. Does nothing if standard error is not a terminal.
    public mutating func setFoot(_ line: String) {
        guard isTerminal, line != foot else { return }
        foot = String(line.prefix(max(1, width - 1)))
        write("\r\u{1b}[K" + foot)
    }

    /// Ends the line of the foot and leaves its text in place.
    public mutating func endFoot() {
        guard !foot.isEmpty else { return }
        write("\n")
        foot = ""
    }

    private func write(_ text: String) { _ = writeText(text, to: STDERR_FILENO) }
}

// Nothing here or elsewhere is coloured, so there is nothing for NO_COLOR to turn off.

/// Whether a descriptor is a terminal that understands what moves the cursor.
func obeysEscapes(_ descriptor: Int32) -> Bool {
    isatty(descriptor) == 1 && environmentValue("TERM") != "dumb"
}

/// The columns of the terminal behind a descriptor: $COLUMNS if it is a number, else what the terminal says;
/// nil if neither is known.
func terminalColumns(_ descriptor: Int32) -> Int? {
    askedColumns ?? terminalSize(descriptor).map { Int($0.ws_col) }
}

/// The columns of text that is overwritten in place. A line that wraps could not be overwritten, so $COLUMNS can
/// only narrow it; 80 if neither $COLUMNS nor the terminal says.
func overwritableColumns(_ descriptor: Int32, asked: Int? = askedColumns) -> Int {
    [asked, terminalSize(descriptor).map { Int($0.ws_col) }].compactMap(\.self).min() ?? 80
}

private var askedColumns: Int? {
    environmentValue("COLUMNS").flatMap { Int($0) }.flatMap { $0 > 0 ? $0 : nil }
}

func terminalSize(_ descriptor: Int32) -> winsize? {
    var size = winsize()
    return ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0 ? size : nil
}

/// The text with each control character replaced by "·", so that text from elsewhere cannot steer a terminal.
public func printable(_ text: String) -> String {
    String(
        text.unicodeScalars.map { scalar in
            scalar.properties.generalCategory == .control ? "·" : Character(scalar)
        })
}

/// Milliseconds on a clock that never goes back.
public func monotonicMilliseconds() -> Int64 { monotonicNanoseconds() / 1_000_000 }

/// Nanoseconds on the clock of `monotonicMilliseconds`.
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
