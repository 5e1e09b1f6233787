import CKernels

/// Philox 4×32-10 (Salmon, Moraes, Dror & Shaw, SC 2011), a counter-based generator: block n of a stream
/// depends only on (key, stream, n), so any part of a stream can be computed without the preceding parts.
public enum Philox {
    /// The block for any counter and key.
    public static func block(counter: [UInt32], key: [UInt32]) -> [UInt32] {
        precondition(counter.count == 4 && key.count == 2)
        var output = [UInt32](repeating: 0, count: 4)
        ck_philox_block(counter, key, &output)
        return output
    }

    /// `count` words of a stream, starting at block `first`; a block has four words.
    public static func words(key: UInt64, stream: UInt64, first: UInt64, count: Int) -> [UInt32] {
        [UInt32](unsafeUninitializedCapacity: count) { buffer, initialised in
            if let base = buffer.baseAddress { ck_philox(key, stream, first, base, count) }
            initialised = count
        }
    }
}

extension Matrix where Scalar == Float {
    /// Fills self with standard normal variates (Box & Muller) from a stream, starting at block `first`; uses
    /// ⌈count / 4⌉ blocks.
    public func fillNormals(key: UInt64, stream: UInt64, first: UInt64) {
        ck_normals(key, stream, first, base, count)
    }
}
