import Console
import Files
import Glibc
import Text
import Transport

/// The archive with the worker program, which each host receives.
package struct WorkerBundle {
    var path: String
    /// The size in bytes.
    var size: Int
    /// SHA-256, in hexadecimal.
    var digest: String
    /// The identifier in the name of its folder on hosts.
    package var id: String { String(digest.prefix(32)) }

    package static let fileName = "ranksweep-worker-bundle.tar.gz"

    /// - Parameter asked: the path given on the command line or in the cluster file.
    package static func find(_ asked: String?) throws(CommandFailure) -> WorkerBundle {
        let folder =
            thisProgram().flatMap { path in path.lastIndex(of: "/").map { String(path[..<$0]) } } ?? "."
        let candidates =
            asked.map { [$0] } ?? [
                "\(folder)/\(fileName)", "\(folder)/../bundle/\(fileName)",
                "\(folder)/../../bundle/\(fileName)", "\(folder)/../lib/ranksweep/\(fileName)",
            ]
        guard let path = candidates.first(where: { access($0, F_OK) == 0 }) else {
            if let asked { throw .input("\(asked): no such file; 'make bundle' makes the worker's bundle") }
            throw .input(
                "there is no worker's bundle to send to the hosts: run 'make bundle', or name one with "
                    + "--bundle FILE")
        }
        let file = try filed { () throws(FileError) in try openToRead(path) }
        defer { close(file) }
        var stream = DigestStream()
        var bytes = [UInt8](repeating: 0, count: 1 << 18)
        var size = 0
        while true {
            let count = read(file, &bytes, bytes.count)
            if count < 0 { throw .input("\(path): cannot be read: \(systemMessage(errno))") }
            if count == 0 { break }
            if size == 0, !bytes.starts(with: [0x1f, 0x8b]) {
                throw .input("\(path): not a .tar.gz archive; 'make bundle' makes the worker's bundle")
            }
            stream.update(bytes[..<count])
            size += count
        }
        guard size > 0 else { throw .input("\(path): empty; 'make bundle' makes the worker's bundle") }
        try checkCommit(of: path)
        return WorkerBundle(path: path, size: size, digest: stream.finish().hexadecimal())
    }
}

extension WorkerBundle {
    /// Refuses a worker that was built from other sources than this program, before anything is sent.
    private static func checkCommit(of path: String) throws(CommandFailure) {
        let version = archivedText("VERSION", in: path)
        // VERSION reads "ranksweep-worker 0.1.0, commit 00c969dc85, for x86_64 with glibc 2.36 or newer".
        let words = version?.split(separator: ",").map { $0.trimmingPrefix(" ") } ?? []
        guard words.count > 1, words[0].hasPrefix("ranksweep-worker "), words[1].hasPrefix("commit ") else {
            throw .input(
                "\(path): it does not say which sources its worker was built from (VERSION): 'make bundle' makes a "
                    + "proper one; nothing was sent")
        }
        let commit = words[1].dropFirst("commit ".count).prefix { !$0.isWhitespace }
        guard commit == programCommit else {
            throw .input(
                "\(path): its worker was built from \(commitText(String(commit))), this program from \(commitText(programCommit)): "
                    + "'make bundle' beside this program makes the right one; nothing was sent")
        }
    }
}
