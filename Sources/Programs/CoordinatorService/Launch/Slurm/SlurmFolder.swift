import Console
import Files
import Glibc
import Text
import Transport

/// Settings for submitting jobs: the cluster file's `slurm`.
struct SlurmJobSettings: Equatable {
    var partition: String?
    var account: String?
    /// In sbatch's format: "01:00:00".
    var time: String?
    /// Slots of each job.
    var slots = 1
    var minimum = 1
    var maximum = 10
    /// Absolute path of the folder, the same on all nodes.
    var folder: String
    /// Further sbatch options, such as "--mem=4G".
    var lines: [String] = []
    /// The folder with the image data sets, as the nodes see it. It also holds checkpoints.
    var data: String?
    var kernel: String?
    /// The path of `ranksweep-worker`, as the nodes see it.
    var worker: String
    /// Further arguments of the worker.
    var workerArguments: [String] = []
    /// A job that ends within this time without any trial done meanwhile has died.
    var quickMilliseconds: Int64 = 60_000

    /// sbatch's options for where a job runs, and how long.
    var place: [String] {
        var words = ["--nodes=1", "--ntasks=1", "--cpus-per-task=\(slots)"]
        if let partition { words.append("--partition=\(partition)") }
        if let account { words.append("--account=\(account)") }
        if let time { words.append("--time=\(time)") }
        return words
    }

    /// The batch script's lines for sbatch.
    var scriptLines: String { lines.map { "#SBATCH \($0)\n" }.joined() }
}

/// A run's files in the folder that all nodes see:
///
///     FOLDER/NAME/job.sh       the batch script
///     FOLDER/NAME/keys/        0700: the jobs' key
///     FOLDER/NAME/logs/        each job's output: ARRAY_INDEX.log
struct SlurmFolder {
    let name: String
    let path: String

    /// - Parameter run: the run directory's absolute path, from which the jobs' name is made.
    init(_ settings: SlurmJobSettings, run: String) {
        let digits = Digest(of: Array(run.utf8)).bytes.prefix(6).map { byte in
            let text = String(byte, radix: 16)
            return text.count < 2 ? "0" + text : text
        }
        name = "ranksweep-" + digits.joined()
        path = "\(settings.folder)/\(name)"
    }

    var script: String { path + "/job.sh" }
    var keys: String { path + "/keys" }
    private var logs: String { path + "/logs" }

    /// Makes the folder and the script.
    ///
    /// - Parameter keys: the coordinator's keys; nil where there are none. Makes the jobs' key, unless the
    ///   valid key of an earlier coordinator of this run is still there.
    func prepare(
        _ settings: SlurmJobSettings, connect: String, keys folder: CoordinatorKeyFolder?
    ) throws(CommandFailure) {
        try filed { () throws(FileError) in
            try makeFolder(logs)
            let text = slurmScript(settings, connect: connect, keys: folder == nil ? nil : keys)
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
        }
        try move(folder.host(name), to: keys)
    }

    /// Moves a key folder, also across file systems. The secret is never readable by others.
    private func move(_ from: String, to target: String) throws(CommandFailure) {
        removeKeys()
        guard mkdir(target, 0o700) == 0 else {
            throw .init(FileError(path: target, doing: "make the folder", code: errno))
        }
        for (file, mode) in [("worker.secret", mode_t(0o600)), ("coordinator.public", 0o644)] {
            let bytes = try filed { () throws(FileError) in try contents("\(from)/\(file)") }
            let descriptor = open("\(target)/\(file)", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)
            guard descriptor >= 0 else {
                throw .init(FileError(path: "\(target)/\(file)", doing: "write", code: errno))
            }
            let isWritten = write(descriptor, bytes, bytes.count) == bytes.count && fsync(descriptor) == 0
            let code = errno
            close(descriptor)
            guard isWritten else {
                throw .init(FileError(path: "\(target)/\(file)", doing: "write", code: code))
            }
        }
        for file in ["worker.secret", "coordinator.public"] { unlink("\(from)/\(file)") }
        rmdir(from)
    }

    private func contents(_ path: String) throws(FileError) -> [UInt8] {
        let file = try openStream(path)
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 65_536)
        let count = fread(&bytes, 1, bytes.count, file)
        return Array(bytes[..<count])
    }

    func removeKeys() {
        for file in ["worker.secret", "coordinator.public"] { unlink("\(keys)/\(file)") }
        rmdir(keys)
    }

    /// sbatch's options for an array of this many jobs, except those in the script.
    func submission(_ settings: SlurmJobSettings, connect: String, jobs: Int) -> [String] {
        var words = [
            "--parsable", "--array=0-\(jobs - 1)", "--job-name=\(name)", "--comment=\(connect)",
            "--export=ALL",
            "--requeue", "--open-mode=append", "--signal=B:TERM@10", "--output=\(logs)/%A_%a.log",
        ]
        words += settings.place
        return words + [script]
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

/// The batch script. It becomes the worker (exec), so that signals for the batch shell reach the worker.
func slurmScript(_ settings: SlurmJobSettings, connect: String, keys: String?) -> String {
    var words = [settings.worker, "--connect", connect, "--slots", String(settings.slots)]
    if let keys { words += ["--keys", keys] }
    if let data = settings.data { words += ["--data", data] }
    if let kernel = settings.kernel { words += ["--blas-kernel", kernel] }
    words += settings.workerArguments
    return """
        #!/bin/bash
        \(settings.scriptLines)\
        # Written by ranksweep for the jobs of one run. Newer Slurms say by themselves when a job ends.
        # The last job of an array has the array's number: asked for that, squeue would tell of all.
        job=${SLURM_ARRAY_JOB_ID:-$SLURM_JOB_ID}${SLURM_ARRAY_TASK_ID:+_$SLURM_ARRAY_TASK_ID}
        for _ in 1 2 3; do
            [ -z "${SLURM_JOB_END_TIME-}" ] || break
            end=$(squeue -h -j "$job" -o %e 2>/dev/null) || { sleep 1; continue; }
            SLURM_JOB_END_TIME=$(date -d "$end" +%s 2>/dev/null) || break
        done
        until=()
        if [ -n "${SLURM_JOB_END_TIME-}" ]; then
            export SLURM_JOB_END_TIME
            # Slurm sends SIGTERM 10 to 40 s before the end: the worker is gone by then.
            until=(--until slurm --shutdown-margin 45)
        fi
        exec \(words.map(shellQuoted).joined(separator: " ")) "${until[@]}"

        """
}
