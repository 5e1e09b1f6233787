import Model
import Text

/// A type of settings that are read by their declaration.
package protocol SettingValue: Equatable, Sendable {
    /// The value with this JSON form; nil for any other.
    init?(json: JSONValue)
    /// The value as in a sweep file.
    var json: JSONValue { get }
}

extension Bool: SettingValue {
    package init?(json: JSONValue) {
        guard let flag = json.bool else { return nil }
        self = flag
    }
    package var json: JSONValue { .bool(self) }
}

extension Int: SettingValue {
    package init?(json: JSONValue) {
        guard let number = json.number else { return nil }
        self.init(exactly: number)
    }
    package var json: JSONValue { JSONValue(self) }
}

extension Double: SettingValue {
    package init?(json: JSONValue) {
        guard let number = json.number else { return nil }
        self = number
    }
    package var json: JSONValue { .number(self) }
}

/// A number, or `off`, which is nil.
extension Optional: SettingValue where Wrapped == Double {
    package init?(json: JSONValue) {
        if json.string == "off" {
            self = .none
        } else if let number = json.number {
            self = .some(number)
        } else {
            return nil
        }
    }
    package var json: JSONValue { map(JSONValue.number) ?? .string("off") }
}

extension Array: SettingValue where Element: SettingValue {
    package init?(json: JSONValue) {
        guard let elements = json.array else { return nil }
        self = elements.compactMap(Element.init(json:))
    }
    package var json: JSONValue { .array(map(\.json)) }
}

extension SettingValue where Self: RawRepresentable<String> {
    /// The value with this word.
    package init?(json: JSONValue) {
        guard let word = json.string else { return nil }
        self.init(rawValue: word)
    }
    /// The word.
    package var json: JSONValue { .string(rawValue) }
}

extension Initialisation: SettingValue {}

/// The tokens that a vision transformer's classifier reads.
package enum TokenPool: String, CaseIterable, SettingValue {
    /// The class token.
    case classToken = "class"
    /// The mean over all tokens.
    case mean
}

/// The path past a residual network's smaller stages.
package enum ShortcutKind: String, CaseIterable, SettingValue {
    /// Every second pixel, with zeros for the channels added.
    case padded
    /// A convolution with its normalisation.
    case projection
}
