import CZlib
import Files
import Glibc

/// The text of a small file at the top level of a .tar.gz; nil where there is no such file, or the archive
/// can't be read.
package func archivedText(_ name: String, in path: String) -> String? {
    guard let descriptor = try? openToRead(path) else { return nil }
    guard let file = gzdopen(descriptor, "rb") else {
        close(descriptor)
        return nil
    }
    defer { gzclose(file) }
    var header = [UInt8](repeating: 0, count: 512)
    while gzread(file, &header, 512) == 512, header[0] != 0 {
        func text(_ range: Range<Int>) -> String {
            String(decoding: header[range].prefix { $0 != 0 && $0 != 0x20 }, as: UTF8.self)
        }
        guard let size = Int(text(124..<136), radix: 8), size >= 0 else { return nil }
        let found = text(0..<100)
        if [name, "./" + name].contains(found), [0, UInt8(ascii: "0")].contains(header[156]), size < 1 << 16 {
            var bytes = [UInt8](repeating: 0, count: max(1, size))
            guard gzread(file, &bytes, UInt32(size)) == Int32(size) else { return nil }
            return String(decoding: bytes.prefix(size), as: UTF8.self)
        }
        // Skip to the next header: a file fills whole blocks.
        guard gzseek(file, (size + 511) / 512 * 512, SEEK_CUR) >= 0 else { return nil }
    }
    return nil
}
