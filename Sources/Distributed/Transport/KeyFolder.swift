import Glibc
import Text

/// The coordinator's keys, as files an operator can read and copy:
///
///     DIR/coordinator.secret     0600, never leaves the machine
///     DIR/coordinator.public
///     DIR/workers/NAME.public    the allow-list
///     DIR/revoked/NAME.public    the name is barred, with the key it had
///     DIR/revoked/NAME~1.public  keys that a name had before: never admitted again
///     DIR/hosts/NAME/            files for worker NAME: worker.secret (0600), coordinator.public
public struct CoordinatorKeyFolder: Sendable {
    /// Path of the folder, without a slash at the end.
    public let path: String
    /// The coordinator's own key pair.
    public let pair: KeyPair

    var allowed: String { path + "/workers" }
    var revoked: String { path + "/revoked" }
    func file(_ name: String) -> String { "\(allowed)/\(name).public" }
    /// Folder to be copied to the worker's machine.
    public func host(_ name: String) -> String { "\(path)/hosts/\(name)" }

    /// Creates the folder with the keys of a new coordinator, completely or not at all.
    public static func create(_ path: String) throws(KeyError) {
        let path = trimmed(path)
        let partial = "\(path).partial-\(getpid())"
        try KeyFile.makeFolder(partial)
        do throws(KeyError) {
            let pair = try freshPair(path)
            for folder in ["workers", "revoked", "hosts"] { try KeyFile.makeFolder("\(partial)/\(folder)") }
            try write(pair, "coordinator", "coordinator", in: partial)
            try writeCoordinator(pair.publicKey, in: partial)
            try KeyFile.publish(partial, as: path)
        } catch {
            for name in ["coordinator.secret", "coordinator.public"] { unlink("\(partial)/\(name)") }
            for name in ["workers", "revoked", "hosts", "."] { rmdir("\(partial)/\(name)") }
            rmdir(partial)
            throw error
        }
    }

    /// Reads the coordinator's keys. Refuses them if others could read the secret or change the list.
    public init(reading path: String) throws(KeyError) {
        let path = trimmed(path)
        self.path = path
        try KeyFile.checkFolder(path)
        let secret = path + "/coordinator.secret"
        let publicFile = path + "/coordinator.public"
        if !KeyFile.exists(secret), KeyFile.exists(path + "/worker.secret") {
            throw .otherSide(path: path, belongsTo: "worker")
        }
        pair = try KeyFile.pair(secret)
        guard try KeyFile.publicKey(publicFile) == pair.publicKey else {
            throw .mismatch(secret: secret, public: publicFile)
        }
    }

    /// Creates a worker's keys and puts it on the list. A revoked name needs `unrevoke` first.
    public func add(_ name: String) throws(KeyError) {
        try Self.check(name)
        guard !isRevoked(name) else { throw .revoked(name: name, path: path) }
        for taken in [file(name), host(name)] where KeyFile.exists(taken) {
            throw .hasKeys(name: name, path: taken)
        }
        for folder in [allowed, path + "/hosts"] where !KeyFile.exists(folder) {
            try KeyFile.makeFolder(folder)
        }
        let pair = try freshPair(path)
        let partial = "\(host(name)).partial-\(getpid())"
        try KeyFile.makeFolder(partial)
        do throws(KeyError) {
            try write(pair, "worker", "worker \(name)", in: partial)
            try writeCoordinator(self.pair.publicKey, in: partial)
            try KeyFile.publish(partial, as: host(name))
        } catch {
            removeWorkerFolder(partial)
            throw error
        }
        // This comes last, so that a worker on the list has its keys.
        try KeyFile.write(
            pair.publicKey.text, about: "ranksweep: public key of worker \(name)", to: file(name), mode: 0o644
        )
        KeyFile.syncFolder(allowed)
    }

    /// Names of the workers on the list, sorted.
    public func names() throws(KeyError) -> [String] { try KeyFile.names(in: allowed, ending: ".public") }

    /// The list as it is now, and its files that can't be used. Such a file admits nobody.
    public func allowList() throws(KeyError) -> (list: AllowList, problems: [KeyError]) {
        var list = AllowList()
        var problems: [KeyError] = []
        // A missing folder isn't an empty list, because it revoked nobody.
        try KeyFile.checkFolder(allowed)
        for name in try names() {
            do throws(KeyError) { list.workers[try KeyFile.publicKey(file(name))] = name } catch {
                // A missing file was revoked just now.
                if case .missing = error { continue }
                // A storm of connections that takes all descriptors must not shut anybody out.
                if error.isPassing { throw error }
                problems.append(error)
            }
        }
        for name in try KeyFile.names(in: revoked, ending: ".public") {
            do throws(KeyError) {
                list.revoked.insert(try KeyFile.publicKey("\(revoked)/\(name).public"))
            } catch {
                if error.isPassing { throw error }
                problems.append(error)
            }
        }
        return (list, problems)
    }

    static func check(_ name: String) throws(KeyError) {
        guard isName(name) else { throw .badName(name) }
    }

    /// Whether a worker can have this name: at most 64 plain characters, the first a letter or a digit.
    public static func isName(_ name: String) -> Bool {
        func isPlain(_ byte: UInt8) -> Bool {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"):
                true
            default: false
            }
        }
        guard let first = name.utf8.first, isPlain(first), name.utf8.count <= 64 else { return false }
        return name.utf8.allSatisfy { isPlain($0) || ".-_".utf8.contains($0) } && !name.contains(".partial")
    }
}

extension WorkerKeys {
    /// Reads the keys that `ranksweep keys add` made. Refuses them if others could read the secret.
    public init(reading path: String) throws(KeyError) {
        let path = trimmed(path)
        do throws(KeyError) { try KeyFile.checkFolder(path) } catch {
            throw error == .noFolder(path: path) ? .noWorkerFolder(path: path) : error
        }
        let secret = path + "/worker.secret"
        if !KeyFile.exists(secret), KeyFile.exists(path + "/coordinator.secret") {
            throw .otherSide(path: path, belongsTo: "coordinator")
        }
        // A copy over an old folder lands inside it, and the old key would silently stay in use.
        for name in try KeyFile.names(in: path, ending: "") {
            let inner = "\(path)/\(name)"
            if KeyFile.exists(inner + "/worker.secret") { throw .nested(path: path, inner: inner) }
        }
        self.init(
            pair: try KeyFile.pair(secret), coordinator: try KeyFile.publicKey(path + "/coordinator.public"))
    }
}

func trimmed(_ path: String) -> String {
    let end = path.reversed().drop { $0 == "/" }
    return end.isEmpty ? path : String(end.reversed())
}

private func freshPair(_ path: String) throws(KeyError) -> KeyPair {
    do throws(TransportError) { return try KeyPair.fresh() } catch {
        // ZeroMQ was built without CURVE.
        throw .system(doing: "make keys for", path: path, code: ENOTSUP)
    }
}

private func write(_ pair: KeyPair, _ file: String, _ whose: String, in folder: String) throws(KeyError) {
    try KeyFile.write(
        pair.secretKey.text, about: "ranksweep: SECRET key of \(whose): for nobody else's eyes",
        to: "\(folder)/\(file).secret", mode: 0o600)
}

private func writeCoordinator(_ key: PublicKey, in folder: String) throws(KeyError) {
    try KeyFile.write(
        key.text, about: "ranksweep: public key of the coordinator", to: folder + "/coordinator.public",
        mode: 0o644)
}

/// Removes a worker's folder, and only those files in it that ranksweep made.
public func removeWorkerFolder(_ folder: String) {
    for name in ["worker.secret", "coordinator.public"] { unlink("\(folder)/\(name)") }
    rmdir(folder)
}
