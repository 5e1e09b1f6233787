// Console: command lines and their help, progress and durations in words, and writing to the terminal.
// Imports Text, CPosix and Glibc. Leaves out what commands do. All that decides words is pure; `Terminal` writes.

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
        writeText((foot.isEmpty ? "" : "\r\u{1b}[K") + line + "\n" + foot, to: STDERR_FILENO)
    }

    /// Sets the foot: on a terminal only.
    public mutating func setFoot(_ line: String) {
        guard isTerminal, line != foot else { return }
        foot = String(line.prefix(max(1, width - 1)))
        writeText("\r\u{1b}[K" + foot, to: STDERR_FILENO)
    }

    /// Ends the foot's line as it stands.
    public mutating func endFoot() {
        guard !foot.isEmpty else { return }
        writeText("\n", to: STDERR_FILENO)
        foot = ""
    }
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

/// Writes to standard output; false where that takes no more.
@discardableResult public func printOut(_ text: String) -> Bool {
    writeText(text + "\n", to: STDOUT_FILENO)
}

/// Writes to standard error.
public func printError(_ text: String) { writeText(text + "\n", to: STDERR_FILENO) }

@discardableResult private func writeText(_ text: String, to descriptor: Int32) -> Bool {
    var bytes = Array(text.utf8)[...]
    while !bytes.isEmpty {
        let count = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
        if count < 0, errno == EINTR || errno == EAGAIN { continue }
        // Nobody reads any more (a closed pipe): there is no one to tell.
        guard count > 0 else { return false }
        bytes = bytes.dropFirst(count)
    }
    return true
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
