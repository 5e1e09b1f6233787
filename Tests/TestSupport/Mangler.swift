/// Mangles inputs of a corpus: bits and bytes are changed, parts cut out, repeated or taken from another input, and
/// numbers replaced by those with which lengths and counts go wrong.
public struct Mangler {
    private var draws: Draws
    private let corpus: [[UInt8]]
    private let words: [String]

    /// - Parameter words: of the format: put in at random offsets.
    public init(draws: Draws, corpus: [[UInt8]], words: [String]) {
        (self.draws, self.corpus, self.words) = (draws, corpus, words)
    }

    private static let longest = 1 << 17
    /// Where lengths, counts and indices go wrong.
    private static let numbers: [UInt64] = [
        0, 1, 2, 0x7f, 0x80, 0xff, 0x100, 0x7fff, 0x8000, 0xffff, 0x1_0000, 0x7fff_ffff, 0x8000_0000,
        0xffff_ffff, 0x1_0000_0000, 0x7fff_ffff_ffff_ffff, 0x8000_0000_0000_0000, .max, 0x7ff0_0000_0000_0000,
        0x7fef_ffff_ffff_ffff, 0xfff8_0000_0000_0000,
    ]
    private static let digits = [
        "-0", "1e999", "1e308", "-1e308", "5e-324", "9223372036854775807", "-9223372036854775809",
        "18446744073709551616", "00", "1e-400", "0.1e1", "4294967296", "99999999999999999999999999", "NaN",
        "-",
    ]

    /// The next input.
    public mutating func next() -> [UInt8] {
        var bytes = one()
        for _ in 0...below(4) { mangle(&bytes) }
        return Array(bytes.prefix(Self.longest))
    }

    /// A number below `count`; 0 if there is none.
    public mutating func below(_ count: Int) -> Int { count > 0 ? Int(draws.next() % UInt64(count)) : 0 }

    private mutating func one() -> [UInt8] { corpus[below(corpus.count)] }

    private mutating func range(of bytes: [UInt8]) -> Range<Int> {
        let start = below(bytes.count + 1)
        let most = below(3) == 0 ? bytes.count - start : min(16, bytes.count - start)
        return start..<start + below(most + 1)
    }

    private mutating func mangle(_ bytes: inout [UInt8]) {
        switch below(11) {
        case 0: flip(&bytes)
        case 1: if !bytes.isEmpty { bytes[below(bytes.count)] = UInt8(truncatingIfNeeded: draws.next()) }
        case 2: bytes.removeLast(below(bytes.count + 1))
        case 3: bytes.removeSubrange(range(of: bytes))
        case 4:
            let chunk = bytes[range(of: bytes)]
            let times = below(20) == 0 ? 500 : 1 + below(4)
            let index = below(bytes.count + 1)
            for _ in 0..<times where bytes.count < Self.longest { bytes.insert(contentsOf: chunk, at: index) }
        case 5:
            // The beginning of one and the end of another.
            let other = one()
            bytes = Array(bytes.prefix(below(bytes.count + 1))) + other.suffix(below(other.count + 1))
        case 6:
            let other = one()
            bytes.insert(contentsOf: other[range(of: other)], at: below(bytes.count + 1))
        case 7: lie(&bytes)
        case 8:
            bytes.insert(
                contentsOf: (0..<below(9)).map { _ in UInt8(below(256)) }, at: below(bytes.count + 1))
        case 9: changeNumber(&bytes)
        default:
            guard !words.isEmpty else { return flip(&bytes) }
            bytes.insert(contentsOf: words[below(words.count)].utf8, at: below(bytes.count + 1))
        }
    }

    private mutating func flip(_ bytes: inout [UInt8]) {
        for _ in 0..<min(bytes.count, 1 + below(3)) { bytes[below(bytes.count)] ^= 1 << UInt8(below(8)) }
    }

    /// Overwrites bytes that a binary format may read as a length.
    private mutating func lie(_ bytes: inout [UInt8]) {
        let width = [1, 2, 4, 8][below(4)]
        guard bytes.count >= width else { return }
        let index = below(bytes.count - width + 1)
        let number = Self.numbers[below(Self.numbers.count)]
        let isBig = below(3) == 0
        for byte in 0..<width {
            let shift = UInt64(8 * (isBig ? width - 1 - byte : byte))
            bytes[index + byte] = UInt8(truncatingIfNeeded: number >> shift)
        }
    }

    /// Replaces a number of a text.
    private mutating func changeNumber(_ bytes: inout [UInt8]) {
        guard !bytes.isEmpty else { return }
        let from = below(bytes.count)
        guard let start = bytes[from...].firstIndex(where: { (0x30...0x39).contains($0) }) else { return }
        let end = bytes[start...].firstIndex { !(0x30...0x39).contains($0) } ?? bytes.count
        bytes.replaceSubrange(start..<end, with: Self.digits[below(Self.digits.count)].utf8)
    }
}
