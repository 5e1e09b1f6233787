import Foundation
import Glibc
import Testing

/// A real Slurm on this machine: `cluster/testbed/slurm.sh`.
final class SlurmBed {
    static let script = WorkerBundle.root.appending(path: "cluster/testbed/slurm.sh").path

    /// Why this machine can have none; nil where it can.
    static let obstacle: String? = {
        guard geteuid() == 0 else { return "needs root: slurmd runs jobs as their users" }
        for program in ["munged", "slurmctld", "slurmd", "sinfo"]
        where !["/usr/bin", "/usr/sbin", "/bin", "/sbin"].contains(where: {
            access("\($0)/\(program)", X_OK) == 0
        }) {
            return "\(program) is not installed: apt-get install slurm-wlm munge"
        }
        return nil
    }()

    let folder: String
    private let work: Workspace

    /// The environment of programs that talk to it. Other tests play sbatch on their own $PATH.
    var environment: [String: String] {
        ["SLURM_CONF": "\(folder)/slurm.conf", "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"]
    }

    /// - Parameter count: nodes, of one core each.
    init(_ count: Int, in work: Workspace) throws {
        self.work = work
        folder = work.folder.appending(path: "bed").path
        let up = try work.start(Self.script, ["up", String(count), folder], environment: ["CPUS": "1"]).wait()
        try #require(up.code == 0, "\(up.all)")
    }

    deinit { _ = try? work.start(Self.script, ["down", folder]).wait() }

    func act(_ words: String...) throws {
        let end = try work.start(Self.script, words + [folder]).wait()
        #expect(end.code == 0, "\(words): \(end.all)")
    }

    /// One of Slurm's programs.
    @discardableResult func call(_ program: String, _ arguments: String...) throws -> String {
        let end = try work.start("/usr/bin/\(program)", arguments, environment: environment).wait()
        #expect(end.code == 0, "\(program): \(end.all)")
        return end.output
    }

    /// Running jobs: identifier and node.
    func running() throws -> [(id: String, node: String)] {
        try call("squeue", "-h", "-r", "-t", "R", "-o", "%i %N").split(separator: "\n").map { line in
            let words = line.split(separator: " ")
            return (String(words[0]), words.count > 1 ? String(words[1]) : "")
        }
    }

    /// Processes of a node's jobs: the batch script, which became the worker, and the worker's slots.
    func workers(on node: String) throws -> [pid_t] {
        try processes(with: "ranksweep-worker", work.folder.path).filter { process in
            let bytes = FileManager.default.contents(atPath: "/proc/\(process)/environ") ?? Data()
            return String(decoding: bytes, as: UTF8.self).split(separator: "\0").contains(
                "SLURMD_NODENAME=\(node)")
        }
    }
}
