import Foundation
import Testing
import Transport

@testable import Sweep

/// The templates for batch engines, run as their engines run them, as far as that goes without the engines.
@Suite(.serialized) struct ShardTemplateTests {
    private static let cluster = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().appending(path: "cluster")

    private func path(_ name: String) -> String { Self.cluster.appending(path: name).path }

    /// Runs a program of the system's, with this build's programs in the path.
    private func run(
        _ words: [String], in work: Workspace, _ environment: [String: String] = [:]
    ) throws -> (code: Int32, output: String) {
        let own = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let binaries = URL(filePath: own).deletingLastPathComponent().path
        let output = work.folder.appending(path: ".said")
        try Data().write(to: output)
        let file = try FileHandle(forWritingTo: output)
        let path = binaries + ":" + (ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin")
        let all = ProcessInfo.processInfo.environment.merging(environment) { $1 }.merging(["PATH": path]) {
            $1
        }
        // Foundation's would hand down that this thread blocks signals, which shells wait for.
        let child = try #require(
            ChildProgram.start(
                "/usr/bin/env", ["-C", work.folder.path] + words,
                environment: all.map { "\($0.key)=\($0.value)" },
                descriptors: [
                    (ours: file.fileDescriptor, theirs: STDOUT_FILENO),
                    (ours: file.fileDescriptor, theirs: STDERR_FILENO),
                ]))
        guard case .exited(let code) = child.wait() else { return (-1, "killed by a signal") }
        return (code, try String(contentsOf: output, encoding: .utf8))
    }

    private func workspace() throws -> Workspace {
        let work = try Workspace()
        try work.write(
            smallSweep(steps: 20).replacing("count: 8", with: "count: 2").replacing("[0, 5]", with: "[0, 2]"),
            to: "sweep.yaml")
        return work
    }

    /// The templates' shards are the whole sweep.
    private func expectWhole(_ work: Workspace, _ shards: Int, in folder: String) throws {
        let files = (0..<shards).map { "\(folder)/\($0).ndjson" }
        let end = try work.start("ranksweep", ["merge"] + files + ["--out", "m"]).wait()
        #expect(end.code == 0 && end.output.contains("4 of 4 trials"), "\(end.all)")
    }

    @Test func `The Slurm array's script runs the shard of its task`() throws {
        let work = try workspace()
        let script = path("shard-slurm-array.sbatch")
        for task in 0..<3 {
            let end = try run(
                ["bash", script, "sweep.yaml", "parts"], in: work,
                ["SLURM_ARRAY_TASK_ID": "\(task)", "SLURM_ARRAY_TASK_COUNT": "3", "SLURM_CPUS_PER_TASK": "1"])
            #expect(end.code == 0, "\(end.output)")
        }
        try expectWhole(work, 3, in: "parts")
        let bare = try run(["bash", script, "sweep.yaml", "parts"], in: work)
        #expect(bare.code != 0 && bare.output.contains("--array=0-N"), "\(bare.output)")
    }

    @Test
    func `The Slurm array's script stops its shard before the time limit, and asks for another turn`() throws
    {
        let work = try workspace()
        try work.writeScript("echo \"$@\" > asked", to: "scontrol")
        // As Slurm does it: the signal goes to the batch shell alone.
        try work.write(
            """
            PATH=$PWD:$PATH bash "$1" long.yaml parts & shell=$!
            until grep -q "worker on" .said; do sleep 0.1; done
            kill -USR1 $shell
            wait $shell
            """, to: "engine.sh")
        try work.write(smallSweep(steps: 3_000_000), to: "long.yaml")
        let end = try run(
            ["timeout", "60", "bash", "engine.sh", path("shard-slurm-array.sbatch")], in: work,
            [
                "SLURM_ARRAY_TASK_ID": "0", "SLURM_ARRAY_TASK_COUNT": "3", "SLURM_CPUS_PER_TASK": "1",
                "SLURM_JOB_ID": "4711",
            ])
        #expect(end.code == 3, "\(end.output)")
        #expect(try work.text("asked") == "requeue 4711\n")
        #expect(work.exists("parts/0.ndjson.work/journal.sqlite") && !work.exists("parts/0.ndjson"))
    }

    @Test func `The Kubernetes job is YAML, and its command runs the shard of its index`() throws {
        let work = try workspace()
        let text = try String(contentsOfFile: path("shard-kubernetes.yaml"), encoding: .utf8)
        _ = try YAMLReader.read(Array(text.utf8))
        for line in ["kind: Job", "completionMode: Indexed", "restartPolicy: Never"] {
            #expect(text.contains(line))
        }
        // The block after "- |", as the shell gets it.
        let lines = text.components(separatedBy: "\n")
        let begin = try #require(lines.firstIndex { $0.hasSuffix("- |") }) + 1
        let script = lines[begin...].prefix { $0.hasPrefix("              ") }.joined(separator: "\n")
            .replacing("/sweep/sweep.yaml", with: "sweep.yaml").replacing("/parts/", with: "./")
        #expect(script.contains("$JOB_COMPLETION_INDEX"))
        for index in 0..<2 {
            let end = try run(
                ["sh", "-c", script], in: work, ["JOB_COMPLETION_INDEX": "\(index)", "COUNT": "2"])
            #expect(end.code == 0, "\(end.output)")
        }
        try expectWhole(work, 2, in: ".")
    }

    @Test func `GNU parallel's script is a shell script that needs its arguments`() throws {
        let work = try workspace()
        let script = path("shard-parallel.sh")
        #expect(try run(["sh", "-n", script], in: work).code == 0)
        #expect(try run(["sh", script, "sweep.yaml"], in: work).code != 0)
    }

    /// Another program of that name comes with Debian's moreutils.
    private static let hasParallel =
        (try? Workspace().shell("parallel --version").output.contains("GNU parallel")) ?? false

    @Test(.enabled(if: hasParallel, "GNU parallel is not installed: apt install parallel"))
    func `GNU parallel's script runs all shards`() throws {
        let work = try workspace()
        let script = path("shard-parallel.sh")
        let end = try run(["sh", script, "sweep.yaml", "3", "it's my parts"], in: work)
        #expect(end.code == 0, "\(end.output)")
        try expectWhole(work, 3, in: "it's my parts")
    }
}
