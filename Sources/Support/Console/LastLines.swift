/// The last lines that a program wrote: what it said before it failed. Bounded, whatever it writes.
public struct LastLines: Equatable, Sendable {
    public static let maxLines = 20
    public static let maxBytes = 4000
    private static let longestLine = 1000

    public private(set) var lines: [String] = []
    private var part: [UInt8] = []

    public init() {}

    /// - Returns: lines that are whole now, without what would steer a terminal.
    public mutating func add(_ bytes: some Sequence<UInt8>) -> [String] {
        var whole: [String] = []
        for byte in bytes {
            if byte != UInt8(ascii: "\n") { part.append(byte) }
            guard byte == UInt8(ascii: "\n") || part.count >= LastLines.longestLine else { continue }
            whole.append(printable(String(decoding: part, as: UTF8.self)))
            part = []
        }
        lines += whole
        lines.removeFirst(max(0, lines.count - LastLines.maxLines))
        while lines.reduce(0, { $0 + $1.utf8.count + 1 }) > LastLines.maxBytes { lines.removeFirst() }
        return whole
    }

    public mutating func clear() { self = LastLines() }

    /// With newlines between; a line that has no end yet counts.
    public var text: String {
        let rest = part.isEmpty ? [] : [printable(String(decoding: part, as: UTF8.self))]
        return (lines + rest).joined(separator: "\n")
    }
}
