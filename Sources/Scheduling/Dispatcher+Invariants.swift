import Wire

extension Dispatcher {
    /// What must hold after every event; nil where it does, else what does not. For tests: it visits every
    /// trial.
    public func brokenInvariant() -> String? {
        for (trial, holder) in holders {
            if workers[holder.worker]?.held[trial] == nil {
                return "trial \(trial)'s holder does not hold it"
            }
            guard let copy = holder.copy else { continue }
            if workers[copy]?.held[trial] == nil { return "trial \(trial)'s copy is nowhere" }
            if copy == holder.worker { return "trial \(trial) is copied to whom it is late with" }
        }
        for id in workerOrder {
            guard let worker = workers[id] else { continue }
            for trial in worker.held.keys.sorted()
            where holders[trial]?.worker != id && holders[trial]?.copy != id {
                return "trial \(trial) is held by worker \(id.value), who was not given it"
            }
            var together: [LeaseID: Int] = [:]
            for hold in worker.held.values where hold.isTogether { together[hold.lease, default: 0] += 1 }
            if together != worker.together { return "leases of worker \(id.value) are miscounted" }
            // What else it holds it brought itself, as a worker that was given up and came back.
            if let alone = worker.alone, worker.held[alone] == nil {
                return "worker \(id.value) waits for trial \(alone), which it does not hold"
            }
        }
        if totalSlots != workers.values.reduce(0, { $0 + $1.slots }) { return "slots are miscounted" }
        if liveCount != workers.values.count(where: { !$0.isSuspect }) {
            return "live workers are miscounted"
        }
        let waiting = Set(returned.all).union(suspects.all).union(graveSuspects.all)
        var counts: [TrialState: Int] = [:]
        for (trial, state) in states.enumerated() {
            counts[state, default: 0] += 1
            if (state == .leased) != (holders[trial] != nil) {
                return "trial \(trial) is \(state), against its leases"
            }
            if state == .pending, isPassed(trial), !waiting.contains(trial) {
                return "trial \(trial) is pending and nowhere to be found"
            }
        }
        for (trial, transfer) in transfers where workers[transfer.worker]?.held[trial] == nil {
            return "trial \(trial)'s weights are fetched from who does not hold it"
        }
        if counts[.pending, default: 0] != pendingCount { return "pending is miscounted" }
        if counts[.complete, default: 0] != progress.complete + elsewhere { return "complete is miscounted" }
        if counts[.quarantined, default: 0] != progress.quarantined { return "quarantined is miscounted" }
        return nil
    }

    func isPassed(_ trial: Int) -> Bool { order?.isBefore(cursor, trial: trial) ?? (trial < cursor) }
}
