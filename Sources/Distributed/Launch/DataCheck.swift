import CZlib
import Files
import Glibc
import Text

/// The result of checking a file's bytes.
package enum DataCheck: Equatable {
    case right
    case missing
    /// The content has this SHA-256.
    case wrong(digest: String)
    /// The gzip stream is valid as far as it goes, but has no end.
    case unfinished
    /// Not a gzip stream, or unreadable.
    case broken(String)

    /// The largest uncompressed size that is read. No file of these sets is so large; a stream that expands
    /// further is not read to its end.
    package static let limit = 1 << 28

    /// Reads a file, gzipped or plain, and compares its content's digest. Memory use doesn't depend on the
    /// size.
    ///
    /// - Parameter limit: the most uncompressed bytes that are read.
    package init(of path: String, against digest: String, limit: Int = Self.limit) {
        let descriptor: Int32
        do throws(FileError) { descriptor = try openToRead(path) } catch {
            self = error.code == ENOENT ? .missing : .broken(error.cause)
            return
        }
        guard let file = gzdopen(descriptor, "rb") else {
            close(descriptor)
            self = .broken("out of memory")
            return
        }
        defer { gzclose_r(file) }
        gzbuffer(file, 1 << 17)
        var stream = DigestStream()
        var chunk = [UInt8](repeating: 0, count: 1 << 18)
        var total = 0
        while true {
            let count = chunk.withUnsafeMutableBytes { gzread(file, $0.baseAddress, UInt32($0.count)) }
            guard count > 0 else { break }
            stream.update(chunk[..<Int(count)])
            total += Int(count)
            guard total <= limit else {
                self = .broken("it holds more than \(limit) bytes")
                return
            }
        }
        // zlib reports a broken or unfinished stream only here.
        var code: Int32 = 0
        let message = gzerror(file, &code).map { String(cString: $0) } ?? ""
        switch code {
        case Z_OK, Z_STREAM_END:
            let found = stream.finish().hexadecimal()
            self = found == digest ? .right : .wrong(digest: found)
        case Z_BUF_ERROR: self = .unfinished
        case Z_ERRNO: self = .broken(systemMessage(errno))
        default: self = .broken(withoutName(message))
        }
    }
}

/// zlib's message without the prefix "<fd:5>: ", the name that zlib gives a file opened by descriptor.
private func withoutName(_ message: String) -> String {
    guard message.hasPrefix("<fd:"), let end = message.firstRange(of: ">: ") else { return message }
    return String(message[end.upperBound...])
}
