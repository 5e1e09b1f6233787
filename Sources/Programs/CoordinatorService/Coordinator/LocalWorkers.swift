import Console
import Files
import Glibc
import Launch
import Text
import Transport

/// The workers that a run starts on this machine: child processes, restarted if they end too early.
struct LocalWorkers: WorkerSource {
    private struct Worker {
        var child: ChildProgram
        /// The pipe from the worker's standard error.
        var output: Int32
        var line: [UInt8] = []
    }

    private let program: String
    private let options: RunOptions
    private let endpoint: String
    private let keys: WorkerKeys?
    /// The run directory, which holds the sweep's files.
    private let run: String
    /// Whether the workers write lines of level `debug`.
    private let isVerbose: Bool
    private var workers: [Worker?]
    /// Consecutive early ends of the workers at each index, with no record from any worker between them.
    private var fruitlessEnds: [Int]
    /// Whether the user was told why no worker can be started at the moment.
    private var reportedShortage = false
    private var startAgainAt: Int64 = 0

    static let maximumFruitlessEnds = 5

    /// - Parameters:
    ///   - endpoint: the address where the coordinator listens.
    ///   - keys: the keys of all workers started here.
    ///   - run: the run directory.
    init(
        _ options: RunOptions, endpoint: String, keys: WorkerKeys?, run: String, isVerbose: Bool
    ) throws(CommandFailure) {
        self.isVerbose = isVerbose
        self.run = absolutePath(run)
        program = try workerProgram()
        self.options = options
        self.endpoint = endpoint
        self.keys = keys
        workers = Array(repeating: nil, count: options.workers)
        fruitlessEnds = Array(repeating: 0, count: options.workers)
    }

    /// Descriptors that become readable when a worker writes something or ends.
    var readable: [Int32] { workers.compactMap { $0?.output } }

    var nextDeadline: Int64? { workers.contains { $0 == nil } ? startAgainAt : nil }

    mutating func poll(at now: Int64, _ demand: WorkerDemand) throws(CommandFailure) -> WorkerNews {
        let found = try readAll(isEnding: demand.isEnding)
        var news = WorkerNews(lines: found.lines.map { LogEntry.message(of: $0, from: "worker") })
        for (process, end) in found.ended {
            if !demand.isEnding { news.lines.append("a worker \(end.description); starting another") }
            news.note(WorkerProcess(host: hostName(), process: UInt32(process)), end)
        }
        if !demand.isEnding { try startMissing(at: now, &news) }
        return news
    }

    /// Starts the missing workers, at most once a second.
    private mutating func startMissing(at now: Int64, _ news: inout WorkerNews) throws(CommandFailure) {
        guard now >= startAgainAt, workers.contains(where: { $0 == nil }) else { return }
        startAgainAt = now + 1000
        for index in workers.indices where workers[index] == nil {
            let slots = options.slots * (index + 1) / workers.count - options.slots * index / workers.count
            workers[index] = try start(slots: slots)
        }
        let isShort = workers.contains { $0 == nil }
        if isShort, !reportedShortage {
            news.lines.append(
                "warning: no worker can be started here: \(systemMessage(EMFILE)); trying again every second"
            )
        }
        reportedShortage = isShort
    }

    /// nil where there are no free descriptors at the moment, for example in a storm of connections.
    private func start(slots: Int) throws(CommandFailure) -> Worker? {
        var arguments = [
            "--connect", endpoint, "--slots", String(slots), "--data", options.data, "--run", run,
            isVerbose ? "--verbose" : "--quiet", "--log-format", "json", "--parent", String(getpid()),
        ]
        var descriptors: [(ours: Int32, theirs: Int32)] = []
        var keyEnd: Int32?
        if let keys {
            keyEnd = try descriptor(holding: keys)
            guard let keyEnd else { return nil }
            arguments += ["--keys-descriptor", "3"]
            descriptors.append((ours: keyEnd, theirs: 3))
        }
        defer { if let keyEnd { close(keyEnd) } }
        if let seconds = options.checkpointSeconds { arguments += ["--checkpoint-every", String(seconds)] }
        if let bytes = options.memoryLimit { arguments += ["--memory-limit", String(bytes)] }
        if let kernel = options.kernel { arguments += ["--blas-kernel", kernel] }
        guard let ends = try makePipe() else { return nil }
        _ = fcntl(ends.reading, F_SETFL, O_NONBLOCK)
        let child = ChildProgram.start(
            program, arguments, environment: LocalWorkers.environment,
            // Standard error first: our end of it may be number 3.
            descriptors: [(ours: ends.writing, theirs: STDERR_FILENO)] + descriptors)
        let code = errno
        close(ends.writing)
        guard let child else { throw .fault("\(program) cannot be started: \(startMessage(code))") }
        return Worker(child: child, output: ends.reading)
    }

    /// The environment of a worker, in which a crash prints one line instead of pages.
    private static var environment: [String] {
        let isAsked = environmentValue("SWIFT_BACKTRACE") != nil
        // The worker's main process does no linear algebra, so it needs no OpenBLAS threads. It gives its
        // slots what they need.
        let own = ["OPENBLAS_NUM_THREADS=1"] + (isAsked ? [] : ["SWIFT_BACKTRACE=enable=no"])
        return environmentList().filter { !$0.hasPrefix("OPENBLAS_NUM_THREADS=") } + own
    }

    /// A pipe that holds the keys, to be read by one child. No process list and no file shows them.
    private func descriptor(holding keys: WorkerKeys) throws(CommandFailure) -> Int32? {
        guard let ends = try makePipe() else { return nil }
        let bytes = keys.handedDown
        let isWritten = writeAll(bytes, to: ends.writing)
        close(ends.writing)
        guard isWritten else {
            close(ends.reading)
            throw .fault("a pipe cannot be written: \(systemMessage(errno))")
        }
        return ends.reading
    }

    /// A record arrived: from here on, no end counts as one of a series of fruitless ends.
    mutating func noteSuccess() { for index in fruitlessEnds.indices { fruitlessEnds[index] = 0 } }

    /// Lines that the workers wrote, and processes that have ended. While the run is ending, no end is a
    /// failure.
    private mutating func readAll(isEnding: Bool) throws(CommandFailure) -> (
        lines: [String], ended: [(process: pid_t, end: ChildProgram.End)]
    ) {
        var lines: [String] = []
        var ended: [(process: pid_t, end: ChildProgram.End)] = []
        for index in workers.indices {
            guard var worker = workers[index] else { continue }
            lines += read(&worker)
            workers[index] = worker
            guard let end = worker.child.endIfEnded() else { continue }
            lines += read(&worker)
            close(worker.output)
            workers[index] = nil
            ended.append((worker.child.process, end))
            if isEnding { continue }
            guard end != .exited(ExitCode.wrongUse.rawValue) else {
                throw .input(
                    (lines.map(LogEntry.message(of:)) + ["a worker started here cannot work"])
                        .joined(separator: "\n"))
            }
            fruitlessEnds[index] += 1
        }
        if !isEnding, fruitlessEnds.contains(where: { $0 >= LocalWorkers.maximumFruitlessEnds }) {
            let last = ended.last.map { "; the last one \($0.end.description)" } ?? ""
            throw .fault("workers started here keep ending without a record\(last)")
        }
        return (lines, ended)
    }

    private func read(_ worker: inout Worker) -> [String] {
        var lines: [String] = []
        var bytes = [UInt8](repeating: 0, count: 4096)
        while let count = readArrived(worker.output, into: &bytes), count > 0 {
            for byte in bytes[..<count] {
                if byte == UInt8(ascii: "\n") || worker.line.count > 4000 {
                    lines.append(String(decoding: worker.line, as: UTF8.self))
                    worker.line = []
                } else {
                    worker.line.append(byte)
                }
            }
        }
        return lines
    }

    /// Ends the workers: asks first where the coordinator hasn't told them, waits two seconds, then kills.
    mutating func stop(ask: Bool) -> [String] {
        if ask { for worker in workers { worker?.child.send(signal: SIGTERM) } }
        let deadline = monotonicMilliseconds() + 2000
        for index in workers.indices {
            guard let worker = workers[index] else { continue }
            while worker.child.endIfEnded() == nil {
                if monotonicMilliseconds() > deadline {
                    worker.child.send(signal: SIGKILL)
                    _ = worker.child.wait()
                    break
                }
                usleep(10_000)
            }
            close(worker.output)
            workers[index] = nil
        }
        return []
    }
}

/// The path of `ranksweep-worker`, beside this program.
func workerProgram() throws(CommandFailure) -> String {
    let folder = thisProgram().flatMap { path in path.lastIndex(of: "/").map { path[..<$0] } } ?? "."
    let program = "\(folder)/ranksweep-worker"
    guard access(program, X_OK) == 0 else {
        throw .fault("\(program): not found: ranksweep and ranksweep-worker must be in the same folder")
    }
    return program
}
