import Text

/// The numbers of an axis that are drawn from a seed. They are the same on every machine, and the first ones of a
/// longer axis with the same rule.
public struct DrawnValues: Equatable, Sendable {
    /// The source of an axis's random numbers.
    enum Source: Equatable, Sendable {
        /// Independent draws that skip values drawn before: an axis that advances alone.
        case distinct
        /// Independent draws, which may repeat a value: an axis that advances with others.
        case independent
        /// A dimension of a Sobol sequence, from 0.
        case sobol(Int)
    }

    /// The rule, as in a sweep file.
    struct Rule: Equatable, Sendable {
        let isLogarithmic: Bool
        let first: Double
        let last: Double
        let count: Int
        let seed: Int
        /// Whether the setting takes whole numbers.
        let isWhole: Bool
        /// The axis's path, so that two axes with one seed have different numbers.
        let path: String
    }

    let rule: Rule
    /// The numbers drawn; with `distinct` fewer than the rule's count if there are no more.
    let numbers: [Double]

    /// The most numbers that an axis may draw.
    static let maxCount = 100_000

    init(_ rule: Rule, _ source: Source = .independent) {
        self.rule = rule
        switch source {
        case .distinct: numbers = rule.distinctNumbers
        case .independent:
            let stream = UniformStream("uniform", rule)
            numbers = (0..<rule.count).map { rule.number(stream[$0]) }
        case .sobol(let dimension):
            // A digital shift, so that each seed has its own points and none has a zero.
            let shift = UniformStream("sobol", rule).bits(0)
            numbers = (0..<rule.count).map { index in
                let bits = UInt64(SobolSequence.bits(index, dimension: dimension)) << 21
                return rule.number(UniformStream.fraction(bits ^ shift))
            }
        }
    }

    /// The same rule with another source.
    func drawn(_ source: Source) -> DrawnValues { DrawnValues(rule, source) }

    /// The values as in a sweep file.
    var json: JSONValue {
        var members: [String: JSONValue] = [
            rule.isLogarithmic ? "log_uniform" : "uniform": JSONValue([rule.first, rule.last]),
            "count": JSONValue(rule.count),
        ]
        if rule.seed != 0 { members["seed"] = JSONValue(rule.seed) }
        return .object(members)
    }
}

extension DrawnValues.Rule {
    /// The number for a uniform one in [0, 1).
    fileprivate func number(_ uniform: Double) -> Double {
        let number =
            switch (isLogarithmic, isWhole) {
            case (false, false): Spacing.linear(first, last, part: uniform)
            case (true, false): Spacing.logarithmic(first, last, part: uniform)
            case (false, true): first + (uniform * (last - first + 1)).rounded(.down)
            // Each whole number has the interval that rounds to it.
            case (true, true): Spacing.logarithmic(first - 0.5, last + 0.5, part: uniform).rounded()
            }
        return min(max(number, first), last)
    }

    fileprivate var distinctNumbers: [Double] {
        let stream = UniformStream("uniform", self)
        let due = isWhole ? Int(min(Double(count), last - first + 1)) : count
        var numbers: [Double] = []
        var seen: Set<Double> = []
        var latest = 0
        // Where nearly all whole numbers are asked for, the last ones take many draws.
        for index in 0..<(100 * count) {
            let number = number(stream[index])
            if seen.insert(number).inserted {
                numbers.append(number)
                latest = index
            }
            // Where so many draws give nothing new, there is nothing more.
            if numbers.count == due || index - latest > 20 * count { break }
        }
        return numbers
    }
}

/// Random numbers by their index: SplitMix64 (Steele, Lea & Flood 2014), from a state that the rule's seed and path
/// give.
private struct UniformStream {
    private let state: UInt64

    init(_ purpose: String, _ rule: DrawnValues.Rule) {
        let digest = Digest(of: "\(purpose) \(rule.seed) \(rule.path)")
        state = digest.bytes.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// 53 random bits.
    func bits(_ index: Int) -> UInt64 {
        let counter = state &+ UInt64(index + 1) &* 0x9E37_79B9_7F4A_7C15
        var word = (counter ^ (counter >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        return (word ^ (word >> 31)) >> 11
    }

    /// A uniform number in [0, 1).
    subscript(index: Int) -> Double { UniformStream.fraction(bits(index)) }

    /// 53 bits as a number in [0, 1).
    static func fraction(_ bits: UInt64) -> Double { Double(bits) / 9_007_199_254_740_992 }
}

/// The Sobol sequence with the direction numbers of Joe and Kuo (2008, `new-joe-kuo-6`), in the order of the Gray code
/// (Antonov & Saleev 1979).
enum SobolSequence {
    /// The number of dimensions that the table has.
    static let dimensions = directions.count

    /// The fraction's 32 bits of a point's coordinate.
    static func bits(_ index: Int, dimension: Int) -> UInt32 {
        let code = index ^ (index >> 1)
        var bits: UInt32 = 0
        for (position, direction) in directions[dimension].enumerated() where code >> position & 1 == 1 {
            bits ^= direction
        }
        return bits
    }

    /// For each dimension but the first a primitive polynomial over GF(2), its coefficients as bits, and the first odd
    /// numbers m.
    private static let table: [(polynomial: Int, initial: [UInt32])] = [
        (0b11, [1]), (0b111, [1, 3]), (0b1011, [1, 3, 1]), (0b1101, [1, 1, 1]), (0b10011, [1, 1, 3, 3]),
        (0b11001, [1, 3, 5, 13]), (0b100101, [1, 1, 5, 5, 17]), (0b101001, [1, 1, 5, 5, 5]),
        (0b101111, [1, 1, 7, 11, 19]), (0b110111, [1, 1, 5, 1, 1]), (0b111011, [1, 1, 1, 3, 11]),
        (0b111101, [1, 3, 5, 5, 31]), (0b1000011, [1, 3, 3, 9, 7, 49]), (0b1011011, [1, 1, 1, 15, 21, 21]),
        (0b1100001, [1, 3, 1, 13, 27, 49]),
    ]

    private static let directions: [[UInt32]] =
        [(0..<32).map { 1 << UInt32(31 - $0) }]
        + table.map { polynomial, initial in
            let degree = initial.count
            var directions = initial.enumerated().map { $1 << UInt32(31 - $0) }
            for position in degree..<32 {
                let first = directions[position - degree]
                var next = first ^ (first >> UInt32(degree))
                for term in 1..<max(1, degree) where polynomial >> (degree - term) & 1 == 1 {
                    next ^= directions[position - term]
                }
                directions.append(next)
            }
            return directions
        }
}
