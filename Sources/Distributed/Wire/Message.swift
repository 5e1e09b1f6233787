// Wire: what coordinator, worker and slot say to one another, and how it is written as bytes.
// Imports Sweep and Text. Leaves out sockets (Transport) and what to do about a message (Scheduling).

import Sweep
import Text

/// The version of every message below; a peer that speaks another is refused with both numbers named.
public let wireVersion = formatVersion

/// Who a worker is: chosen at random by the worker's process when it starts, kept across reconnections.
public struct WorkerID: Hashable, Sendable {
    public let value: UInt64
    public init(_ value: UInt64) { self.value = value }
}

/// A lease's number: unique within a run directory, across restarts of its coordinator.
public struct LeaseID: Hashable, Sendable {
    public let value: UInt64
    public init(_ value: UInt64) { self.value = value }
}

/// What a worker tells its coordinator. Any of them counts as a beat.
public enum WorkerMessage: Equatable, Sendable {
    /// The first message, said again to a silent coordinator, and from time to time: it says what is held,
    /// and so what was lost on the way.
    case hello(Hello)
    case heartbeat
    /// How far the trials are that its slots run; those that say nothing yet are left out.
    case progress([TrialProgress])
    case report(Report)
    case failure(Failure)
    /// What a `fetch` asked for.
    case chunk(Chunk)
    /// The worker leaves of its own will; its unfinished trials are free at once.
    case goodbye

    public struct Hello: Equatable, Sendable {
        public var program: String
        public var host: String
        public var process: UInt32
        public var slots: UInt32
        public var cpu: String
        /// The BLAS kernel its slots use, as OpenBLAS names it.
        public var kernel: String
        /// Trials it still holds: running, waiting, or reported but unacknowledged.
        public var held: [HeldTrial]
        /// Until it says goodbye, whatever still runs then; nil where it knows no such time. Relative, because
        /// clocks differ.
        public var remainingMilliseconds: UInt64?
        /// How often its trials leave their state; 0: never.
        public var checkpointMilliseconds: UInt32
        /// Which sources the worker was built from (`programCommit`).
        public var commit: String

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

    public struct HeldTrial: Equatable, Sendable {
        public var lease: LeaseID
        public var trial: UInt64
        public var attempt: UInt32
        public var stage: Stage
        /// Whether all of the lease are run at once by one slot.
        public var isBatched: Bool

        public enum Stage: UInt8, CaseIterable, Sendable { case waiting, running, reported }

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

    /// A finished trial. `body` is the record's part that depends on the trial alone, as canonical JSON.
    public struct Report: Equatable, Sendable {
        public var lease: LeaseID
        public var trial: UInt64
        public var id: TrialID
        public var attempt: UInt32
        public var body: [UInt8]
        /// Weights that the worker has for the coordinator to fetch: the report counts once they are durable.
        public var files: [KeptFile]
        public var provenance: Provenance

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

    /// An attempt that gave no record: an error, a crash, a limit.
    public struct Failure: Equatable, Sendable {
        public var lease: LeaseID
        public var trial: UInt64
        public var attempt: UInt32
        /// One sentence for a person.
        public var cause: String
        /// The last lines that the slot wrote to standard error, with newlines between; often none.
        public var log: String
        public var provenance: Provenance

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

/// How far a trial is, in thousandths of its training's steps.
public struct TrialProgress: Equatable, Sendable {
    public var trial: UInt64
    public var permille: UInt16
    /// Where the attempt began: not at 0 where it goes on from a checkpoint.
    public var from: UInt16

    public init(trial: UInt64, permille: UInt16, from: UInt16 = 0) {
        self.trial = trial
        self.permille = permille
        self.from = from
    }
}

/// Weights after a step of a trial. The coordinator gives them their name: a worker names no files.
public struct KeptFile: Equatable, Sendable {
    public var step: UInt64
    /// How many.
    public var bytes: UInt64

    public init(step: UInt64, bytes: UInt64) {
        self.step = step
        self.bytes = bytes
    }
}

/// A part of a trial's kept weights.
public struct Chunk: Equatable, Sendable {
    public var trial: UInt64
    /// Its place in the report's list.
    public var file: UInt32
    public var offset: UInt64
    /// As many as there are from `offset` on, at most `WireLimit.piece`.
    public var bytes: [UInt8]

    public init(trial: UInt64, file: UInt32, offset: UInt64, bytes: [UInt8]) {
        self.trial = trial
        self.file = file
        self.offset = offset
        self.bytes = bytes
    }
}

/// Who, where, when and how long: about the attempt, never in the record.
public struct Provenance: Equatable, Sendable {
    public var host: String
    public var process: UInt32
    public var slot: UInt32
    public var cpu: String
    public var kernel: String
    /// Unix time of the start, in milliseconds.
    public var startMilliseconds: Int64
    public var seconds: Double
    public var peakMemoryBytes: UInt64
    /// The step of the checkpoint that the attempt went on from; 0: it began at the beginning.
    public var continuedFrom: UInt64
    /// Of `seconds`, those in which the network was measured and not trained; 0 where nobody says.
    public var measuringSeconds: Double
    /// Which sources the worker was built from; empty where nobody says.
    public var commit: String

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

/// What a coordinator tells a worker.
public enum CoordinatorMessage: Equatable, Sendable {
    /// The sweep (its canonical JSON) that assignments index into, and how often to beat.
    case welcome(Welcome)
    /// The worker cannot serve; `reason` is for its user.
    case refuse(reason: String)
    case assign(Assignment)
    /// Nothing to say, still here: a worker that hears nothing for long says hello again.
    case heartbeat
    /// These trials have durable records: forget what you hold of them. Never the answer to a failure.
    case accepted([UInt64])
    /// Give back the trials that no slot has begun, and say by a hello what is still held.
    case recall
    /// Stop and forget these trials of the lease: their failure is known, they have their outcome, or others have them.
    case revoke(LeaseID, [UInt64])
    /// Send the piece that begins there, of the reported trial's weights.
    case fetch(trial: UInt64, file: UInt32, offset: UInt64)
    /// All is done, or the coordinator stops for good: exit.
    case finish

    public struct Welcome: Equatable, Sendable {
        public var sweep: [UInt8]
        public var heartbeatMilliseconds: UInt32
        /// A trial that runs longer is ended, and has failed; 0: never.
        public var trialLimitSeconds: UInt32

        public init(sweep: [UInt8], heartbeatMilliseconds: UInt32, trialLimitSeconds: UInt32 = 0) {
            self.sweep = sweep
            self.heartbeatMilliseconds = heartbeatMilliseconds
            self.trialLimitSeconds = trialLimitSeconds
        }
    }

    public struct Assignment: Equatable, Sendable {
        public var lease: LeaseID
        public var attempt: UInt32
        /// Grid indices.
        public var trials: [UInt64]
        /// Whether one slot is to train them all at once.
        public var isBatched: Bool

        public init(lease: LeaseID, attempt: UInt32, trials: [UInt64], isBatched: Bool = false) {
            self.lease = lease
            self.attempt = attempt
            self.trials = trials
            self.isBatched = isBatched
        }
    }
}

/// What a worker tells its slot, a child process, over a socket pair.
public enum SlotRequest: Equatable, Sendable {
    /// The sweep's canonical JSON; once, first.
    case sweep([UInt8])
    /// One, or several that it trains at once; each is answered.
    case run(trials: [UInt64])
}

/// What a slot tells its worker.
public enum SlotReply: Equatable, Sendable {
    /// Up, with this BLAS kernel, and of these sources: the program's file may be another by now.
    case ready(kernel: String, commit: String = "")
    /// The files are where the worker told the slot to put them.
    case done(
        trial: UInt64, id: TrialID, body: [UInt8], files: [KeptFile] = [], continuedFrom: UInt64 = 0,
        seconds: Double, measuringSeconds: Double = 0, peakMemoryBytes: UInt64)
    case failed(trial: UInt64, cause: String, seconds: Double, peakMemoryBytes: UInt64)
    /// Told about once a second.
    case progress(TrialProgress)
}
