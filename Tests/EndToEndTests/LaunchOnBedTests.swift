import Foundation
import Testing

@Suite(
    .serialized,
    .enabled(if: HostBed.obstacle == nil, Comment(rawValue: HostBed.obstacle ?? "")))
struct LaunchOnBedTests {
    @Test
    func `A link cut for 20 s, a killed worker, a rebooted host and an absent one: the same bytes`() throws {
        let work = try Workspace()
        let sweep = smallSweep(steps: 70_000).replacingOccurrences(of: "[0, 5]", with: "[0, 8]")
        try work.write(sweep, to: "s.yaml")
        #expect(try work.run("run", "s.yaml", "--out", "local").code == 0)
        try PretendedHosts.makeBundle(work, whole: true)
        let bed = try HostBed(4, in: work)
        try work.write(
            """
            name: lab
            address: hub
            keys: keys
            bundle: bundle.tar.gz
            defaults: {slots: 1, ssh: [-F, \(bed.folder)/ssh_config]}
            hosts: [host1, host2, host3, {host: host4, tunnel: true}, host5]
            """, to: "lab.yaml")
        let own = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let program = URL(filePath: own).deletingLastPathComponent().appending(path: "ranksweep").path
        let launch = try work.start(
            HostBed.script, bed.inHub([program, "launch", "lab.yaml", "s.yaml", "--out", "far"]))
        try eventually("four work") { launch.errors.components(separatedBy: "OpenBLAS kernel").count >= 5 }
        try bed.act("cut", "host1")
        let cut = DispatchTime.now()
        let kill = "kill -9 $(pgrep -f [e]xit-on-stdin-eof)"
        _ = try bed.ssh("host2", kill)
        try bed.act("reboot", "host3")
        // The cut itself is the matter: it lasts so long.
        while DispatchTime.now() < cut + 20 { usleep(100_000) }
        try bed.act("mend", "host1")
        let end = try launch.wait()
        #expect(end.code == 0, "\(end.all)")
        #expect(try work.bytes("far/records.ndjson") == work.bytes("local/records.ndjson"))
        #expect(end.errors.contains("host5: its name cannot be resolved"), "\(end.errors)")
        #expect(end.errors.contains("host2: its worker was killed"), "\(end.errors)")
        // A link that comes back in time costs no restart.
        #expect(
            !end.errors.contains("host1: the connection") && !end.errors.contains("host1: its worker"),
            "\(end.errors)")
        let lines = try bed.act("status").split(separator: "\n")
        #expect(lines.count == 4 && lines.allSatisfy { $0.hasSuffix("  2 processes") }, "\(lines)")
    }
}
