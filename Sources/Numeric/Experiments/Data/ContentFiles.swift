import Files
import Glibc
import Sweep

/// The files that sweeps name, as this machine has them. It is a class because all trials of a process share what was
/// verified.
final class ContentFiles {
    /// Folders that may hold files/DIGEST/NAME, the first preferred.
    private let folders: [String]
    /// Paths whose content was compared with the digest.
    private var verified: Set<String> = []

    init(_ data: DataDirectory) { folders = [data.run, data.data].compactMap { $0 } }

    /// The path of a file here. Its bytes and those beside it are compared with their digests once.
    func path(of file: ContentFile) throws(DataError) -> String {
        let candidates = folders.map { "\($0)/\(file.folder)" }
        guard let folder = candidates.first(where: { access("\($0)/\(file.name)", F_OK) == 0 }) else {
            throw problem(
                file.name,
                "is not on this machine: put the file whose SHA-256 is \(file.parts[0].digest) into the folder "
                    + (candidates.last ?? ""))
        }
        let path = "\(folder)/\(file.name)"
        guard verified.insert(path).inserted else { return path }
        for part in file.parts {
            let found = fileDigest("\(folder)/\(part.path)")
            guard found != part.digest else { continue }
            verified.remove(path)
            throw problem(
                "\(folder)/\(part.path)",
                found.map {
                    "holds other bytes than the sweep's file: its SHA-256 is \($0), not \(part.digest)"
                }
                    ?? "cannot be read; the sweep's file has the SHA-256 \(part.digest)")
        }
        return path
    }

    private func problem(_ file: String, _ words: String) -> DataError {
        DataError(file: file, problem: .graph(words))
    }
}
