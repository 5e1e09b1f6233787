import Records
import Console
import Glibc
import Scheduling
import Wire

/// A sweep through the dispatcher alone: no network, no bytes, no journal. Every trial takes a slot one
/// second of virtual time. Every worker sends a heartbeat each second, and a hello every ten seconds.
struct ScaleRun: Equatable {
    let trials: Int
    let workers: Int
    static let slots = 4

    /// Reads `TRIALS,WORKERS`.
    init(parsing text: String) throws(UsageError) {
        let parts = text.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) }
        guard parts.count == 2, let trials = parts[0], let workers = parts[1],
            (1...100_000_000).contains(trials), (1...100_000).contains(workers)
        else {
            throw UsageError(
                "--scale must be trials (to 100000000) and workers (to 100000) like 1000000,1000, not '\(text)'"
            )
        }
        (self.trials, self.workers) = (trials, workers)
    }

    /// A trial that a worker was given and hasn't reported.
    private struct Given {
        let lease: LeaseID
        let attempt: UInt32
        let trial: UInt64
    }

    /// Runs the sweep, and returns one line about its cost.
    func run() -> String {
        let memoryBefore = residentBytes()
        var dispatcher = Dispatcher(trialCount: trials, sweep: [])
        var given = [[Given]](repeating: [], count: workers)
        var now = Instant(milliseconds: 0)
        var events = 0
        var memory = 0
        var isFinished = false
        let start = processorMilliseconds()

        func tell(_ event: DispatchEvent) {
            events += 1
            for effect in dispatcher.handle(event, at: now) {
                switch effect {
                case .send(.assign(let assignment), let id):
                    given[Int(id.value)] += assignment.trials.map {
                        Given(lease: assignment.lease, attempt: assignment.attempt, trial: $0)
                    }
                case .send(.revoke(_, let trials), let id):
                    given[Int(id.value)].removeAll { trials.contains($0.trial) }
                case .finished: isFinished = true
                default: break
                }
            }
        }

        for worker in 0..<workers {
            tell(.message(.hello(hello(worker, [])), from: WorkerID(UInt64(worker))))
        }
        var second = 0
        while !isFinished {
            second += 1
            for worker in 0..<workers {
                let id = WorkerID(UInt64(worker))
                now = Instant(milliseconds: Int64(second * 1000 + worker * 1000 / workers))
                if let due = dispatcher.nextDeadline, due <= now { tell(.tick) }
                if second % 10 == worker % 10 {
                    tell(.message(.hello(hello(worker, given[worker])), from: id))
                }
                tell(.message(.heartbeat, from: id))
                let done = given[worker].prefix(Self.slots)
                given[worker].removeFirst(done.count)
                for one in done { tell(.report(report(one), from: id)) }
            }
            memory = max(memory, residentBytes())
        }
        let seconds = Double(max(1, processorMilliseconds() - start)) / 1000
        return
            "\(trials) trials, \(workers) workers: \(events) events in \(Int(seconds * 1000)) ms of processor time, "
            + "\(Int(Double(events) / seconds)) events/s; \((memory - memoryBefore) / 1024) KiB"
    }

    private func hello(_ worker: Int, _ given: [Given]) -> WorkerMessage.Hello {
        WorkerMessage.Hello(
            program: "scale", host: "host", process: UInt32(worker), slots: UInt32(Self.slots), cpu: "",
            kernel: "",
            held: given.enumerated().map {
                WorkerMessage.HeldTrial(
                    lease: $1.lease, trial: $1.trial, attempt: $1.attempt,
                    stage: $0 < Self.slots ? .running : .waiting)
            })
    }

    private func report(_ given: Given) -> ValidatedReport {
        ValidatedReport(
            TrialAttempt(
                trial: Int(given.trial), number: given.attempt, lease: given.lease,
                provenance: Provenance(
                    host: "host", process: 0, slot: 0, cpu: "", kernel: "", startMilliseconds: 0, seconds: 1,
                    peakMemoryBytes: 0)),
            line: [], outcome: "measured")
    }
}

/// Processor time of this process, in milliseconds. Other programs don't count.
private func processorMilliseconds() -> Int64 {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
}

/// Resident memory of this process in bytes, from `/proc`; 0 if that isn't there.
private func residentBytes() -> Int {
    guard let file = fopen("/proc/self/statm", "re") else { return 0 }
    defer { fclose(file) }
    var buffer = [CChar](repeating: 0, count: 256)
    guard fgets(&buffer, Int32(buffer.count), file) != nil else { return 0 }
    let words = buffer.prefix { $0 != 0 }.split(separator: 32)
        .map { String(decoding: $0.map { UInt8(bitPattern: $0) }, as: UTF8.self) }
    return (words.count > 1 ? Int(words[1]) ?? 0 : 0) * Int(sysconf(Int32(_SC_PAGESIZE)))
}
