import Console
import Files
import Glibc
import Sweep
import Text

/// A file as run directories and hosts keep it: a part of a file that a sweep names.
struct FileCopy {
    /// The path from the run directory: "files/DIGEST/NAME".
    let path: String
    let part: ContentFile.Part
    /// The file that it is a part of, and that file's path in the sweep.
    let file: ContentFile
    let name: String

    /// The path of the user's own file.
    ///
    /// - Parameter folder: the folder of the sweep file.
    func source(from folder: String) -> String { "\(folderOf(filePath(name, in: folder)))/\(part.path)" }
}

extension SweepSpec {
    /// The copies of the sweep's files, each once: several of its files may have the same name and bytes.
    var fileCopies: [FileCopy] {
        var paths: Set<String> = []
        return files.named.flatMap { name, file in
            file.parts.map {
                FileCopy(path: "\(file.folder)/\($0.path)", part: $0, file: file, name: name)
            }
        }.filter { paths.insert($0.path).inserted }
    }
}

/// The files of a sweep in its run directory, files/DIGEST/NAME, where the slots of this machine find them. They are
/// copies: trainings map them, and the user's own files may be moved or overwritten meanwhile.
struct RunFiles {
    private let copies: [FileCopy]
    /// The run directory.
    private let folder: String

    init(_ spec: SweepSpec, in folder: String) {
        copies = spec.fileCopies
        self.folder = folder
    }

    /// Copies the files that are missing or damaged.
    ///
    /// - Parameters:
    ///   - source: the folder of the sweep file; nil: unknown.
    ///   - intact: the paths of copies that were found intact.
    func complete(from source: String?, except intact: Set<String> = []) throws(CommandFailure) {
        for copy in copies where !intact.contains(copy.path) {
            let target = "\(folder)/\(copy.path)"
            guard fileDigest(target) != copy.part.digest else { continue }
            let own = source.map { copy.source(from: $0) }
            guard let own, access(own, R_OK) == 0 else {
                let slash = target.lastIndex(of: "/") ?? target.startIndex
                throw .input(
                    "\(copy.name): \(own.map { "\($0) cannot be read" } ?? "it is not here"): put the file whose SHA-256 is "
                        + "\(copy.part.digest) into the folder \(target[..<slash]), as "
                        + target[target.index(after: slash)...])
            }
            try makeFolder(of: target)
            let found = try filed { () throws(FileError) in
                try copyFile(own, to: target, digest: copy.part.digest)
            }
            guard found == copy.part.digest else {
                throw .input(
                    "\(own) has changed: its SHA-256 is \(found), and the sweep's file has \(copy.part.digest): restore "
                        + "that file, or run the sweep again in another directory")
            }
        }
    }

    /// Takes over copies from another run, where that has them intact.
    func take(from run: String) throws(CommandFailure) {
        for copy in copies {
            let (own, target) = ("\(run)/\(copy.path)", "\(folder)/\(copy.path)")
            guard access(target, F_OK) != 0, access(own, R_OK) == 0 else { continue }
            try makeFolder(of: target)
            try filed { () throws(FileError) in try copyFile(own, to: target, digest: copy.part.digest) }
        }
    }

    private func makeFolder(of path: String) throws(CommandFailure) {
        _ = try filed { () throws(FileError) in try Files.makeFolder(folderOf(path)) }
    }
}
