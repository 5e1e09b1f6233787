/// An object's canonical JSON text, validated without building its values: thousands of records arrive per
/// second, and are passed on as they came once they are known to be well formed.
///
/// Accepts nothing that `JSONValue` would not write, but recognises less: values nested more than 32 deep, and
/// keys with escapes, are left to `JSONValue(parsing:)`.
public struct CanonicalObject: Sendable {
    /// The canonical text as UTF-8.
    public let bytes: [UInt8]
    private var members: [(key: Range<Int>, value: Range<Int>)] = []
    /// The numbers that aren't short whole numbers, in order, with their ranges in `bytes`.
    package private(set) var fractions: [(range: Range<Int>, number: Double)] = []

    /// Validates a text; nil if it is not canonical JSON of an object, or uses more than is recognised here.
    public init?(_ bytes: [UInt8]) {
        self.bytes = bytes
        var scan = CanonicalScan(bytes: bytes)
        guard scan.object(depth: 0, member: { members.append(($0, $1)) }), scan.position == bytes.count else {
            return nil
        }
        fractions = scan.fractions
    }

    /// A member's value as it is written.
    public subscript(key: String) -> ArraySlice<UInt8>? {
        members.first { bytes[$0.key].elementsEqual(key.utf8) }.map { bytes[$0.value] }
    }
}

/// A scanner that skips canonical JSON; its functions return false at anything else.
private struct CanonicalScan {
    let bytes: [UInt8]
    var position = 0
    private(set) var fractions: [(range: Range<Int>, number: Double)] = []

    private mutating func take(_ byte: UInt8) -> Bool {
        guard position < bytes.count, bytes[position] == byte else { return false }
        position += 1
        return true
    }

    /// - Parameter member: receives the ranges of each key and value.
    mutating func object(depth: Int, member: (Range<Int>, Range<Int>) -> Void) -> Bool {
        guard depth < 32, take(UInt8(ascii: "{")) else { return false }
        if take(UInt8(ascii: "}")) { return true }
        var last: Range<Int>?
        repeat {
            guard let key = string(isKey: true) else { return false }
            // Keys are sorted, so none appears twice. Those with escapes have another order than their bytes.
            if let last, !precedes(last, key) { return false }
            last = key
            guard take(UInt8(ascii: ":")) else { return false }
            let start = position
            guard value(depth: depth + 1) else { return false }
            member(key, start..<position)
        } while take(UInt8(ascii: ","))
        return take(UInt8(ascii: "}"))
    }

    private mutating func value(depth: Int) -> Bool {
        guard position < bytes.count else { return false }
        switch bytes[position] {
        case UInt8(ascii: "{"): return object(depth: depth) { _, _ in }
        case UInt8(ascii: "["): return array(depth: depth)
        case UInt8(ascii: "\""): return string() != nil
        case UInt8(ascii: "t"): return word("true")
        case UInt8(ascii: "f"): return word("false")
        case UInt8(ascii: "n"): return word("null")
        default: return number()
        }
    }

    private mutating func array(depth: Int) -> Bool {
        guard depth < 32, take(UInt8(ascii: "[")) else { return false }
        if take(UInt8(ascii: "]")) { return true }
        repeat {
            guard value(depth: depth + 1) else { return false }
        } while take(UInt8(ascii: ","))
        return take(UInt8(ascii: "]"))
    }

    private mutating func word(_ word: StaticString) -> Bool {
        for index in 0..<word.utf8CodeUnitCount where !take(word.utf8Start[index]) { return false }
        return true
    }

    /// The range of a string's content; nil for a key with an escape.
    private mutating func string(isKey: Bool = false) -> Range<Int>? {
        guard take(UInt8(ascii: "\"")) else { return nil }
        let start = position
        while position < bytes.count, (0x20..<0x7F).contains(bytes[position]),
            bytes[position] != UInt8(ascii: "\""), bytes[position] != UInt8(ascii: "\\")
        {
            position += 1
        }
        if position < bytes.count, bytes[position] == UInt8(ascii: "\\") || bytes[position] >= 0x7F {
            return unusualString(from: start, isKey: isKey)
        }
        let content = start..<position
        return take(UInt8(ascii: "\"")) ? content : nil
    }

    /// The range of a string's content that has an escape or a character beyond ASCII.
    private mutating func unusualString(from start: Int, isKey: Bool) -> Range<Int>? {
        while position < bytes.count, bytes[position] != UInt8(ascii: "\"") {
            let isEscape = bytes[position] == UInt8(ascii: "\\")
            if isEscape, isKey { return nil }
            position += isEscape ? 2 : 1
        }
        guard position < bytes.count else { return nil }
        let text = bytes[start - 1...position]
        guard let value = try? JSONValue(parsing: text), value.canonicalBytes.elementsEqual(text) else {
            return nil
        }
        position += 1
        return start..<position - 1
    }

    private func precedes(_ a: Range<Int>, _ b: Range<Int>) -> Bool {
        bytes[a].lexicographicallyPrecedes(bytes[b])
    }

    private mutating func number() -> Bool {
        let start = position
        let isNegative = take(UInt8(ascii: "-"))
        let first = position
        while position < bytes.count, (0x30...0x39).contains(bytes[position]) { position += 1 }
        let digits = position - first
        if position < bytes.count,
            [UInt8(ascii: "."), UInt8(ascii: "e")].contains(bytes[position]) || digits > 15
        {
            return fraction(from: start)
        }
        // A whole number that a double holds has one spelling, unless it has a leading zero or is
        // negative zero.
        guard (1...15).contains(digits) else { return false }
        return bytes[first] != 0x30 || digits == 1 && !isNegative
    }

    private mutating func fraction(from start: Int) -> Bool {
        while position < bytes.count, position - start < 40, isOfNumber(bytes[position]) { position += 1 }
        let text = String(decoding: bytes[start..<position], as: UTF8.self)
        guard let number = Double(text), number.isFinite else { return false }
        fractions.append((start..<position, number))
        return JSONValue.text(of: number) == text
    }

    private func isOfNumber(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, UInt8(ascii: "."), UInt8(ascii: "e"), UInt8(ascii: "+"), UInt8(ascii: "-"): true
        default: false
        }
    }
}
