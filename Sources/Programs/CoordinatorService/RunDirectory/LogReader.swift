import Console
import Files
import Glibc

/// Reads the log of a run line by line, the older file first, and later what was added meanwhile.
struct LogReader {
    private let path: String
    /// The open files, of which the last is the one that grows.
    private var descriptors: [Int32]
    /// The bytes of a line that has no end yet.
    private var part: [UInt8] = []

    /// A longer line isn't one of ours, and is cut.
    private static let longestLine = 1 << 16

    init(_ run: String) {
        path = "\(run)/\(RunLog.fileNames[1])"
        // The newer one first: it may be renamed meanwhile, and is then read once.
        let newer = LogReader.open(path)
        let older = LogReader.open("\(run)/\(RunLog.fileNames[0])")
        if let older, let newer, LogReader.file(older) == LogReader.file(newer) {
            close(older)
            descriptors = [newer]
        } else {
            descriptors = [older, newer].compactMap(\.self)
        }
    }

    /// Whether the run has a log.
    var hasLog: Bool { !descriptors.isEmpty }

    func closeAll() { for descriptor in descriptors { close(descriptor) } }

    /// Calls `body` with each line that hasn't been read yet, without its newline, until it returns false.
    ///
    /// - Returns: false where `body` did.
    mutating func forEachNew(_ body: ([UInt8]) -> Bool) -> Bool {
        while true {
            while let first = descriptors.first {
                guard read(first, body) else { return false }
                guard descriptors.count > 1 else { break }
                close(descriptors.removeFirst())
                part = []
            }
            // A log that is full takes the older one's place.
            var status = stat()
            guard stat(path, &status) == 0, descriptors.first.flatMap(LogReader.file) != FileKey(status),
                let opened = LogReader.open(path)
            else { return true }
            descriptors.append(opened)
        }
    }

    private mutating func read(_ descriptor: Int32, _ body: ([UInt8]) -> Bool) -> Bool {
        var bytes = [UInt8](repeating: 0, count: 65_536)
        while let count = readArrived(descriptor, into: &bytes), count > 0 {
            for byte in bytes[..<count] {
                if byte != UInt8(ascii: "\n") { part.append(byte) }
                guard byte == UInt8(ascii: "\n") || part.count >= LogReader.longestLine else { continue }
                let line = part
                part = []
                guard body(line) else { return false }
            }
        }
        return true
    }

    /// The last lines of the newer file.
    static func lastEntries(of run: String, _ count: Int) -> [LogEntry] {
        guard let descriptor = open("\(run)/\(RunLog.fileNames[1])") else { return [] }
        defer { close(descriptor) }
        let end = lseek(descriptor, 0, SEEK_END)
        let size = min(Int(end), 256 * count)
        guard size > 0, let bytes = readAll(size, of: descriptor, at: UInt64(Int(end) - size)) else {
            return []
        }
        // The first line may be cut.
        return bytes.split(separator: UInt8(ascii: "\n")).compactMap { LogEntry(parsing: $0) }.suffix(count)
    }

    private struct FileKey: Equatable {
        let device: dev_t
        let number: ino_t
        init(_ status: stat) { (device, number) = (status.st_dev, status.st_ino) }
    }

    private static func file(_ descriptor: Int32) -> FileKey? {
        var status = stat()
        return fstat(descriptor, &status) == 0 ? FileKey(status) : nil
    }

    private static func open(_ path: String) -> Int32? {
        guard FileKind(at: path) == nil else { return nil }
        let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        return descriptor >= 0 ? descriptor : nil
    }
}
