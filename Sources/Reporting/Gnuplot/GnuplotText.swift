/// A text as a string of gnuplot's, whatever is in it; on one line. The one way for a text into a script.
///
/// Plain texts are in single quotes, as people write them. Of two doubled quotes in a row gnuplot 5.4 loses
/// count, so what has a quote or a backslash is in double quotes, its special characters as octal escapes.
func quoted(_ text: String) -> String {
    let line = onOneLine(text)
    guard line.contains(where: { $0 == "'" || $0 == "\\" }) else { return "'\(line)'" }
    return "\"\(escaped(line))\""
}

/// A text on several lines.
func quoted(lines: [String]) -> String {
    guard lines.count > 1 else { return quoted(lines.first ?? "") }
    return "\"\(lines.map { escaped(onOneLine($0)) }.joined(separator: "\\n"))\""
}

/// As gnuplot's double quotes want it.
private func escaped(_ line: String) -> String {
    line.unicodeScalars.map { scalar -> String in
        switch scalar {
        case "\\": "\\\\"
        case "\"": "\\042"
        // gnuplot would run what is between two of them.
        case "`": "\\140"
        default: String(scalar)
        }
    }.joined()
}

/// A path as a string of gnuplot's, byte for byte, also of bytes that no text has.
func quotedBytes(_ path: String) -> String {
    let bytes = path.utf8.map { byte -> String in
        let octal = String(byte, radix: 8)
        return "\\" + String(repeating: "0", count: 3 - octal.utf8.count) + octal
    }
    return "\"\(bytes.joined())\""
}

/// A text for terminals that take enhanced text, where `_` is a mark: shown as it is, in bold.
func quotedInBold(_ text: String) -> String { quoted("{/:Bold \(enhancedLiteral(text))}") }

/// A text that gnuplot's enhanced mode shows as it is.
func enhancedLiteral(_ text: String) -> String {
    text.map { "_^@&~{}\\".contains($0) ? "\\\($0)" : String($0) }.joined()
}

/// A text in a comment: gnuplot would carry on a comment that ends in a backslash.
func comment(_ text: String) -> String { onOneLine(text).filter { $0 != "\\" } }

/// A name that gnuplot's SVG terminal takes.
func svgIdentifier(_ text: String) -> String {
    String(
        String.UnicodeScalarView(
            text.unicodeScalars.map { scalar in
                scalar.isASCII && (scalar.properties.isAlphabetic || ("0"..."9").contains(scalar))
                    ? scalar : "_"
            }))
}

private func onOneLine(_ text: String) -> String {
    String(
        text.map { $0.isNewline || $0 == "\t" ? " " : $0 }.filter {
            !($0.asciiValue.map { $0 < 32 || $0 == 127 } ?? false)
        })
}
