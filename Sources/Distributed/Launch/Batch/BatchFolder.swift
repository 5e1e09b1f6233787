import Cluster
import Console
import Files
import Glibc
import Text
import Transport

/// A plan of a run's jobs: the engine's settings, the worker program and what it is started with.
package struct BatchPlan {
    /// The cluster file's settings, with the folder's absolute path, the same on all nodes.
    var settings: BatchSettings
    /// The path of `ranksweep-worker`, as the nodes see it.
    var worker: String
    /// The folder with the image data sets, as the nodes see it. It also holds checkpoints.
    var data: String?
    package var kernel: String?
    /// Further arguments of the worker.
    package var workerArguments: [String] = []
    /// A job that ends within this time without any trial done meanwhile has died.
    var quickMilliseconds: Int64 = 60_000
}

/// A run's files in the folder that all nodes see:
///
///     FOLDER/NAME/job.sh       the batch script
///     FOLDER/NAME/keys/        0700: the jobs' key
///     FOLDER/NAME/logs/        each job's output: ID.log
struct BatchFolder {
    let name: String
    let path: String

    /// - Parameter run: the run directory's absolute path, from which the jobs' name is made.
    init(_ plan: BatchPlan, run: String) {
        name = "ranksweep-" + Digest(of: run).hexadecimal(bytes: 6)
        path = "\(plan.settings.folder)/\(name)"
    }

    var script: String { path + "/job.sh" }
    var keys: String { path + "/keys" }
    private var logs: String { path + "/logs" }

    /// Makes the folder and the script.
    ///
    /// - Parameter keys: the coordinator's keys; nil where there are none. Makes the jobs' key, unless the
    ///   valid key of an earlier coordinator of this run is still there.
    func prepare(
        _ plan: BatchPlan, connect: String, keys folder: CoordinatorKeyFolder?
    ) throws(CommandFailure) {
        try filed { () throws(FileError) in
            try makeFolder(logs)
            let text = plan.settings.engine.script(of: job(plan, connect: connect, hasKeys: folder != nil))
            try writeFile(Array(text.utf8), to: script)
        }
        guard let folder else { return }
        if let old = try? WorkerKeys(reading: keys), old.coordinator == folder.pair.publicKey,
            (try? folder.names().contains(name)) ?? false
        {
            return
        }
        try keyed { () throws(KeyError) in
            if !folder.isRevoked(name) { try folder.retire(name) }
            try folder.add(name)
            try folder.moveHost(name, to: keys)
        }
    }

    func removeKeys() { removeWorkerFolder(keys) }

    func job(_ plan: BatchPlan, connect: String, hasKeys: Bool) -> BatchJob {
        var words = [plan.worker, "--connect", connect, "--slots", String(plan.settings.slots)]
        if hasKeys { words += ["--keys", keys] }
        if let data = plan.data { words += ["--data", data] }
        if let kernel = plan.kernel { words += ["--blas-kernel", kernel] }
        return BatchJob(
            name: name, comment: connect, slots: plan.settings.slots, script: script, logs: logs,
            command: words + plan.workerArguments)
    }

    func log(of job: String) -> String { "\(logs)/\(job).log" }

    /// The job's last output, at most this many lines.
    func lastLines(of job: String, _ count: Int) -> [String] {
        guard let file = try? openStream(log(of: job)) else { return [] }
        defer { fclose(file) }
        fseek(file, 0, SEEK_END)
        fseek(file, max(0, ftell(file) - 4096), SEEK_SET)
        var bytes = [UInt8](repeating: 0, count: 4096)
        let size = fread(&bytes, 1, bytes.count, file)
        let lines = String(decoding: bytes[..<size], as: UTF8.self).split(separator: "\n")
        return lines.suffix(count).map { printable(String($0)) }
    }
}
