import Cluster
import Console
import Files
import Glibc
import Text
import Transport

/// The keys of a cluster: the coordinator's folder, with a key pair for each host, made when first needed.
package struct ClusterKeys {
    /// The cluster's name.
    package let name: String
    package let path: String
    private let folder: CoordinatorKeyFolder
    /// Locked as long as this process lives: two launches would end each other's workers. A batch
    /// engine's jobs belong to a run, not to the cluster, so such launches share the lock.
    private let lock: Int32

    package init(_ cluster: ClusterFile, in folder: String) throws(CommandFailure) {
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
                "another 'ranksweep launch' uses the cluster '\(cluster.name)' (keys in \(path)): wait until it ends, or "
                    + "use a cluster file with another name")
        }
    }

    /// A host's name in keys and files: plain characters only, and different for every host.
    package static func label(_ host: String) -> String {
        CoordinatorKeyFolder.isName(host) ? host : "h" + Digest(of: host).hexadecimal(bytes: 12)
    }

    /// Why a host may not run a worker; nil where it may. Checked before anything is sent: a revoked host may
    /// be in other hands.
    package func objection(to host: String) -> String? {
        let label = ClusterKeys.label(host)
        if folder.isRevoked(label) {
            return
                "its key is revoked: no worker is started there; to undo that: \(command("unrevoke", label))"
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
    package func files(of host: String) throws(CommandFailure) -> (secret: [UInt8], publicKey: [UInt8]) {
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

/// Performs operations on key files; their errors become command failures.
@discardableResult
package func keyed<Result>(_ body: () throws(KeyError) -> Result) throws(CommandFailure) -> Result {
    try orFail({ (error: KeyError) in .input(error.message) }, body)
}
