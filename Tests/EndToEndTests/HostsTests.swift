import Foundation
import Testing

/// Several hosts on this machine: `cluster/testbed/hosts.sh`.
final class HostBed {
    static let script = WorkerBundle.root.appending(path: "cluster/testbed/hosts.sh").path

    /// Why this machine can have none, in the script's words; nil where it can.
    static let obstacle: String? = {
        do {
            let work = try Workspace()
            let end = try work.start(script, ["check"]).wait()
            return end.code == 0 ? nil : end.errors
        } catch { return "\(error)" }
    }()

    let folder: String
    private let work: Workspace

    /// - Parameter owner: the bed counts as dead when this process is.
    init(_ count: Int, in work: Workspace, name: String = "bed", owner: pid_t = getpid()) throws {
        self.work = work
        folder = work.folder.appending(path: name).path
        let up = try work.start(
            Self.script, ["up", String(count), folder], environment: ["BED_OWNER": String(owner)]
        ).wait()
        try #require(up.code == 0, "\(up.all)")
    }

    deinit { down() }

    func down() { _ = try? work.start(Self.script, ["down", folder]).wait() }

    /// `cut`, `mend`, `reboot` and so on.
    @discardableResult func act(_ words: String...) throws -> String {
        let end = try work.start(Self.script, words + [folder]).wait()
        #expect(end.code == 0, "\(words): \(end.all)")
        return end.output
    }

    /// The words to run something in the hub.
    func inHub(_ words: [String]) -> [String] { ["enter", folder] + words }

    func ssh(_ host: String, _ command: String) throws -> Program.Result {
        try work.start(Self.script, inHub(["ssh", "-F", folder + "/ssh_config", host, command])).wait()
    }

    /// Namespaces named after the bed, in the system's own list.
    var namespaces: [String] {
        get throws {
            let bed = try String(contentsOfFile: folder + "/bed", encoding: .utf8).dropLast()
            return try FileManager.default.contentsOfDirectory(atPath: "/run/netns").filter {
                $0.hasPrefix(bed + "-")
            }
        }
    }
}

@Suite(.serialized, .enabled(if: HostBed.obstacle == nil, Comment(rawValue: HostBed.obstacle ?? "")))
struct HostsTests {
    /// Starts a worker that outlives the ssh that starts it.
    /// - Returns: its process, as the host counts.
    private func startWorker(_ bed: HostBed, on host: String, _ address: String) throws -> String {
        let end = try bed.ssh(
            host,
            "nohup /mnt/worker/ranksweep-worker --connect \(address) --keys keys --slots 1 "
                + "</dev/null >>worker.log 2>&1 & echo $!")
        #expect(end.code == 0, "\(end.all)")
        return end.output.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    private func done(_ work: Workspace) throws -> Int {
        try work.run("status", "far", "--json").output.firstMatch(of: /"done": ?(\d+)/).flatMap { Int($0.1) }
            ?? 0
    }

    /// The lines of `status` on the workers that are there.
    private func present(_ work: Workspace) throws -> String {
        try work.run("status", "far").output.split(separator: "\n")
            .filter { $0.hasPrefix("  worker ") && !$0.contains("silent") }.joined(separator: "\n")
    }

    /// Without its first process, ssh server and starter a host is empty.
    private func isEmpty(_ bed: HostBed) throws -> Bool {
        let lines = try bed.act("status").split(separator: "\n")
        return lines.count == 4 && lines.allSatisfy { $0.hasSuffix("  2 processes") }
    }

    @Test
    func `Four hosts over ssh, one link cut for 20 s, one worker killed, one host rebooted: the same bytes`()
        throws
    {
        let work = try Workspace()
        try work.write(smallSweep(steps: 30_000), to: "s.yaml")
        #expect(try work.run("run", "s.yaml", "--out", "calm").code == 0)

        let bed = try HostBed(4, in: work)
        if WorkerBundle.obstacle == nil {
            try WorkerBundle.unpack(into: "bed/share/worker", work)
        } else {
            let own = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
            try FileManager.default.createDirectory(
                at: work.folder.appending(path: "bed/share/worker"), withIntermediateDirectories: true)
            try FileManager.default.copyItem(
                at: URL(filePath: own).deletingLastPathComponent().appending(path: "ranksweep-worker"),
                to: work.folder.appending(path: "bed/share/worker/ranksweep-worker"))
        }
        #expect(try work.run("keys", "new", "keys").code == 0)
        let hosts = (1...4).map { "host\($0)" }
        for host in hosts {
            #expect(try work.run("keys", "add", "keys", host).code == 0)
            let copy = [
                "scp", "-q", "-rp", "-F", bed.folder + "/ssh_config", "keys/hosts/\(host)", "\(host):keys",
            ]
            #expect(try work.start(HostBed.script, bed.inHub(copy)).wait().code == 0)
        }
        let own = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let ranksweep = URL(filePath: own).deletingLastPathComponent().appending(path: "ranksweep").path
        let coordinator = try work.start(
            HostBed.script,
            bed.inHub([
                ranksweep, "run", "s.yaml", "--out", "far", "--listen", "tcp://0.0.0.0:\(fixedPort())",
                "--keys", "keys",
            ]))
        try eventually("the coordinator listens") { coordinator.errors.contains("listening at tcp://") }
        let port = try #require(coordinator.errors.firstMatch(of: /listening at tcp:\/\/[^ ]*:(\d+)/)).1
        let address = "tcp://hub:\(port)"
        let workers = try hosts.map { try startWorker(bed, on: $0, address) }

        try eventually("the first records are there") { try done(work) >= 8 }
        try bed.act("cut", "host1")
        let cut = Date()
        #expect(try bed.ssh("host2", "kill -9 \(workers[1])").code == 0)
        let before = try done(work)
        try eventually("the others go on") { try done(work) >= before + 4 }
        try bed.act("reboot", "host3")
        #expect(try bed.ssh("host3", "ls /mnt; cat worker.log").output.contains("connected to \(address)"))
        _ = try startWorker(bed, on: "host3", address)
        // On a fast machine the sweep would be over before the cut is.
        try eventually("three quarters are done") { try done(work) >= 30 }
        #expect(try work.run("pause", "far").code == 0)
        while Date().timeIntervalSince(cut) < 20 { usleep(50_000) }
        #expect(try !present(work).contains("host1"))
        try bed.act("mend", "host1")
        try eventually("the host that was cut off is back") { try present(work).contains("host1") }
        #expect(try work.run("unpause", "far").code == 0)

        let end = try coordinator.wait()
        #expect(end.code == 0, "\(end.all)")
        #expect(try work.bytes("far/records.ndjson") == work.bytes("calm/records.ndjson"))
        try eventually("no worker is left on any host") { try isEmpty(bed) }
        for host in ["host1", "host3", "host4"] {
            let log = try bed.ssh(host, "cat worker.log").output
            #expect(log.contains("the sweep is done"), "\(host): \(log)")
        }
        #expect(try bed.namespaces.count == 5)
        let words = try bed.namespaces
        bed.down()
        for name in words { #expect(!FileManager.default.fileExists(atPath: "/run/netns/\(name)")) }
        #expect(try processes(with: work.folder.path).isEmpty)
    }

    @Test
    func `A host's disk, name and address are its own and survive a reboot; its processes and /tmp do not`()
        throws
    {
        let work = try Workspace()
        let bed = try HostBed(2, in: work)
        let other = try HostBed(1, in: work, name: "other bed")
        #expect(try bed.ssh("host1", "hostname; touch kept /tmp/lost").output == "host1\n")
        #expect(try bed.ssh("host1", "setsid sleep 1000 >/dev/null 2>&1 </dev/null & true").code == 0)
        #expect(try bed.ssh("host2", "ls; ls /tmp; getent hosts host1 | wc -l").output == "1\n")
        #expect(try other.ssh("host1", "ls").output.isEmpty)
        try bed.act("reboot", "host1")
        #expect(try bed.ssh("host1", "ls; ls /tmp; ps -e | grep -c sleep").output == "kept\n0\n")
        try bed.act("rate", "host1", "1000")
        #expect(try bed.act("status").contains(/host1 .* link up, 1Mbit  2 processes\n/))
        try bed.act("rate", "host1", "0")
        try bed.act("cut", "host1")
        #expect(try bed.act("status").contains(/host1 .* link cut  2 processes\n/))
        #expect(try bed.ssh("host2", "hostname").output == "host2\n")
        let again = try HostBed(2, in: work)
        #expect(try again.ssh("host1", "ls").output == "kept\n")
    }

    @Test func `A bed whose owner was killed is cleared away by the next one`() throws {
        let work = try Workspace()
        let owner = try work.start("/bin/sleep", ["1000"])
        let dead = try HostBed(1, in: work, name: "dead", owner: owner.pid)
        #expect(try dead.ssh("host1", "setsid sleep 2000 >/dev/null 2>&1 </dev/null & true").code == 0)
        let bed = try HostBed(1, in: work)
        #expect(try dead.namespaces.count == 2)
        bed.down()
        owner.signal(SIGKILL)
        _ = try owner.wait()
        let next = try HostBed(1, in: work)
        // Its names may be those of the next by now.
        let status = try work.start(HostBed.script, ["status", dead.folder]).wait()
        #expect(status.code == 1 && status.errors.contains("is down"), "\(status.all)")
        #expect(try processes(with: dead.folder).isEmpty)
        #expect(try next.ssh("host1", "true").code == 0)
    }
}
