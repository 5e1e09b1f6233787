import Glibc
import Text

/// A summary of a run's `provenance.ndjson`: the machines, their time and their failures. Workers sent these
/// lines, so none of their texts and numbers is trusted.
public struct RunProvenance: Equatable, Sendable {
    /// Machines with the same host name, CPU and BLAS kernel.
    public struct Machine: Equatable, Sendable {
        /// The host name.
        public let host: String
        /// The CPU's name.
        public let cpu: String
        /// The BLAS kernel's name.
        public let kernel: String
        /// Number of attempts on these machines.
        public internal(set) var attempts = 0
        /// Seconds of all attempts.
        public internal(set) var seconds = 0.0
        /// The largest memory use of an attempt, in bytes.
        public internal(set) var peakMemoryBytes = 0.0
    }

    /// A cause of failures, with one example.
    public struct Cause: Equatable, Sendable {
        /// The cause in words.
        public let text: String
        /// Number of failures with this cause.
        public internal(set) var count: Int
        /// Index in the grid of the first trial that failed with this cause.
        public let trial: Int?
        /// The host on which that trial failed.
        public let host: String
        /// That trial's axes.
        public let axes: JSONValue
        /// The last lines that the slot wrote; often empty.
        public let log: [String]
    }

    /// Number of attempts.
    public private(set) var attempts = 0
    /// Number of attempts without a record.
    public private(set) var failures = 0
    /// Number of attempts whose record differed from the existing one.
    public private(set) var conflicts = 0
    /// Seconds of all attempts.
    public private(set) var seconds = 0.0
    /// Seconds of measuring, in attempts that report how long they measured.
    public private(set) var measuringSeconds = 0.0
    /// Seconds of everything else in those attempts.
    public private(set) var trainingSeconds = 0.0
    /// The largest memory use of an attempt, in bytes.
    public private(set) var peakMemoryBytes = 0.0
    /// When the first attempt started, in Unix milliseconds; nil where no line says.
    public private(set) var firstStartMilliseconds: Int64?
    /// When the last attempt ended, in Unix milliseconds; nil where no line says.
    public private(set) var lastEndMilliseconds: Int64?
    /// The commits that the workers were built from, sorted. Attempts without a commit add none.
    public var commits: [String] { commitSet.sorted() }
    private var commitSet: Set<String> = []
    /// Number of lines that couldn't be read.
    public private(set) var unreadable = 0
    private var quarantine: Set<Int> = []
    /// Trials whose last attempt failed.
    private var failing: Set<Int> = []
    private var machineList: [Machine] = []
    private var machineIndices: [[String]: Int] = [:]
    private var causeList: [Cause] = []
    private var causeIndices: [String: Int] = [:]
    /// The largest number of different machines, causes and commits kept.
    private static let limit = 1000

    /// The summary of no lines.
    public init() {}

    /// Number of trials whose attempts ended in quarantine.
    public var quarantined: Int { quarantine.count }

    /// Indices in the grid of trials without a record whose last attempt failed, ascending: those in
    /// quarantine and those not retried yet.
    public var failedTrials: [Int] { failing.sorted() }

    /// The machines, most attempts first.
    public var machines: [Machine] {
        machineList.sorted { left, right in
            left.attempts == right.attempts
                ? (left.host, left.cpu, left.kernel) < (right.host, right.cpu, right.kernel)
                : left.attempts > right.attempts
        }
    }

    /// The causes of failures, most frequent first.
    public var causes: [Cause] {
        causeList.sorted { $0.count == $1.count ? $0.text < $1.text : $0.count > $1.count }
    }

    /// BLAS kernels, sorted.
    public var kernels: [String] { Set(machineList.map(\.kernel)).filter { !$0.isEmpty }.sorted() }

    /// Adds a line without its newline. The lines of one trial must come in order of time.
    public mutating func add(_ line: some Sequence<UInt8>) {
        guard let value = try? JSONValue(parsing: line), let outcome = value[.outcome]?.string else {
            unreadable += 1
            return
        }
        attempts += 1
        let trial = value[.index]?.number.flatMap { Int(exactly: $0) }
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
        let text = value[.cause]?.string ?? "no cause given"
        if let position = causeIndices[text] {
            causeList[position].count += 1
        } else if causeList.count < RunProvenance.limit {
            causeIndices[text] = causeList.count
            causeList.append(
                Cause(
                    text: text, count: 1, trial: trial, host: value[.host]?.string ?? "",
                    axes: value[.axes] ?? .null,
                    log: (value[.log]?.array ?? []).prefix(20).compactMap(\.string)))
        }
    }

    private mutating func addMachine(_ value: JSONValue) {
        // An attempt that no worker reported has no machine.
        guard let host = value[.host]?.string, !host.isEmpty else { return }
        if let commit = value[.commit]?.string, commitSet.count < RunProvenance.limit {
            commitSet.insert(commit)
        }
        // Clamped, so that sums over attempts stay finite.
        let taken = min(1e10, max(0, value[.seconds]?.number ?? 0))
        let memory = min(1e18, max(0, value[.peakMemoryBytes]?.number ?? 0))
        seconds += taken
        if let measuring = value[.measuringSeconds]?.number, measuring > 0 {
            measuringSeconds += min(measuring, taken)
            trainingSeconds += max(0, taken - measuring)
        }
        peakMemoryBytes = max(peakMemoryBytes, memory)
        if let start = value[.startMilliseconds]?.number, start > 0, start < 1e15 {
            firstStartMilliseconds = min(firstStartMilliseconds ?? .max, Int64(start))
            lastEndMilliseconds = max(lastEndMilliseconds ?? 0, Int64(start + taken * 1000))
        }
        let key = [host, value[.cpu]?.string ?? "", value[.kernel]?.string ?? ""]
        let position = machineIndices[key] ?? machineList.count
        if position == machineList.count {
            guard position < RunProvenance.limit else { return }
            machineIndices[key] = position
            machineList.append(Machine(host: key[0], cpu: key[1], kernel: key[2]))
        }
        machineList[position].attempts += 1
        machineList[position].seconds += taken
        machineList[position].peakMemoryBytes = max(machineList[position].peakMemoryBytes, memory)
    }

    /// Reads a `provenance.ndjson`; nil where it is missing or unreadable.
    public init?(readingAt path: String) {
        self.init()
        let read: Void? = try? readLines(at: path) { add($0) }
        guard read != nil else { return nil }
    }
}
