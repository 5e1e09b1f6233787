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
    guard let found = try digestParts(of: source, { part throws(FileError) in try copy.write(part) }) else {
        throw FileError(path: from, doing: "read", code: EIO)
    }
    if digest == nil || digest == found { try copy.commit() }
    return found
}

/// The SHA-256 of a file, in hexadecimal; nil where it can't be read.
public func fileDigest(_ path: String) -> String? {
    guard let file = try? openStream(path) else { return nil }
    defer { fclose(file) }
    return digestParts(of: file) { _ in }
}

/// Reads a stream to its end, and calls `body` with each part. Returns the SHA-256 of all; nil where reading failed.
private func digestParts<Failure>(
    of file: UnsafeMutablePointer<FILE>, _ body: (ArraySlice<UInt8>) throws(Failure) -> Void
) throws(Failure) -> String? {
    var digest = DigestStream()
    var bytes = [UInt8](repeating: 0, count: 1 << 18)
    while true {
        let count = fread(&bytes, 1, bytes.count, file)
        guard count > 0 else { break }
        digest.update(bytes[..<count])
        try body(bytes[..<count])
    }
    return ferror(file) == 0 ? digest.finish().hexadecimal() : nil
}
