import Records
import Sweep
import Text

/// The version of every message below; a peer that speaks another is refused with both numbers named.
public let wireVersion = formatVersion

/// Identity of a worker. Its process chooses it at random at the start and keeps it across reconnections.
public struct WorkerID: Hashable, Sendable {
    /// The random number.
    public let value: UInt64
    /// Creates the identity with this number.
    public init(_ value: UInt64) { self.value = value }
}

/// Number of a lease, unique within a run directory, even across restarts of its coordinator.
public struct LeaseID: Hashable, Sendable {
    /// The number.
    public let value: UInt64
    /// Creates the identity of the lease with this number.
    public init(_ value: UInt64) { self.value = value }
}

/// A message from a worker to its coordinator. Every message counts as a heartbeat.
public enum WorkerMessage: Equatable, Sendable {
    /// First message; repeated to a silent coordinator, and from time to time. It lists the trials that are
    /// held, and so reveals what was lost on the way.
    case hello(Hello)
    case heartbeat
    /// Progress of the trials that its slots run, without those that have reported none yet.
    case progress([TrialProgress])
    case report(Report)
    case failure(Failure)
    /// The bytes that a `fetch` asked for.
    case chunk(Chunk)
    /// The worker leaves of its own accord. Its unfinished trials are free at once.
    case goodbye

    /// Description of a worker, with the trials that it holds.
    public struct Hello: Equatable, Sendable {
        /// Version of the worker's program.
        public var program: String
        /// Name of its host.
        public var host: String
        /// Process identifier on that host.
        public var process: UInt32
        /// Number of its slots.
        public var slots: UInt32
        /// Name of the processor.
        public var cpu: String
        /// The BLAS kernel its slots use, as OpenBLAS names it.
        public var kernel: String
        /// Trials it still holds: running, waiting, or reported but unacknowledged.
        public var held: [HeldTrial]
        /// Time until it says goodbye, whatever is still running; nil if it knows no such time. Relative,
        /// because clocks differ.
        public var remainingMilliseconds: UInt64?
        /// Interval between its trials' checkpoints; 0: it saves none.
        public var checkpointMilliseconds: UInt32
        /// Commit of the sources that the worker was built from (`programCommit`).
        public var commit: String

        /// Creates a hello from its parts.
        public init(
            program: String, host: String, process: UInt32, slots: UInt32, cpu: String, kernel: String,
            held: [HeldTrial], remainingMilliseconds: UInt64? = nil, checkpointMilliseconds: UInt32 = 0,
            commit: String = ""
        ) {
            self.program = program
            self.host = host
            self.process = process
            self.slots = slots
            self.cpu = cpu
            self.kernel = kernel
            self.held = held
            self.remainingMilliseconds = remainingMilliseconds
            self.checkpointMilliseconds = checkpointMilliseconds
            self.commit = commit
        }
    }

    /// A trial that a worker holds.
    public struct HeldTrial: Equatable, Sendable {
        /// Lease by which it holds the trial.
        public var lease: LeaseID
        /// Grid index.
        public var trial: UInt64
        /// Attempt number.
        public var attempt: UInt32
        /// How far the trial has come.
        public var stage: Stage
        /// Whether one slot runs all trials of the lease as a batch.
        public var isBatched: Bool

        /// Stage of a held trial: without a slot yet, on a slot, or reported but unacknowledged.
        public enum Stage: UInt8, CaseIterable, Sendable { case waiting, running, reported }

        /// Creates a claim to a trial.
        public init(
            lease: LeaseID, trial: UInt64, attempt: UInt32, stage: Stage = .waiting, isBatched: Bool = false
        ) {
            self.lease = lease
            self.trial = trial
            self.attempt = attempt
            self.stage = stage
            self.isBatched = isBatched
        }
    }

    /// A finished trial.
    public struct Report: Equatable, Sendable {
        /// Lease by which the worker held the trial.
        public var lease: LeaseID
        /// Grid index.
        public var trial: UInt64
        /// Identifier of the trial, which must be that of its grid index.
        public var id: TrialID
        /// Attempt number.
        public var attempt: UInt32
        /// The part of the record that depends on the trial alone, as canonical JSON.
        public var body: [UInt8]
        /// Weights for the coordinator to fetch. The report counts once they are durable.
        public var files: [KeptFile]
        /// Where, when and for how long the attempt ran.
        public var provenance: Provenance

        /// Creates a report from its parts.
        public init(
            lease: LeaseID, trial: UInt64, id: TrialID, attempt: UInt32, body: [UInt8],
            files: [KeptFile] = [],
            provenance: Provenance
        ) {
            self.lease = lease
            self.trial = trial
            self.id = id
            self.attempt = attempt
            self.body = body
            self.files = files
            self.provenance = provenance
        }
    }

    /// An attempt that gave no record, because of an error, a crash or a limit.
    public struct Failure: Equatable, Sendable {
        /// Lease by which the worker held the trial.
        public var lease: LeaseID
        /// Grid index.
        public var trial: UInt64
        /// Attempt number.
        public var attempt: UInt32
        /// Cause in one sentence, for a person.
        public var cause: String
        /// Last lines that the slot wrote to standard error, separated by newlines; often empty.
        public var log: String
        /// Where, when and for how long the attempt ran.
        public var provenance: Provenance

        /// Creates a failure from its parts.
        public init(
            lease: LeaseID, trial: UInt64, attempt: UInt32, cause: String, log: String = "",
            provenance: Provenance
        ) {
            self.lease = lease
            self.trial = trial
            self.attempt = attempt
            self.cause = cause
            self.log = log
            self.provenance = provenance
        }
    }
}

/// Progress of a trial, in thousandths of its training steps.
public struct TrialProgress: Equatable, Sendable {
    /// Grid index.
    public var trial: UInt64
    /// Thousandths that are done.
    public var permille: UInt16
    /// Thousandths at which the attempt began; above 0 if it continues from a checkpoint.
    public var from: UInt16

    /// Creates the progress of a trial.
    public init(trial: UInt64, permille: UInt16, from: UInt16 = 0) {
        self.trial = trial
        self.permille = permille
        self.from = from
    }
}

/// Weights after a step of a trial. The coordinator names the file; a worker names no files.
public struct KeptFile: Equatable, Sendable {
    /// Training step.
    public var step: UInt64
    /// Size in bytes.
    public var bytes: UInt64

    /// Creates the description of a file.
    public init(step: UInt64, bytes: UInt64) {
        self.step = step
        self.bytes = bytes
    }
}

/// A part of a trial's kept weights.
public struct Chunk: Equatable, Sendable {
    /// Grid index.
    public var trial: UInt64
    /// Index of the file in the report's list.
    public var file: UInt32
    /// Offset in the file, in bytes.
    public var offset: UInt64
    /// Bytes of the file from `offset` on, at most `WireLimit.chunk`.
    public var bytes: [UInt8]

    /// Creates a chunk from its parts.
    public init(trial: UInt64, file: UInt32, offset: UInt64, bytes: [UInt8]) {
        self.trial = trial
        self.file = file
        self.offset = offset
        self.bytes = bytes
    }
}

/// A message from a coordinator to a worker.
public enum CoordinatorMessage: Equatable, Sendable {
    /// The sweep (its canonical JSON) that assignments index into, and the heartbeat interval.
    case welcome(Welcome)
    /// The worker cannot serve; `reason` is for its user.
    case refuse(reason: String)
    case assign(Assignment)
    /// The coordinator is still here. A worker that hears nothing for long says hello again.
    case heartbeat
    /// These trials have durable records: forget them. Never the answer to a failure.
    case accepted([UInt64])
    /// Give back the trials that no slot has begun, and list in a hello what is still held.
    case recall
    /// Stop and forget these trials of the lease: their failure is known, they have an outcome, or other
    /// workers have them.
    case revoke(LeaseID, [UInt64])
    /// Send the chunk at this offset of the reported trial's weights.
    case fetch(trial: UInt64, file: UInt32, offset: UInt64)
    /// The sweep is done, or the coordinator stops for good: exit.
    case finish

    /// Answer to a hello.
    public struct Welcome: Equatable, Sendable {
        /// Canonical JSON of the sweep.
        public var sweep: [UInt8]
        /// Interval between heartbeats, in both directions.
        public var heartbeatMilliseconds: UInt32
        /// Time limit of a trial. One that runs longer is ended and has failed; 0: no limit.
        public var trialLimitSeconds: UInt32

        /// Creates a welcome from its parts.
        public init(sweep: [UInt8], heartbeatMilliseconds: UInt32, trialLimitSeconds: UInt32 = 0) {
            self.sweep = sweep
            self.heartbeatMilliseconds = heartbeatMilliseconds
            self.trialLimitSeconds = trialLimitSeconds
        }
    }

    /// Trials that are leased to a worker.
    public struct Assignment: Equatable, Sendable {
        /// Lease of all these trials.
        public var lease: LeaseID
        /// Attempt number of all these trials.
        public var attempt: UInt32
        /// Grid indices.
        public var trials: [UInt64]
        /// Whether one slot trains them all as a batch.
        public var isBatched: Bool

        /// Creates an assignment from its parts.
        public init(lease: LeaseID, attempt: UInt32, trials: [UInt64], isBatched: Bool = false) {
            self.lease = lease
            self.attempt = attempt
            self.trials = trials
            self.isBatched = isBatched
        }
    }
}

/// A message from a worker to a slot, its child process, over a socket pair.
public enum SlotRequest: Equatable, Sendable {
    /// The sweep's canonical JSON. Sent once, as the first message.
    case sweep([UInt8])
    /// Run one trial, or several as a batch. Each is answered.
    case run(trials: [UInt64])
}

/// A message from a slot to its worker.
public enum SlotReply: Equatable, Sendable {
    /// The slot is ready. It has this BLAS kernel and was built from these sources, which may differ from
    /// those of the worker: the program's file may have been replaced.
    case ready(kernel: String, commit: String = "")
    /// The trial has a record. Its files are where the worker told the slot to put them.
    case done(
        trial: UInt64, id: TrialID, body: [UInt8], files: [KeptFile] = [], continuedFrom: UInt64 = 0,
        seconds: Double, measuringSeconds: Double = 0, peakMemoryBytes: UInt64)
    case failed(trial: UInt64, cause: String, seconds: Double, peakMemoryBytes: UInt64)
    /// Sent about once a second.
    case progress(TrialProgress)
}
