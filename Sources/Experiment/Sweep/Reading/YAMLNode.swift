import Text

/// A value in a YAML text, with its location. Scalars stay text, because their meaning depends on the type
/// expected there (`SettingType`): `1e-3` is a number where a number is expected.
package struct YAMLNode: Equatable, Sendable {
    package enum Content: Equatable, Sendable {
        case scalar(Scalar)
        case sequence([YAMLNode])
        case mapping([Entry])
    }

    package struct Scalar: Equatable, Sendable {
        package var text: String
        /// Whether it is in quotes (or a block), so that it is never a number.
        package var quoted: Bool
        /// The column of the first character, if the whole text is unchanged on one line.
        package var textColumn: Int?
    }

    package struct Entry: Equatable, Sendable {
        package var key: String
        package var keyLocation: SweepError.Location
        package var value: YAMLNode
    }

    package var content: Content
    package var location: SweepError.Location

    package var scalar: Scalar? { if case .scalar(let scalar) = content { scalar } else { nil } }
    package var sequence: [YAMLNode]? { if case .sequence(let nodes) = content { nodes } else { nil } }
    package var mapping: [Entry]? { if case .mapping(let entries) = content { entries } else { nil } }

    /// The node as messages quote it: a text in quotes, or the kind of node.
    package var found: String { scalar == nil ? shown : "'\(shown)'" }

    /// The node as messages name it: its text, or the kind of node.
    package var shown: String {
        switch content {
        case .scalar(let scalar): shortened(scalar.text)
        case .sequence: "a list"
        case .mapping: "a mapping"
        }
    }
}

/// A text shortened for a message: at most `limit` characters, on one line, without control characters.
package func shortened(_ text: String, to limit: Int = 40) -> String {
    let plain = text.unicodeScalars.prefix(4 * limit).map { scalar -> Unicode.Scalar in
        scalar.value < 32 || (0x7F...0x9F).contains(scalar.value) ? " " : scalar
    }
    let line = String(String.UnicodeScalarView(plain))
    return line.count <= limit ? line : line.prefix(limit - 1) + "…"
}

extension YAMLNode {
    /// The node as JSON: a scalar without quotes is a number, true, false or null where it reads as one.
    var json: JSONValue {
        switch content {
        case .sequence(let nodes): return .array(nodes.map(\.json))
        case .mapping(let entries):
            return .object(Dictionary(entries.map { ($0.key, $0.value.json) }) { first, _ in first })
        case .scalar(let scalar):
            guard !scalar.quoted else { return .string(scalar.text) }
            switch scalar.text {
            case "true": return .bool(true)
            case "false": return .bool(false)
            case "null": return .null
            default: return Double(scalar.text).map(JSONValue.number) ?? .string(scalar.text)
            }
        }
    }
}
