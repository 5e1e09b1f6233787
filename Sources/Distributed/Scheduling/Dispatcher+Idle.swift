/// Why a worker has a slot with nothing to do.
public enum IdleReason: Equatable, Sendable {
    /// It wasn't heard from lately.
    case silent
    case paused
    case draining
    /// Every trial is done or with a worker.
    case nothingWaits
    /// It runs a trial that brought down workers, with nothing beside it.
    case runsAlone(trial: Int)
    /// It failed again and again, and gets its next trial after this time.
    case backsOff(milliseconds: Int64)
    /// It failed again and again, and gets one trial at a time.
    case onProbation
    /// It must end before a trial would.
    case tooLittleTime(leftMilliseconds: Int64, expectedMilliseconds: Int64)
    /// It holds as many trials as it can finish in the time it has left.
    case fullForItsTime(leftMilliseconds: Int64)
    /// The pending trials failed there last, or brought down workers: other workers are tried first.
    case excluded
}

extension Dispatcher {
    func freeSlots(of worker: Worker) -> Int {
        worker.isolatedTrial == nil ? max(0, worker.slots - worker.units) : worker.slots - 1
    }

    /// Why the worker has free slots; nil if every slot has something to do. Makes the same checks as
    /// `nextShard`, in the same order.
    func idleReason(of worker: Worker, _ now: Instant) -> IdleReason? {
        guard freeSlots(of: worker) > 0 else { return nil }
        switch mode {
        case _ where worker.isUnresponsive: return .silent
        case .paused: return .paused
        case .draining: return .draining
        case .open: break
        }
        if let trial = worker.isolatedTrial { return .runsAlone(trial: trial) }
        if pendingCount == 0 { return .nothingWaits }
        let left = (worker.until?.milliseconds ?? .max) - now.milliseconds
        if !hasTime(worker, now) {
            let expected = Int64(min(trialTime.expected ?? 0, 1e15))
            return .tooLittleTime(leftMilliseconds: max(0, left), expectedMilliseconds: expected)
        }
        if worker.failuresInARow >= settings.backOffAfterFailures, cursor < states.count {
            return worker.backsOffUntil.map {
                .backsOff(milliseconds: max(0, $0.milliseconds - now.milliseconds))
            }
                ?? .onProbation
        }
        if worker.units >= timeCapacity(worker, now) { return .fullForItsTime(leftMilliseconds: left) }
        return .excluded
    }
}
