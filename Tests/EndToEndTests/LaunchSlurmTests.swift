import Foundation
import Glibc
import Testing
import Text

@Suite(
    .serialized,
    .enabled(if: SlurmBed.obstacle == nil, Comment(rawValue: SlurmBed.obstacle ?? "")))
struct LaunchSlurmTests {
    private func cluster(_ work: Workspace, _ slurm: String) throws {
        try work.write(
            """
            name: lab
            listen: tcp://127.0.0.1:*
            address: 127.0.0.1
            keys: keys
            bundle: bundle.tar.gz
            slurm:
              folder: \(work.folder.path)/shared
            \(slurm)
            """, to: "lab.yaml")
    }

    private func logs(_ work: Workspace) throws -> [String] {
        guard work.exists("shared") else { return [] }
        return try FileManager.default.subpathsOfDirectory(atPath: work.folder.appending(path: "shared").path)
            .filter { $0.hasSuffix(".log") }.sorted().map { try work.text("shared/\($0)") }
    }

    /// One record a trial, and no attempt that failed: what was interrupted is nobody's fault.
    private func expectAllMeasuredOnce(_ work: Workspace, _ run: String, trials: Int) throws {
        let attempts = try work.text("\(run)/provenance.ndjson").split(separator: "\n").map {
            try JSONValue(parsing: $0.utf8)
        }
        #expect(attempts.count == trials)
        #expect(attempts.allSatisfy { $0["outcome"]?.string == "measured" }, "\(attempts)")
        #expect(Set(attempts.compactMap { $0["trial"]?.string }).count == trials)
    }

    @Test
    func `A launch gives the same bytes though a job is cancelled, a node dies and a limit is met`() throws {
        let work = try Workspace()
        let bed = try SlurmBed(3, in: work)
        try work.write(smallSweep(steps: 40_000), to: "s.yaml")
        try PretendedHosts.makeBundle(work)
        // Slurm's shortest: 15 s of work, 45 s of margin.
        try cluster(work, "  time: 00:01:00\n  min_jobs: 3\n  max_jobs: 3")
        let launch = try work.start(
            "ranksweep", ["launch", "lab.yaml", "s.yaml", "--out", "many"], environment: bed.environment)
        try eventually("three workers", of: launch) {
            launch.errors.components(separatedBy: "worker on ").count == 4
        }
        let first = try bed.running()
        #expect(first.map(\.node).sorted() == ["n1", "n2", "n3"], "one job a node")

        // The last of an array knows its end, too, though its number is the array's.
        #expect(try processes(with: "--until slurm", work.folder.path).count == 3)
        // This one says no goodbye and leaves nothing: Slurm kills it when its time is up.
        let frozen = try bed.workers(on: "n3")
        // Slurm wakes what it ends.
        func freeze() { for process in frozen { kill(process, SIGSTOP) } }
        freeze()
        let victim = try #require(first.first { $0.node == "n1" })
        try bed.call("scancel", victim.id)
        try bed.act("kill-node", "n2")
        try eventually("another in the place of the cancelled one") {
            freeze()
            return try bed.running().contains { $0.node == "n1" && $0.id != victim.id }
        }
        #expect(try work.run("pause", "many").code == 0)
        let calm = try work.start("ranksweep", ["run", "s.yaml", "--out", "calm"])
        let limit = Date()
        let last = try #require(first.first { $0.node == "n3" }).id
        func isEnded() throws -> Bool {
            try work.text("bed/log/slurmctld.log").contains("Time limit exhausted for JobId=\(last)(")
        }
        while try !isEnded(), Date().timeIntervalSince(limit) < 100 {
            freeze()
            usleep(50_000)
        }
        #expect(try isEnded())
        #expect(try calm.wait().code == 0)
        try bed.act("revive", "n2")
        #expect(try work.run("unpause", "many").code == 0)

        let end = try launch.wait()
        #expect(end.code == 0, "\(end.all)")
        #expect(try bed.call("squeue", "-h").isEmpty, "no job is left")
        #expect(try work.bytes("many/records.ndjson") == work.bytes("calm/records.ndjson"))
        try expectAllMeasuredOnce(work, "many", trials: 40)
        let words = try logs(work)
        #expect(
            words.contains { $0.contains("stopped; its unfinished trials go to other workers") }, "\(words)")
        #expect(try work.run("keys", "list", "keys").all.contains("ranksweep-") == false)
        try bed.act("down")
        #expect(try processes(with: work.folder.path).isEmpty)
    }

    @Test
    func `Jobs outlive a launch that is killed; the next takes them over, and Ctrl-C ends them`() throws {
        let work = try Workspace()
        let bed = try SlurmBed(2, in: work)
        try work.write(smallSweep(steps: 70_000), to: "s.yaml")
        try PretendedHosts.makeBundle(work)
        // The port is left open: the next launch takes the one that the jobs look for.
        try cluster(work, "  time: 00:05:00\n  min_jobs: 2\n  max_jobs: 2\n  nodes: n[1-2]")
        let first = try work.start(
            "ranksweep", ["launch", "lab.yaml", "s.yaml", "--out", "many"], environment: bed.environment)
        try eventually("two workers", of: first) {
            first.errors.components(separatedBy: "worker on ").count == 3
        }
        first.signal(SIGKILL)
        _ = try first.wait()
        let jobs = try bed.running().map(\.id).sorted()
        #expect(jobs.count == 2, "\(first.errors)")
        let second = try work.start(
            "ranksweep", ["launch", "lab.yaml", "many"], environment: bed.environment)
        try eventually("two workers again", of: second) {
            second.errors.components(separatedBy: "worker on ").count == 3
        }
        try eventually("they are told of", of: second) {
            second.errors.contains("2 jobs of this run are already in the queue")
        }
        #expect(try bed.running().map(\.id).sorted() == jobs)
        second.signal(SIGINT)
        let end = try second.wait()
        #expect(end.code == 3 && end.errors.contains("to continue: ranksweep launch"), "\(end.all)")
        #expect(try bed.call("squeue", "-h").isEmpty)
        #expect(try processes(with: "ranksweep-worker", work.folder.path).isEmpty)
    }

    @Test func `A job that Slurm would reject is an error before anything is begun`() throws {
        let work = try Workspace()
        let bed = try SlurmBed(2, in: work)
        try work.write(smallSweep(), to: "s.yaml")
        try PretendedHosts.makeBundle(work)
        func message(_ slurm: String, environment: [String: String]? = nil) throws -> String {
            try cluster(work, slurm)
            let end = try work.start(
                "ranksweep", ["launch", "lab.yaml", "s.yaml", "--out", "many"],
                environment: environment ?? bed.environment
            ).wait()
            #expect(end.code == 2, "\(slurm): \(end.all)")
            #expect(!work.exists("many"), "\(slurm)")
            return end.errors
        }
        #expect(
            try message("  partition: mian").contains(
                "lab.yaml: slurm: sbatch rejected the job: sbatch: error: invalid partition specified: mian")
        )
        // No node has so much, and none is away that might.
        #expect(
            try message("  sbatch_args: [--mem=900G]").contains("lab.yaml: slurm: sbatch rejected the job: ")
        )
        #expect(try message("  sbatch_args: [--memm=4G]").contains("sbatch rejected the job: "))
        #expect(
            try message("  sbatch_args: [mem=4G]").contains(
                "lab.yaml:8:16: slurm.sbatch_args: 'mem=4G' is no option of sbatch"))
        #expect(
            try message("  nodes: n3").contains("slurm.nodes: Slurm has no node 'n3'; did you mean 'n1'?"))
        #expect(
            try message("  nodes: n[1-").contains("lab.yaml:8:10: slurm.nodes: 'n[1-' is no list of nodes"))
        #expect(
            try message("  max_jobs: 2", environment: ["PATH": "/nowhere"]).contains(
                "the program sbatch is not installed: launch Slurm jobs from a machine that has Slurm"))
        try FileManager.default.removeItem(at: work.folder.appending(path: "shared"))
        try work.write("", to: "shared")
        #expect(try message("  max_jobs: 2").contains("slurm.folder must be a folder that you may write to"))
        #expect(try bed.call("squeue", "-h").isEmpty)
    }
}
