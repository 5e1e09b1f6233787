import Text

/// A piece of a page. Text enters only escaped, so that no foreign text can become markup. The output is
/// well-formed XML, too.
struct HTML: Equatable, Sendable, ExpressibleByStringInterpolation {
    private(set) var source: String

    /// Escaped text. Control characters and characters not allowed in a page are shown as dots.
    init(_ text: String) {
        source = ""
        for scalar in HTML.visible(text).unicodeScalars {
            switch scalar {
            case "&": source += "&amp;"
            case "<": source += "&lt;"
            case ">": source += "&gt;"
            case "\"": source += "&quot;"
            case "'": source += "&#39;"
            default: source.unicodeScalars.append(scalar)
            }
        }
    }

    /// JSON as the content of a script element of data, which can't end the element.
    init(data value: JSONValue) {
        source = ""
        for scalar in value.canonicalText.unicodeScalars {
            switch scalar {
            case "&": source += "\\u0026"
            case "<": source += "\\u003c"
            case ">": source += "\\u003e"
            default: source.unicodeScalars.append(scalar)
            }
        }
    }

    /// The text with dots for control characters and characters not allowed in a page.
    static func visible(_ text: String) -> String {
        var visible = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\n", "\t": visible.append(scalar)
            case "\u{FFFE}", "\u{FFFF}": visible.append("·")
            // Characters that change the writing direction could disguise a text.
            case "\u{202A}"..."\u{202E}", "\u{2066}"..."\u{2069}": visible.append("·")
            default: visible.append(scalar.properties.generalCategory == .control ? "·" : scalar)
            }
        }
        return String(visible)
    }

    init(stringLiteral text: String) { self.init(text) }

    /// Text that is already markup.
    init(markup: String) { source = markup }

    static let nothing = HTML(markup: "")

    static func + (left: HTML, right: HTML) -> HTML { HTML(markup: left.source + right.source) }

    static func += (left: inout HTML, right: HTML) { left.source += right.source }

    static func element(_ name: String, _ content: HTML...) -> HTML { element(name, [:], content.joined()) }

    /// - Parameter attributes: names and values, without those that are nil.
    static func element(_ name: String, _ attributes: KeyValuePairs<String, String?>, _ content: HTML...)
        -> HTML
    {
        HTML(markup: opening(name, attributes) + ">" + content.joined().source + "</\(name)>")
    }

    /// An element that can't have content.
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

    /// An element and a newline.
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
    /// JSON for people: one member a line, lists of plain values on one line. Keys are sorted as in the
    /// canonical text.
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
