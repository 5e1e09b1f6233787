import Files
import Foundation
import Testing

@Suite struct InputFileTests {
    @Test func `Numbers are read from any offset, from a file and from bytes alike`() throws {
        let path = NSTemporaryDirectory() + "/input-\(UUID().uuidString)"
        defer { unlink(path) }
        let bytes: [UInt8] = [9, 1, 0, 0, 2, 3, 4]
        try writeFile(bytes, to: path)
        for file in [try InputFile(path), InputFile(bytes: bytes, path: path)] {
            #expect(file.size == 7 && file.path == path)
            var numbers: [UInt64] = []
            try file.forEachNumber(at: 1, count: 2, width: 3) { numbers.append($0) }
            #expect(numbers == [1, 0x040302])
            #expect(try file.read(at: 4, count: 2) == [2, 3])
        }
    }

    @Test func `A file that became shorter is an error, which says so`() throws {
        let path = NSTemporaryDirectory() + "/input-\(UUID().uuidString)"
        defer { unlink(path) }
        try writeFile([1, 2, 3] as [UInt8], to: path)
        let file = try InputFile(path)
        #expect(truncate(path, 2) == 0)
        let error = #expect(throws: FileError.self) { try file.read(at: 0, count: 3) }
        #expect(error?.cause == "it became shorter while it was read")
    }

    @Test func `Every half precision number is converted exactly`() {
        for bits in UInt16.min...UInt16.max {
            let (exponent, fraction) = (Int(bits >> 10 & 0x1f), Double(bits & 0x3ff))
            let sign: Double = bits >> 15 == 0 ? 1 : -1
            let value = single(fromBinary16: bits)
            switch exponent {
            case 0: #expect(Double(value) == sign * fraction * 0x1p-24)
            case 31: #expect(fraction == 0 ? Double(value) == sign * .infinity : value.isNaN)
            default: #expect(Double(value) == sign * (1 + fraction / 1024) * pow(2, Double(exponent - 15)))
            }
            #expect(value.sign == (bits >> 15 == 0 ? .plus : .minus))
            let wide = single(fromBFloat16: bits)
            #expect(wide.bitPattern == UInt32(bits) * 65536)
        }
        // Two that are known: the smallest subnormal, the largest number.
        #expect(single(fromBinary16: 1) == 5.960464477539063e-8)
        #expect(single(fromBinary16: 0x7bff) == 65504)
        #expect(single(fromBFloat16: 0x3fc0) == 1.5)
    }
}
