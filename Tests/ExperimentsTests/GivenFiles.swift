import Foundation
import Text

@testable import Experiments

/// A folder of its own for files as users bring them, removed with the value.
final class GivenFiles {
    let folder: URL

    init() throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "ranksweep-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    /// Writes a file and gives its path.
    func write(_ bytes: [UInt8], _ name: String = "w.safetensors") throws -> String {
        let file = folder.appending(path: name)
        try Data(bytes).write(to: file)
        return file.path
    }

    /// A .safetensors file of a header as text and so many bytes of data.
    static func safetensors(_ header: String, _ data: [UInt8]) -> [UInt8] {
        little(header.utf8.count, 8) + Array(header.utf8) + data
    }

    /// A .npy file of a header as text.
    static func npy(_ header: String, _ data: [UInt8], version: UInt8 = 1) -> [UInt8] {
        [0x93] + Array("NUMPY".utf8) + [version, 0]
            + little(header.utf8.count, version == 1 ? 2 : 4) + Array(header.utf8) + data
    }

    static func npy(_ type: String, _ shape: [Int], _ data: [UInt8]) -> [UInt8] {
        let tuple = shape.map { "\($0), " }.joined()
        return npy("{'descr': '\(type)', 'fortran_order': False, 'shape': (\(tuple)), }\n", data)
    }

    static func npy(_ shape: [Int], floats: [Float]) -> [UInt8] {
        npy("<f4", shape, floats.flatMap { little(Int($0.bitPattern), 4) })
    }

    static func little(_ number: Int, _ width: Int) -> [UInt8] {
        (0..<width).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
    }
}

/// The error of reading a file, without the file's name; nil where there is none.
func fault(_ path: String, _ body: () throws -> Void) rethrows -> String? {
    do {
        try body()
        return nil
    } catch let error as DataError {
        let words = error.description
        return words.hasPrefix(path + ": ") ? String(words.dropFirst(path.count + 2)) : words
    }
}
