import Text

/// A figure that a sweep asks for.
public struct FigureSpec: Equatable, Sendable {
    public let name: String
    var json: JSONValue { .object(["name": .string(name)]) }
}
