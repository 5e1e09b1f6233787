import Text

/// What makes a message unreadable. A peer's bytes are never trusted.
public enum WireError: Error, Equatable, Sendable {
    /// The peer speaks another version of the protocol.
    case version(theirs: UInt8)
    case unknownKind(UInt8)
    case truncated
    case trailing(Int)
    /// A length beyond its limit; nothing was allocated for it.
    case tooLong(Int, limit: Int)
    case notText
    /// No time that a clock of ours can show.
    case badTime
    /// An attempt that no coordinator of ours can have come to.
    case badAttempt
    case badIdentifier
}

/// Limits of what a message may hold.
public enum WireLimit {
    public static let text = 4096
    public static let body = 16 << 20
    public static let sweep = 2 << 20
    public static let list = 100_000
    /// Of a file of weights: small enough that beats come in time on a slow line.
    public static let chunk = 256 << 10
    /// Of a trial's attempts: whoever counts on from here does not overflow.
    public static let attempt: UInt32 = 1 << 30
    /// Of a time since 1970 (in milliseconds) and of how long something took (in seconds): sums and differences of them
    /// are numbers.
    public static let milliseconds: Int64 = 1 << 50
    public static let seconds = 1e10
    /// No frame is longer.
    public static let frame = body + 65_536

    /// What a message may have that holds no record: a list of the greatest length is the longest.
    private static let others = 24 * list + 65_536

    /// No frame from a worker is longer, where records have at most so many bytes.
    public static func workerFrame(record bytes: Int) -> Int {
        min(frame, max(others, min(bytes, body) + 65_536))
    }
}

/// Appends values to bytes: whole numbers little-endian, byte strings and lists after their 32-bit length.
struct ByteWriter {
    private(set) var bytes: [UInt8]

    init(kind: UInt8) { bytes = [wireVersion, kind] }

    mutating func write(_ number: some FixedWidthInteger) {
        withUnsafeBytes(of: number.littleEndian) { bytes.append(contentsOf: $0) }
    }

    mutating func write(_ number: Double) { write(number.bitPattern) }

    mutating func write(_ flag: Bool) { write(flag ? 1 : 0 as UInt8) }

    mutating func write(_ body: [UInt8]) {
        write(UInt32(body.count))
        bytes += body
    }

    /// Text beyond the limit is cut: a cause of failure may be of any length.
    mutating func write(_ text: String) {
        var utf8 = Array(text.utf8.prefix(WireLimit.text))
        while !utf8.isEmpty, String(validating: utf8, as: UTF8.self) == nil { utf8.removeLast() }
        write(utf8)
    }

    mutating func write<Element>(list: [Element], _ body: (inout ByteWriter, Element) -> Void) {
        write(UInt32(list.count))
        for element in list { body(&self, element) }
    }
}

/// Reads what `ByteWriter` wrote, or throws; never reads past the end, never allocates beyond a limit.
struct ByteReader {
    private let bytes: [UInt8]
    private var position = 2
    let kind: UInt8

    init(_ bytes: [UInt8]) throws(WireError) {
        guard bytes.count >= 2 else { throw .truncated }
        guard bytes[0] == wireVersion else { throw .version(theirs: bytes[0]) }
        self.bytes = bytes
        kind = bytes[1]
    }

    mutating func read<Number: FixedWidthInteger>(
        _ type: Number.Type = Number.self
    ) throws(WireError) -> Number {
        let size = MemoryLayout<Number>.size
        guard bytes.count - position >= size else { throw .truncated }
        var number: Number = 0
        for offset in (0..<size).reversed() {
            number = number << 8 | Number(truncatingIfNeeded: bytes[position + offset])
        }
        position += size
        return number
    }

    mutating func readBool() throws(WireError) -> Bool {
        let number: UInt8 = try read()
        guard number <= 1 else { throw .unknownKind(number) }
        return number == 1
    }

    /// How long something took.
    mutating func readSeconds() throws(WireError) -> Double {
        let seconds = Double(bitPattern: try read(UInt64.self))
        guard (0...WireLimit.seconds).contains(seconds) else { throw .badTime }
        return seconds
    }

    /// Unix time in milliseconds.
    mutating func readTime() throws(WireError) -> Int64 {
        let time: Int64 = try read()
        guard (0...WireLimit.milliseconds).contains(time) else { throw .badTime }
        return time
    }

    mutating func readAttempt() throws(WireError) -> UInt32 {
        let attempt: UInt32 = try read()
        guard attempt <= WireLimit.attempt else { throw .badAttempt }
        return attempt
    }

    mutating func readBytes(limit: Int) throws(WireError) -> [UInt8] {
        let count = Int(try read(UInt32.self))
        guard count <= limit else { throw .tooLong(count, limit: limit) }
        guard bytes.count - position >= count else { throw .truncated }
        defer { position += count }
        return Array(bytes[position..<position + count])
    }

    mutating func readText() throws(WireError) -> String {
        guard let text = String(validating: try readBytes(limit: WireLimit.text), as: UTF8.self) else {
            throw .notText
        }
        return text
    }

    mutating func readList<Element>(
        _ body: (inout ByteReader) throws(WireError) -> Element
    ) throws(WireError) -> [Element] {
        let count = Int(try read(UInt32.self))
        guard count <= WireLimit.list else { throw .tooLong(count, limit: WireLimit.list) }
        // Every element has a byte at least: a lying count cannot make us reserve for what is not there.
        guard count <= bytes.count - position else { throw .truncated }
        var list: [Element] = []
        list.reserveCapacity(count)
        for _ in 0..<count { list.append(try body(&self)) }
        return list
    }

    func end() throws(WireError) {
        guard position == bytes.count else { throw .trailing(bytes.count - position) }
    }
}

/// Cuts a stream of bytes into frames: a 32-bit little-endian length, then as many bytes.
public struct FrameBuffer: Sendable {
    private var pending: [UInt8] = []
    private var start = 0

    public init() {}

    public static func frame(_ bytes: [UInt8]) -> [UInt8] {
        (0..<4).map { UInt8(truncatingIfNeeded: bytes.count >> (8 * $0)) } + bytes
    }

    public mutating func append(_ bytes: some Collection<UInt8>) {
        if start > 0 {
            pending.removeFirst(start)
            start = 0
        }
        pending += bytes
    }

    /// The next whole frame, if there is one. Throws on a length beyond the limit: the stream is lost then.
    public mutating func next() throws(WireError) -> [UInt8]? {
        guard pending.count - start >= 4 else { return nil }
        let count = (0..<4).reduce(0) { $0 | Int(pending[start + $1]) << (8 * $1) }
        guard count <= WireLimit.frame else { throw .tooLong(count, limit: WireLimit.frame) }
        guard pending.count - start - 4 >= count else { return nil }
        defer { start += 4 + count }
        return Array(pending[start + 4..<start + 4 + count])
    }
}
