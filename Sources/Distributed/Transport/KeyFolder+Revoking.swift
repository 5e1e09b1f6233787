import Glibc
import Text

// How a worker is barred, and how its name comes back. A key that was revoked is never let in again; its name
// may be given another one, once a person has said so.

extension CoordinatorKeyFolder {
    /// Bars the name as long as it is there. '~' is in no name.
    private func ban(_ name: String) -> String { "\(revoked)/\(name).public" }
    private func former(_ name: String, _ number: Int) -> String {
        "\(revoked)/\(name)~\(number).public"
    }

    /// Whether the name was revoked, and nobody has taken that back.
    public func isRevoked(_ name: String) -> Bool {
        KeyFile.exists(ban(name)) && !KeyFile.exists(file(name))
    }

    /// Names that were revoked, in order; none where the folder cannot be read. Needs no secret.
    public static func revokedNames(in path: String) -> [String] {
        let path = trimmed(path)
        let barred = (try? KeyFile.names(in: path + "/revoked", ending: ".public")) ?? []
        return barred.filter { !$0.contains("~") && !KeyFile.exists("\(path)/workers/\($0).public") }
    }

    public func revokedNames() -> [String] { Self.revokedNames(in: path) }

    /// Takes a worker off the list and bars its name: a running coordinator notices within seconds, and nobody
    /// makes keys for it until `unrevoke`.
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
            // Somebody removed the list's file by hand, or `add` was cut short.
            try KeyFile.write(
                pair.publicKey.text, about: "ranksweep: public key of worker \(name)", to: ban(name),
                mode: 0o644)
            KeyFile.syncFolder(revoked)
        }
        removeWorkerFolder(host(name))
    }

    /// Lets a revoked name have keys again. The key that was revoked stays so.
    public func unrevoke(_ name: String) throws(KeyError) {
        try Self.check(name)
        guard isRevoked(name) else {
            let near = nearestSpelling(to: name, among: revokedNames())
            throw .notRevoked(name, path: path, near: near == name ? nil : near)
        }
        try move(ban(name), to: free(name))
    }

    /// Takes a worker's key out of use for good without barring its name.
    public func retire(_ name: String) throws(KeyError) {
        try Self.check(name)
        if KeyFile.exists(file(name)) {
            if !KeyFile.exists(revoked) { try KeyFile.makeFolder(revoked) }
            try move(file(name), to: free(name))
        }
        removeWorkerFolder(host(name))
    }

    /// Gives a worker new keys in place of those it has: these are let in no more.
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

    /// Removes what is for a worker's machine, where it is by now.
    public func removeHost(_ name: String) { removeWorkerFolder(host(name)) }

    /// A name in `revoked` for a key that its worker's name no longer has.
    private func free(_ name: String) -> String {
        var number = 1
        while KeyFile.exists(former(name, number)) { number += 1 }
        return former(name, number)
    }

    private func move(_ from: String, to place: String) throws(KeyError) {
        guard rename(from, place) == 0 else { throw KeyFile.systemError("revoke", from) }
        for folder in [allowed, revoked] { KeyFile.syncFolder(folder) }
    }
}
