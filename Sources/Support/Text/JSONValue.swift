import Glibc

/// A JSON value whose written form is fixed: object keys sorted by their UTF-8 bytes, numbers in the shortest
/// form that reads back as the same double, no white space. Records, `sweep.json` and trial identifiers
/// depend on these bytes.
///
/// All numbers are doubles, so integers are exact up to 2^53.
public enum JSONValue: Hashable, Sendable {
    case null
    case bool(Bool)
    case number(Double)
    case string(String)
    case array([JSONValue])
    case object([String: JSONValue])
}

extension JSONValue {
    /// The canonical text.
    ///
    /// - Precondition: every number is finite, as in all records.
    public var canonicalText: String { String(decoding: canonicalBytes, as: UTF8.self) }

    /// The canonical text as UTF-8.
    public var canonicalBytes: [UInt8] {
        var output: [UInt8] = []
        write(to: &output)
        return output
    }

    /// Appends the canonical text as UTF-8.
    public func write(to output: inout [UInt8]) {
        switch self {
        case .null: output += "null".utf8
        case .bool(let flag): output += (flag ? "true" : "false").utf8
        case .number(let number): output += JSONValue.text(of: number).utf8
        case .string(let string): JSONValue.write(string, to: &output)
        case .array(let elements):
            output.append(UInt8(ascii: "["))
            for (index, element) in elements.enumerated() {
                if index > 0 { output.append(UInt8(ascii: ",")) }
                element.write(to: &output)
            }
            output.append(UInt8(ascii: "]"))
        case .object(let members):
            output.append(UInt8(ascii: "{"))
            var keys = Array(members.keys)
            keys.sort { JSONValue.precedes($0, $1) }
            for (index, key) in keys.enumerated() {
                if index > 0 { output.append(UInt8(ascii: ",")) }
                JSONValue.write(key, to: &output)
                output.append(UInt8(ascii: ":"))
                members[key]?.write(to: &output)
            }
            output.append(UInt8(ascii: "}"))
        }
    }

    /// The shortest decimal text that reads back as `number`; whole numbers have no ".0".
    public static func text(of number: Double) -> String {
        precondition(number.isFinite, "a non-finite number is never written")
        if number == number.rounded(), abs(number) < 9_007_199_254_740_992 {
            return String(Int64(number))
        }
        return "\(number)"
    }

    /// Whether `a` comes before `b` in the order of their UTF-8 bytes.
    private static func precedes(_ a: String, _ b: String) -> Bool {
        var (a, b) = (a, b)
        return a.withUTF8 { a in
            b.withUTF8 { b in
                for position in 0..<min(a.count, b.count) where a[position] != b[position] {
                    return a[position] < b[position]
                }
                return a.count < b.count
            }
        }
    }

    private static func write(_ string: String, to output: inout [UInt8]) {
        output.append(UInt8(ascii: "\""))
        // Most strings need no escape.
        if string.utf8.allSatisfy({ $0 >= 0x20 && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\") }) {
            output += string.utf8
            output.append(UInt8(ascii: "\""))
            return
        }
        for byte in string.utf8 {
            switch byte {
            case UInt8(ascii: "\""): output += "\\\"".utf8
            case UInt8(ascii: "\\"): output += "\\\\".utf8
            case UInt8(ascii: "\n"): output += "\\n".utf8
            case UInt8(ascii: "\t"): output += "\\t".utf8
            case UInt8(ascii: "\r"): output += "\\r".utf8
            case 0..<0x20:
                output += "\\u00".utf8
                output.append(byte >> 4 == 0 ? UInt8(ascii: "0") : UInt8(ascii: "1"))
                output.append((byte & 15) + ((byte & 15) < 10 ? UInt8(ascii: "0") : UInt8(ascii: "a") - 10))
            default: output.append(byte)
            }
        }
        output.append(UInt8(ascii: "\""))
    }
}

extension JSONValue {
    /// The member with this key; nil if there is none, or if this is not an object.
    public subscript(key: String) -> JSONValue? {
        if case .object(let members) = self { members[key] } else { nil }
    }

    /// The number; nil if this is not one.
    public var number: Double? { if case .number(let number) = self { number } else { nil } }
    /// The string; nil if this is not one.
    public var string: String? { if case .string(let string) = self { string } else { nil } }
    /// The Boolean; nil if this is not one.
    public var bool: Bool? { if case .bool(let flag) = self { flag } else { nil } }
    /// The elements; nil if this is not an array.
    public var array: [JSONValue]? { if case .array(let elements) = self { elements } else { nil } }
    /// The members; nil if this is not an object.
    public var object: [String: JSONValue]? { if case .object(let members) = self { members } else { nil } }

    /// A whole number, exact up to 2^53.
    public init(_ number: Int) { self = .number(Double(number)) }
    /// An array of numbers.
    public init(_ numbers: [Double]) { self = .array(numbers.map(JSONValue.number)) }
    /// An array of whole numbers, exact up to 2^53.
    public init(_ numbers: [Int]) { self = .array(numbers.map { .number(Double($0)) }) }
}

extension Double {
    /// The double nearest to this number rounded to `digits` significant digits: its shortest text has no
    /// more. Returns the number itself if it is 0, not finite, or near the limits of a double's range.
    ///
    /// - Precondition: 1 ≤ digits ≤ 15.
    public func rounded(toDigits digits: Int) -> Double {
        guard (1e-290...1e290).contains(magnitude) else { return self }
        var decimals = digits - 1 - Int(log10(magnitude).rounded(.down))
        // A power of ten up to 22 is exact, so multiplying or dividing by it rounds only once.
        var scaled = self.scaled(byTen: decimals).rounded()
        // The logarithm may be off by one next to a power of ten.
        if scaled.magnitude < Double.ten(digits - 1) {
            decimals += 1
            scaled = self.scaled(byTen: decimals).rounded()
        }
        return Double("\(Int64(scaled))e\(-decimals)") ?? self
    }

    private func scaled(byTen decimals: Int) -> Double {
        decimals >= 0
            ? self * Double.ten(min(decimals, 280)) * Double.ten(max(0, decimals - 280))
            : self / Double.ten(-decimals)
    }

    private static func ten(_ exponent: Int) -> Double { Double("1e\(exponent)") ?? 1 }
}
