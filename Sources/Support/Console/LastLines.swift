/// The last lines that a program wrote, which tell why it failed. Their number and size are bounded.
public struct LastLines: Equatable, Sendable {
    /// Number of lines that are kept at most.
    public static let maxLines = 20
    /// Number of bytes that are kept at most, newlines included.
    public static let maxBytes = 4000
    /// Bytes of a line; a longer one is taken for several.
    private let longestLine: Int

    /// The complete lines that are kept, oldest first.
    public private(set) var lines: [String] = []
    private var part: [UInt8] = []

    /// Creates an empty list of lines.
    public init(longestLine: Int = 1000) { self.longestLine = longestLine }

    /// Adds output as it arrives.
    ///
    /// - Returns: the lines that `bytes` complete, with control characters replaced.
    public mutating func add(_ bytes: some Sequence<UInt8>) -> [String] {
        var whole: [String] = []
        for byte in bytes {
            if byte != UInt8(ascii: "\n") { part.append(byte) }
            guard byte == UInt8(ascii: "\n") || part.count >= longestLine else { continue }
            whole.append(printable(String(decoding: part, as: UTF8.self)))
            part = []
        }
        lines += whole
        lines.removeFirst(max(0, lines.count - LastLines.maxLines))
        while lines.reduce(0, { $0 + $1.utf8.count + 1 }) > LastLines.maxBytes { lines.removeFirst() }
        return whole
    }

    /// Forgets all lines.
    public mutating func clear() { self = LastLines(longestLine: longestLine) }

    /// The lines with newlines between them, including a last line that has no end yet.
    public var text: String {
        let rest = part.isEmpty ? [] : [printable(String(decoding: part, as: UTF8.self))]
        return (lines + rest).joined(separator: "\n")
    }
}
