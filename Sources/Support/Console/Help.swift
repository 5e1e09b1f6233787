import Glibc

extension CommandSpec {
    /// The text that `--help` shows, as wide as the terminal, but no wider than is easy to read.
    public var help: String { help(width: helpWidth()) }

    /// The text of `--help` in lines of at most `width` columns.
    package func help(width: Int) -> String {
        var lines = wrap("\(name) - \(summary)", width) + [""]
        lines.append(wrap("usage: " + usage, width - 7).joined(separator: "\n       "))
        if !visibleOptions.isEmpty {
            let rows = visibleOptions.map { ($0.head, $0.help) } + [("--help", "this text")]
            lines += ["", "options:"] + table(rows, width: width)
        }
        if !details.isEmpty { lines += ["", paragraphs(details, width: width)] }
        if !examples.isEmpty {
            lines += ["", "examples:"] + examples.map { "  " + broken($0, width: width - 2) }
        }
        return lines.joined(separator: "\n")
    }

    /// The form of a command line: "ranksweep run SWEEP [options]".
    var usage: String {
        ([name] + operands + (visibleOptions.isEmpty ? [] : ["[options]"])).joined(separator: " ")
    }

    /// The options that help shows.
    var visibleOptions: [OptionSpec] { options.filter { !$0.isHidden } }
}

extension OptionSpec {
    /// The option with the placeholder for its value: "--out DIR".
    var head: String { name + (value.map { " \($0)" } ?? "") }
}

/// The width of help texts in columns: the terminal's, within bounds; 80 if output isn't a terminal.
package func helpWidth() -> Int { min(100, max(40, terminalColumns(STDOUT_FILENO) ?? 80)) }

/// Rows of two columns. A head that is wider than most gets a line of its own.
package func table(_ rows: [(head: String, text: String)], width: Int) -> [String] {
    let left = min(26, rows.map(\.head.count).max() ?? 0)
    return rows.flatMap { head, text in
        let space = String(repeating: " ", count: left + 4)
        var lines = wrap(text, width - left - 4).map { space + $0 }
        if head.count <= left {
            lines[0] = "  " + head + lines[0].dropFirst(head.count + 2)
        } else {
            lines.insert("  " + head, at: 0)
        }
        return lines
    }
}

/// Rewraps paragraphs of prose, which empty lines separate.
package func paragraphs(_ text: String, width: Int) -> String {
    var result: [[String]] = [[]]
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
        if line.isEmpty { result.append([]) } else { result[result.count - 1].append(String(line)) }
    }
    return result.map { wrap($0.joined(separator: " "), width).joined(separator: "\n") }
        .joined(separator: "\n\n")
}

/// A command line, broken before options that don't fit in `width`.
func broken(_ command: String, width: Int) -> String {
    var lines: [String] = []
    var line = ""
    var rest = Substring(command)
    while !rest.isEmpty {
        // A part is an option with its value, or the words before the first option.
        let end = rest.dropFirst().firstRange(of: " --")?.lowerBound ?? rest.endIndex
        let part = rest[..<end]
        if !line.isEmpty, line.count + part.count > width - 2 {
            lines.append(line + " \\")
            line = "      " + part.drop { $0 == " " }
        } else {
            line += part
        }
        rest = rest[end...]
    }
    return (lines + [line]).joined(separator: "\n")
}

/// Breaks text at spaces into lines of at most `width` characters, unless a single word is longer.
func wrap(_ text: String, _ width: Int) -> [String] {
    var lines: [String] = []
    var line = ""
    for word in text.split(separator: " ") {
        if !line.isEmpty, line.count + 1 + word.count > width {
            lines.append(line)
            line = ""
        }
        line += (line.isEmpty ? "" : " ") + word
    }
    return lines + [line]
}
