import Console
import Glibc
import Scheduling
import Sweep
import Wire

/// A sweep through the dispatcher alone: no network, no bytes, no journal. Every trial takes its worker's
/// slot a second of virtual time; every worker beats once in it, and says hello every tenth.
struct ScaleRun: Equatable {
    let trials: Int
    let workers: Int
    /// Every trial's: the dispatcher does not look at it.
    private let id: TrialID
    static let slots = 4

    /// From `TRIALS,WORKERS`.
    init(parsing text: String) throws(UsageError) {
        let parts = text.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) }
        guard parts.count == 2, let trials = parts[0], let workers = parts[1],
            (1...100_000_000).contains(trials), (1...100_000).contains(workers),
            let id = TrialID(String(repeating: "0", count: 32))
        else {
            throw UsageError(
                "--scale must be trials (to 100000000) and workers (to 100000) like 1000000,1000, not '\(text)'"
            )
        }
        (self.trials, self.workers, self.id) = (trials, workers, id)
    }

    /// What a worker was given and has not reported.
    private struct Given {
        let lease: LeaseID
        let attempt: UInt32
        let trial: UInt64
    }

    /// Runs, and says in one line what it took.
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
                for one in done { tell(.message(.report(report(one)), from: id)) }
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

    private func report(_ given: Given) -> WorkerMessage.Report {
        WorkerMessage.Report(
            lease: given.lease, trial: given.trial, id: id, attempt: given.attempt, body: [],
            provenance: Provenance(
                host: "host", process: 0, slot: 0, cpu: "", kernel: "", startMilliseconds: 0, seconds: 1,
                peakMemoryBytes: 0))
    }
}

/// The process's time on its processors: other programs do not count.
private func processorMilliseconds() -> Int64 {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
}

/// The process's memory, from `/proc`; 0 where there is none.
private func residentBytes() -> Int {
    guard let file = fopen("/proc/self/statm", "re") else { return 0 }
    defer { fclose(file) }
    var buffer = [CChar](repeating: 0, count: 256)
    guard fgets(&buffer, Int32(buffer.count), file) != nil else { return 0 }
    let words = buffer.prefix { $0 != 0 }.split(separator: 32)
        .map { String(decoding: $0.map { UInt8(bitPattern: $0) }, as: UTF8.self) }
    return (words.count > 1 ? Int(words[1]) ?? 0 : 0) * Int(sysconf(Int32(_SC_PAGESIZE)))
}
