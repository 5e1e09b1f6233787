import Console
import CPosix
import Experiments
import Glibc
import LinearAlgebra
import Sweep
import Text
import Wire

private let slotDescriptor: Int32 = 3

/// A slot's whole life: says that it is ready, then runs the trials it is given, one after another, until the
/// worker closes its end.
func runSlot(_ options: WorkerOptions) -> Int32 {
    guard diesWithParent(options.parent, signal: SIGKILL) else { return ExitCode.interrupted.rawValue }
    var slot = Slot(runner: TrialRunner(data: options.data))
    guard slot.send(.ready(kernel: BLAS.kernelName)) else { return ExitCode.done.rawValue }
    var buffer = FrameBuffer()
    var bytes = [UInt8](repeating: 0, count: 65_536)
    while true {
        let count = read(slotDescriptor, &bytes, bytes.count)
        if count < 0, errno == EINTR { continue }
        guard count > 0 else { return ExitCode.done.rawValue }
        buffer.append(bytes[..<count])
        do throws(WireError) {
            while let frame = try buffer.next() {
                guard slot.perform(try SlotRequest(decoding: frame)) else { return ExitCode.done.rawValue }
            }
        } catch {
            printError("ranksweep-worker: its slot got a request it cannot read (\(error))")
            return ExitCode.internal.rawValue
        }
    }
}

private struct Slot {
    var runner: TrialRunner
    private var sweep: Result<SweepSpec, SweepError>?

    init(runner: TrialRunner) { self.runner = runner }

    /// False where the worker is gone.
    mutating func perform(_ request: SlotRequest) -> Bool {
        switch request {
        case .sweep(let json):
            do throws(SweepError) {
                sweep = .success(try SweepSpec(parsing: json, file: "sweep.json"))
            } catch { sweep = .failure(error) }
            return true
        case .run(let trial):
            resetPeakMemory()
            let start = monotonicMilliseconds()
            let outcome = run(trial)
            let seconds = Double(monotonicMilliseconds() - start) / 1000
            switch outcome {
            case .success(let (id, body)):
                return send(
                    .done(
                        trial: trial, id: id, body: Array(body.canonicalText.utf8), seconds: seconds,
                        peakMemoryBytes: peakMemory()))
            case .failure(let failure):
                return send(
                    .failed(
                        trial: trial, cause: failure.cause, seconds: seconds, peakMemoryBytes: peakMemory()))
            }
        }
    }

    private struct Failure: Error { let cause: String }

    private mutating func run(_ index: UInt64) -> Result<(TrialID, JSONValue), Failure> {
        switch sweep {
        case nil: return .failure(Failure(cause: "the slot was not told the sweep"))
        case .failure(let error)?:
            return .failure(Failure(cause: "this worker cannot read the sweep: \(error.message)"))
        case .success(let spec)?:
            guard let place = Int(exactly: index), place < spec.grid.count else {
                return .failure(Failure(cause: "trial \(index) is not in this worker's grid"))
            }
            let trial = spec.grid[place]
            do throws(ExperimentError) {
                return .success((trial.id, try runner.run(trial.settings)))
            } catch { return .failure(Failure(cause: error.description)) }
        }
    }

    func send(_ reply: SlotReply) -> Bool {
        var bytes = FrameBuffer.frame(reply.encoded)[...]
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes { write(slotDescriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return false }
            bytes = bytes.dropFirst(count)
        }
        return true
    }
}

/// Asks for this process's end when its parent's comes; false where that is over already.
func diesWithParent(_ parent: pid_t?, signal: Int32) -> Bool {
    guard let parent else { return true }
    _ = cposix_die_with_parent(signal)
    return getppid() == parent
}

/// Forgets the peak, so that each trial has its own (Linux: proc(5), clear_refs).
private func resetPeakMemory() {
    let file = open("/proc/self/clear_refs", O_WRONLY | O_CLOEXEC)
    guard file >= 0 else { return }
    _ = write(file, "5", 1)
    close(file)
}

private func peakMemory() -> UInt64 {
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    return UInt64(usage.ru_maxrss) * 1024
}
