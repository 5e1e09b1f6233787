import Foundation
import Testing
import Wire

@testable import Transport

@Suite struct KeyTests {
    @Test func `Z85 is that of ZeroMQ's RFC 32`() {
        let bytes: [UInt8] = [0x86, 0x4f, 0xd2, 0x6f, 0xb5, 0x59, 0xf7, 0x5b]
        #expect(Z85.encode(bytes) == "HelloWorld")
        #expect(Z85.decode("HelloWorld".utf8) == bytes)
        #expect(Z85.decode("HelloWorl".utf8) == nil)
        #expect(Z85.decode("Hello World".utf8) == nil && Z85.decode("Hell\"".utf8) == nil)
        // Beyond 32 bits.
        #expect(Z85.decode("#####".utf8) == nil && Z85.decode("%nSc0".utf8) == [255, 255, 255, 255])
    }

    @Test func `A fresh pair is new, and its public half follows from the secret one`() throws {
        let (a, b) = (try KeyPair.fresh(), try KeyPair.fresh())
        #expect(a != b && a.publicKey != b.publicKey)
        #expect(KeyPair(secret: a.secretKey) == a)
        #expect(PublicKey(text: a.publicKey.text) == a.publicKey)
        for text in ["", "short", String(repeating: "a", count: 41), String(repeating: "~", count: 40)] {
            #expect(PublicKey(text: text) == nil && SecretKey(text: text) == nil)
        }
    }

    @Test func `A secret key does not show itself, however it is printed`() throws {
        let pair = try KeyPair.fresh()
        // Any single number of the public half may be the same.
        let numbers = pair.secretKey.bytes.prefix(4).map { "\($0)" }.joined(separator: ", ")
        var dumped = ""
        dump(pair, to: &dumped)
        for text in [
            "\(pair)", "\(pair.secretKey)", String(reflecting: pair), String(reflecting: [pair]), dumped,
        ] {
            #expect(!text.contains(pair.secretKey.text) && !text.contains(numbers))
        }
    }

    @Test func `Keys handed down arrive; anything else does not`() throws {
        let keys = WorkerKeys(pair: try KeyPair.fresh(), coordinator: try KeyPair.fresh().publicKey)
        #expect(WorkerKeys(handedDown: keys.handedDown) == keys)
        #expect(keys.handedDown.count < 4096)
        for bytes in [
            [], Array(keys.handedDown.dropLast(2)), Array(keys.handedDown.dropFirst(41)), [255, 0],
        ] {
            #expect(WorkerKeys(handedDown: bytes) == nil)
        }
    }

    @Test func `A key file is read past its explanation, whatever its line ends are`() {
        #expect(KeyFile.keyLine("# about\nABC\n") == "ABC")
        #expect(KeyFile.keyLine("# about\r\n\r\n  ABC \t\r\n") == "ABC")
        // '#' is a letter of Z85.
        #expect(KeyFile.keyLine("#ABC") == "#ABC")
        #expect(KeyFile.keyLine("# only words\n") == nil && KeyFile.keyLine("A\nB\n") == nil)
    }

    /// A place for keys that goes with the test.
    final class KeyWorkspace {
        let folder = FileManager.default.temporaryDirectory.appending(path: "keys-\(UUID().uuidString)").path
        init() throws {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        }
        deinit { try? FileManager.default.removeItem(atPath: folder) }
        func mode(_ name: String) throws -> Int? {
            try FileManager.default.attributesOfItem(atPath: "\(folder)/\(name)")[.posixPermissions] as? Int
        }
        func text(_ name: String) throws -> String {
            try String(contentsOfFile: "\(folder)/\(name)", encoding: .utf8)
        }
        func write(_ text: String, _ name: String, mode: Int = 0o644) throws {
            try text.write(toFile: "\(folder)/\(name)", atomically: false, encoding: .utf8)
            chmod("\(folder)/\(name)", mode_t(mode))
        }
    }

    @Test func `New keys, a worker added, revoked, added again`() throws {
        let workspace = try KeyWorkspace()
        try CoordinatorKeyFolder.create(workspace.folder + "/k/")
        #expect(try workspace.mode("k") == 0o700 && workspace.mode("k/coordinator.secret") == 0o600)
        let keys = try CoordinatorKeyFolder(reading: workspace.folder + "/k")
        #expect(try keys.allowList().list == AllowList())
        try keys.add("node7")
        #expect(
            try workspace.mode("k/hosts/node7") == 0o700
                && workspace.mode("k/hosts/node7/worker.secret") == 0o600)
        let worker = try WorkerKeys(reading: keys.host("node7"))
        #expect(worker.coordinator == keys.pair.publicKey)
        #expect(try keys.allowList().list == AllowList(workers: [worker.pair.publicKey: "node7"]))
        #expect(throws: KeyError.hasKeys(name: "node7", path: workspace.folder + "/k/workers/node7.public")) {
            try keys.add("node7")
        }
        #expect(try WorkerKeys(reading: keys.host("node7")) == worker)

        try keys.revoke("node7")
        #expect(try keys.allowList().list == AllowList(revoked: [worker.pair.publicKey]))
        #expect(!FileManager.default.fileExists(atPath: keys.host("node7")))
        #expect(throws: KeyError.unknownName("node8", path: workspace.folder + "/k", near: nil)) {
            try keys.revoke("node8")
        }
        // Its name comes back only once a person has said so.
        #expect(throws: KeyError.revoked(name: "node7", path: workspace.folder + "/k")) {
            try keys.add("node7")
        }
        try keys.unrevoke("node7")
        try keys.add("node7")
        let again = try WorkerKeys(reading: keys.host("node7"))
        #expect(again != worker)
        try keys.revoke("node7")
        #expect(try keys.allowList().list.revoked == [worker.pair.publicKey, again.pair.publicKey])
        // A list that is gone is not an empty one.
        let list = workspace.folder + "/k/workers"
        try FileManager.default.moveItem(atPath: list, toPath: list + "-away")
        #expect(throws: KeyError.noFolder(path: list)) { try keys.allowList() }
        // Nothing half-made is left anywhere.
        let all = try FileManager.default.subpathsOfDirectory(atPath: workspace.folder)
        #expect(!all.contains { $0.contains("partial") })
    }

    @Test
    func `A revoked name has no keys until it is unrevoked; the key that was revoked stays so`() throws {
        let workspace = try KeyWorkspace()
        let path = workspace.folder + "/k"
        try CoordinatorKeyFolder.create(path)
        let keys = try CoordinatorKeyFolder(reading: path)
        for name in ["a", "b", "a.2"] { try keys.add(name) }
        let old = try WorkerKeys(reading: keys.host("a")).pair.publicKey
        try keys.revoke("a")
        try keys.revoke("a")
        #expect(keys.isRevoked("a") && !keys.isRevoked("b") && keys.revokedNames() == ["a"])
        let gone = KeyError.revoked(name: "a", path: path)
        #expect(throws: gone) { try keys.add("a") }
        #expect(throws: gone) { try keys.renew("a") }
        #expect(throws: gone) { try keys.hostFiles("a") }
        #expect(gone.message.contains("ranksweep keys unrevoke \(path) a"))
        #expect(throws: KeyError.notRevoked("c", path: path, near: "a")) { try keys.unrevoke("c") }
        try keys.unrevoke("a")
        #expect(!keys.isRevoked("a") && keys.revokedNames().isEmpty)
        #expect(throws: KeyError.notRevoked("a", path: path, near: nil)) { try keys.unrevoke("a") }
        // Again and again: what is revoked stays, and bars nobody else.
        var revoked: Set<PublicKey> = [old]
        for _ in 0..<3 {
            try keys.add("a")
            revoked.insert(try WorkerKeys(reading: keys.host("a")).pair.publicKey)
            try keys.revoke("a")
            #expect(keys.revokedNames() == ["a"])
            try keys.unrevoke("a")
        }
        let list = try keys.allowList().list
        #expect(revoked.count == 4 && list.revoked == revoked && Set(list.workers.values) == ["b", "a.2"])
    }

    @Test func `Keys are renewed in one step, and retired without barring the name`() throws {
        let workspace = try KeyWorkspace()
        let path = workspace.folder + "/k"
        try CoordinatorKeyFolder.create(path)
        let keys = try CoordinatorKeyFolder(reading: path)
        #expect(throws: KeyError.unknownName("a", path: path, near: nil)) { try keys.renew("a") }
        try keys.add("a")
        let old = try WorkerKeys(reading: keys.host("a"))
        // As after an installation.
        keys.removeHost("a")
        #expect(throws: KeyError.movedAway(name: "a", path: path)) { try keys.hostFiles("a") }
        try keys.renew("a")
        let new = try WorkerKeys(reading: keys.host("a"))
        #expect(new != old)
        var list = try keys.allowList().list
        #expect(list.workers == [new.pair.publicKey: "a"] && list.revoked == [old.pair.publicKey])
        #expect(
            String(decoding: try keys.hostFiles("a").secret, as: UTF8.self)
                == (try workspace.text("k/hosts/a/worker.secret")))
        try keys.retire("a")
        #expect(!keys.isRevoked("a") && keys.revokedNames().isEmpty)
        try keys.add("a")
        list = try keys.allowList().list
        #expect(list.workers.count == 1 && list.revoked.count == 2)
    }

    @Test func `A name whose entry was removed by hand is barred by revoke, too`() throws {
        let workspace = try KeyWorkspace()
        let path = workspace.folder + "/k"
        try CoordinatorKeyFolder.create(path)
        let keys = try CoordinatorKeyFolder(reading: path)
        try keys.add("a")
        let key = try WorkerKeys(reading: keys.host("a")).pair.publicKey
        try FileManager.default.removeItem(atPath: path + "/workers/a.public")
        try keys.revoke("a")
        #expect(keys.revokedNames() == ["a"])
        #expect(try keys.allowList().list == AllowList(revoked: [key]))
    }

    @Test func `A worker's folder with another one inside is refused: which is meant?`() throws {
        let workspace = try KeyWorkspace()
        let path = workspace.folder + "/k"
        try CoordinatorKeyFolder.create(path)
        let keys = try CoordinatorKeyFolder(reading: path)
        for name in ["a", "b"] { try keys.add(name) }
        let (outer, inner) = (workspace.folder + "/ranksweep-keys", workspace.folder + "/ranksweep-keys/b")
        try FileManager.default.copyItem(atPath: keys.host("a"), toPath: outer)
        _ = try WorkerKeys(reading: outer)
        try FileManager.default.copyItem(atPath: keys.host("b"), toPath: inner)
        #expect(throws: KeyError.nested(path: outer, inner: inner)) { try WorkerKeys(reading: outer) }
        #expect(try WorkerKeys(reading: inner) == WorkerKeys(reading: keys.host("b")))
    }

    @Test func `Keys are never overwritten`() throws {
        let workspace = try KeyWorkspace()
        try CoordinatorKeyFolder.create(workspace.folder + "/k")
        let secret = try workspace.text("k/coordinator.secret")
        #expect(throws: KeyError.exists(path: workspace.folder + "/k")) {
            try CoordinatorKeyFolder.create(workspace.folder + "/k")
        }
        #expect(throws: KeyError.exists(path: workspace.folder + "/k/coordinator.secret")) {
            try KeyFile.write("x", about: "x", to: workspace.folder + "/k/coordinator.secret", mode: 0o600)
        }
        #expect(try workspace.text("k/coordinator.secret") == secret)
        let all = try FileManager.default.subpathsOfDirectory(atPath: workspace.folder)
        #expect(!all.contains { $0.contains("partial") })
    }

    @Test
    func `Keys that others can read or change are refused, with the file's name and the remedy`() throws {
        let workspace = try KeyWorkspace()
        let folder = workspace.folder + "/k"
        try CoordinatorKeyFolder.create(folder)
        try CoordinatorKeyFolder(reading: folder).add("a")
        for (name, mode) in [("coordinator.secret", 0o640), ("coordinator.secret", 0o604)] {
            chmod("\(folder)/\(name)", mode_t(mode))
            let error = #expect(throws: KeyError.self) { try CoordinatorKeyFolder(reading: folder) }
            #expect(
                error?.message.contains("k/coordinator.secret: others can read this secret (mode 0") == true)
            #expect(error?.message.contains("chmod 600 \(folder)/coordinator.secret") == true)
        }
        chmod("\(folder)/coordinator.secret", 0o600)
        chmod(folder, 0o770)
        #expect { try CoordinatorKeyFolder(reading: folder) } throws: { error in
            if case .writable(path: folder, _)? = error as? KeyError { true } else { false }
        }
        chmod(folder, 0o755)
        let keys = try CoordinatorKeyFolder(reading: folder)
        chmod(folder + "/workers", 0o777)
        #expect(throws: KeyError.self) { try keys.allowList() }
        chmod(folder + "/workers", 0o700)
        chmod(folder + "/workers/a.public", 0o666)
        #expect(try keys.allowList().list.workers.isEmpty)
        chmod(folder + "/hosts/a/worker.secret", 0o644)
        #expect(throws: KeyError.self) { try WorkerKeys(reading: folder + "/hosts/a") }
    }

    @Test func `Files that are no keys, mixed up or on the wrong side have errors of their own`() throws {
        let workspace = try KeyWorkspace()
        let folder = workspace.folder + "/k"
        try CoordinatorKeyFolder.create(folder)
        let keys = try CoordinatorKeyFolder(reading: folder)
        try keys.add("a")
        #expect(throws: KeyError.otherSide(path: keys.host("a"), belongsTo: "worker")) {
            try CoordinatorKeyFolder(reading: keys.host("a"))
        }
        #expect(throws: KeyError.otherSide(path: folder, belongsTo: "coordinator")) {
            try WorkerKeys(reading: folder)
        }
        #expect(throws: KeyError.noWorkerFolder(path: "/nowhere")) { try WorkerKeys(reading: "/nowhere") }
        for text in ["", "# no key\n", "too short\n", String(repeating: "x", count: 5000)] {
            try workspace.write(text, "k/workers/bad.public")
            let found = try keys.allowList()
            #expect(found.problems == [.notAKey(path: folder + "/workers/bad.public")])
            #expect(found.list.workers.count == 1)
        }
        // A file that cannot be read for want of descriptors is another matter: the list that was read before stays.
        #expect(KeyError.system(doing: "read", path: "f", code: EMFILE).isPassing)
        for error in [KeyError.notAKey(path: "f"), .system(doing: "read", path: "f", code: EACCES)] {
            #expect(!error.isPassing)
        }
        // Nor is what is in a file ever told.
        #expect(!KeyError.notAKey(path: "f").message.contains("too short"))
        mkfifo(folder + "/workers/pipe.public", 0o600)
        #expect(try keys.allowList().problems.contains(.notAKey(path: folder + "/workers/pipe.public")))
        try FileManager.default.removeItem(atPath: folder + "/coordinator.public")
        try workspace.write("# x\n\(KeyPair.fresh().publicKey.text)\n", "k/coordinator.public")
        #expect(throws: KeyError.self) { try CoordinatorKeyFolder(reading: folder) }
        for name in ["", ".", "..", "a/b", "a b", "-x", "ä", String(repeating: "n", count: 65), "a\n"] {
            #expect(throws: KeyError.badName(name)) { try keys.add(name) }
            #expect(throws: KeyError.badName(name)) { try keys.revoke(name) }
        }
    }
}
