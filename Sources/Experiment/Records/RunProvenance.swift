import Glibc
import Text

/// What `provenance.ndjson` says of a whole run: who worked, how long, and what failed. Workers sent it: no
/// text or number in it is trusted.
public struct RunProvenance: Equatable, Sendable {
    /// Machines of one make, with one BLAS kernel.
    public struct Machine: Equatable, Sendable {
        public let host: String
        public let cpu: String
        public let kernel: String
        public internal(set) var attempts = 0
        public internal(set) var seconds = 0.0
        public internal(set) var peakMemoryBytes = 0.0
    }

    public struct Cause: Equatable, Sendable {
        public let text: String
        public internal(set) var count: Int
        /// The first trial that failed of it, by its place in the grid, and where that was.
        public let trial: Int?
        public let host: String
        public let axes: JSONValue
        /// The last lines that its slot wrote; often none.
        public let log: [String]
    }

    public private(set) var attempts = 0
    /// Attempts without a record.
    public private(set) var failures = 0
    /// Attempts whose record was not the one that was there.
    public private(set) var conflicts = 0
    /// Of all attempts.
    public private(set) var seconds = 0.0
    /// Of the attempts that say how long they measured: how long, and how long they did anything else.
    public private(set) var measuringSeconds = 0.0
    public private(set) var trainingSeconds = 0.0
    public private(set) var peakMemoryBytes = 0.0
    public private(set) var firstStartMilliseconds: Int64?
    public private(set) var lastEndMilliseconds: Int64?
    /// Which sources the workers were built from, sorted; of attempts that do not say, none.
    public var commits: [String] { commitSet.sorted() }
    private var commitSet: Set<String> = []
    /// Lines that say nothing.
    public private(set) var unreadable = 0
    private var quarantine: Set<Int> = []
    /// Trials whose last attempt failed.
    private var failing: Set<Int> = []
    private var machineList: [Machine] = []
    private var machinePlaces: [[String]: Int] = [:]
    private var causeList: [Cause] = []
    private var causePlaces: [String: Int] = [:]
    /// More than these are counted, not kept.
    private static let limit = 1000

    public init() {}

    /// Trials whose attempts ended in quarantine.
    public var quarantined: Int { quarantine.count }

    /// Trials that have no record, as their last attempt failed, by their place in the grid: those in quarantine
    /// and those that were not tried again yet. Ascending.
    public var failedTrials: [Int] { failing.sorted() }

    /// The most attempts first.
    public var machines: [Machine] {
        machineList.sorted { left, right in
            left.attempts == right.attempts
                ? (left.host, left.cpu, left.kernel) < (right.host, right.cpu, right.kernel)
                : left.attempts > right.attempts
        }
    }

    /// The most frequent first.
    public var causes: [Cause] {
        causeList.sorted { $0.count == $1.count ? $0.text < $1.text : $0.count > $1.count }
    }

    /// BLAS kernels, sorted.
    public var kernels: [String] { Set(machineList.map(\.kernel)).filter { !$0.isEmpty }.sorted() }

    /// Takes a line without its newline. Lines of a trial come in order of time.
    public mutating func add(_ line: some Sequence<UInt8>) {
        guard let value = try? JSONValue(parsing: line), let outcome = value["outcome"]?.string else {
            unreadable += 1
            return
        }
        attempts += 1
        let trial = value["index"]?.number.flatMap { Int(exactly: $0) }
        switch outcome {
        case "failed", "quarantined":
            failures += 1
            addCause(value, trial)
            if let trial { failing.insert(trial) }
            if outcome == "quarantined", let trial { quarantine.insert(trial) }
        case "conflict": conflicts += 1
        default:
            guard let trial else { break }
            quarantine.remove(trial)
            failing.remove(trial)
        }
        addMachine(value)
    }

    private mutating func addCause(_ value: JSONValue, _ trial: Int?) {
        let text = value["cause"]?.string ?? "no cause given"
        if let place = causePlaces[text] {
            causeList[place].count += 1
        } else if causeList.count < RunProvenance.limit {
            causePlaces[text] = causeList.count
            causeList.append(
                Cause(
                    text: text, count: 1, trial: trial, host: value["host"]?.string ?? "",
                    axes: value["axes"] ?? .null,
                    log: (value["log"]?.array ?? []).prefix(20).compactMap(\.string)))
        }
    }

    private mutating func addMachine(_ value: JSONValue) {
        // Of an attempt that nobody reported there is no machine.
        guard let host = value["host"]?.string, !host.isEmpty else { return }
        if let commit = value["commit"]?.string, commitSet.count < RunProvenance.limit {
            commitSet.insert(commit)
        }
        // What is summed over attempts stays a number.
        let taken = min(1e10, max(0, value["seconds"]?.number ?? 0))
        let memory = min(1e18, max(0, value["peak_memory_bytes"]?.number ?? 0))
        seconds += taken
        if let measuring = value["measuring_seconds"]?.number, measuring > 0 {
            measuringSeconds += min(measuring, taken)
            trainingSeconds += max(0, taken - measuring)
        }
        peakMemoryBytes = max(peakMemoryBytes, memory)
        if let start = value["start_unix_ms"]?.number, start > 0, start < 1e15 {
            firstStartMilliseconds = min(firstStartMilliseconds ?? .max, Int64(start))
            lastEndMilliseconds = max(lastEndMilliseconds ?? 0, Int64(start + taken * 1000))
        }
        let key = [host, value["cpu"]?.string ?? "", value["blas_kernel"]?.string ?? ""]
        let place = machinePlaces[key] ?? machineList.count
        if place == machineList.count {
            guard place < RunProvenance.limit else { return }
            machinePlaces[key] = place
            machineList.append(Machine(host: key[0], cpu: key[1], kernel: key[2]))
        }
        machineList[place].attempts += 1
        machineList[place].seconds += taken
        machineList[place].peakMemoryBytes = max(machineList[place].peakMemoryBytes, memory)
    }

    /// Reads a `provenance.ndjson`; nil where there is none, or none that may be read.
    public init?(readingAt path: String) {
        self.init()
        let read: Void? = try? readLines(at: path) { add($0) }
        guard read != nil else { return nil }
    }
}
