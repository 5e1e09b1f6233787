import Records
import Console
import Glibc
import Sweep
import Text
import Transport
import WorkerService

/// The record body that this program's slots send: all that the sweep's trials measure, for `depth` layers.
private func fixedBody(depth: Int) -> JSONValue {
    func statistic(_ count: Int) -> JSONValue {
        .object([
            "mean": JSONValue([Double](repeating: 4.9375, count: count)),
            "stderr": JSONValue([Double](repeating: 0.0625, count: count)),
        ])
    }
    let metrics: Metrics = [
        .izyBits: .number(1.0865), .izyNats: .number(0.7531),
        .informativeDirections: .object(["mean": .number(5), "stderr": .number(0)]),
        .klBits: .number(1.8034), .klNats: .number(1.25),
        .localRank: .object(["0.01": statistic(depth), "0.1": statistic(depth)]),
        .localRankNoise: .object(["1": statistic(1)]),
        .localRankRelative: .object(["0.01": statistic(depth)]), .testLoss: .number(2.6875),
        .trainLoss: .number(2.6172),
    ]
    let theory: Metrics = [
        .izyNats: .number(0.7713), .informativeDirections: JSONValue(5), .klNats: .number(1.2578),
        .localRank: .object(["0.01": JSONValue(5), "0.1": JSONValue(4)]),
    ]
    let others = [
        TheoryKey.criticalBetas.rawValue: JSONValue([0.9025, 0.8464, 0.81, 0.25, 0.16]),
        TheoryKey.rank.rawValue: JSONValue(5),
    ]
    return .object([
        "metrics": .object(metrics.byKey), "outcome": .string("measured"),
        "theory": .object(theory.byKey.merging(others) { first, _ in first }),
    ])
}

private let fixedBodies = [fixedBody(depth: 1), fixedBody(depth: 2)]

/// Runs a worker of `measureDispatch`, or one of its slots, if the arguments ask for one. It trains nothing
/// and otherwise equals `ranksweep-worker`. Only this program can do so: the shipped worker always trains.
func beWorkerIfAsked(_ arguments: [String]) {
    guard let first = arguments.first, ["--connect", "--slot"].contains(first) else { return }
    runWorkerCommand(
        arguments,
        insteadOfTraining: { settings in
            if !hasBegun { printError(firstTrialLine) }
            hasBegun = true
            return fixedBodies[min(1, settings.depth - 1)]
        })
}

/// The line that a slot prints at its first trial, for programs that wait for it.
let firstTrialLine = "the first trial"
nonisolated(unsafe) private var hasBegun = false

/// Trials without training through real processes over TCP with keys: `ranksweep run` and workers of this
/// program. Everything else is as in any run: the journal is on this folder's disk, and a record is
/// acknowledged when it is durable.
///
/// Seconds are counted from the start of the first trial to the end of the workers, which comes with the last
/// acknowledgement.
func measureDispatch(_ options: Options) throws(BenchError) -> Measurement {
    var measurement = Measurement(seconds: [])
    var runs: [DispatchRun] = []
    // The sweep has a hundred grid points.
    let seeds = ((options.trials ?? 50_000) + 99) / 100
    for _ in 0..<options.repeats { runs.append(try DispatchRun(options, seeds: seeds)) }
    measurement.seconds = runs.map(\.seconds)
    measurement.trials = 100 * seeds
    let trials = Double(100 * seeds)
    func each(_ values: [Double]) -> JSONValue { .array(values.map { .number($0) }) }
    measurement.details = [
        "trials": JSONValue(100 * seeds), "workers": JSONValue(options.workers),
        "slots": JSONValue(options.slots ?? 1),
        "coordinator_thread_seconds": each(runs.map(\.threadSeconds)),
        "coordinator_cpu_seconds": each(runs.map(\.coordinator.cpuSeconds)),
        "worker_cpu_seconds": each(runs.map(\.workers.cpuSeconds)),
        "coordinator_peak_bytes": JSONValue(runs.map(\.coordinator.peakBytes)),
        "worker_peak_bytes": JSONValue(runs.map(\.workers.peakBytes)),
        "loopback_bytes_per_trial": each(runs.map { Double($0.loopbackBytes) / trials }),
        "journal_bytes_per_trial": each(runs.map { Double($0.journalBytes) / trials }),
    ]
    return measurement
}

/// A sweep of small VIBs: a hundred grid points with `seeds` seeds each.
func smallSweep(seeds: Int) -> String {
    """
    name: dispatch
    model: vib
    dataset: {name: gaussian, correlations: [0.4, 0.5, 0.9, 0.92, 0.95]}
    axes:
      beta: {log: [1e-3, 1.0], count: 50}
      depth: [1, 2]
      seed: {range: [0, \(seeds)]}
    training: {learning_rate: 1e-2, steps: 20000, batch_size: 256}
    """
}

/// A sweep's coordinator and workers of this program, in their own folder.
struct ServedSweep {
    let folder: WorkFolder
    let run: ChildProgram
    let workers: [ChildProgram]
    /// Seconds from the coordinator's start until it listened.
    let secondsToListening: Double

    init(_ options: Options, seeds: Int, workers count: Int) throws(BenchError) {
        folder = try WorkFolder()
        let ranksweep = try besideThisProgram("ranksweep")
        try write(smallSweep(seeds: seeds), to: folder.path + "/sweep.yaml")
        for arguments in [["new", folder.path + "/keys"], ["add", folder.path + "/keys", "here"]] {
            let keys = try start(ranksweep, ["keys"] + arguments, folder.path + "/keys.log")
            guard keys.wait().isSuccess else {
                throw .programFailed(log: text(of: folder.path + "/keys.log"))
            }
        }
        let clock = ContinuousClock()
        let begin = clock.now
        run = try start(
            ranksweep,
            [
                "run", folder.path + "/sweep.yaml", "--out", folder.path + "/run", "--listen",
                "tcp://127.0.0.1:*", "--keys", folder.path + "/keys",
            ], folder.path + "/run.log")
        guard let address = listening(run, folder.path + "/run.log") else {
            throw .programFailed(log: text(of: folder.path + "/run.log"))
        }
        secondsToListening = (clock.now - begin) / .seconds(1)
        var started: [ChildProgram] = []
        for _ in 0..<count {
            started.append(
                try start(
                    try ownProgram(),
                    [
                        "--connect", address, "--keys", folder.path + "/keys/hosts/here", "--slots",
                        String(options.slots ?? 1), "--data", folder.path, "--coordinator-timeout", "60",
                    ], folder.path + "/worker.log"))
        }
        workers = started
    }
}

private struct DispatchRun {
    var seconds: Double
    /// Processor time of the coordinator's one thread until the last trial was acknowledged.
    var threadSeconds: Double
    var coordinator: Usage
    var workers: Usage
    /// Bytes over the loopback interface in that time, of all programs.
    var loopbackBytes: Int
    var journalBytes: Int

    init(_ options: Options, seeds: Int) throws(BenchError) {
        let before = loopbackCount()
        let served = try ServedSweep(options, seeds: seeds, workers: options.workers)
        let folder = served.folder
        defer { folder.remove() }
        workers = Usage()
        for work in served.workers {
            guard let usage = Usage(waitingFor: work.process) else {
                for process in [served.run] + served.workers { process.send(signal: SIGKILL) }
                throw .programFailed(log: text(of: folder.path + "/worker.log"))
            }
            workers.add(usage)
        }
        let end = unixMilliseconds()
        threadSeconds = firstThreadSeconds(served.run.process)
        loopbackBytes = loopbackCount() - before
        guard let coordinator = Usage(waitingFor: served.run.process),
            let begin = firstStart(folder.path + "/run/provenance.ndjson")
        else { throw .programFailed(log: text(of: folder.path + "/run.log")) }
        self.coordinator = coordinator
        seconds = Double(end) / 1000 - begin
        journalBytes = fileSize(folder.path + "/run/journal.sqlite")
    }
}

/// The address on which the coordinator listens, once it prints it; nil if the coordinator ends before.
private func listening(_ run: ChildProgram, _ log: String) -> String? {
    while run.endIfEnded() == nil {
        // "2026-12-01T14:32:20+00:00 info: listening at tcp://127.0.0.1:4711; on each host: …"
        let parts = text(of: log).split(separator: "listening at ", maxSplits: 1)
        if parts.count > 1, let end = parts[1].firstIndex(of: ";") { return String(parts[1][..<end]) }
        usleep(1000)
    }
    return nil
}

/// Unix time of the start of the first attempt, in seconds. Reads line by line, because a child's peak memory
/// starts at this program's.
private func firstStart(_ path: String) -> Double? {
    guard let file = fopen(path, "re") else { return nil }
    defer { fclose(file) }
    var first: Double?
    var (buffer, capacity) = (UnsafeMutablePointer<CChar>?.none, 0)
    defer { free(buffer) }
    while case let length = getline(&buffer, &capacity, file), length > 0, let buffer {
        let line = UnsafeRawBufferPointer(start: buffer, count: length)
        guard let start = (try? JSONValue(parsing: line))?[.startMilliseconds]?.number else { continue }
        first = min(first ?? start, start)
    }
    return first.map { $0 / 1000 }
}
