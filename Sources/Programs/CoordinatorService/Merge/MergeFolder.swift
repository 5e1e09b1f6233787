import Console
import Files
import Glibc
import Journal

/// The folder beside the output path in which a merged run is built, so that the run appears whole or not at
/// all.
struct MergeFolder {
    let path: String
    private let out: String
    private let lock: CoordinatorLock

    /// The file that marks a folder as an unfinished merge, which may be begun anew.
    private static let mark = "merge.unfinished"
    private var mark: String { "\(path)/\(MergeFolder.mark)" }

    init(for out: String) throws(CommandFailure) {
        self.out = out
        path = out + ".merging"
        let path = path
        if access(path, F_OK) == 0 {
            let names = fileNames(in: path)
            guard names.isEmpty || names == ["coordinator.lock"] || names.contains(MergeFolder.mark) else {
                throw .input(
                    "\(path) is in the way, and is not an unfinished merge: move it away, or choose another --out DIR"
                )
            }
        }
        try filed { () throws(FileError) in try makeFolder(path) }
        lock = try journaled { () throws(JournalError) in
            try CoordinatorLock(in: path, holder: .thisProcess())
        }
        try filed { () throws(FileError) in try writeFile([], to: "\(path)/\(MergeFolder.mark)") }
        for name in fileNames(in: path) where ![MergeFolder.mark, "coordinator.lock"].contains(name) {
            removeTree("\(path)/\(name)")
        }
    }

    /// Removes a half-finished merge, which is useless and takes space.
    func discard() {
        removeTree(path)
        withExtendedLifetime(lock) {}
    }

    /// Renames the folder to its final path. The journal must be closed.
    func finish() throws(CommandFailure) {
        unlink(mark)
        guard rename(path, out) == 0 else {
            let code = errno
            throw .input("\(path) cannot be renamed to \(out): \(systemMessage(code))")
        }
        withExtendedLifetime(lock) {}
    }
}
