/// A text on as many lines as its room requires, and its font size. Lengths are in ems.
struct WrappedText: Equatable {
    let lines: [String]
    /// In ems, like the room.
    let size: Double

    /// The width of bold text in units of that of plain text.
    static let bold = 1.2
    /// The distance of lines in units of the font size.
    static let pitch = 1.25

    /// On one line if the smallest font size allows it, otherwise in that size on several lines.
    ///
    /// - Parameters:
    ///   - character: the width of its characters in units of plain ones.
    ///   - isEnhanced: whether its words are gnuplot's enhanced text, which must stay whole.
    ///   - isLaTeX: whether its formulas are LaTeX's, which must stay whole.
    init(
        _ text: String, in room: Double, sizes: ClosedRange<Double>, character: Double = 1,
        isEnhanced: Bool = false, isLaTeX: Bool = false
    ) {
        let width = WrappedText.width(text, isEnhanced: isEnhanced)
        let whole = room / max(width * character, 1e-3)
        size = min(max(whole, sizes.lowerBound), sizes.upperBound)
        lines =
            whole >= sizes.lowerBound
            ? [text]
            : WrappedText.lines(
                of: text, in: max(1, room / (size * character)), breaksWords: !isEnhanced,
                keepsFormulas: isLaTeX && LaTeXText.hasFormulas(text))
    }

    /// How far the additional lines move whatever is below or beside the text.
    var extra: Double { Double(lines.count - 1) * WrappedText.pitch * size }

    /// Widths of ASCII's characters from the space on, in hundredths of an em. They are DejaVu Sans's, one of the widest
    /// fonts: SVGs, PNGs and PDFs have different fonts, and none may be too wide for its room.
    private static let widths: [Double] = [
        32, 41, 46, 84, 64, 96, 78, 28, 40, 40, 50, 84, 32, 37, 32, 34, 64, 64, 64, 64, 64, 64, 64, 64, 64,
        64, 34, 34,
        84, 84, 84, 54, 100, 69, 69, 70, 78, 64, 58, 78, 76, 30, 30, 66, 56, 87, 75, 79, 61, 79, 70, 64, 62,
        74, 69,
        99, 69, 62, 69, 40, 34, 40, 84, 50, 50, 62, 64, 55, 64, 62, 36, 64, 64, 28, 28, 58, 28, 98, 64, 62,
        64, 64,
        42, 53, 40, 64, 60, 82, 60, 60, 53, 64, 34, 64, 84,
    ]

    /// The width in ems. East Asian characters are twice as wide as others, and exponents and indices of enhanced text
    /// are smaller.
    static func width(_ text: String, isEnhanced: Bool = false) -> Double {
        var (sum, scale) = (0.0, 1.0)
        for character in text {
            if isEnhanced, "^_{}".contains(character) {
                if character == "{" { scale = 0.8 } else if character == "}" { scale = 1 }
                continue
            }
            sum += scale * width(character)
        }
        return sum
    }

    private static func width(_ character: Character) -> Double {
        if let ascii = character.asciiValue.map(Int.init), ascii >= 32, ascii < 127 {
            return widths[ascii - 32] / 100
        }
        let isWide = character.unicodeScalars.contains {
            (0x1100...0x115F).contains($0.value) || (0x2E80...0xFFDC).contains($0.value)
                || (0x1F300...0x3FFFF).contains($0.value)
        }
        if isWide { return 1.3 }
        if character == "\u{A0}" { return width(" ") }
        // The dots and quotes in texts of figures are half as wide as a letter.
        return "·’–²₂".contains(character) ? 0.5 : "−≥½".contains(character) ? 0.97 : 0.7
    }

    private static func words(of text: String, keepsParentheses: Bool, keepsFormulas: Bool) -> [String] {
        var (depth, isFormula) = (0, false)
        let words = text.split { character in
            if character == "(" { depth += 1 }
            if character == ")" { depth -= 1 }
            if keepsFormulas, character == "$" { isFormula.toggle() }
            return character == " " && !isFormula && !(keepsParentheses && depth > 0)
        }
        return words.map(String.init)
    }

    /// Breaks between words. A word longer than a line is broken at the line's end, or stays whole, as does
    /// text in parentheses: "(σ > 0.1)".
    ///
    /// - Parameter keepsFormulas: whether text between dollar signs stays whole.
    static func lines(
        of text: String, in room: Double, breaksWords: Bool, keepsFormulas: Bool = false
    ) -> [String] {
        var lines = [""]
        var left = room
        func length(_ text: String) -> Double { width(text, isEnhanced: !breaksWords) }
        for word in words(of: text, keepsParentheses: !breaksWords, keepsFormulas: keepsFormulas) {
            let isFirst = lines[lines.count - 1].isEmpty
            let need = length(word) + (isFirst ? 0 : width(" "))
            if need <= left || (!breaksWords && isFirst) {
                lines[lines.count - 1] += (isFirst ? "" : " ") + word
                left -= need
                continue
            }
            if !isFirst { lines.append("") }
            left = room
            guard length(word) > room, breaksWords, !(keepsFormulas && word.contains("$")) else {
                lines[lines.count - 1] = word
                left -= length(word)
                continue
            }
            for character in word {
                let size = width(String(character))
                if size > left, !lines[lines.count - 1].isEmpty {
                    lines.append("")
                    left = room
                }
                lines[lines.count - 1].append(character)
                left -= size
            }
        }
        return lines
    }
}
