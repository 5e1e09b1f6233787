import Glibc
import Text

/// Copies a file part by part. The copy appears whole, and only if the bytes have the digest.
///
/// - Parameters:
///   - digest: the SHA-256 that the bytes must have, in hexadecimal; nil: any.
///   - writers: whether others may write the copy at the same time.
/// - Returns: the SHA-256 of the bytes.
@discardableResult
public func copyFile(
    _ from: String, to path: String, digest: String? = nil, among writers: WholeFile.Writers = .one
) throws(FileError) -> String {
    let source = try openStream(from)
    defer { fclose(source) }
    let copy = try WholeFile(path, among: writers)
    var stream = DigestStream()
    var bytes = [UInt8](repeating: 0, count: 1 << 18)
    while true {
        let count = fread(&bytes, 1, bytes.count, source)
        guard count > 0 else { break }
        stream.update(bytes[..<count])
        try copy.write(bytes[..<count])
    }
    guard ferror(source) == 0 else { throw FileError(path: from, doing: "read", code: EIO) }
    let found = stream.finish().hexadecimal()
    if digest == nil || digest == found { try copy.commit() }
    return found
}

/// The SHA-256 of a file, in hexadecimal; nil where it can't be read.
public func fileDigest(_ path: String) -> String? {
    guard let file = try? openStream(path) else { return nil }
    defer { fclose(file) }
    var digest = DigestStream()
    var bytes = [UInt8](repeating: 0, count: 1 << 18)
    while true {
        let count = fread(&bytes, 1, bytes.count, file)
        guard count > 0 else { break }
        digest.update(bytes[..<count])
    }
    return ferror(file) == 0 ? digest.finish().hexadecimal() : nil
}
