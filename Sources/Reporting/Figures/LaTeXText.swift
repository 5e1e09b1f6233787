/// Texts of figures as LaTeX source, for the document's fonts.
enum LaTeXText {
    /// A text that LaTeX shows as it is. A text with formulas between dollar signs stays as it is.
    static func plain(_ text: String) -> String {
        hasFormulas(text) ? text : text.map(character).joined()
    }

    /// Whether a text has formulas between dollar signs.
    static func hasFormulas(_ text: String) -> Bool { text.count { $0 == "$" } >= 2 }

    /// gnuplot's enhanced text: indices and exponents in braces, and a backslash before a character that is shown.
    static func enhanced(_ text: String) -> String {
        let isAsItIs = hasFormulas(text)
        var result = ""
        var rest = Substring(text)
        while let next = rest.popFirst() {
            if next == "\\", let shown = rest.popFirst() {
                result += isAsItIs ? String(shown) : character(shown)
            } else if isAsItIs {
                result.append(next)
            } else if next == "_" || next == "^", rest.first == "{", let end = rest.firstIndex(of: "}") {
                let inner = rest[rest.index(after: rest.startIndex)..<end]
                result += "$\(next){\(inner.map(formula).joined())}$"
                rest = rest[rest.index(after: end)...]
            } else if next == "_" || next == "^", let first = rest.popFirst() {
                result += "$\(next){\(formula(first))}$"
            } else {
                result += character(next)
            }
        }
        return result
    }

    /// Characters that LaTeX has in formulas.
    private static let symbols: [Character: String] = [
        "α": "\\alpha", "β": "\\beta", "γ": "\\gamma", "δ": "\\delta", "ε": "\\varepsilon", "θ": "\\theta",
        "κ": "\\kappa", "λ": "\\lambda", "μ": "\\mu", "ρ": "\\rho", "σ": "\\sigma", "τ": "\\tau",
        "φ": "\\varphi",
        "Σ": "\\Sigma", "Δ": "\\Delta", "−": "-", "‖": "\\|", "≥": "\\ge", "≤": "\\le", "·": "\\cdot",
        "±": "\\pm",
        "×": "\\times", "²": "^2", "₂": "_2", "½": "\\frac{1}{2}", "∞": "\\infty", "→": "\\to",
        "▼": "\\nabla",
        "√": "\\surd", "<": "<", ">": ">", "|": "|",
    ]

    private static func character(_ character: Character) -> String {
        if let symbol = symbols[character] { return "$\(symbol)$" }
        return switch character {
        case "\\": "\\textbackslash{}"
        case "~": "\\textasciitilde{}"
        case "^": "\\textasciicircum{}"
        case "–": "--"
        case "’": "'"
        case "\"": "''"
        case "{", "}", "$", "&", "#", "_", "%": "\\\(character)"
        default: String(character)
        }
    }

    private static func formula(_ character: Character) -> String {
        symbols[character] ?? (character.isLetter ? "\\mathrm{\(character)}" : self.character(character))
    }
}
