import Console
import Files
import Glibc
import Text
import Transport

/// The workers that a run starts on this machine: child processes, started again where they end too early.
struct LocalWorkers: WorkerSource {
    private struct Worker {
        var child: ChildProgram
        /// Reads what it writes to standard error.
        var output: Int32
        var line: [UInt8] = []
    }

    private let program: String
    private let options: RunOptions
    private let endpoint: String
    private let keys: WorkerKeys?
    private var workers: [Worker?]
    /// Early ends in a row of the workers in each place, without a record of any between them.
    private var fruitlessEnds: [Int]
    /// Why none could be started just now, as was told.
    private var toldShortage = false
    private var startAgainAt: Int64 = 0

    static let maximumFruitlessEnds = 5

    /// - Parameters:
    ///   - endpoint: where the coordinator listens.
    ///   - keys: of all workers started here.
    init(_ options: RunOptions, endpoint: String, keys: WorkerKeys?) throws(CommandFailure) {
        program = try workerProgram()
        self.options = options
        self.endpoint = endpoint
        self.keys = keys
        workers = Array(repeating: nil, count: options.workers)
        fruitlessEnds = Array(repeating: 0, count: options.workers)
    }

    /// Descriptors that become readable when a worker says something or ends.
    var readable: [Int32] { workers.compactMap { $0?.output } }

    var nextDeadline: Int64? { workers.contains { $0 == nil } ? startAgainAt : nil }

    mutating func poll(at now: Int64, _ demand: WorkerDemand) throws(CommandFailure) -> WorkerNews {
        let found = try readAll(isEnding: demand.isEnding)
        var news = WorkerNews(lines: found.lines.map { "worker: \($0)" })
        for (process, end) in found.ended {
            if !demand.isEnding { news.lines.append("a worker \(end.description); starting another") }
            news.note(WorkerProcess(host: hostName(), process: UInt32(process)), end)
        }
        if !demand.isEnding { try startMissing(at: now, &news) }
        return news
    }

    /// Starts those that do not run, at most once a second.
    private mutating func startMissing(at now: Int64, _ news: inout WorkerNews) throws(CommandFailure) {
        guard now >= startAgainAt, workers.contains(where: { $0 == nil }) else { return }
        startAgainAt = now + 1000
        for index in workers.indices where workers[index] == nil {
            let slots = options.slots * (index + 1) / workers.count - options.slots * index / workers.count
            workers[index] = try start(slots: slots)
        }
        let isShort = workers.contains { $0 == nil }
        if isShort, !toldShortage {
            news.lines.append(
                "warning: a worker cannot be started here: \(systemMessage(EMFILE)); trying again every second"
            )
        }
        toldShortage = isShort
    }

    /// nil where there are no descriptors left just now: in a storm of connections, say.
    private func start(slots: Int) throws(CommandFailure) -> Worker? {
        var arguments = [
            "--connect", endpoint, "--slots", String(slots), "--data", options.data, "--quiet", "--parent",
            String(getpid()),
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
        _ = fcntl(ends[0], F_SETFL, O_NONBLOCK)
        let child = ChildProgram.start(
            program, arguments, environment: LocalWorkers.environment,
            // Standard error first: its end may have the number 3 here.
            descriptors: [(ours: ends[1], theirs: STDERR_FILENO)] + descriptors)
        let code = errno
        close(ends[1])
        guard let child else { throw .fault("\(program) cannot be started: \(startMessage(code))") }
        return Worker(child: child, output: ends[0])
    }

    /// A worker that crashes says so in a line, not in pages.
    private static var environment: [String] {
        let isAsked = environmentValue("SWIFT_BACKTRACE") != nil
        // It does not calculate, so that it needs none of OpenBLAS's threads; it gives its slots what they need.
        let own = ["OPENBLAS_NUM_THREADS=1"] + (isAsked ? [] : ["SWIFT_BACKTRACE=enable=no"])
        return environmentList().filter { !$0.hasPrefix("OPENBLAS_NUM_THREADS=") } + own
    }

    /// A pipe that holds the keys, to be read by one child: nothing of it is in any list of processes or
    /// file.
    private func descriptor(holding keys: WorkerKeys) throws(CommandFailure) -> Int32? {
        guard let ends = try makePipe() else { return nil }
        let bytes = keys.handedDown
        let isWritten = write(ends[1], bytes, bytes.count) == bytes.count
        close(ends[1])
        guard isWritten else {
            close(ends[0])
            throw .fault("a pipe cannot be written: \(systemMessage(errno))")
        }
        return ends[0]
    }

    /// A record came: whatever ends now is not for want of trying.
    mutating func noteSuccess() { for index in fruitlessEnds.indices { fruitlessEnds[index] = 0 } }

    /// Lines that the workers wrote, and processes that have ended. While the run is ending no end is a failure.
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
                throw .input((lines + ["a worker started here cannot serve"]).joined(separator: "\n"))
            }
            fruitlessEnds[index] += 1
        }
        if !isEnding, fruitlessEnds.contains(where: { $0 >= LocalWorkers.maximumFruitlessEnds }) {
            let last = ended.last.map { "; the last one \($0.end.description)" } ?? ""
            throw .fault("workers started here end again and again without a record\(last)")
        }
        return (lines, ended)
    }

    private func read(_ worker: inout Worker) -> [String] {
        var lines: [String] = []
        var bytes = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = Glibc.read(worker.output, &bytes, bytes.count)
            guard count > 0 else { return lines }
            for byte in bytes[..<count] {
                if byte == UInt8(ascii: "\n") || worker.line.count > 2000 {
                    lines.append(String(decoding: worker.line, as: UTF8.self))
                    worker.line = []
                } else {
                    worker.line.append(byte)
                }
            }
        }
    }

    /// Ends them: asks first where they were not told to end, then waits two seconds, then kills.
    mutating func stop(ask: Bool) {
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
    }
}

/// Both ends of a pipe, of which no child gets either unless told; nil where there are no descriptors left
/// just now.
func makePipe() throws(CommandFailure) -> [Int32]? {
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else {
        let code = errno
        if code == EMFILE || code == ENFILE { return nil }
        throw .fault("pipe: \(systemMessage(code))")
    }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    return ends
}

/// The path of `ranksweep-worker`, beside this program.
func workerProgram() throws(CommandFailure) -> String {
    let folder = thisProgram().flatMap { path in path.lastIndex(of: "/").map { path[..<$0] } } ?? "."
    let program = "\(folder)/ranksweep-worker"
    guard access(program, X_OK) == 0 else {
        throw .fault("\(program): not there: ranksweep and ranksweep-worker belong into one folder")
    }
    return program
}
