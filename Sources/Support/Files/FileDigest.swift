import Glibc
import Text

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
