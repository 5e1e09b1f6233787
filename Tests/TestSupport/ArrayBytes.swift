/// Bytes of .npy files.
public enum ArrayBytes {
    /// A file in C order.
    public static func npy(_ type: String, _ shape: [Int], _ data: [UInt8], isFortran: Bool = false)
        -> [UInt8]
    {
        let tuple = shape.map { "\($0), " }.joined()
        let header =
            "{'descr': '\(type)', 'fortran_order': \(isFortran ? "True" : "False"), 'shape': (\(tuple)), }\n"
        return [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(header.utf8.count), 0] + Array(header.utf8) + data
    }

    /// Numbers in single precision.
    public static func npy(_ shape: [Int], _ floats: [Float]) -> [UInt8] {
        npy("<f4", shape, floats.flatMap { ONNXBytes.littleEndian(UInt64($0.bitPattern), width: 4) })
    }

    /// Labels of one byte each.
    public static func labels(_ labels: [Int]) -> [UInt8] {
        npy("|u1", [labels.count], labels.map { UInt8($0) })
    }
}
