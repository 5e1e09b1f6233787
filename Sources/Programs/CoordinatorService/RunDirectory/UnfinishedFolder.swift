import Console
import Files
import Glibc
import Journal

/// The folder beside the output path in which a directory is built, so that it appears whole or not at all.
struct UnfinishedFolder {
    let path: String
    private let out: String
    private let lock: CoordinatorLock

    /// The message of a command that is interrupted meanwhile.
    static let interrupted = "\ninterrupted: to start over, repeat the command"

    /// The file that marks a folder as unfinished: it may be begun anew.
    private static let mark = "merge.unfinished"
    private var mark: String { "\(path)/\(UnfinishedFolder.mark)" }

    init(for out: String) throws(CommandFailure) {
        self.out = out
        path = out + ".merging"
        let path = path
        if access(path, F_OK) == 0 {
            let names = fileNames(in: path)
            guard names.isEmpty || names == ["coordinator.lock"] || names.contains(UnfinishedFolder.mark)
            else {
                throw .input(
                    "\(path) is in the way, and is not an unfinished output of ranksweep: move it away, or choose "
                        + "another --out DIR")
            }
        }
        try filed { () throws(FileError) in try makeFolder(path) }
        lock = try journaled { () throws(JournalError) in
            try CoordinatorLock(in: path, holder: .thisProcess())
        }
        try filed { () throws(FileError) in try writeFile([], to: "\(path)/\(UnfinishedFolder.mark)") }
        for name in fileNames(in: path) where ![UnfinishedFolder.mark, "coordinator.lock"].contains(name) {
            removeTree("\(path)/\(name)")
        }
    }

    /// Removes the folder and what is in it.
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
