import Wire

/// Whether trials are leased.
public enum DispatchMode: Equatable, Sendable {
    case open
    /// No trial is leased until the operator unpauses the run. Running trials continue.
    case paused
    /// No trial is leased any more. The run ends with its last running trial.
    case draining
}

/// State of a worker that has joined.
public struct WorkerStatus: Equatable, Sendable {
    /// Identity of the worker's process.
    public var id: WorkerID
    /// Host name, as the worker gives it.
    public var host: String
    /// Process identifier on its host.
    public var process: UInt32
    /// BLAS kernel that its slots use.
    public var kernel: String
    /// Commit of the sources that it was built from.
    public var commit: String
    /// Number of its slots.
    public var slots: Int
    /// Number of trials that it holds: running, waiting, or with a report on its way.
    public var held: Int
    /// Time since it was last heard from.
    public var silentMilliseconds: Int64
    /// Whether it has been silent for too long to get new trials.
    public var isUnresponsive: Bool
    /// Failures in a row, without a record in between.
    public var failuresInARow: Int
    /// Time until it gets its next untried trial; nil unless it backs off.
    public var backOffMilliseconds: Int64?
    /// Number of slots with nothing to do.
    public var freeSlots: Int
    /// Why slots are free; nil if none is.
    public var idle: IdleReason?
}

/// Progress of a running trial, as fractions of its training.
struct Fraction: Equatable, Sendable {
    var done = 0.0
    /// Fraction done before this coordinator knew of the attempt: from a checkpoint, or by a worker that was
    /// already running it.
    var before = 0.0
    /// Whether a worker claimed the trial in a hello. Its first progress message then tells how far it was.
    var isClaimed = false
}

// MARK: - Operator commands

extension Dispatcher {
    mutating func change(_ event: DispatchEvent, _ effects: inout [DispatchEffect]) {
        switch event {
        case .pause where mode == .open: mode = .paused
        case .drain: mode = .draining
        case .unpause where !isDrained: mode = .open
        case .pause, .unpause, .message, .report, .lost, .tick: return
        }
        guard mode != .open else { return }
        for id in workerOrder where !(workers[id]?.held.isEmpty ?? true) {
            effects.append(.send(.recall, to: id))
        }
    }

    /// Number of trials that workers hold.
    public var leasedCount: Int {
        progress.total - pendingCount - progress.complete - progress.quarantined
    }

    mutating func endIfDrained(_ effects: inout [DispatchEffect]) {
        guard mode == .draining, !isFinished, !isDrained, leasedCount == 0 else { return }
        isDrained = true
        effects.append(.drained)
    }
}

// MARK: - Status

extension Dispatcher {
    /// States of all workers, in joining order.
    public func workerStatuses(at clock: Instant) -> [WorkerStatus] {
        let now = loopTime.time(at: clock)
        return workerOrder.compactMap { id in
            workers[id].map { worker in
                WorkerStatus(
                    id: id, host: worker.host, process: worker.process, kernel: worker.kernel,
                    commit: worker.commit,
                    slots: worker.slots, held: worker.held.count,
                    silentMilliseconds: now.milliseconds - worker.lastHeard.milliseconds,
                    isUnresponsive: worker.isUnresponsive, failuresInARow: worker.failuresInARow,
                    backOffMilliseconds: worker.backsOffUntil.map { $0.milliseconds - now.milliseconds },
                    freeSlots: freeSlots(of: worker), idle: idleReason(of: worker, now))
            }
        }
    }

    /// Sum of the fractions that running trials have done.
    public var runningFraction: Double { fractions.values.reduce(0) { $0 + $1.done } }

    /// Progress of each running trial that has reported any, and the fraction done before this coordinator
    /// knew of the attempt. Sorted by trial.
    public var runningTrials: [(trial: Int, done: Double, before: Double)] {
        fractions.map { ($0.key, $0.value.done, $0.value.before) }.sorted { $0.0 < $1.0 }
    }

    /// Work done since this coordinator started, in trials and up to a constant. Rates are measured by it.
    public var work: Double {
        Double(progress.complete + progress.quarantined) - skipped
            + fractions.values.reduce(0) { $0 + $1.done - $1.before }
    }

    mutating func note(_ list: [TrialProgress], from id: WorkerID) {
        for report in list {
            guard let trial = Int(exactly: report.trial), workers[id]?.held[trial] != nil else { continue }
            let done = Double(min(report.permille, 1000)) / 1000
            var fraction = fractions[trial] ?? Fraction()
            if fraction.isClaimed {
                fraction = Fraction(before: done)
            } else if fraction.done == 0 {
                fraction.before = min(done, Double(report.from) / 1000)
            }
            // An attempt may have started over, or two workers may run the trial.
            fraction.done = max(fraction.done, done)
            fractions[trial] = fraction
        }
    }

    mutating func forgetFraction(of trial: Int, isDone: Bool) {
        guard let fraction = fractions.removeValue(forKey: trial) else { return }
        if isDone { skipped += fraction.before }
    }
}
