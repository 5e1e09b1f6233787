import Glibc

/// The bytes of a file, mapped read-only so that every process of a machine shares them, or bytes of this process.
/// It is a class because it owns the mapping.
public final class MappedFile {
    /// All bytes.
    public let bytes: UnsafeRawBufferPointer
    private let isMapped: Bool

    /// Maps a regular file. Throws where it can't be read or is empty.
    public init(_ path: String) throws(FileError) {
        let file = try openToRead(path)
        defer { close(file) }
        var status = stat()
        guard fstat(file, &status) == 0 else { throw FileError(path: path, doing: "read", code: errno) }
        let size = Int(status.st_size)
        guard size > 0 else { throw FileError(path: path, doing: "read", code: 0) }
        guard let start = mmap(nil, size, PROT_READ, MAP_SHARED, file, 0), start != MAP_FAILED else {
            throw FileError(path: path, doing: "read", code: errno)
        }
        bytes = UnsafeRawBufferPointer(start: start, count: size)
        isMapped = true
    }

    /// A copy of numbers or bytes in memory.
    public init<Element: BitwiseCopyable>(copying array: [Element]) {
        let size = array.count * MemoryLayout<Element>.stride
        let copy = UnsafeMutableRawBufferPointer.allocate(
            byteCount: size, alignment: MemoryLayout<UInt64>.alignment)
        array.withUnsafeBytes { copy.copyMemory(from: $0) }
        bytes = UnsafeRawBufferPointer(copy)
        isMapped = false
    }

    deinit {
        if isMapped {
            munmap(UnsafeMutableRawPointer(mutating: bytes.baseAddress), bytes.count)
        } else {
            bytes.deallocate()
        }
    }
}
