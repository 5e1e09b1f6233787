import Console
import CPosix
import Experiments
import Files
import Glibc
import Sweep
import Text

/// The checkpoints of long trials: one file per trial, in the data folder's `checkpoints` (or the cache's),
/// kept until the trial's record is acknowledged.
struct CheckpointFolder {
    private let roots: [String]

    private static let suffix = ".checkpoint"
    private static let unfinished = ".partial"
    /// Larger than any network that a trial trains, with its optimizer.
    private static let maxBytes = 4 << 30
    /// Age at which a checkpoint is stale: its trial will not be tried again.
    private static let staleSeconds = 30 * 86_400

    /// - Parameter roots: the folders for the worker's own files, most preferred first.
    init(roots: [String]) { self.roots = roots.map { $0 + "/checkpoints" } }

    private func paths(_ id: TrialID) -> [String] { roots.map { "\($0)/\(id)\(CheckpointFolder.suffix)" } }

    /// The newest checkpoint of a trial; its reader checks whether it is complete.
    func load(_ id: TrialID) -> [UInt8]? {
        let found = paths(id).compactMap { path -> (path: String, time: Int)? in
            var status = stat()
            return stat(path, &status) == 0 ? (path, status.st_mtim.tv_sec) : nil
        }
        return found.max { $0.time < $1.time }.flatMap { readWhole($0.path) }
    }

    /// Writes a checkpoint atomically, so that it also survives power loss.
    ///
    /// - Returns: an error message, or nil.
    func save(_ bytes: [UInt8], _ id: TrialID) -> String? {
        guard let root = roots.first(where: { makeFolders($0) }) else { return Outbox.noFolder }
        let path = "\(root)/\(id)\(CheckpointFolder.suffix)"
        // Another worker's slot may be running the same trial.
        let temporary = "\(path).\(hostName())-\(getpid())\(CheckpointFolder.unfinished)"
        let file = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard file >= 0 else { return "\(temporary): \(systemMessage(errno))" }
        let isWritten = writeAll(bytes, to: file) && fsync(file) == 0
        var code = errno
        close(file)
        if isWritten, rename(temporary, path) == 0 {
            let folder = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
            fsync(folder)
            close(folder)
            return nil
        }
        if isWritten { code = errno }
        unlink(temporary)
        return "\(path): \(systemMessage(code))"
    }

    func delete(_ id: TrialID) { for path in paths(id) { unlink(path) } }

    /// Deletes checkpoints that no trial will use.
    ///
    /// - Parameter now: Unix time, seconds.
    func removeStale(now: Int) {
        for root in roots {
            for name in fileNames(in: root)
            where name.hasSuffix(CheckpointFolder.suffix) || name.hasSuffix(CheckpointFolder.unfinished) {
                var status = stat()
                guard stat("\(root)/\(name)", &status) == 0,
                    status.st_mtim.tv_sec < now - CheckpointFolder.staleSeconds
                else { continue }
                unlink("\(root)/\(name)")
            }
        }
    }

    private func readWhole(_ path: String) -> [UInt8]? {
        guard let file = try? openStream(path) else { return nil }
        defer { fclose(file) }
        var status = stat()
        guard fstat(fileno(file), &status) == 0, status.st_size <= CheckpointFolder.maxBytes else {
            return nil
        }
        var bytes = [UInt8](repeating: 0, count: Int(status.st_size))
        return fread(&bytes, 1, bytes.count, file) == bytes.count ? bytes : nil
    }
}

/// Decides when a slot's trial saves a checkpoint, and reports problems with it.
final class CheckpointClock {
    private let folder: CheckpointFolder
    private let program: String
    /// Time between checkpoints; nil means never.
    private let milliseconds: Int64?
    private var dueAt: Int64 = .max
    private var startedAt: Int64 = 0
    /// Rerunning a trial younger than this takes no longer than restoring it.
    private static let worthKeepingMilliseconds: Int64 = 1000
    private var hasWarned = false

    init(_ folder: CheckpointFolder, program: String, seconds: Int) {
        self.folder = folder
        self.program = program
        milliseconds = seconds > 0 ? Int64(seconds) * 1000 : nil
    }

    /// Whether the worker is ending and waits for this slot's last checkpoint.
    private func isLast() -> Bool {
        guard cposix_was_signalled() != 0 else { return false }
        if monotonicMilliseconds() - startedAt < Self.worthKeepingMilliseconds {
            exit(ExitCode.interrupted.rawValue)
        }
        return true
    }

    /// The checkpoints of a trial that starts now; nil if none are wanted.
    func checkpoints(of id: TrialID) -> Checkpoints? {
        guard let milliseconds else { return nil }
        startedAt = monotonicMilliseconds()
        dueAt = startedAt + milliseconds
        return Checkpoints(
            program: program, isDue: { self.isLast() || monotonicMilliseconds() >= self.dueAt },
            load: { self.folder.load(id) },
            save: { bytes in
                if let fault = self.folder.save(bytes, id), !self.hasWarned {
                    self.hasWarned = true
                    printError("warning: a checkpoint cannot be written; trials continue without: \(fault)")
                }
                if cposix_was_signalled() != 0 { exit(ExitCode.interrupted.rawValue) }
                // Counted from the end of saving, so that a slow disk cannot take all the time.
                self.dueAt = monotonicMilliseconds() + milliseconds
            },
            ignore: { why in printError("the checkpoint of trial \(id) is ignored: \(why)") })
    }
}
