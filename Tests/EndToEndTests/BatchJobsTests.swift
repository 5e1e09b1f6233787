import Console
import Foundation
import Glibc
import Testing
import Transport

@testable import Cluster
@testable import CoordinatorService
@testable import Launch

/// The executor against sbatch, squeue and scancel that are played by shell scripts: a folder with a file for each
/// job. On $PATH of this process, so one test after another.
@Suite(.serialized) struct BatchJobsTests {
    /// The played Slurm, as a test sees it.
    private struct Played {
        let work: Workspace
        let path: String

        init(_ work: Workspace) throws {
            self.work = work
            path = work.folder.path
            for folder in ["bin", "queue", "shared"] {
                try FileManager.default.createDirectory(
                    at: work.folder.appending(path: folder), withIntermediateDirectories: true)
            }
            try script(
                "sbatch",
                """
                [ ! -e \(path)/hang ] || exec sleep 100
                [ ! -e \(path)/never ] || { cat \(path)/never >&2; exit 1; }
                [ ! -e \(path)/refuse ] || { echo "sbatch: error: Batch job submission failed: no" >&2; exit 1; }
                echo "$*" >> \(path)/sbatch.log
                env | sort > \(path)/sbatch.env
                number=$(($(cat \(path)/number 2>/dev/null || echo 6) + 1)); echo $number > \(path)/number
                for word; do
                    case $word in
                    --array=0-*) last=${word#--array=0-} ;;
                    --comment=*) comment=${word#--comment=} ;;
                    esac
                done
                for i in $(seq 0 $last); do echo "${number}_$i|RUNNING|None|$comment" > \(path)/queue/${number}_$i; done
                echo $number
                """)
            try script(
                "squeue",
                "echo >> \(path)/squeue.log; [ ! -e \(path)/down ] || { echo 'squeue: error: down' >&2; exit 1; }; cat \(path)/queue/* 2>/dev/null; true"
            )
            try script(
                "scancel", "echo \"$*\" >> \(path)/scancel.log; for id; do rm -f \(path)/queue/$id; done")
        }

        func script(_ name: String, _ text: String) throws {
            try work.write("#!/bin/bash\n\(text)\n", to: "bin/\(name)")
            try FileManager.default.setAttributes(
                [.posixPermissions: 0o755], ofItemAtPath: "\(path)/bin/\(name)")
        }

        /// How often squeue was called.
        func listCalls() throws -> Int {
            work.exists("squeue.log") ? try work.bytes("squeue.log").count : 0
        }

        func jobs() throws -> [String] {
            try FileManager.default.contentsOfDirectory(atPath: "\(path)/queue").sorted()
        }

        var plan: BatchPlan {
            var slurm = Slurm()
            for (key, text) in [("partition", "main"), ("time", "00:10:00"), ("sbatch_args", "--mem=1G")] {
                #expect(slurm.set(key, to: text) == nil)
            }
            return plan(slurm)
        }

        func plan(_ engine: any BatchEngine) -> BatchPlan {
            var settings = BatchSettings(engine, folder: "\(path)/shared")
            settings.slots = 2
            settings.maxJobs = 3
            return BatchPlan(settings: settings, worker: "/opt/it's/worker")
        }
    }

    private func demand(_ left: Double, isEnding: Bool = false) -> WorkerDemand {
        WorkerDemand(trialsLeft: left, rate: nil, workers: 0, slots: 0, isEnding: isEnding)
    }

    /// Polls until the condition holds of what there is and of the lines so far, for three minutes at most.
    ///
    /// - Parameter ahead: how far the polls' clock is ahead.
    private func follow(
        _ jobs: inout BatchJobs, _ demand: WorkerDemand, ahead: Int64 = 0, _ what: String,
        until: (_ lines: [String]) throws -> Bool
    ) throws -> [String] {
        var lines: [String] = []
        try eventually(what) {
            lines += try jobs.poll(at: monotonicMilliseconds() + ahead, demand).lines
            return try until(lines)
        }
        return lines
    }

    /// With the played programs first on $PATH.
    private func withPlayed(_ body: (Played) throws -> Void) throws {
        let work = try Workspace()
        let played = try Played(work)
        let before = getenv("PATH").map { String(cString: $0) } ?? "/usr/bin:/bin"
        setenv("PATH", "\(played.path)/bin:\(before)", 1)
        defer { setenv("PATH", before, 1) }
        try body(played)
    }

    @Test func `Jobs are submitted and cancelled; keys are in no argument and no environment`() throws {
        try withPlayed { played in
            try CoordinatorKeyFolder.create("\(played.path)/keys")
            let keys = try CoordinatorKeyFolder(reading: "\(played.path)/keys")
            var jobs = try BatchJobs(
                played.plan, connect: "tcp://head:5555", keys: keys, run: "\(played.path)/run",
                listMilliseconds: 20)
            let lines = try follow(&jobs, demand(100), "three jobs") { _ in try played.jobs().count == 3 }
            #expect(lines == ["Slurm: submitting 3 jobs"])
            let call = try played.work.text("sbatch.log")
            let name = BatchFolder(played.plan, run: "\(played.path)/run").name
            for word in [
                "--parsable", "--array=0-2", "--job-name=\(name)", "--requeue", "--open-mode=append",
                "--signal=B:TERM@10", "--cpus-per-task=2", "--partition=main", "--time=00:10:00",
            ] {
                #expect(call.contains(word), "\(call)")
            }
            let folder = "shared/\(name)"
            let script = try played.work.text("\(folder)/job.sh")
            #expect(script.contains("#SBATCH --mem=1G\n"))
            #expect(
                script.contains("exec '/opt/it'\\''s/worker' --connect tcp://head:5555 --slots 2 --keys "))
            // The last job of an array has the array's number, for which squeue tells of all of them.
            #expect(
                script.contains(
                    "\njob=${SLURM_ARRAY_JOB_ID:-$SLURM_JOB_ID}${SLURM_ARRAY_TASK_ID:+_$SLURM_ARRAY_TASK_ID}\n"
                ))
            let secret = try played.work.text("\(folder)/keys/worker.secret")
            let key = try #require(secret.split(separator: "\n").last)
            let status = try FileManager.default.attributesOfItem(
                atPath: "\(played.path)/\(folder)/keys/worker.secret")
            #expect(status[.posixPermissions] as? Int == 0o600)
            for index in ["sbatch.log", "sbatch.env", "\(folder)/job.sh"] {
                #expect(try !played.work.text(index).contains(key), "\(index)")
            }
            #expect(!FileManager.default.fileExists(atPath: "\(keys.path)/hosts/\(name)"))
            #expect(try keys.names() == [name])

            jobs.stop(ask: true)
            #expect(try played.jobs().isEmpty)
            #expect(try played.work.text("scancel.log") == "7_0 7_1 7_2\n")
            #expect(try keys.names().isEmpty)
            #expect(!played.work.exists("\(folder)/keys"))
        }
    }

    @Test
    func `Jobs of an earlier coordinator at the same address are adopted, others are cancelled`() throws {
        try withPlayed { played in
            func start(_ connect: String) throws -> BatchJobs {
                try BatchJobs(
                    played.plan, connect: connect, keys: nil, run: "\(played.path)/run",
                    listMilliseconds: 20)
            }
            var first = try start("tcp://head:1")
            _ = try follow(&first, demand(100), "three jobs") { _ in try played.jobs().count == 3 }
            // Killed: nothing was stopped. The next listens where it did.
            var second = try start("tcp://head:1")
            let lines = try follow(&second, demand(2), "a word") { !$0.isEmpty }
            #expect(lines == ["Slurm: 3 jobs of this run are already in the queue: 7_0, 7_1, 7_2"])
            var third = try start("tcp://head:2")
            _ = try follow(&third, demand(2), "one of its own") { _ in try played.jobs() == ["8_0"] }
            third.stop(ask: false)
            #expect(try played.jobs().isEmpty)
        }
    }

    @Test func `Errors of sbatch and squeue are reported once, and both are called again`() throws {
        try withPlayed { played in
            try played.work.write("", to: "down")
            try played.work.write("", to: "refuse")
            var jobs = try BatchJobs(
                played.plan, connect: "tcp://head:1", keys: nil, run: "\(played.path)/run",
                listMilliseconds: 20)
            var lines = try follow(&jobs, demand(2), "three questions") { _ in try played.listCalls() >= 3 }
            #expect(lines == ["warning: Slurm: squeue failed: squeue: error: down; trying again"])
            try FileManager.default.removeItem(atPath: "\(played.path)/down")
            lines = try follow(&jobs, demand(2), "two lines") { $0.count >= 2 }
            #expect(
                lines == [
                    "Slurm: submitting 1 job",
                    "Slurm: sbatch failed; retrying in 15 s: sbatch: error: Batch job submission failed: no",
                ])
            jobs.stop(ask: true)
        }
    }

    @Test func `A job that sbatch rejects for good ends the run with sbatch's text`() throws {
        try withPlayed { played in
            let text = "sbatch: error: Memory specification can not be satisfied"
            try played.work.write(
                "\(text)\nsbatch: error: Batch job submission failed: Requested node configuration is not available\n",
                to: "never")
            var jobs = try BatchJobs(
                played.plan, connect: "tcp://head:1", keys: nil, run: "\(played.path)/run",
                listMilliseconds: 20)
            var lines: [String] = []
            var failure: CommandFailure?
            try eventually("it gives up") {
                do throws(CommandFailure) {
                    lines += try jobs.poll(at: monotonicMilliseconds(), demand(2)).lines
                } catch { failure = error }
                return failure != nil
            }
            let reply = try #require(failure)
            #expect(reply.code == .interrupted, "what was begun can go on")
            #expect(
                reply.message.contains("Slurm: sbatch rejected the job for good: \(text)\n"),
                "\(reply.message)"
            )
            #expect(lines == ["Slurm: submitting 1 job"])
            jobs.stop(ask: true)
        }
    }

    @Test
    func `Jobs whose key is revoked are cancelled; after unrevoke others come with another key`() throws {
        try withPlayed { played in
            try CoordinatorKeyFolder.create("\(played.path)/keys")
            let keys = try CoordinatorKeyFolder(reading: "\(played.path)/keys")
            var jobs = try BatchJobs(
                played.plan, connect: "tcp://head:5555", keys: keys, run: "\(played.path)/run",
                listMilliseconds: 20)
            _ = try follow(&jobs, demand(100), "three jobs") { _ in try played.jobs().count == 3 }
            let name = BatchFolder(played.plan, run: "\(played.path)/run").name
            let secret = try played.work.text("shared/\(name)/keys/worker.secret")
            try keys.revoke(name)
            var lines = try follow(&jobs, demand(100), "none is left") { _ in try played.jobs().isEmpty }
            #expect(
                lines.contains { $0.contains("ranksweep keys unrevoke \(keys.path) \(name)") }, "\(lines)")
            #expect(!played.work.exists("shared/\(name)/keys/worker.secret") && keys.revokedNames() == [name])
            let calls = try played.work.text("sbatch.log")
            let listCalls = try played.listCalls()
            _ = try follow(&jobs, demand(100), ahead: 60_000, "more questions") { _ in
                try played.listCalls() >= listCalls + 3
            }
            #expect(try played.work.text("sbatch.log") == calls && keys.names().isEmpty)
            // Nor does a coordinator that is started again make a key.
            #expect(throws: CommandFailure.self) {
                try BatchJobs(
                    played.plan, connect: "tcp://head:5555", keys: keys, run: "\(played.path)/run")
            }
            try keys.unrevoke(name)
            lines = try follow(&jobs, demand(100), "a new key") { _ in try keys.names() == [name] }
            #expect(try played.work.text("shared/\(name)/keys/worker.secret") != secret)
            jobs.stop(ask: true)
            #expect(try keys.names().isEmpty && keys.revokedNames().isEmpty)
        }
    }

    @Test
    func `Another engine needs no more than its conformer: its key, its programs and its messages`() throws {
        let engines: [any BatchEngine.Type] = [Slurm.self, PretendedEngine.self]
        func read(_ text: String) throws -> ClusterFile {
            try ClusterFile(parsing: Array("name: x\n\(text)".utf8), file: "c.yaml", engines: engines)
        }
        let cluster = try read("queue: {lane: fast, resources: [mem=4G], folder: /f, slots: 2, max_jobs: 3}")
        guard case .batch(let settings) = cluster.engine else {
            Issue.record("no batch engine")
            return
        }
        let engine = try #require(settings.engine as? PretendedEngine)
        #expect(engine.lane == "fast" && engine.resources == ["mem=4G"] && settings.maxJobs == 3)
        for (text, message) in [
            (
                "queue: {folder: /f, resources: [x]}",
                "c.yaml:2:32: queue.resources: 'x' is no resource: NAME=VALUE"
            ),
            ("queue: {}\nslurm: {}", "c.yaml:3:1: slurm: a cluster has queue or slurm, not both"),
            (
                "listen: tcp://h:1",
                "c.yaml:1:1: missing: hosts or slurm or queue is required: where do the workers run?"
            ),
        ] {
            let error = #expect(throws: ClusterError.self) { try read(text) }
            #expect(error?.message == message)
        }
        try withPlayed { played in
            try played.script(
                "qsub",
                """
                [ ! -e \(played.path)/never ] || { echo unknown lane >&2; exit 1; }
                for i in $(seq 1 ${2#1-}); do echo "7.$i r $6" > \(played.path)/queue/7.$i; done
                echo "Your job-array 7.$2:1 has been submitted"
                """)
            try played.script("qstat", "cat \(played.path)/queue/* 2>/dev/null; true")
            try played.script(
                "qdel",
                "echo \"$*\" > \(played.path)/qdel.log; for id in ${2//,/ }; do rm \(played.path)/queue/$id; done"
            )
            var jobs = try BatchJobs(
                played.plan(engine), connect: "tcp://head:5555", keys: nil, run: "\(played.path)/run",
                listMilliseconds: 20)
            let lines = try follow(&jobs, demand(100), "three jobs") { _ in try played.jobs().count == 3 }
            #expect(lines == ["Queue: submitting 3 jobs"])
            let name = BatchFolder(played.plan(engine), run: "\(played.path)/run").name
            let script = try played.work.text("shared/\(name)/job.sh")
            #expect(script.hasPrefix("#!/bin/sh\n#$ -l mem=4G\nexec ") && script.contains(" --slots 2"))
            jobs.stop(ask: true)
            #expect(try played.jobs().isEmpty && played.work.text("qdel.log") == "-ids 7.1,7.2,7.3\n")

            try played.work.write("", to: "never")
            let programs = try BatchPrograms(engine)
            let error = #expect(throws: CommandFailure.self) {
                try programs.tryOut(played.plan(engine), script: "x", "c.yaml", RunLog())
            }
            #expect(error?.message == "c.yaml: queue: qsub rejected the job: unknown lane")
        }
    }

    @Test func `A call that hangs is killed when its time is up, with its children`() throws {
        try withPlayed { played in
            try played.work.write("", to: "hang")
            let program = "\(played.path)/bin/sbatch"
            var command = try #require(BatchCommand.start(program, ["--x"], passing: [], at: 0))
            #expect(command.readable.count == 2)
            #expect(command.poll(at: BatchCommand.patienceMilliseconds - 1) == nil)
            let killed = command.poll(at: BatchCommand.patienceMilliseconds)
            let answer = try #require(killed)
            #expect(!answer.isSuccess && answer.trouble == "no answer for 30 s")
        }
    }
}
