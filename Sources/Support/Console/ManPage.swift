extension CommandSpec {
    /// The command's manual page, in the language of man(7).
    ///
    /// - Parameters:
    ///   - version: the program and its version, which the foot of the page shows.
    ///   - commands: the program's commands, which its page lists.
    ///   - related: the names of other pages.
    package func manPage(
        version: String, commands: [(head: String, text: String)] = [], related: [String] = []
    ) -> String {
        let page = name.split(separator: " ").joined(separator: "-")
        var lines = [
            ".TH \(roff(page).uppercased()) 1 \"\" \"\(roff(version))\" \"User Commands\"",
            ".SH NAME", "\(roff(page)) \\- \(roff(summary))",
            ".SH SYNOPSIS", ".B \(roff(name))",
        ]
        let rest = usage.dropFirst(name.count).trimmingPrefix(" ")
        if !rest.isEmpty { lines.append(roffLine(String(rest))) }
        if !commands.isEmpty { lines += [".SH COMMANDS"] + items(commands) }
        if !details.isEmpty {
            lines.append(".SH DESCRIPTION")
            for (index, paragraph) in paragraphs(details, width: .max).split(separator: "\n").enumerated() {
                if index > 0 { lines.append(".PP") }
                lines.append(roffLine(String(paragraph)))
            }
        }
        if !visibleOptions.isEmpty {
            lines += [".SH OPTIONS"] + items(visibleOptions.map { ($0.head, $0.help) })
        }
        if !examples.isEmpty {
            let shown = examples.map { broken($0, width: 68).split(separator: "\n") }
            lines += [".SH EXAMPLES", ".nf"] + shown.joined().map { roffLine(String($0)) } + [".fi"]
        }
        if !related.isEmpty {
            let names = related.map { ".BR \(roff($0)) (1)" }
            lines += [".SH \"SEE ALSO\""] + names.dropLast().map { $0 + "," } + names.suffix(1)
        }
        return lines.joined(separator: "\n")
    }

    private func items(_ rows: [(head: String, text: String)]) -> [String] {
        rows.flatMap { [".TP", ".B \(roff($0.head))", roffLine($0.text)] }
    }
}

/// Text as an argument or within a line: nothing in it is taken for an instruction.
private func roff(_ text: String) -> String {
    text.unicodeScalars.map { scalar in
        switch scalar {
        case "\\": "\\e"
        case "-": "\\-"
        case "'": "\\(aq"
        case "\"": "\\(dq"
        case "^": "\\(ha"
        case "~": "\\(ti"
        case "`": "\\(ga"
        case _ where scalar.value > 126: "\\[u\(padded(String(scalar.value, radix: 16, uppercase: true)))]"
        default: String(scalar)
        }
    }.joined()
}

private func padded(_ digits: String) -> String {
    String(repeating: "0", count: max(0, 4 - digits.count)) + digits
}

/// A line of text, which a dot at its beginning doesn't make an instruction.
private func roffLine(_ text: String) -> String { "\\&" + roff(text) }
