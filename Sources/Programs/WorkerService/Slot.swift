import Console
import CPosix
import Experiments
import Files
import Glibc
import LinearAlgebra
import Records
import Sweep
import Text
import Wire

private let slotDescriptor: Int32 = 3

/// Runs a slot: reports that it is ready, then runs the trials it is given, one after another, until the
/// worker closes its end.
func runSlot(_ options: WorkerOptions, _ insteadOfTraining: ((TrialSettings) -> JSONValue)? = nil) -> ExitCode
{
    // The worker sends SIGUSR1 when it ends: save the trial's state so that another worker can resume it.
    cposix_note_signal(SIGUSR1)
    guard diesWithParent(options.parent, signal: SIGKILL) else { return .interrupted }
    let clock = CheckpointClock(
        CheckpointFolder(roots: options.workRoots),
        program: "\(programVersion) \(programCommit)", seconds: options.checkpointSeconds)
    var slot = Slot(
        runner: TrialRunner(data: options.data, slots: options.slots) {
            trialMemory(
                share: options.memoryShare, available: availableMemoryBytes(),
                own: processMemoryBytes(of: "self"))
        },
        outbox: Outbox(roots: options.workRoots, process: getppid()),
        clock: clock, insteadOfTraining: insteadOfTraining)
    guard slot.send(.ready(kernel: BLAS.kernelName, commit: programCommit)) else {
        return .done
    }
    var buffer = FrameBuffer()
    var bytes = [UInt8](repeating: 0, count: 65_536)
    while true {
        guard let count = readArrived(slotDescriptor, into: &bytes), count > 0 else { return .done }
        buffer.append(bytes[..<count])
        do throws(WireError) {
            while let frame = try buffer.next() {
                guard slot.perform(try SlotRequest(decoding: frame)) else { return .done }
            }
        } catch {
            printError("ranksweep-worker: its slot got a request it cannot read (\(error))")
            return .internal
        }
    }
}

private struct Slot {
    var runner: TrialRunner
    private var grid: Result<Grid, SweepError>?
    /// The grid's trials and the records that they can give; nil until the grid is known.
    private var records: SweepRecords?

    private let outbox: Outbox
    private let clock: CheckpointClock
    private let insteadOfTraining: ((TrialSettings) -> JSONValue)?

    init(
        runner: TrialRunner, outbox: Outbox, clock: CheckpointClock,
        insteadOfTraining: ((TrialSettings) -> JSONValue)?
    ) {
        self.insteadOfTraining = insteadOfTraining
        self.runner = runner
        self.outbox = outbox
        self.clock = clock
    }

    /// Handles a request; returns false if the worker is gone.
    mutating func perform(_ request: SlotRequest) -> Bool {
        switch request {
        case .sweep(let json):
            do throws(SweepError) {
                let grid = try Grid(parsing: json)
                self.grid = .success(grid)
                records = SweepRecords(grid)
            } catch { grid = .failure(error) }
            return true
        case .run(let indices): return run(indices)
        }
    }

    private struct Failure: Error { let cause: String }

    private struct Success {
        let id: TrialID
        let body: JSONValue
        let files: [KeptFile]
        let continuedFrom: UInt64
        var measuringSeconds = 0.0
    }

    /// Time spent measuring networks rather than training them.
    private struct MeasuringTime {
        private var nanoseconds: Int64 = 0
        private var since: Int64 = 0
        var seconds: Double { Double(nanoseconds) / 1e9 }

        mutating func note(_ isMeasuring: Bool) {
            let now = monotonicNanoseconds()
            if isMeasuring { since = now } else { nanoseconds += now - since }
        }
    }

    /// Runs trials and answers for each. Batched trials share the time equally. Returns false if the worker
    /// is gone.
    private mutating func run(_ indices: [UInt64]) -> Bool {
        if indices.count > 1 {
            resetPeakMemory()
            let start = monotonicMilliseconds()
            if let outcomes = runTogether(indices) {
                let share = Double(monotonicMilliseconds() - start) / 1000 / Double(indices.count)
                for (index, outcome) in zip(indices, outcomes) {
                    guard answer(index, outcome, seconds: share) else { return false }
                }
                return true
            }
        }
        for index in indices {
            resetPeakMemory()
            let start = monotonicMilliseconds()
            let outcome = run(index)
            let seconds = Double(monotonicMilliseconds() - start) / 1000
            guard answer(index, outcome, seconds: seconds) else { return false }
        }
        return true
    }

    private mutating func answer(
        _ index: UInt64, _ outcome: Result<Success, Failure>, seconds: Double
    ) -> Bool {
        func fail(_ cause: String) -> Bool {
            send(.failed(trial: index, cause: cause, seconds: seconds, peakMemoryBytes: peakMemory()))
        }
        switch outcome {
        case .success(let result):
            let body = result.body.canonicalBytes
            // A coordinator accepts no other record, and bans a worker that sends one.
            if body.count <= WireLimit.body, let trial = records?.trials.trial(at: Int(index)) {
                do throws(RecordFault) { _ = try records?.body(body, of: trial) } catch {
                    return fail("its record can't come from this sweep: \(error)")
                }
            }
            return send(
                .done(
                    trial: index, id: result.id, body: body, files: result.files,
                    continuedFrom: result.continuedFrom, seconds: seconds,
                    measuringSeconds: min(seconds, result.measuringSeconds), peakMemoryBytes: peakMemory()))
        case .failure(let failure): return fail(failure.cause)
        }
    }

    /// The trial's settings with its identifier.
    private mutating func find(_ index: UInt64, _ grid: Grid) -> (Trial, TrialID)? {
        guard let position = Int(exactly: index), position < grid.count,
            let trial = records?.trials.trial(at: position), let id = records?.trials.id(of: trial)
        else { return nil }
        return (trial, id)
    }

    /// Trains trials as one batch. nil if they cannot be batched or one of them fails: run alone, each
    /// reports its own error.
    private mutating func runTogether(_ indices: [UInt64]) -> [Result<Success, Failure>]? {
        guard case .success(let grid)? = grid, insteadOfTraining == nil else { return nil }
        var group: [(trial: Trial, id: TrialID)] = []
        for index in indices {
            guard let known = find(index, grid) else { return nil }
            group.append(known)
        }
        let settings = group.map(\.trial.settings)
        guard BatchKey.holds(all: settings) else { return nil }
        var dueAt = monotonicMilliseconds() + 1000
        var measuring = MeasuringTime()
        let results = try? runner.run(
            batch: settings, keeping: grid.weights,
            onProgress: { done, steps, _ in
                // A batch saves no checkpoint, and the worker waits for this process to end.
                if cposix_was_signalled() != 0 { exit(ExitCode.interrupted.rawValue) }
                guard isDue(&dueAt), steps > 0 else { return }
                for index in indices { tell(index, done, steps) }
            },
            measuring: { measuring.note($0) })
        guard let results else { return nil }
        return zip(group, results).map { member, result in
            leave(result.kept, of: member.trial).map { files in
                Success(
                    id: member.id, body: result.body, files: files, continuedFrom: 0,
                    measuringSeconds: measuring.seconds / Double(group.count))
            }
        }
    }

    private mutating func run(_ index: UInt64) -> Result<Success, Failure> {
        switch grid {
        case nil: return .failure(Failure(cause: "the slot has not received the sweep"))
        case .failure(let error)?:
            return .failure(Failure(cause: "this worker cannot read the sweep: \(error.message)"))
        case .success(let grid)?:
            guard let (trial, id) = find(index, grid) else {
                return .failure(Failure(cause: "trial \(index) is not in this worker's grid"))
            }
            if let body = insteadOfTraining?(trial.settings) {
                return .success(Success(id: id, body: body, files: [], continuedFrom: 0))
            }
            // A trial that ends within a second need not report progress.
            var dueAt = monotonicMilliseconds() + 1000
            var measuring = MeasuringTime()
            do throws(ExperimentError) {
                let result = try runner.run(
                    trial.settings, keeping: grid.weights, checkpoints: clock.checkpoints(of: id),
                    onProgress: { done, steps, from in
                        guard isDue(&dueAt), steps > 0 else { return }
                        tell(index, done, steps, from: from)
                    },
                    measuring: { measuring.note($0) })
                return leave(result.kept, of: trial).map { files in
                    Success(
                        id: id, body: result.body, files: files,
                        continuedFrom: UInt64(result.continuedFrom ?? 0),
                        measuringSeconds: measuring.seconds)
                }
            } catch { return .failure(Failure(cause: error.description)) }
        }
    }

    /// Writes the kept weights to the outbox, from which the worker sends them.
    private func leave(_ kept: [KeptNetwork], of trial: Trial) -> Result<[KeptFile], Failure> {
        guard !kept.isEmpty else { return .success([]) }
        guard let folder = outbox.make() else {
            return .failure(Failure(cause: "this worker has no folder to put weights in: \(Outbox.noFolder)"))
        }
        var files: [KeptFile] = []
        for (number, network) in kept.enumerated() {
            let path = "\(folder)/\(Outbox.fileName(trial: UInt64(trial.index), number))"
            guard let size = network.write(of: trial, to: path) else {
                let why = systemMessage(errno)
                return .failure(Failure(cause: "\(path): the trial's weights cannot be written: \(why)"))
            }
            files.append(KeptFile(step: UInt64(network.step), bytes: UInt64(size)))
        }
        return .success(files)
    }

    func send(_ reply: SlotReply) -> Bool { sendToWorker(reply) }
}

/// Whether progress is due to be reported; if so, it is due again a second later.
private func isDue(_ dueAt: inout Int64) -> Bool {
    let now = monotonicMilliseconds()
    guard now >= dueAt else { return false }
    dueAt = now + 1000
    return true
}

private func tell(_ trial: UInt64, _ done: Int, _ steps: Int, from: Int = 0) {
    _ = sendToWorker(
        .progress(
            TrialProgress(
                trial: trial, permille: UInt16(1000 * done / steps), from: UInt16(1000 * from / steps))))
}

/// Sends a reply; returns false if the worker is gone.
private func sendToWorker(_ reply: SlotReply) -> Bool {
    writeAll(FrameBuffer.frame(reply.withinLimits.encoded), to: slotDescriptor)
}

/// Makes the kernel end this process when its parent ends; returns false if the parent is gone already.
func diesWithParent(_ parent: pid_t?, signal: Int32) -> Bool {
    guard let parent else { return true }
    _ = cposix_die_with_parent(signal)
    return getppid() == parent
}

/// Resets the peak memory, so that each trial has its own (Linux: proc(5), clear_refs).
private func resetPeakMemory() {
    if peakReset >= 0 { _ = pwrite(peakReset, "5", 1, 0) }
}

/// Memory that a slot's trial may take, in bytes: the slot's share, unless less is left now.
///
/// - Parameters:
///   - share: the slot's share of the memory that was free when its worker started.
///   - available: the memory that is free now.
///   - own: the memory that the slot's process holds, which its next trial takes over.
func trialMemory(share: UInt64?, available: UInt64?, own: UInt64) -> UInt64? {
    [share, available.map { $0 + own }].compactMap { $0 }.min()
}

/// A process's own memory at present, in bytes, without what it shares with others, such as images. 0 if the
/// process is gone.
///
/// - Parameter process: its identifier, or "self".
func processMemoryBytes(of process: String) -> UInt64 {
    guard let file = fopen("/proc/\(process)/statm", "re") else { return 0 }
    defer { fclose(file) }
    var bytes = [UInt8](repeating: 0, count: 256)
    let count = fread(&bytes, 1, bytes.count, file)
    let text = String(decoding: bytes.prefix(count), as: UTF8.self)
    let pages = text.split(separator: " ").compactMap { UInt64($0) }
    guard pages.count > 2, pages[1] > pages[2] else { return 0 }
    return (pages[1] - pages[2]) * UInt64(sysconf(Int32(_SC_PAGESIZE)))
}

private let peakReset = open("/proc/self/clear_refs", O_WRONLY | O_CLOEXEC)

private func peakMemory() -> UInt64 {
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    return UInt64(usage.ru_maxrss) * 1024
}
