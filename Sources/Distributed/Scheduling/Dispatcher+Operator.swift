import Wire

/// Whether trials are leased.
public enum DispatchMode: Equatable, Sendable {
    case open
    /// None, until a person says otherwise; what is running goes on.
    case paused
    /// None any more: the run ends with the last that is running.
    case draining
}

/// What is known of a worker that is there.
public struct WorkerStatus: Equatable, Sendable {
    public var id: WorkerID
    public var host: String
    public var process: UInt32
    public var kernel: String
    public var commit: String
    public var slots: Int
    /// Trials that it holds: running, waiting, or with a report on its way.
    public var held: Int
    /// Since it was last heard.
    public var silentMilliseconds: Int64
    public var isUnresponsive: Bool
    /// One after another, without a record in between.
    public var failuresInARow: Int
    /// Until it gets its next untried trial; nil where it does not rest.
    public var restMilliseconds: Int64?
    /// Slots with nothing to do, and why.
    public var freeSlots: Int
    public var idle: IdleReason?
}

/// How far a running trial is.
struct Fraction: Equatable, Sendable {
    var done = 0.0
    /// What was done before this coordinator knew of the attempt: a checkpoint's share, or what a worker
    /// brought along.
    var before = 0.0
    /// A worker held it when it said hello; how far it was by then its first word tells.
    var isClaimed = false
}

// MARK: - The operator's wishes

extension Dispatcher {
    mutating func change(_ event: DispatchEvent, _ effects: inout [DispatchEffect]) {
        switch event {
        case .pause where mode == .open: mode = .paused
        case .drain: mode = .draining
        case .unpause where !isDrained: mode = .open
        case .pause, .unpause, .message, .lost, .tick: return
        }
        guard mode != .open else { return }
        for id in workerOrder where !(workers[id]?.held.isEmpty ?? true) {
            effects.append(.send(.recall, to: id))
        }
    }

    /// Trials that workers hold.
    public var leasedCount: Int {
        progress.total - pendingCount - progress.complete - progress.quarantined
    }

    mutating func endIfDrained(_ effects: inout [DispatchEffect]) {
        guard mode == .draining, !isFinished, !isDrained, leasedCount == 0 else { return }
        isDrained = true
        effects.append(.drained)
    }
}

// MARK: - What a person wants to see

extension Dispatcher {
    /// In the order in which they joined.
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
                    restMilliseconds: worker.restsUntil.map { $0.milliseconds - now.milliseconds },
                    freeSlots: freeSlots(of: worker), idle: idleReason(of: worker, now))
            }
        }
    }

    /// Sum of the fractions that running trials are done.
    public var runningFraction: Double { fractions.values.reduce(0) { $0 + $1.done } }

    /// How far the training of each running trial is that has told so, and what had been done of it before this
    /// coordinator knew of the attempt. By trial.
    public var runningTrials: [(trial: Int, done: Double, before: Double)] {
        fractions.map { ($0.key, $0.value.done, $0.value.before) }.sorted { $0.0 < $1.0 }
    }

    /// Trials' worth of work since this coordinator began, but for a constant: what rates are measured by.
    public var work: Double {
        Double(progress.complete + progress.quarantined) - skipped
            + fractions.values.reduce(0) { $0 + $1.done - $1.before }
    }

    mutating func note(_ list: [TrialProgress], from id: WorkerID) {
        for told in list {
            guard let trial = Int(exactly: told.trial), workers[id]?.held[trial] != nil else { continue }
            let done = Double(min(told.permille, 1000)) / 1000
            var fraction = fractions[trial] ?? Fraction()
            if fraction.isClaimed {
                fraction = Fraction(before: done)
            } else if fraction.done == 0 {
                fraction.before = min(done, Double(told.from) / 1000)
            }
            // An attempt may have begun anew, or two workers may be at it.
            fraction.done = max(fraction.done, done)
            fractions[trial] = fraction
        }
    }

    mutating func forgetFraction(of trial: Int, isDone: Bool) {
        guard let fraction = fractions.removeValue(forKey: trial) else { return }
        if isDone { skipped += fraction.before }
    }
}
