import Console
import Files
import Glibc

/// A worker's folder of weights that its slots wrote and its coordinator has not received yet. They are on
/// disk, not in memory, because a coordinator may be away for long. The folder does not outlive the worker;
/// its trials are then trained again.
struct Outbox {
    static let noFolder = "neither the data folder nor ~/.cache/ranksweep can be written to"

    private let roots: [String]
    private let name: String

    /// - Parameters:
    ///   - roots: the folders for the worker's own files, most preferred first.
    ///   - process: the worker's process id.
    init(roots: [String], process: pid_t) {
        self.roots = roots.map { $0 + "/outbox" }
        name = "\(hostName())-\(process)"
    }

    private var paths: [String] { roots.map { "\($0)/\(name)" } }

    /// Creates the folder if it is missing, in the first root that can be written to; nil if none can.
    func make() -> String? { paths.first { makeFolders($0) } }

    static func fileName(trial: UInt64, _ number: Int) -> String { "\(trial)-\(number)" }

    /// Bytes of one of a trial's files, by its index among them; nil if they cannot be read.
    func read(trial: UInt64, _ number: Int, offset: UInt64, count: Int) -> [UInt8]? {
        let file = Outbox.fileName(trial: trial, number)
        guard off_t(exactly: offset) != nil,
            let descriptor = paths.lazy.compactMap({ try? openToRead("\($0)/\(file)") }).first
        else { return nil }
        defer { close(descriptor) }
        return readAll(count, of: descriptor, at: offset)
    }

    func delete(trial: UInt64) {
        for path in paths {
            for file in fileNames(in: path) where file.hasPrefix("\(trial)-") { unlink("\(path)/\(file)") }
        }
    }

    func remove() { for root in roots { Outbox.removeFolder("\(root)/\(name)", in: root) } }

    /// Removes the folders of this host's workers that were killed.
    func removeOrphans() {
        let host = hostName() + "-"
        for root in roots {
            for name in fileNames(in: root) where name.hasPrefix(host) {
                guard let process = pid_t(name.dropFirst(host.count)), kill(process, 0) != 0, errno == ESRCH
                else {
                    continue
                }
                Outbox.removeFolder("\(root)/\(name)", in: root)
            }
        }
    }

    /// Removes a folder that holds only files, and its root if that is then empty.
    private static func removeFolder(_ path: String, in root: String) {
        for name in fileNames(in: path) { unlink("\(path)/\(name)") }
        if rmdir(path) == 0 { rmdir(root) }
    }
}

/// Creates a folder and its missing parents; returns false if it cannot be written to.
func makeFolders(_ path: String) -> Bool {
    var built = path.hasPrefix("/") ? "" : "."
    for part in path.split(separator: "/") {
        built += "/" + part
        mkdir(built, 0o755)
    }
    return access(path, W_OK) == 0
}
