import Glibc

/// A file that is written piece by piece and appears whole or not at all: beside its place, to the disk, then
/// renamed. A file that was there before stays until then.
public final class WholeFile {
    private let path: String
    private let temporary: String
    private var descriptor: Int32
    private var pending: [UInt8] = []

    public init(_ path: String) throws(ReportError) {
        self.path = path
        temporary = path + ".partial"
        descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw .file(path: temporary, doing: "write", code: errno) }
    }

    /// What was not committed is gone.
    deinit {
        guard descriptor >= 0 else { return }
        close(descriptor)
        unlink(temporary)
    }

    public func write(_ bytes: some Sequence<UInt8>) throws(ReportError) {
        pending += bytes
        if pending.count >= 1 << 20 { try flush() }
    }

    private func flush() throws(ReportError) {
        var rest = pending[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw .file(path: path, doing: "write", code: errno) }
            rest = rest.dropFirst(count)
        }
        pending.removeAll(keepingCapacity: true)
    }

    /// Makes it durable and gives it its name.
    public func commit() throws(ReportError) {
        try flush()
        guard fsync(descriptor) == 0 else { throw .file(path: path, doing: "write", code: errno) }
        close(descriptor)
        descriptor = -1
        try renameFile(temporary, to: path)
    }
}
