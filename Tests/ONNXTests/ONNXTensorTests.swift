import Foundation
import TestSupport
import Testing

@testable import ONNX

private typealias Bytes = ONNXBytes

/// Numbers of one type: their bits, and what they stand for.
private struct Numbers {
    var type: ONNXElementType
    var bits: [UInt64]
    var values: [Double]
    /// The field of `TensorProto` that may hold them, and the bytes of a number there; 0: they vary.
    var field: UInt64
    var fieldWidth = 0
}

private func signed(_ numbers: Int...) -> [UInt64] { numbers.map { UInt64(bitPattern: Int64($0)) } }

/// The bits of halfs are NumPy's; those of bfloat16 are the upper halves of single precision's.
private let known = [
    Numbers(
        type: .float, bits: [0x3fc0_0000, 0x8000_0001, 0x7f80_0000], values: [1.5, -0x1p-149, .infinity],
        field: 4, fieldWidth: 4),
    Numbers(
        type: .double, bits: [0x3ff8_0000_0000_0000, 1], values: [1.5, .leastNonzeroMagnitude], field: 10,
        fieldWidth: 8),
    Numbers(
        type: .float16, bits: [0x3e00, 0x0001, 0x83ff, 0x7bff, 0xfc00],
        values: [1.5, 0x1p-24, -1023 * 0x1p-24, 65504, -.infinity], field: 5),
    Numbers(
        type: .bfloat16, bits: [0x3fc0, 0x0001, 0x8080, 0x7f80],
        values: [1.5, 0x1p-133, -0x1p-126, .infinity],
        field: 5),
    Numbers(type: .int8, bits: signed(-128, 127, 0), values: [-128, 127, 0], field: 5),
    Numbers(type: .int16, bits: signed(-32768, 32767), values: [-32768, 32767], field: 5),
    Numbers(
        type: .int32, bits: signed(-2_147_483_648, 2_147_483_647), values: [-2_147_483_648, 2_147_483_647],
        field: 5),
    Numbers(type: .int64, bits: signed(-1, 1 << 40), values: [-1, 0x1p40], field: 7),
    Numbers(type: .uint8, bits: [0, 255], values: [0, 255], field: 5),
    Numbers(type: .uint16, bits: [65535], values: [65535], field: 5),
    Numbers(type: .uint32, bits: [4_294_967_295, 7], values: [4_294_967_295, 7], field: 11),
    Numbers(type: .uint64, bits: [1 << 63, 7], values: [0x1p63, 7], field: 11),
    Numbers(type: .bool, bits: [1, 0], values: [1, 0], field: 5),
]

/// A model whose only initializer is the tensor.
private func model(_ tensor: [UInt8]) -> [UInt8] {
    Bytes.model(
        Bytes.graph(
            nodes: [Bytes.node("Identity", ["t"], ["y"])], initializers: [tensor],
            outputs: [Bytes.value("y", shape: [])]))
}

private func read(_ tensor: [UInt8], path: String = "net.onnx") throws -> ONNXTensor {
    try #require(try ONNXModel(bytes: model(tensor), path: path).graph.initializers["t"])
}

@Suite struct ONNXTensorTests {
    @Test func `Numbers of each type have their values, wherever the file has them`() throws {
        let folder = try TemporaryFolder()
        for numbers in known {
            let (type, width) = (numbers.type.rawValue, try #require(numbers.type.width))
            let raw = Bytes.raw(numbers.bits, width: width)
            func one(_ bits: UInt64) -> [UInt8] {
                numbers.fieldWidth == 0
                    ? Bytes.varint(bits) : Bytes.littleEndian(bits, width: numbers.fieldWidth)
            }
            let wire: UInt64 = [0: 0, 4: 5, 8: 1][numbers.fieldWidth] ?? 0
            _ = try folder.write([9, 9, 9] + Array(raw.suffix(numbers.bits.count * width)), to: "w.data")
            let storages = [
                raw,
                Bytes.field(numbers.field, bytes: numbers.bits.flatMap(one)),
                numbers.bits.flatMap { Bytes.varint(numbers.field << 3 | wire) + one($0) },
                Bytes.external(["location": "w.data", "offset": "3"]),
            ]
            for storage in storages {
                let bytes = Bytes.tensor("t", type: type, shape: [numbers.bits.count, 1], storage)
                let tensor = try read(bytes, path: folder.path + "/net.onnx")
                #expect(try tensor.doubles() == numbers.values, "\(numbers.type)")
                #expect(try tensor.floats() == numbers.values.map { Float($0) }, "\(numbers.type)")
                guard ![.float, .double, .float16, .bfloat16, .uint64].contains(numbers.type) else {
                    #expect(throws: ONNXFault.self) { try tensor.integers() }
                    continue
                }
                #expect(try tensor.integers() == numbers.values.map { Int($0) }, "\(numbers.type)")
            }
        }
    }

    @Test func `Integers are exact where doubles are not`() throws {
        let bits = signed(.max, .min, (1 << 53) + 1)
        let tensor = try read(Bytes.tensor("t", type: 7, shape: [3], Bytes.raw(bits, width: 8)))
        #expect(try tensor.integers() == [.max, .min, 9_007_199_254_740_993])
        #expect(try tensor.doubles() == [0x1p63, -0x1p63, 9_007_199_254_740_992])
    }

    @Test func `A tensor may have no numbers, and one without sizes has one`() throws {
        let none = try read(Bytes.tensor("t", shape: [3, 0]))
        #expect(none.count == 0)
        #expect(try none.floats() == [])
        let one = try read(Bytes.tensor("t", shape: [], Bytes.raw([2.5])))
        #expect(one.count == 1)
        #expect(try one.floats() == [2.5])
    }

    @Test func `External data may lie in a folder below, and be the end of a file`() throws {
        let folder = try TemporaryFolder()
        try FileManager.default.createDirectory(
            atPath: folder.path + "/data", withIntermediateDirectories: true)
        _ = try folder.write([1, 2, 3, 4], to: "data/w")
        let entries = Bytes.external([
            "location": "data/w", "offset": "1", "length": "3", "checksum": "ab",
        ])
        let tensor = try read(
            Bytes.tensor("t", type: 2, shape: [3], entries), path: folder.path + "/net.onnx")
        #expect(try tensor.integers() == [2, 3, 4])
        let file = try folder.write(model(Bytes.tensor("t", type: 2, shape: [3], entries)), to: "net.onnx")
        let again = try #require(try ONNXModel(reading: file).graph.initializers["t"])
        #expect(try again.doubles() == [2, 3, 4])
        let dotted = Bytes.external(["location": "././data/./w", "offset": "1", "length": "3"])
        _ = try folder.write(model(Bytes.tensor("t", type: 2, shape: [3], dotted)), to: "dotted.onnx")
        let plain = try ONNXModel(reading: folder.path + "/dotted.onnx")
        #expect(plain.externalPaths == [folder.path + "/data/w"])
        #expect(try plain.graph.initializers["t"]?.doubles() == [2, 3, 4])
        // A file that became shorter since.
        _ = try folder.write([1, 2], to: "data/w")
        let fault = #expect(throws: ONNXFault.self) { try again.doubles() }
        #expect(
            fault?.description
                == "\(folder.path)/data/w: cannot be read: it became shorter while it was read")
    }

    @Test(arguments: [
        (ONNXElementType.string, "string"), (.complex64, "complex64"), (.float8e4m3fn, "float8e4m3fn"),
        (.int4, "int4"),
    ])
    func `Types that have no numbers here are refused when they are read`(
        _ type: ONNXElementType, _ name: String
    ) throws {
        let tensor = try read(
            Bytes.tensor("t", type: type.rawValue, shape: [2], Bytes.field(9, bytes: [1])))
        let expected =
            "net.onnx: tensor 't' has elements of type \(name), which are not read; export the network in float32"
        for read in [
            { _ = try tensor.doubles() }, { _ = try tensor.floats() }, { _ = try tensor.integers() },
        ] {
            #expect(#expect(throws: ONNXFault.self) { try read() }?.description == expected)
        }
    }

    @Test(
        arguments: [
            (3, [0x80, 1], "int8"), (2, [0x80, 2], "uint8"), (9, [2], "bool"),
            (10, [0x80, 0x80, 4], "float16"),
        ] as [(Int, [UInt8], String)])
    func `Numbers in a wider field must be of their type`(_ type: Int, _ bytes: [UInt8], _ name: String)
        throws
    {
        let tensor = try read(
            Bytes.tensor("t", type: type, shape: [2], Bytes.field(5, bytes: [0] + bytes)))
        let fault = #expect(throws: ONNXFault.self) { try tensor.doubles() }
        #expect(fault?.what == "tensor 't' has a number at 1 that is none of type \(name)")
    }
}
