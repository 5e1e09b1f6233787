import Text

/// A piece of a page. Text becomes one by escaping only, so that nobody's words can become markup. Written so
/// that it is well-formed XML, too.
struct HTML: Equatable, Sendable, ExpressibleByStringInterpolation {
    private(set) var source: String

    /// Text, shown as it is; what steers a terminal or is not allowed in a page is shown as a dot.
    init(_ text: String) {
        source = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": source += "&amp;"
            case "<": source += "&lt;"
            case ">": source += "&gt;"
            case "\"": source += "&quot;"
            case "'": source += "&#39;"
            case "\n", "\t": source.unicodeScalars.append(scalar)
            case "\u{FFFE}", "\u{FFFF}": source += "·"
            // Marks that turn the writing direction would let a text show as another.
            case "\u{202A}"..."\u{202E}", "\u{2066}"..."\u{2069}": source += "·"
            default:
                let isControl = scalar.properties.generalCategory == .control
                source.unicodeScalars.append(isControl ? "·" : scalar)
            }
        }
    }

    init(stringLiteral text: String) { self.init(text) }

    /// What is markup already.
    init(markup: String) { source = markup }

    static let nothing = HTML(markup: "")

    static func += (left: inout HTML, right: HTML) { left.source += right.source }

    static func element(_ name: String, _ content: HTML...) -> HTML { element(name, [:], content.joined()) }

    /// - Parameter attributes: names and values, without those that are nil.
    static func element(_ name: String, _ attributes: KeyValuePairs<String, String?>, _ content: HTML...)
        -> HTML
    {
        HTML(markup: opening(name, attributes) + ">" + content.joined().source + "</\(name)>")
    }

    /// An element that can have no content.
    static func void(_ name: String, _ attributes: KeyValuePairs<String, String?>) -> HTML {
        HTML(markup: opening(name, attributes) + " />")
    }

    private static func opening(_ name: String, _ attributes: KeyValuePairs<String, String?>) -> String {
        var text = "<" + name
        for (key, value) in attributes {
            if let value { text += " \(key)=\"\(HTML(value).source)\"" }
        }
        return text
    }

    static func paragraph(_ content: HTML..., class name: String? = nil) -> HTML {
        line("p", ["class": name], content.joined())
    }

    /// An element and a line's end.
    static func line(_ name: String, _ content: HTML...) -> HTML { line(name, [:], content.joined()) }

    static func line(_ name: String, _ attributes: KeyValuePairs<String, String?>, _ content: HTML...) -> HTML
    {
        [element(name, attributes, content.joined()), newline].joined()
    }

    static func code(_ text: String) -> HTML { element("code", HTML(text)) }

    static func link(_ text: String, to path: String) -> HTML { element("a", ["href": path], HTML(text)) }

    static let newline = HTML(markup: "\n")
}

extension Sequence<HTML> {
    func joined(separator: HTML = .nothing) -> HTML {
        HTML(markup: map(\.source).joined(separator: separator.source))
    }
}

extension JSONValue {
    /// For people: a member a line, lists of plain values on one. Keys sorted as in the canonical text.
    func indentedText(depth: Int = 0) -> String {
        let inner = String(repeating: "  ", count: depth + 1)
        let outer = String(repeating: "  ", count: depth)
        switch self {
        case .object(let members) where !members.isEmpty:
            let lines = members.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }.map {
                let key = JSONValue.string($0.key).canonicalText
                return "\(inner)\(key): \($0.value.indentedText(depth: depth + 1))"
            }
            return "{\n\(lines.joined(separator: ",\n"))\n\(outer)}"
        case .array(let elements) where !elements.isEmpty:
            let isPlain = elements.allSatisfy { $0.object == nil && $0.array == nil }
            guard !isPlain else {
                return "[\(elements.map(\.canonicalText).joined(separator: ", "))]"
            }
            let lines = elements.map { inner + $0.indentedText(depth: depth + 1) }
            return "[\n\(lines.joined(separator: ",\n"))\n\(outer)]"
        default: return canonicalText
        }
    }
}
