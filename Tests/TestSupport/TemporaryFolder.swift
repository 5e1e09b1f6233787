import Foundation

/// A folder that goes with the test.
public final class TemporaryFolder: Sendable {
    public let path = FileManager.default.temporaryDirectory.path + "/ranksweep-\(UUID().uuidString)"

    public init() throws {
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// Puts the bytes into a file, and returns its path.
    public func write(_ bytes: [UInt8], to name: String = "input", mode: mode_t = 0o600) throws -> String {
        let file = path + "/" + name
        // Not emptied first: file systems take that for a reason to write to the disk.
        let descriptor = open(file, O_WRONLY | O_CREAT | O_CLOEXEC, mode)
        defer { close(descriptor) }
        guard bytes.withUnsafeBytes({ Glibc.write(descriptor, $0.baseAddress, $0.count) }) == bytes.count,
            ftruncate(descriptor, off_t(bytes.count)) == 0
        else {
            throw POSIXError(.EIO)
        }
        return file
    }
}
