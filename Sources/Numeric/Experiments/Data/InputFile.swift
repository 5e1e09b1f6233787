import Files
import Glibc

/// Opens a regular file for reading.
func descriptor(toRead path: String) throws(DataError) -> Int32 {
    do throws(FileError) { return try openToRead(path) } catch {
        throw DataError(file: path, problem: .unreadable(error.cause))
    }
}

/// A file given by a user, read part by part. What its header announces can thus be compared with its size
/// before any memory is allocated for it.
final class InputFile {
    let path: String
    /// Size in bytes.
    let size: Int
    private let descriptor: Int32

    init(_ path: String) throws(DataError) {
        self.path = path
        descriptor = try Experiments.descriptor(toRead: path)
        var status = stat()
        size = fstat(descriptor, &status) == 0 ? Int(status.st_size) : 0
    }

    deinit { close(descriptor) }

    /// Reads `count` bytes from `offset` on.
    ///
    /// - Precondition: the bytes lie within `size`.
    func read(at offset: Int, count: Int) throws(DataError) -> [UInt8] {
        precondition(offset >= 0 && count >= 0 && offset + count <= size)
        guard let bytes = readAll(count, of: descriptor, at: UInt64(offset)) else {
            let why = errno == 0 ? "it became shorter while it was read" : systemMessage(errno)
            throw DataError(file: path, problem: .unreadable(why))
        }
        return bytes
    }

    /// Reads little-endian numbers of `width` bytes each, in chunks, and calls `body` with the bits of each.
    func forEachNumber(
        at offset: Int, count: Int, width: Int, _ body: (UInt64) -> Void
    ) throws(DataError) {
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
