import Cluster
import Console
import Files
import Glibc
import Sweep
import Text
import Transport

/// The archive with the worker program, which each host receives.
struct WorkerBundle {
    var path: String
    /// The size in bytes.
    var size: Int
    /// SHA-256, in hexadecimal.
    var digest: String
    /// The identifier in the name of its folder on hosts.
    var id: String { String(digest.prefix(32)) }

    static let fileName = "ranksweep-worker-bundle.tar.gz"

    /// - Parameter asked: the path given on the command line or in the cluster file.
    static func find(_ asked: String?) throws(CommandFailure) -> WorkerBundle {
        let folder =
            thisProgram().flatMap { path in path.lastIndex(of: "/").map { String(path[..<$0]) } } ?? "."
        let places =
            asked.map { [$0] } ?? [
                "\(folder)/\(fileName)", "\(folder)/../bundle/\(fileName)",
                "\(folder)/../../bundle/\(fileName)",
            ]
        guard let path = places.first(where: { access($0, F_OK) == 0 }) else {
            if let asked { throw .input("\(asked): no such file; 'make bundle' makes the worker's bundle") }
            throw .input(
                "there is no worker's bundle to send to the hosts: 'make bundle' makes it, or name it with "
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
                "\(path): it does not say which sources its worker was built from (VERSION): 'make bundle' makes the "
                    + "worker's bundle; nothing was sent")
        }
        let commit = words[1].dropFirst("commit ".count).prefix { !$0.isWhitespace }
        guard commit == programCommit else {
            throw .input(
                "\(path): its worker is of \(commitText(String(commit))), this program of \(commitText(programCommit)): "
                    + "'make bundle' beside this program makes the right one; nothing was sent")
        }
    }
}

/// The data files that a sweep needs, with the digests that hosts' copies must have: of the local file, or
/// the publisher's where there is no local file.
func sweepFiles(_ spec: SweepSpec, data: String) throws(CommandFailure) -> [SweepFile] {
    var files: [SweepFile] = []
    for set in spec.imageSets {
        if set == .cifar10 { files += try batchFiles(data: data) }
        for file in DataFile.all(of: set) {
            let found = FoundFile(file, in: data)
            var digest = file.digest
            switch found.check {
            case .right: break
            case .wrong(let own): digest = own
            case .missing:
                files.append(SweepFile(path: file.path, digest: digest, local: nil, size: 0))
                continue
            case .unfinished: throw .input("\(found.path): it is cut short")
            case .broken(let why): throw .input("\(found.path): \(why)")
            }
            var status = stat()
            guard stat(found.path, &status) == 0 else {
                throw .input("\(found.path): cannot be read: \(systemMessage(errno))")
            }
            files.append(
                SweepFile(path: file.path, digest: digest, local: found.path, size: Int(status.st_size)))
        }
    }
    return files
}

/// CIFAR-10's files, which must be here: hosts can't be checked without a digest.
private func batchFiles(data: String) throws(CommandFailure) -> [SweepFile] {
    var files: [SweepFile] = []
    for name in TrialSettings.Images.Name.cifar10.files {
        let local = BatchCheck.path(name, in: data)
        let check = DataCheck(of: local, against: "")
        var status = stat()
        guard case .wrong(let digest) = check, stat(local, &status) == 0 else {
            throw .input("\(local): cannot be read: \(cifarAdvice)")
        }
        files.append(
            SweepFile(path: "cifar-10/\(name)", digest: digest, local: local, size: Int(status.st_size)))
    }
    return files
}

/// The keys of a cluster: the coordinator's folder, with a key pair for each host, made when first needed.
struct ClusterKeys {
    /// The cluster's name.
    let name: String
    let path: String
    private let folder: CoordinatorKeyFolder
    /// Locked as long as this process lives: two launches would end each other's workers. A batch
    /// engine's jobs belong to a run, not to the cluster, so such launches share the lock.
    private let lock: Int32

    init(_ cluster: ClusterFile, in folder: String) throws(CommandFailure) {
        name = cluster.name
        if let keys = cluster.keys {
            path = keys.hasPrefix("/") || keys.hasPrefix("~") ? absolutePath(keys) : "\(folder)/\(keys)"
        } else {
            let home =
                environmentValue("XDG_DATA_HOME") ?? (homeDirectory() ?? ".") + "/.local/share"
            path = "\(home)/ranksweep/keys/\(cluster.name)"
        }
        let path = path
        if access(path + "/coordinator.secret", F_OK) != 0 {
            if let slash = path.lastIndex(of: "/") {
                try filed { () throws(FileError) in try makeFolder(String(path[..<slash])) }
            }
            do throws(KeyError) { try CoordinatorKeyFolder.create(path) } catch {
                // Another launch may have been faster.
                if access(path + "/coordinator.secret", F_OK) != 0 { throw .input(error.message) }
            }
        }
        self.folder = try keyed { () throws(KeyError) in try CoordinatorKeyFolder(reading: path) }
        lock = open(path + "/launch.lock", O_CREAT | O_RDWR | O_CLOEXEC, 0o600)
        guard lock >= 0 else { throw .input("\(path)/launch.lock: \(systemMessage(errno))") }
        let isShared = if case .batch = cluster.engine { true } else { false }
        guard flock(lock, (isShared ? LOCK_SH : LOCK_EX) | LOCK_NB) == 0 else {
            close(lock)
            throw .input(
                "another 'ranksweep launch' uses the cluster '\(cluster.name)' (keys in \(path)): wait for its end, or "
                    + "give this sweep a cluster file with another name")
        }
    }

    /// A host's name in keys and files: plain characters only, and different for every host.
    static func label(_ host: String) -> String {
        var plain = ""
        for byte in host.utf8 {
            let scalar = Unicode.Scalar(byte)
            let isPlain =
                scalar.properties.isASCIIHexDigit || ("a"..."z").contains(scalar)
                || ("A"..."Z").contains(scalar)
            plain.unicodeScalars.append(
                isPlain || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "-") ? scalar : "_")
        }
        let startsPlainly = plain.unicodeScalars.first.map { $0 != "." && $0 != "-" && $0 != "_" } ?? false
        if plain == host, startsPlainly, plain.utf8.count <= 64, !plain.contains(".partial") { return plain }
        return "h" + Digest(of: host).hexadecimal(bytes: 12)
    }

    /// Why a host may not run a worker; nil where it may. Checked before anything is sent: a revoked host may
    /// be in other hands.
    func objection(to host: String) -> String? {
        let label = ClusterKeys.label(host)
        if folder.isRevoked(label) {
            return
                "its key is revoked: no worker is started there; \(command("unrevoke", label)) takes that back"
        }
        let files = (list: "\(path)/workers/\(label).public", own: folder.host(label) + "/worker.secret")
        guard access(files.own, F_OK) == 0, access(files.list, F_OK) != 0 else { return nil }
        return "its key is not on the list (\(files.list) is gone): no worker is started there; for new keys "
            + "\(command("revoke", label)), then unrevoke"
    }

    private func command(_ verb: String, _ label: String) -> String {
        quotedCommand("ranksweep keys \(verb) \(shellPath(path)) \(label)")
    }

    /// The two files of a host's worker: its secret key and the coordinator's public key. Made where they are
    /// missing, but never for a revoked name.
    func files(of host: String) throws(CommandFailure) -> (secret: [UInt8], publicKey: [UInt8]) {
        let label = ClusterKeys.label(host)
        let folder = folder
        return try keyed { () throws(KeyError) in
            if access(folder.host(label) + "/worker.secret", F_OK) != 0 {
                // Its keys were moved away, as for a host that is started by hand, so it gets new ones.
                if !folder.isRevoked(label) { try folder.retire(label) }
                try folder.add(label)
            }
            let (secret, coordinator) = try folder.hostFiles(label)
            return (secret, coordinator)
        }
    }
}

/// The hosts of a cluster file, which may change while a sweep runs.
struct HostList {
    let file: String
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

    init(_ file: String, _ hosts: [HostSettings], follows: Bool) {
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

    mutating func read() throws(CommandFailure) -> [HostSettings] {
        stamp = FileStamp(file)
        let cluster = try readCluster(file)
        switch cluster.engine {
        case .batch(let settings):
            throw .input("\(file): it had hosts, and now has \(settings.key): start anew for that")
        case .hosts(let list):
            hosts = list
            return list
        }
    }
}

func readCluster(_ path: String) throws(CommandFailure) -> ClusterFile {
    let bytes = try readSweep(path, kind: "cluster file")
    do throws(ClusterError) { return try ClusterFile(parsing: bytes, file: path) } catch {
        throw .input(error.message)
    }
}
