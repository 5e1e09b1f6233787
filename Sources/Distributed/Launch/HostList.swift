import Cluster
import Console
import Glibc
import Transport

/// The hosts of a cluster file, which may change while a sweep runs.
package struct HostList {
    let file: String
    private let read: (String) throws(CommandFailure) -> ClusterFile
    private(set) var hosts: [HostSettings]
    /// Whether a changed file is read without a request.
    private let follows: Bool
    private var stamp: FileStamp?
    private(set) var nextLook: Int64?
    /// Whether there was a terminal at the start.
    private let hadTerminal = HostList.hasTerminal

    static let lookMilliseconds: Int64 = 2000

    private struct FileStamp: Equatable {
        var seconds: Int
        var nanoseconds: Int
        var size: Int
        var inode: UInt64

        init?(_ path: String) {
            var status = stat()
            guard stat(path, &status) == 0 else { return nil }
            (seconds, nanoseconds) = (status.st_mtim.tv_sec, status.st_mtim.tv_nsec)
            (size, inode) = (Int(status.st_size), UInt64(status.st_ino))
        }
    }

    /// - Parameters:
    ///   - follows: whether a changed file is read without a request.
    ///   - read: reads a cluster file.
    package init(
        _ file: String, _ hosts: [HostSettings], follows: Bool,
        reading read: @escaping (String) throws(CommandFailure) -> ClusterFile
    ) {
        self.read = read
        self.file = file
        self.hosts = hosts
        self.follows = follows
        stamp = FileStamp(file)
        nextLook = follows ? monotonicMilliseconds() + Self.lookMilliseconds : nil
    }

    private static var hasTerminal: Bool { (0...2).contains { isatty($0) == 1 } }

    /// Whether the terminal was closed, which sends SIGHUP, too.
    var hasLostTerminal: Bool { hadTerminal && !HostList.hasTerminal }

    mutating func isChanged(at now: Int64) -> Bool {
        guard follows, let due = nextLook, now >= due else { return false }
        nextLook = now + Self.lookMilliseconds
        // A file that is being replaced may be absent for a moment.
        guard let found = FileStamp(file), found != stamp else { return false }
        return true
    }

    mutating func readAgain() throws(CommandFailure) -> [HostSettings] {
        stamp = FileStamp(file)
        let cluster = try read(file)
        switch cluster.engine {
        case .batch(let settings):
            throw .input(
                "\(file): changed from hosts to \(settings.key): stop this launch and start a new one")
        case .hosts(let list):
            hosts = list
            return list
        }
    }
}
