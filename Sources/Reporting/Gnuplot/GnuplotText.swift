/// A text as a gnuplot string on one line, whatever characters it has. All texts in scripts pass through this
/// function or `quoted(lines:)`.
///
/// Plain texts are in single quotes, as people write them. gnuplot 5.4 misparses two doubled quotes in a row,
/// so texts with a quote or a backslash are in double quotes, with special characters as octal escapes.
func quoted(_ text: String) -> String {
    let line = onOneLine(text)
    guard line.contains(where: { $0 == "'" || $0 == "\\" }) else { return "'\(line)'" }
    return "\"\(escaped(line))\""
}

/// A text on several lines as a gnuplot string.
func quoted(lines: [String]) -> String {
    guard lines.count > 1 else { return quoted(lines.first ?? "") }
    return "\"\(lines.map { escaped(onOneLine($0)) }.joined(separator: "\\n"))\""
}

/// A line with escapes for gnuplot's double quotes.
private func escaped(_ line: String) -> String {
    line.unicodeScalars.map { scalar -> String in
        switch scalar {
        case "\\": "\\\\"
        case "\"": "\\042"
        // gnuplot would run the text between two backquotes as a command.
        case "`": "\\140"
        default: String(scalar)
        }
    }.joined()
}

/// A path as a gnuplot string, byte for byte, even if its bytes aren't valid text.
func quotedBytes(_ path: String) -> String {
    let bytes = path.utf8.map { byte -> String in
        let octal = String(byte, radix: 8)
        return "\\" + String(repeating: "0", count: 3 - octal.utf8.count) + octal
    }
    return "\"\(bytes.joined())\""
}

/// A text in bold for terminals with enhanced text, with `_` and other marks shown literally.
func quotedInBold(_ text: String) -> String { quoted("{/:Bold \(enhancedLiteral(text))}") }

/// A text that gnuplot's enhanced mode shows literally.
func enhancedLiteral(_ text: String) -> String {
    text.map { "_^@&~{}\\".contains($0) ? "\\\($0)" : String($0) }.joined()
}

/// A text for a comment. gnuplot would continue a comment that ends in a backslash.
func comment(_ text: String) -> String { onOneLine(text).filter { $0 != "\\" } }

/// A name that gnuplot's SVG terminal accepts.
func svgIdentifier(_ text: String) -> String {
    String(
        String.UnicodeScalarView(
            text.unicodeScalars.map { scalar in
                scalar.isASCII && (scalar.properties.isAlphabetic || ("0"..."9").contains(scalar))
                    ? scalar : "_"
            }))
}

/// A text with spaces in place of line ends and tabs, and without other control characters.
func onOneLine(_ text: String) -> String {
    String(
        text.map { $0.isNewline || $0 == "\t" ? " " : $0 }.filter {
            !($0.asciiValue.map { $0 < 32 || $0 == 127 } ?? false)
        })
}
