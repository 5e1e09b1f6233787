import Glibc
import Testing

@testable import LinearAlgebra

@Suite struct PhiloxTests {
    /// Random123's kat_vectors, philox4x32 with 10 rounds.
    @Test(
        arguments: [
            ([0, 0, 0, 0], [0, 0], [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]),
            (
                [0xffff_ffff, 0xffff_ffff, 0xffff_ffff, 0xffff_ffff], [0xffff_ffff, 0xffff_ffff],
                [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]
            ),
            (
                [0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344], [0xa409_3822, 0x299f_31d0],
                [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1]
            ),
        ] as [([UInt32], [UInt32], [UInt32])])
    func `Blocks equal the published answers`(counter: [UInt32], key: [UInt32], expected: [UInt32]) {
        #expect(Philox.block(counter: counter, key: key) == expected)
    }

    @Test func `A stream is its blocks in turn`() {
        let (key, stream, first) = (
            0x0123_4567_89ab_cdef as UInt64, 0xfedc_ba98_7654_3210 as UInt64, UInt64(5)
        )
        let words = Philox.words(key: key, stream: stream, first: first, count: 203)
        for (index, word) in words.enumerated() {
            let counter = first + UInt64(index / 4)
            let block = Philox.block(
                counter: [
                    UInt32(truncatingIfNeeded: counter), UInt32(counter >> 32),
                    UInt32(truncatingIfNeeded: stream),
                    UInt32(stream >> 32),
                ],
                key: [UInt32(truncatingIfNeeded: key), UInt32(key >> 32)])
            #expect(word == block[index % 4])
        }
    }

    @Test func `The block counter carries into its upper half`() {
        let first = UInt64(UInt32.max) - 1
        let words = Philox.words(key: 1, stream: 2, first: first, count: 16)
        #expect(Array(words[8..<12]) == Philox.block(counter: [0, 1, 2, 0], key: [1, 0]))
    }

    @Test func `A stream read in pieces equals it read at once`() {
        let whole = Philox.words(key: 7, stream: 3, first: 0, count: 400)
        for blocks in [1, 2, 3, 15, 16, 17, 99] {
            var chunks: [UInt32] = []
            while chunks.count < whole.count {
                let count = min(4 * blocks, whole.count - chunks.count)
                chunks += Philox.words(key: 7, stream: 3, first: UInt64(chunks.count / 4), count: count)
            }
            #expect(chunks == whole, "\(blocks) blocks at a time")
        }
    }

    @Test func `Any length is a prefix of a longer one`() {
        let whole = Philox.words(key: 7, stream: 3, first: 11, count: 300)
        for count in awkwardSizes {
            #expect(Philox.words(key: 7, stream: 3, first: 11, count: count) == Array(whole.prefix(count)))
        }
    }
}

@Suite struct NormalTests {
    static func normals(key: UInt64, stream: UInt64, first: UInt64 = 0, count: Int) -> [Float] {
        let matrix = Matrix<Float>(rows: 1, columns: count)
        matrix.fillNormals(key: key, stream: stream, first: first)
        return matrix.values
    }

    /// Box and Muller in double from the same words. A variate is at most 5.8, and its angle and radius are
    /// each good to about 1e-7.
    @Test func `Float variates agree with the formula in double`() {
        let count = 65536
        let words = Philox.words(key: 42, stream: 9, first: 0, count: count)
        let actual = Self.normals(key: 42, stream: 9, count: count)
        let expected = stride(from: 0, to: count, by: 2).flatMap { i -> [Double] in
            let radius = sqrt(-2 * log((Double(words[i] >> 8) + 1) * 0x1p-24))
            let angle = 2 * Double.pi * Double(words[i + 1] >> 8) * 0x1p-24
            return [radius * cos(angle), radius * sin(angle)]
        }
        expectClose(actual, expected, within: 1.5e-6)
    }

    @Test func `A stream of variates read in pieces equals it read at once`() {
        let whole = Self.normals(key: 1, stream: 2, count: 1000)
        for start in [4, 60, 64, 68, 996] {
            let part = Self.normals(key: 1, stream: 2, first: UInt64(start / 4), count: 1000 - start)
            #expect(sameBits(part, Array(whole[start...])))
        }
        for count in awkwardSizes {
            let filled = Guarded<Float>(rows: 1, columns: count)
            filled.matrix.fillNormals(key: 1, stream: 2, first: 0)
            #expect(sameBits(filled.values, Array(whole.prefix(count))) && filled.isIntact)
        }
    }

    /// Square roots and polynomials of IEEE operations only: no processor may give other bits.
    @Test func `Variates have the same bits everywhere`() {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for value in Self.normals(key: 2026, stream: 1, count: 10007) {
            hash = (hash ^ UInt64(value.bitPattern)) &* 0x100_0000_01b3
        }
        #expect(hash == 0x0242_376b_3fb2_ac3f)
    }

    /// With n = 2²⁰ draws the standard errors are √(1/n), √(2/n), √(6/n) and √(24/n) for mean, variance,
    /// skewness and kurtosis; a bound is 4 of them.
    @Test(arguments: [(0, 0), (1, 0), (0, 1), (0xffff_ffff_ffff_ffff, 3 << 48)] as [(UInt64, UInt64)])
    func `Moments and tails are those of the normal distribution`(key: UInt64, stream: UInt64) {
        let n = 1 << 20
        let values = doubles(Self.normals(key: key, stream: stream, count: n))
        let size = Double(n)
        let mean = values.reduce(0, +) / size
        func moment(_ order: Int) -> Double {
            values.reduce(0) { sum, value in
                let d = value - mean
                return sum + (order == 2 ? d * d : order == 3 ? d * d * d : d * d * d * d)
            } / size
        }
        let variance = moment(2)
        #expect(abs(mean) < 4 / sqrt(size))
        #expect(abs(variance - 1) < 4 * sqrt(2 / size))
        #expect(abs(moment(3)) < 4 * sqrt(6 / size))
        #expect(abs(moment(4) / (variance * variance) - 3) < 4 * sqrt(24 / size))
        for threshold in [0.5, 1, 2, 3, 4] {
            let expected = size * erfc(threshold / sqrt(2))
            let beyond = Double(values.count { abs($0) > threshold })
            #expect(abs(beyond - expected) < 4 * sqrt(expected), "beyond \(threshold)")
        }
        // 24 bits under the logarithm: √(48 ln 2).
        #expect(values.allSatisfy { abs($0) <= 5.768 })
    }

    @Test func `Neighbours streams and keys are uncorrelated`() {
        let n = 1 << 18
        let values = doubles(Self.normals(key: 5, stream: 5, count: n + 2))
        let others = [
            doubles(Self.normals(key: 5, stream: 6, count: n)),
            doubles(Self.normals(key: 6, stream: 5, count: n)),
            Array(values[1...n]), Array(values[2...]),
        ]
        for other in others {
            let product = zip(values, other).reduce(0) { $0 + $1.0 * $1.1 } / Double(n)
            let squares =
                zip(values, other).reduce(0) { $0 + ($1.0 * $1.0 - 1) * ($1.1 * $1.1 - 1) } / Double(n)
            #expect(abs(product) < 4 / sqrt(Double(n)))
            #expect(abs(squares) < 4 * 2 / sqrt(Double(n)))
        }
    }
}
