import Console
import Glibc
import Sweep
import Text
import Transport
import WorkerService

/// The body of every record that this program's own slots send: of the size that a VIB's has.
let fixedBody: JSONValue = {
    let ranks: JSONValue = .object(["mean": JSONValue([5, 5]), "stderr": JSONValue([0.0625, 0.125])])
    let optimum: JSONValue = .object(["0.01": JSONValue([5, 5]), "0.1": JSONValue([5, 4])])
    return .object([
        "metrics": .object([
            "i_zy_nats": .number(0.7531), "kl_nats": .number(1.25), "loss_nats": .number(2.6875),
            "local_rank": .object(["0.01": ranks, "0.1": ranks]), "mean_kl_nats": .number(1.5),
        ]),
        "outcome": .string("measured"),
        "theory": .object(["kl_nats": .number(1.2578), "local_rank": optimum, "rank": JSONValue(5)]),
    ])
}()

/// Be a worker of `measureDispatch`, or a slot of one, if the arguments say so: one that trains nothing, and is a
/// `ranksweep-worker` in all else. Only here: the worker that ships cannot do without training.
func beWorkerIfAsked(_ arguments: [String]) {
    guard let first = arguments.first, ["--connect", "--slot"].contains(first) else { return }
    runWorkerCommand(arguments, insteadOfTraining: { _ in fixedBody })
}

/// Trials that cost nothing through real processes over TCP with keys: `ranksweep run`, and a worker of this program.
/// Everything else is as in any run: the journal on this folder's disk, a record acknowledged when it is durable.
///
/// Its seconds are those from the first trial's start to the worker's end, which comes with the last acknowledgement.
func measureDispatch(_ options: Options) throws(BenchError) -> Measurement {
    var measurement = Measurement(seconds: [])
    var runs: [DispatchRun] = []
    // The sweep has a hundred points.
    let seeds = (options.trials + 99) / 100
    for _ in 0..<options.repeats { runs.append(try DispatchRun(options, seeds: seeds)) }
    measurement.seconds = runs.map(\.seconds)
    measurement.trials = 100 * seeds
    measurement.details = [
        "trials": JSONValue(100 * seeds), "slots": JSONValue(options.slots),
        "coordinator_cpu_seconds": JSONValue(runs.map(\.coordinator.cpuSeconds)),
        "worker_cpu_seconds": JSONValue(runs.map(\.worker.cpuSeconds)),
        "coordinator_peak_bytes": JSONValue(runs.map(\.coordinator.peakBytes)),
        "worker_peak_bytes": JSONValue(runs.map(\.worker.peakBytes)),
    ]
    return measurement
}

/// What a process and the children it waited for took.
private struct Usage {
    var cpuSeconds = 0.0
    /// Of the largest of them.
    var peakBytes = 0

    /// Waits for a process; nil unless it ended well.
    init?(waitingFor process: pid_t) {
        var (status, usage) = (Int32(0), rusage())
        while wait4(process, &status, 0, &usage) < 0 { guard errno == EINTR else { return nil } }
        guard status == 0 else { return nil }
        func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }
        cpuSeconds = seconds(usage.ru_utime) + seconds(usage.ru_stime)
        peakBytes = Int(usage.ru_maxrss) * 1024
    }
}

private struct DispatchRun {
    var seconds: Double
    var coordinator: Usage
    var worker: Usage

    init(_ options: Options, seeds: Int) throws(BenchError) {
        var name = Array("ranksweep-bench-XXXXXX".utf8CString)
        guard mkdtemp(&name) != nil, let own = thisProgram() else {
            throw .system("make a folder here", errno)
        }
        let folder = String(decoding: name.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        defer { _ = ChildProgram.start("/bin/rm", ["-rf", folder], environment: [])?.wait() }
        let program = (own.lastIndex(of: "/").map { String(own[...$0]) } ?? "./") + "ranksweep"
        let sweep = """
            name: dispatch
            experiment: vib
            dataset: {name: gaussian, correlations: [0.4, 0.5, 0.9, 0.92, 0.95]}
            axes:
              beta: {log: [1e-3, 1.0], count: 50}
              depth: [1, 2]
              seed: {range: [0, \(seeds)]}
            training: {learningRate: 1e-2, steps: 20000, batch: 256}
            """
        try write(sweep, to: folder + "/sweep.yaml")
        for arguments in [["new", folder + "/keys"], ["add", folder + "/keys", "here"]] {
            guard try start(program, ["keys"] + arguments, folder + "/keys.log").wait().isSuccess else {
                throw .dispatchFailed(log: text(of: folder + "/keys.log"))
            }
        }
        let log = folder + "/run.log"
        let run = try start(
            program,
            [
                "run", folder + "/sweep.yaml", "--out", folder + "/run", "--listen", "tcp://127.0.0.1:*",
                "--keys", folder + "/keys",
            ], log)
        guard let address = listening(run, log) else { throw .dispatchFailed(log: text(of: log)) }
        let work = try start(
            own,
            [
                "--connect", address, "--keys", folder + "/keys/hosts/here", "--slots", String(options.slots),
                "--data", folder,
            ], folder + "/worker.log")
        guard let worker = Usage(waitingFor: work.process) else {
            run.send(signal: SIGKILL)
            throw .dispatchFailed(log: text(of: folder + "/worker.log"))
        }
        let end = unixMilliseconds()
        guard let coordinator = Usage(waitingFor: run.process),
            let begin = firstStart(folder + "/run/provenance.ndjson")
        else { throw .dispatchFailed(log: text(of: log)) }
        (self.coordinator, self.worker) = (coordinator, worker)
        seconds = Double(end) / 1000 - begin
    }
}

/// Where the coordinator listens, once it says so; nil where it ends before.
private func listening(_ run: ChildProgram, _ log: String) -> String? {
    while run.endIfEnded() == nil {
        let line = text(of: log).split(separator: "\n").first { $0.hasPrefix("listening at ") }
        if let address = line?.split(separator: " ")[2] { return String(address.dropLast()) }
        usleep(10_000)
    }
    return nil
}

/// Unix time of the first attempt's start, in seconds. Line by line: a child's peak memory begins with this program's.
private func firstStart(_ path: String) -> Double? {
    guard let file = fopen(path, "re") else { return nil }
    defer { fclose(file) }
    var first: Double?
    var (buffer, capacity) = (UnsafeMutablePointer<CChar>?.none, 0)
    defer { free(buffer) }
    while case let length = getline(&buffer, &capacity, file), length > 0, let buffer {
        let line = UnsafeRawBufferPointer(start: buffer, count: length)
        guard let start = (try? JSONValue(parsing: line))?["start_unix_ms"]?.number else { continue }
        first = min(first ?? start, start)
    }
    return first.map { $0 / 1000 }
}

private func start(
    _ program: String, _ arguments: [String], _ log: String
) throws(BenchError) -> ChildProgram {
    let file = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
    defer { close(file) }
    guard file >= 0,
        let child = ChildProgram.start(
            program, arguments, environment: environmentList(),
            descriptors: [(ours: file, theirs: STDOUT_FILENO), (ours: file, theirs: STDERR_FILENO)])
    else { throw .system("start \(program)", errno) }
    return child
}

private func write(_ text: String, to path: String) throws(BenchError) {
    let file = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
    defer { close(file) }
    let bytes = Array(text.utf8)
    guard file >= 0, Glibc.write(file, bytes, bytes.count) == bytes.count else {
        throw .system("write \(path)", errno)
    }
}

private func text(of path: String) -> String {
    guard let file = fopen(path, "re") else { return "" }
    defer { fclose(file) }
    var all: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 1 << 16)
    while true {
        let count = fread(&piece, 1, piece.count, file)
        guard count > 0 else { return String(decoding: all, as: UTF8.self) }
        all += piece[..<count]
    }
}
