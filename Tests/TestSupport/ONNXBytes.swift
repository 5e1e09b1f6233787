/// Messages of .onnx files, as bytes in Protocol Buffers' wire format. A message is its fields, one after another.
public enum ONNXBytes {
    public static func varint(_ number: UInt64) -> [UInt8] {
        number < 0x80 ? [UInt8(number)] : [UInt8(number & 0x7f) | 0x80] + varint(number >> 7)
    }

    public static func littleEndian(_ bits: UInt64, width: Int) -> [UInt8] {
        (0..<width).map { UInt8(truncatingIfNeeded: bits >> UInt64(8 * $0)) }
    }

    public static func field(_ number: UInt64, _ value: Int) -> [UInt8] {
        varint(number << 3) + varint(UInt64(bitPattern: Int64(value)))
    }

    public static func field(_ number: UInt64, bytes: [UInt8]) -> [UInt8] {
        varint(number << 3 | 2) + varint(UInt64(bytes.count)) + bytes
    }

    public static func field(_ number: UInt64, _ text: String) -> [UInt8] {
        field(number, bytes: Array(text.utf8))
    }

    public static func field(_ number: UInt64, _ value: Float) -> [UInt8] {
        varint(number << 3 | 5) + littleEndian(UInt64(value.bitPattern), width: 4)
    }

    /// A tensor, with the fields that hold its numbers.
    public static func tensor(
        _ name: String, type: Int = 1, shape: [Int], _ numbers: [UInt8]...
    ) -> [UInt8] {
        shape.flatMap { field(1, $0) } + field(2, type) + field(8, name) + numbers.flatMap { $0 }
    }

    /// Numbers in `raw_data`.
    public static func raw(_ bits: [UInt64], width: Int) -> [UInt8] {
        field(9, bytes: bits.flatMap { littleEndian($0, width: width) })
    }

    /// Single-precision numbers in `raw_data`.
    public static func raw(_ numbers: [Float]) -> [UInt8] {
        raw(numbers.map { UInt64($0.bitPattern) }, width: 4)
    }

    /// Numbers in another file.
    public static func external(_ entries: KeyValuePairs<String, String>) -> [UInt8] {
        entries.flatMap { field(13, bytes: field(1, $0.key) + field(2, $0.value)) } + field(14, 1)
    }

    /// An attribute, with the fields that hold its value.
    public static func attribute(_ name: String, type: Int, _ value: [UInt8]) -> [UInt8] {
        field(1, name) + value + field(20, type)
    }

    public static func node(
        _ operation: String, _ inputs: [String], _ outputs: [String], name: String = "",
        attributes: [[UInt8]] = [], domain: String = ""
    ) -> [UInt8] {
        inputs.flatMap { field(1, $0) } + outputs.flatMap { field(2, $0) } + field(3, name)
            + field(4, operation) + attributes.flatMap { field(5, bytes: $0) } + field(7, domain)
    }

    /// An input or output of a graph; a size that is nil has the name "n".
    public static func value(_ name: String, type: Int = 1, shape: [Int?]) -> [UInt8] {
        let sizes = shape.flatMap { size in
            field(1, bytes: size.map { field(1, $0) } ?? field(2, "n"))
        }
        return field(1, name)
            + field(2, bytes: field(1, bytes: field(1, type) + field(2, bytes: sizes)))
    }

    public static func graph(
        nodes: [[UInt8]], initializers: [[UInt8]] = [], inputs: [[UInt8]] = [], outputs: [[UInt8]] = []
    ) -> [UInt8] {
        nodes.flatMap { field(1, bytes: $0) } + field(2, "graph")
            + initializers.flatMap { field(5, bytes: $0) } + inputs.flatMap { field(11, bytes: $0) }
            + outputs.flatMap { field(12, bytes: $0) }
    }

    public static func model(_ graph: [UInt8], opset: Int = 17, domain: String = "") -> [UInt8] {
        field(1, 8) + field(2, "tests") + field(7, bytes: graph)
            + field(8, bytes: field(1, domain) + field(2, opset))
    }

    /// A model of one layer: y = relu(x W + b), with W [3, 2] and b [2].
    public static var layer: [UInt8] {
        model(
            graph(
                nodes: [
                    node(
                        "Gemm", ["x", "w", "b"], ["p"], name: "fc",
                        attributes: [attribute("alpha", type: 1, field(2, Float(1)))]),
                    node("Relu", ["p"], ["y"], name: "act"),
                ],
                initializers: [
                    tensor("w", shape: [3, 2], raw([1, 2, 3, 4, 5, 6])),
                    tensor("b", shape: [2], field(4, Float(-1)), field(4, Float(0.5))),
                ], inputs: [value("x", shape: [nil, 3])], outputs: [value("y", shape: [nil, 2])]))
    }
}
