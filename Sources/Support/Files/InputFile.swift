import Glibc

/// A file given by a user, read part by part. What its header announces can thus be compared with its size
/// before any memory is allocated for it.
public final class InputFile: Sendable {
    /// The path that the file was opened with.
    public let path: String
    /// Size in bytes.
    public let size: Int
    private let content: Content

    private enum Content {
        case descriptor(Int32)
        case bytes([UInt8])
    }

    /// Opens a regular file.
    public init(_ path: String) throws(FileError) {
        self.path = path
        let descriptor = try openToRead(path)
        content = .descriptor(descriptor)
        var status = stat()
        size = fstat(descriptor, &status) == 0 ? Int(status.st_size) : 0
    }

    /// Stands for a file with these bytes, which need not exist.
    public init(bytes: [UInt8], path: String) {
        self.path = path
        content = .bytes(bytes)
        size = bytes.count
    }

    deinit { if case .descriptor(let descriptor) = content { close(descriptor) } }

    /// Reads `count` bytes from `offset` on.
    ///
    /// - Precondition: the bytes lie within `size`.
    public func read(at offset: Int, count: Int) throws(FileError) -> [UInt8] {
        precondition(offset >= 0 && count >= 0 && offset + count <= size)
        switch content {
        case .bytes(let bytes): return Array(bytes[offset..<offset + count])
        case .descriptor(let descriptor):
            guard let bytes = readAll(count, of: descriptor, at: UInt64(offset)) else {
                throw FileError(path: path, doing: "read", code: errno)
            }
            return bytes
        }
    }

    /// Reads little-endian numbers of `width` bytes each, in chunks, and calls `body` with the bits of each.
    public func forEachNumber(
        at offset: Int, count: Int, width: Int, _ body: (UInt64) -> Void
    ) throws(FileError) {
        let numbersHeld = 1 << 17
        for start in stride(from: 0, to: count, by: numbersHeld) {
            let numbers = min(numbersHeld, count - start)
            let chunk = try read(at: offset + start * width, count: numbers * width)
            for number in 0..<numbers {
                var bits: UInt64 = 0
                for byte in 0..<width { bits |= UInt64(chunk[number * width + byte]) << (8 * UInt64(byte)) }
                body(bits)
            }
        }
    }
}

/// The product of a shape's sizes, or nil where it exceeds Int.
public func product(_ factors: [Int]) -> Int? {
    // Check for 0 first: 0 · a · b is 0 even where a · b exceeds Int.
    if factors.contains(0) { return 0 }
    var product = 1
    for factor in factors {
        let (next, overflows) = product.multipliedReportingOverflow(by: factor)
        if overflows { return nil }
        product = next
    }
    return product
}
