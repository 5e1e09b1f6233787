import Glibc

/// A page that fills the terminal of standard output and is redrawn in place. It uses the terminal's alternate screen,
/// so that nothing that was drawn before a resize is left over, and what was on the terminal is there again at the
/// end. Elsewhere (in a pipe, in a file) the versions follow each other, with an empty line between.
public struct TerminalScreen {
    /// Whether standard output is a terminal on which a page can be redrawn.
    public let isTerminal: Bool
    private var hasBegun = false

    /// Creates a page that has not been shown yet.
    public init() { isTerminal = obeysEscapes(STDOUT_FILENO) }

    /// The columns and rows that the page may have at present.
    public var size: (columns: Int, rows: Int) {
        let rows = terminalSize(STDOUT_FILENO).map { Int($0.ws_row) } ?? 24
        return (max(20, overwritableColumns(STDOUT_FILENO)), max(4, rows))
    }

    /// Shows the next version of the page, of which what doesn't fit is left out. Returns false if nothing reads
    /// standard output any more.
    public mutating func show(_ lines: [String]) -> Bool {
        guard isTerminal else {
            defer { hasBegun = true }
            return printOut((hasBegun ? "\n" : "") + lines.joined(separator: "\n"))
        }
        let begin = hasBegun ? "" : "\u{1b}[?1049h\u{1b}[?25l"
        hasBegun = true
        let (columns, rows) = size
        // A line as wide as the terminal would leave the cursor in a state that terminals disagree on.
        let shown = lines.prefix(rows).map { String($0.prefix(columns - 1)) + "\u{1b}[K" }
        return writeOut(begin + "\u{1b}[H" + shown.joined(separator: "\r\n") + "\u{1b}[J")
    }

    /// Gives the terminal back as it was.
    public mutating func end() {
        guard isTerminal, hasBegun else { return }
        hasBegun = false
        _ = writeOut("\u{1b}[?25h\u{1b}[?1049l")
    }
}
