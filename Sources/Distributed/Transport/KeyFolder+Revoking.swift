import Glibc
import Text

// Revoking a worker's keys, and giving its name new ones. A revoked key is never admitted again. Its name may
// get another key, once a person has said so.

extension CoordinatorKeyFolder {
    /// File that bars the name as long as it exists. No name contains '~'.
    private func ban(_ name: String) -> String { "\(revoked)/\(name).public" }
    private func former(_ name: String, _ number: Int) -> String {
        "\(revoked)/\(name)~\(number).public"
    }

    /// Whether the name was revoked and that wasn't undone.
    public func isRevoked(_ name: String) -> Bool {
        KeyFile.exists(ban(name)) && !KeyFile.exists(file(name))
    }

    /// Revoked names, sorted; none if the folder can't be read. Needs no secret.
    public static func revokedNames(in path: String) -> [String] {
        let path = trimmed(path)
        let barred = (try? KeyFile.names(in: path + "/revoked", ending: ".public")) ?? []
        return barred.filter { !$0.contains("~") && !KeyFile.exists("\(path)/workers/\($0).public") }
    }

    /// Revoked names, sorted.
    public func revokedNames() -> [String] { Self.revokedNames(in: path) }

    /// Takes a worker off the list and bars its name. A running coordinator notices within seconds, and the
    /// name gets no keys until `unrevoke`.
    public func revoke(_ name: String) throws(KeyError) {
        try Self.check(name)
        guard KeyFile.exists(file(name)) || KeyFile.exists(host(name)) else {
            if isRevoked(name) { return }
            let near = nearestSpelling(to: name, among: try names())
            throw .unknownName(name, path: path, near: near)
        }
        if !KeyFile.exists(revoked) { try KeyFile.makeFolder(revoked) }
        if KeyFile.exists(file(name)) {
            if KeyFile.exists(ban(name)) { try move(ban(name), to: free(name)) }
            try move(file(name), to: ban(name))
        } else if !KeyFile.exists(ban(name)), let pair = try? KeyFile.pair(host(name) + "/worker.secret") {
            // The list's file was removed by hand, or `add` was cut short.
            try KeyFile.write(
                pair.publicKey.text, about: "ranksweep: public key of worker \(name)", to: ban(name),
                mode: 0o644)
            KeyFile.syncFolder(revoked)
        }
        removeWorkerFolder(host(name))
    }

    /// Lets a revoked name have keys again. The revoked key stays revoked.
    public func unrevoke(_ name: String) throws(KeyError) {
        try Self.check(name)
        guard isRevoked(name) else {
            let near = nearestSpelling(to: name, among: revokedNames())
            throw .notRevoked(name, path: path, near: near == name ? nil : near)
        }
        try move(ban(name), to: free(name))
    }

    /// Takes a worker's key out of use for good, without barring its name.
    public func retire(_ name: String) throws(KeyError) {
        try Self.check(name)
        if KeyFile.exists(file(name)) {
            if !KeyFile.exists(revoked) { try KeyFile.makeFolder(revoked) }
            try move(file(name), to: free(name))
        }
        removeWorkerFolder(host(name))
    }

    /// Gives a worker new keys. The old ones are no longer admitted.
    public func renew(_ name: String) throws(KeyError) {
        try Self.check(name)
        guard !isRevoked(name) else { throw .revoked(name: name, path: path) }
        guard KeyFile.exists(file(name)) || KeyFile.exists(host(name)) else {
            throw .unknownName(name, path: path, near: nearestSpelling(to: name, among: try names()))
        }
        try retire(name)
        try add(name)
    }

    /// The two files for a worker's machine.
    public func hostFiles(_ name: String) throws(KeyError) -> (secret: [UInt8], coordinator: [UInt8]) {
        try Self.check(name)
        guard !isRevoked(name) else { throw .revoked(name: name, path: path) }
        let folder = host(name)
        guard KeyFile.exists(folder) else {
            guard KeyFile.exists(file(name)) else {
                throw .unknownName(name, path: path, near: nearestSpelling(to: name, among: try names()))
            }
            throw .movedAway(name: name, path: path)
        }
        return (
            try KeyFile.bytes(folder + "/worker.secret", isSecret: true),
            try KeyFile.bytes(folder + "/coordinator.public", isSecret: false)
        )
    }

    /// Moves the files for a worker's machine to a folder, in place of any keys there, also across file systems.
    /// The secret is never readable by others.
    public func moveHost(_ name: String, to target: String) throws(KeyError) {
        let files = try hostFiles(name)
        removeWorkerFolder(target)
        try KeyFile.makeFolder(target)
        try KeyFile.write(files.secret, to: target + "/worker.secret", mode: 0o600)
        try KeyFile.write(files.coordinator, to: target + "/coordinator.public", mode: 0o644)
        removeHost(name)
    }

    /// Removes the files for a worker's machine, once that machine has them.
    public func removeHost(_ name: String) { removeWorkerFolder(host(name)) }

    /// Path in `revoked` for a key that its name no longer has.
    private func free(_ name: String) -> String {
        var number = 1
        while KeyFile.exists(former(name, number)) { number += 1 }
        return former(name, number)
    }

    private func move(_ from: String, to path: String) throws(KeyError) {
        guard rename(from, path) == 0 else { throw KeyFile.systemError("revoke", from) }
        for folder in [allowed, revoked] { KeyFile.syncFolder(folder) }
    }
}
