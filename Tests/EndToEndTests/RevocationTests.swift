import Foundation
import Testing
import Text

@Suite(.serialized) struct RevocationTests {
    private func works(_ launch: Program) -> Int {
        launch.errors.components(separatedBy: "OpenBLAS kernel").count - 1
    }

    @Test
    func `A host that is revoked during a launch stays out; unrevoke brings it back with another key`() throws
    {
        let work = try Workspace()
        try work.write(smallSweep(steps: 350_000), to: "s.yaml")
        let hosts = try PretendedHosts(work)
        try hosts.cluster("[one, two]", more: "defaults: {slots: 1}")
        let launch = try hosts.launch("s.yaml", "--out", "far")
        try eventually("both work", of: launch) { works(launch) == 2 }
        let old = try work.text("keys/workers/two.public")
        let revoked = try work.run("keys", "revoke", "keys", "two")
        #expect(
            revoked.code == 0 && revoked.output.contains("ranksweep keys unrevoke keys two"), "\(revoked.all)"
        )
        try eventually("two is left", of: launch) {
            launch.errors.contains("two: its key is revoked: no worker is started there")
        }
        try eventually("its worker is gone") {
            try processes(with: work.folder.path, "lab-two", "--exit-on").isEmpty
        }
        #expect(launch.errors.contains("keys: two may no longer join"), "\(launch.errors)")
        #expect(
            !launch.errors.contains("two may join") && !launch.errors.contains("two: its worker cannot serve")
        )
        let calls = try hosts.calls.count { $0 == "two" }
        let status = try work.run("status", "far").output
        #expect(status.contains("revoked: two; to let it join again: ranksweep keys unrevoke "), "\(status)")
        #expect(status.contains("  host two: revoked; its key is revoked"), "\(status)")
        let json = try JSONValue(parsing: work.run("status", "far", "--json").output.utf8)
        #expect(json["revoked"] == .array([.string("two")]))
        #expect(
            try work.run("keys", "list", "keys").output.contains(
                "two  revoked: ranksweep keys unrevoke keys two"))
        let add = try work.run("keys", "add", "keys", "two")
        #expect(add.code == 2 && add.errors.contains("'two' is revoked, and gets no keys"), "\(add.all)")
        launch.signal(SIGTERM)
        #expect(try launch.wait().code == 3)
        #expect(!work.exists("keys/workers/two.public") && !work.exists("keys/hosts/two"))

        // One that begins anew makes no keys for it either, and asks nothing of it.
        let again = try hosts.launch("far")
        try eventually("one works", of: again) { works(again) == 1 }
        #expect(again.errors.contains("two: its key is revoked"), "\(again.errors)")
        #expect(try hosts.calls.count { $0 == "two" } == calls)
        #expect(!work.exists("keys/workers/two.public") && !work.exists("keys/hosts/two"))
        #expect(try work.run("keys", "unrevoke", "keys", "two").code == 0)
        try eventually("both work", of: again) { works(again) == 2 }
        #expect(again.errors.contains("keys: two may join"))
        #expect(try work.text("keys/workers/two.public") != old)
        #expect(try work.text("keys/revoked/two~1.public") == old)
        #expect(
            try JSONValue(parsing: work.run("status", "far", "--json").output.utf8)["revoked"] == .array([]))
        again.signal(SIGTERM)
        #expect(try again.wait().code == 3)

        for host in ["one", "two"] { #expect(try work.run("keys", "revoke", "keys", host).code == 0) }
        let none = try hosts.launch("far").wait()
        #expect(
            none.code == 2 && none.errors.contains("no host may run a worker; one: its key is revoked"),
            "\(none.all)"
        )
    }

    @Test func `Keys replace the existing ones, and a file that is no key is left alone`() throws {
        let work = try Workspace()
        let hosts = try PretendedHosts(work)
        func keys(_ arguments: String...) throws -> Program.Result {
            try work.start("ranksweep", ["keys"] + arguments, environment: hosts.environment).wait()
        }
        func names(_ folder: String) throws -> [String] {
            try FileManager.default.subpathsOfDirectory(atPath: work.folder.appending(path: folder).path)
                .sorted()
        }
        let files = ["coordinator.public", "worker.secret"]
        #expect(try keys("new", "k").code == 0)
        #expect(try keys("add", "k", "node7").code == 0)
        let first = try work.text("k/hosts/node7/worker.secret")
        let end = try keys("install", "k", "node7")
        #expect(
            end.code == 0 && end.output.contains("node7:ranksweep-keys, and no longer on this machine"),
            "\(end.all)")
        let there = "homes/node7/ranksweep-keys"
        #expect(try names(there) == files && work.text(there + "/worker.secret") == first)
        #expect(!work.exists("k/hosts/node7") && work.exists("k/workers/node7.public"))
        for (name, mode) in [("", 0o700), ("/worker.secret", 0o600)] {
            let facts = try FileManager.default.attributesOfItem(
                atPath: work.folder.appending(path: there + name).path)
            #expect((facts[.posixPermissions] as? Int) == mode, "\(name)")
        }
        let moved = try keys("install", "k", "node7")
        #expect(moved.code == 2 && moved.errors.contains("ranksweep keys renew k node7"), "\(moved.all)")

        // A rotation, over what a copy by hand had left: the new key is in use, and the only one.
        #expect(try keys("renew", "k", "node7").code == 0)
        try FileManager.default.copyItem(
            at: work.folder.appending(path: "k/hosts/node7"),
            to: work.folder.appending(path: there + "/node7"))
        let worker = try work.start("ranksweep-worker", ["--connect", "tcp://127.0.0.1:1", "--keys", there])
            .wait()
        #expect(
            worker.code == 2 && worker.errors.contains("\(there) holds another folder of keys"),
            "\(worker.all)")
        let second = try work.text("k/hosts/node7/worker.secret")
        #expect(second != first)
        let kept = try keys("install", "k", "node7", "--keep")
        #expect(kept.code == 0, "\(kept.all)")
        #expect(try names(there) == files && work.text(there + "/worker.secret") == second)
        #expect(try names("homes/node7") == ["ranksweep-keys"] + files.map { "ranksweep-keys/\($0)" })

        // To another place, with spaces and quotes in it; and never over something else.
        let odd = "~/a 'b' $(touch pwned)/keys"
        #expect(try keys("install", "k", "node7", "--host", "other", "--folder", odd, "--keep").code == 0)
        #expect(
            try names("homes/other/a 'b' $(touch pwned)/keys") == files && !work.exists("homes/other/pwned"))
        try work.write("mine", to: "homes/node7/ranksweep-keys/notes")
        let refused = try keys("install", "k", "node7")
        #expect(
            refused.code == 2 && refused.errors.contains("holds ranksweep-keys/notes, which is not a key"),
            "\(refused.all)")
        #expect(
            try work.text(there + "/notes") == "mine" && work.text("k/hosts/node7/worker.secret") == second)
        let closed = try keys("install", "k", "node7", "--host", "closed1")
        #expect(
            closed.code == 2 && closed.errors.contains("installing the keys on closed1 failed"),
            "\(closed.all)")
        let wrong = try keys("revoke", "k", "node7", "--keep")
        #expect(wrong.code == 2 && wrong.errors.contains("--keep goes with install"))
        #expect(try keys("revoke", "k", "node7").code == 0)
        #expect(try keys("install", "k", "node7").errors.contains("'node7' is revoked"))
    }
}
