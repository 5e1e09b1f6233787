import Foundation
import Testing

/// Why this machine has no test bed; nil where it has one.
private let bedObstacle: String? = {
    let script = LaunchOnBedTests.script
    guard FileManager.default.isExecutableFile(atPath: script) else { return "there is no \(script)" }
    guard geteuid() == 0 else { return "needs root, for network namespaces" }
    do {
        let work = try Workspace()
        let end = try withExtendedLifetime(work) { try work.start(script, ["check"]).wait() }
        return end.code == 0 ? nil : end.errors
    } catch { return "\(script): \(error)" }
}()

@Suite(
    "Launch on several hosts", .serialized,
    .enabled(if: bedObstacle == nil, Comment(rawValue: bedObstacle ?? "")))
struct LaunchOnBedTests {
    static let script = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "cluster/testbed/hosts.sh").path

    @Test(
        "A link cut for 20 s, a worker killed, a host rebooted, one that is not there: the same bytes, nothing left"
    )
    func allAtOnce() throws {
        let work = try Workspace()
        let sweep = smallSweep(steps: 70_000).replacingOccurrences(of: "[0, 5]", with: "[0, 8]")
        try work.write(sweep, to: "s.yaml")
        #expect(try work.run("run", "s.yaml", "--out", "local").code == 0)
        try PretendedHosts.makeBundle(work, whole: true)
        let bed = work.folder.appending(path: "bed").path
        func act(_ words: String...) throws -> Program.Result {
            try work.start(Self.script, words, environment: ["BED_OWNER": String(getpid())]).wait()
        }
        try #require(try act("up", "4", bed).code == 0)
        defer { _ = try? act("down", bed) }
        try work.write(
            """
            name: lab
            address: hub
            keys: keys
            bundle: bundle.tar.gz
            defaults: {slots: 1, ssh: [-F, \(bed)/ssh_config]}
            hosts: [host1, host2, host3, {host: host4, tunnel: true}, host5]
            """, to: "lab.yaml")
        let own = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let program = URL(filePath: own).deletingLastPathComponent().appending(path: "ranksweep").path
        let launch = try work.start(
            Self.script, ["enter", bed, program, "launch", "lab.yaml", "s.yaml", "--out", "far"])
        try eventually("four work") { launch.errors.components(separatedBy: "OpenBLAS kernel").count >= 5 }
        #expect(try act("cut", "host1", bed).code == 0)
        let cut = DispatchTime.now()
        let kill = "kill -9 $(pgrep -f [e]xit-on-stdin-eof)"
        _ = try act("enter", bed, "ssh", "-F", bed + "/ssh_config", "host2", kill)
        #expect(try act("reboot", "host3", bed).code == 0)
        // The cut itself is the matter: it lasts so long.
        while DispatchTime.now() < cut + 20 { usleep(100_000) }
        #expect(try act("mend", "host1", bed).code == 0)
        let end = try launch.wait()
        #expect(end.code == 0, "\(end.all)")
        #expect(try work.bytes("far/records.ndjson") == work.bytes("local/records.ndjson"))
        #expect(end.errors.contains("host5: its name cannot be resolved"), "\(end.errors)")
        #expect(end.errors.contains("host2: its worker was killed"), "\(end.errors)")
        // A link that comes back in time costs no restart.
        #expect(
            !end.errors.contains("host1: the connection") && !end.errors.contains("host1: its worker"),
            "\(end.errors)")
        let lines = try act("status", bed).output.split(separator: "\n")
        #expect(lines.count == 4 && lines.allSatisfy { $0.hasSuffix("  2 processes") }, "\(lines)")
    }
}
