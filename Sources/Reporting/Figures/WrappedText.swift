/// A text on as many lines as its room requires, and its font size.
struct WrappedText: Equatable {
    let lines: [String]
    let size: Int

    /// Upper estimates of a character's width in units of the font size. SVGs, PNGs and PDFs have different
    /// fonts.
    static let plain = 0.65, bold = 0.8

    /// On one line if the smallest font size allows it, otherwise in that size on several lines.
    ///
    /// - Parameters:
    ///   - room: width in SVG pixels.
    ///   - isEnhanced: whether its words are gnuplot's enhanced text, which must stay whole.
    init(
        _ text: String, in room: Double, sizes: ClosedRange<Int>, character: Double = WrappedText.plain,
        isEnhanced: Bool = false
    ) {
        let width = WrappedText.width(text, isEnhanced: isEnhanced)
        let whole = Int((room / max(width * character, 1e-3)).rounded(.down).clamped(to: 0...1000))
        size = min(max(whole, sizes.lowerBound), sizes.upperBound)
        lines =
            whole >= sizes.lowerBound
            ? [text]
            : WrappedText.lines(
                of: text, in: max(1, room / (Double(size) * character)), breaksWords: !isEnhanced)
    }

    /// How far the additional lines move whatever is below or beside the text.
    var extra: Double { Double(lines.count - 1) * WrappedText.lineHeight(size) }

    static func lineHeight(_ size: Int) -> Double { (1.7 * Double(size)).rounded() }

    /// In units of an ordinary character; East Asian characters are twice as wide.
    static func width(_ text: String, isEnhanced: Bool = false) -> Double {
        text.reduce(0) { sum, character in
            if isEnhanced, "^{}".contains(character) { return sum }
            let isWide = character.unicodeScalars.contains {
                (0x1100...0x115F).contains($0.value) || (0x2E80...0xFFDC).contains($0.value)
                    || (0x1F300...0x3FFFF).contains($0.value)
            }
            return sum + (isWide ? 2 : 1)
        }
    }

    private static func words(of text: String, keepsParentheses: Bool) -> [String] {
        var depth = 0
        let words = text.split { character in
            if character == "(" { depth += 1 }
            if character == ")" { depth -= 1 }
            return character == " " && !(keepsParentheses && depth > 0)
        }
        return words.map(String.init)
    }

    /// Breaks between words. A word longer than a line is broken at the line's end, or stays whole, as does
    /// text in parentheses: "(σ > 0.1)".
    static func lines(of text: String, in room: Double, breaksWords: Bool) -> [String] {
        var lines = [""]
        var left = room
        func length(_ text: String) -> Double { width(text, isEnhanced: !breaksWords) }
        for word in words(of: text, keepsParentheses: !breaksWords) {
            let isFirst = lines[lines.count - 1].isEmpty
            let need = length(word) + (isFirst ? 0 : 1)
            if need <= left || (!breaksWords && isFirst) {
                lines[lines.count - 1] += (isFirst ? "" : " ") + word
                left -= need
                continue
            }
            if !isFirst { lines.append("") }
            left = room
            guard length(word) > room, breaksWords else {
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

extension Double {
    fileprivate func clamped(to range: ClosedRange<Double>) -> Double {
        Swift.min(Swift.max(self, range.lowerBound), range.upperBound)
    }
}
