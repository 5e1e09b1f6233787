import Console
import Files
import Glibc
import Sweep
import Text

/// The files of a sweep in its run directory, files/DIGEST/NAME, where the slots of this machine find them. So a run
/// can be resumed after the user's own files were moved or changed.
struct RunFiles {
    private let files: [(path: String, file: ContentFile)]
    /// The run directory.
    private let folder: String

    init(_ spec: SweepSpec, in folder: String) {
        files = spec.files.named
        self.folder = folder
    }

    /// Copies those that are not there yet, or are damaged.
    ///
    /// - Parameter source: the folder of the sweep file; nil: unknown.
    func complete(from source: String?) throws(CommandFailure) {
        for (path, file) in files {
            let target = "\(folder)/\(file.folder)"
            let missing = file.parts.filter { fileDigest("\(target)/\($0.path)") != $0.digest }
            guard let first = missing.first else { continue }
            let own = source.map { filePath(path, in: $0) }
            guard let own, access(own, R_OK) == 0 else {
                throw .input(
                    "\(path): \(own.map { "\($0) cannot be read" } ?? "it is not here"): put the file whose SHA-256 is "
                        + "\(first.digest) into the folder \(target)")
            }
            for part in missing { try copy(part, from: "\(folderOf(own))/\(part.path)", to: target) }
        }
    }

    /// Makes links to the folders of the user's own files in place of copies.
    func link(to source: String) throws(CommandFailure) {
        for (path, file) in files {
            let target = "\(folder)/\(file.folder)"
            try makeFolder(of: target)
            unlink(target)
            // Networks' external data must lie in the network's own folder.
            guard symlink(folderOf(filePath(path, in: source)), target) == 0 else {
                throw CommandFailure(FileError(path: target, doing: "make", code: errno))
            }
        }
    }

    private func makeFolder(of path: String) throws(CommandFailure) {
        _ = try filed { () throws(FileError) in try Files.makeFolder(folderOf(path)) }
    }

    private func copy(_ part: ContentFile.Part, from own: String, to folder: String) throws(CommandFailure) {
        let target = "\(folder)/\(part.path)"
        try makeFolder(of: target)
        let input = try filed { () throws(FileError) in try InputFile(own) }
        let output = try filed { () throws(FileError) in try WholeFile(target) }
        var digest = DigestStream()
        let chunk = 1 << 20
        for offset in stride(from: 0, to: input.size, by: chunk) {
            let bytes = try filed { () throws(FileError) in
                try input.read(at: offset, count: min(chunk, input.size - offset))
            }
            digest.update(bytes)
            try filed { () throws(FileError) in try output.write(bytes) }
        }
        let found = digest.finish().hexadecimal()
        guard found == part.digest else {
            throw .input(
                "\(own) has changed: its SHA-256 is \(found), and the sweep's file has \(part.digest): restore that "
                    + "file, or run the sweep again in another directory")
        }
        try filed { () throws(FileError) in try output.commit() }
    }
}
