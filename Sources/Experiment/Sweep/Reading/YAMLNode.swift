/// A value of a YAML text with the place where it stands. Scalars stay text: what a text means is decided
/// where its type is known (`SettingType`), so `1e-3` is a number where a number is due.
package struct YAMLNode: Equatable, Sendable {
    package enum Content: Equatable, Sendable {
        case scalar(Scalar)
        case sequence([YAMLNode])
        case mapping([Entry])
    }

    package struct Scalar: Equatable, Sendable {
        package var text: String
        /// Written in quotes (or as a block), so never a number.
        package var quoted: Bool
        /// Where the first character stands, when the whole text stands on one line as it is.
        package var textColumn: Int?
    }

    package struct Entry: Equatable, Sendable {
        package var key: String
        package var keyPlace: SweepError.Place
        package var value: YAMLNode
    }

    package var content: Content
    package var place: SweepError.Place

    package var scalar: Scalar? { if case .scalar(let scalar) = content { scalar } else { nil } }
    package var sequence: [YAMLNode]? { if case .sequence(let nodes) = content { nodes } else { nil } }
    package var mapping: [Entry]? { if case .mapping(let entries) = content { entries } else { nil } }

    /// What a message says stands there: a text in quotes, or what it is.
    package var found: String { scalar == nil ? shown : "'\(shown)'" }

    /// What a message calls the node: its text, or what it is.
    package var shown: String {
        switch content {
        case .scalar(let scalar): shortened(scalar.text)
        case .sequence: "a list"
        case .mapping: "a mapping"
        }
    }
}

/// At most `limit` characters of a text, on one line and without control characters, for a message.
package func shortened(_ text: String, to limit: Int = 40) -> String {
    let plain = text.unicodeScalars.prefix(4 * limit).map { scalar -> Unicode.Scalar in
        scalar.value < 32 || (0x7F...0x9F).contains(scalar.value) ? " " : scalar
    }
    let line = String(String.UnicodeScalarView(plain))
    return line.count <= limit ? line : line.prefix(limit - 1) + "…"
}
