import Files
import Glibc
import Journal
import Text

/// An operation in the folder of kept weights. It can be repeated where it failed.
enum WeightsStep {
    case chunk([UInt8], of: String, offset: UInt64)
    case keep(String)
}

/// Digests of files that are written in chunks.
struct WeightDigests {
    private var open: [String: DigestStream] = [:]

    /// - Parameter step: the step that was just performed.
    /// - Returns: the journal's entry for a file that is now complete.
    mutating func note(_ step: WeightsStep) -> JournalEntry? {
        switch step {
        case .chunk(let bytes, let name, let offset):
            if offset == 0 { open[name] = DigestStream() }
            open[name]?.update(bytes)
            return nil
        case .keep(let name):
            guard let digest = open.removeValue(forKey: name) else { return nil }
            return .weights(file: name, sha256: digest.finish().hexadecimal())
        }
    }
}

/// The run directory's folder of kept weights. Names come from the coordinator's own grid, never from a peer.
struct WeightsFolder {
    let path: String

    private static let unfinished = ".partial"

    /// Removes half-written files of a run that was killed. Only the holder of the run's lock may call this.
    func removeUnfinished() {
        for name in fileNames(in: path) where name.hasSuffix(WeightsFolder.unfinished) {
            unlink("\(path)/\(name)")
        }
    }

    func perform(_ step: WeightsStep) throws(FileError) {
        switch step {
        case .chunk(let bytes, let name, let offset): try write(bytes, to: name, offset: offset)
        case .keep(let name): try keep(name)
        }
    }

    /// Writes a chunk of an unfinished file. A chunk at offset 0 begins the file.
    private func write(_ bytes: [UInt8], to name: String, offset: UInt64) throws(FileError) {
        if offset == 0 { try makeFolder(path) }
        let file = "\(path)/\(name)\(WeightsFolder.unfinished)"
        let flags = O_WRONLY | O_CLOEXEC | O_NOFOLLOW | (offset == 0 ? O_CREAT | O_TRUNC : 0)
        let descriptor = open(file, flags, 0o644)
        guard descriptor >= 0 else { throw FileError(path: file, doing: "write", code: errno) }
        defer { close(descriptor) }
        guard writeAll(bytes, to: descriptor, at: offset) else {
            throw FileError(path: file, doing: "write", code: errno)
        }
    }

    /// Makes a complete file durable and gives it its name. An existing file of that name holds the same
    /// bytes, from before a crash.
    private func keep(_ name: String) throws(FileError) {
        try adoptFile("\(path)/\(name)\(WeightsFolder.unfinished)", as: "\(path)/\(name)")
    }
}
