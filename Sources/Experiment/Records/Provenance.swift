import Text

/// Where, when and for how long an attempt ran. This is about the attempt and never part of the record.
public struct Provenance: Equatable, Sendable {
    /// Name of the worker's host.
    public var host: String
    /// Process identifier of the worker on that host.
    public var process: UInt32
    /// Index of the slot in its worker.
    public var slot: UInt32
    /// Name of the processor.
    public var cpu: String
    /// BLAS kernel of the slot, as OpenBLAS names it.
    public var kernel: String
    /// Unix time of the start, in milliseconds.
    public var startMilliseconds: Int64
    /// Duration of the attempt.
    public var seconds: Double
    /// Most memory that the slot's process had at once.
    public var peakMemoryBytes: UInt64
    /// Step of the checkpoint that the attempt continued from; 0: it began at the beginning.
    public var continuedFrom: UInt64
    /// Seconds within `seconds` that were spent on measuring and not on training; 0 if unknown.
    public var measuringSeconds: Double
    /// Commit of the sources that the worker was built from; empty if unknown.
    public var commit: String

    /// Creates a provenance from its parts.
    public init(
        host: String, process: UInt32, slot: UInt32, cpu: String, kernel: String, startMilliseconds: Int64,
        seconds: Double, peakMemoryBytes: UInt64, continuedFrom: UInt64 = 0, measuringSeconds: Double = 0,
        commit: String = ""
    ) {
        self.host = host
        self.process = process
        self.slot = slot
        self.cpu = cpu
        self.kernel = kernel
        self.startMilliseconds = startMilliseconds
        self.seconds = seconds
        self.peakMemoryBytes = peakMemoryBytes
        self.continuedFrom = continuedFrom
        self.measuringSeconds = measuringSeconds
        self.commit = commit
    }
}

/// A line of `provenance.ndjson`: an attempt at a trial, how it ended and its provenance.
public struct ProvenanceLine: Equatable, Sendable {
    /// Attempt number.
    public var number: UInt32
    /// Number of the lease.
    public var lease: UInt64
    /// One of `outcomes`.
    public var outcome: String
    /// Cause in one sentence; nil if there is none.
    public var cause: String?
    /// Last lines of its slot, separated by newlines; may be empty.
    public var log: String
    /// Where, when and for how long the attempt ran.
    public var provenance: Provenance

    /// All outcomes that an attempt can have.
    public static let outcomes = [
        "measured", "diverged", "failed", "quarantined", "duplicate", "conflict", "damaged",
    ]

    /// Whether the attempt's record is the one that is kept.
    public var isRecorded: Bool { ["measured", "diverged"].contains(outcome) }

    /// A member's key.
    public enum Key: String, Sendable {
        case attempt, axes, cause, commit, cpu, host, index, lease, log, outcome, process, seconds, slot,
            trial
        case kernel = "blas_kernel"
        case continuedFrom = "continued_from_step"
        case measuringSeconds = "measuring_seconds"
        case peakMemoryBytes = "peak_memory_bytes"
        case startMilliseconds = "start_unix_ms"
    }

    /// Creates a line from its parts.
    public init(
        number: UInt32, lease: UInt64, outcome: String, cause: String? = nil, log: String = "",
        provenance: Provenance
    ) {
        self.number = number
        self.lease = lease
        self.outcome = outcome
        self.cause = cause
        self.log = log
        self.provenance = provenance
    }

    /// Reads a line; nil if it lacks a field, or has a value that this version doesn't write.
    public init?(_ line: JSONValue) {
        func whole<Number: FixedWidthInteger>(_ key: Key) -> Number? {
            line[key]?.number.flatMap { Number(exactly: $0) }
        }
        guard let number: UInt32 = whole(.attempt), let lease = line[.lease]?.string.flatMap({ Int64($0) }),
            let outcome = line[.outcome]?.string, ProvenanceLine.outcomes.contains(outcome),
            let host = line[.host]?.string, let process: UInt32 = whole(.process),
            let slot: UInt32 = whole(.slot), let cpu = line[.cpu]?.string,
            let kernel = line[.kernel]?.string, let start: Int64 = whole(.startMilliseconds),
            let seconds = line[.seconds]?.number, let memory: UInt64 = whole(.peakMemoryBytes)
        else { return nil }
        self.init(
            number: number, lease: UInt64(bitPattern: lease), outcome: outcome, cause: line[.cause]?.string,
            log: (line[.log]?.array ?? []).compactMap(\.string).joined(separator: "\n"),
            provenance: Provenance(
                host: host, process: process, slot: slot, cpu: cpu, kernel: kernel, startMilliseconds: start,
                seconds: seconds, peakMemoryBytes: memory, continuedFrom: whole(.continuedFrom) ?? 0,
                measuringSeconds: line[.measuringSeconds]?.number ?? 0, commit: line[.commit]?.string ?? ""))
    }

    /// The line as JSON, without a newline.
    ///
    /// - Parameters:
    ///   - index: the trial's index in the grid.
    ///   - trial: the trial's axes and identifier; nil where the grid doesn't have this index.
    public func bytes(index: Int, trial: (axes: JSONValue, id: String)?) -> [UInt8] {
        let by = provenance
        var members: [Key: JSONValue] = [
            .attempt: .number(Double(number)), .lease: .string(String(Int64(bitPattern: lease))),
            .outcome: .string(outcome), .host: .string(by.host), .process: .number(Double(by.process)),
            .slot: .number(Double(by.slot)), .cpu: .string(by.cpu), .kernel: .string(by.kernel),
            .startMilliseconds: .number(Double(by.startMilliseconds)), .seconds: .number(by.seconds),
            .peakMemoryBytes: .number(Double(by.peakMemoryBytes)), .index: JSONValue(index),
        ]
        if by.continuedFrom > 0 { members[.continuedFrom] = .number(Double(by.continuedFrom)) }
        if by.measuringSeconds > 0 { members[.measuringSeconds] = .number(by.measuringSeconds) }
        if !by.commit.isEmpty { members[.commit] = .string(by.commit) }
        if let cause { members[.cause] = .string(cause) }
        let lines = log.split(separator: "\n")
        if !lines.isEmpty { members[.log] = .array(lines.map { .string(String($0)) }) }
        if let trial {
            members[.axes] = trial.axes
            members[.trial] = .string(trial.id)
        }
        let named = members.map { key, value in (key.rawValue, value) }
        return JSONValue.object([String: JSONValue](uniqueKeysWithValues: named)).canonicalBytes
    }
}

extension JSONValue {
    /// A member of a line of `provenance.ndjson`.
    public subscript(_ key: ProvenanceLine.Key) -> JSONValue? { self[key.rawValue] }
}
