import Wire

extension Dispatcher {
    /// First invariant that is broken; nil if none is. Invariants must hold after every event. For tests
    /// only: it visits every trial.
    public func brokenInvariant() -> String? {
        for (trial, holder) in holders {
            if states[trial] != .leased { return "trial \(trial) is \(states[trial]), against its leases" }
            if workers[holder.worker]?.held[trial] == nil {
                return "trial \(trial)'s holder does not hold it"
            }
            guard let copy = holder.copy else { continue }
            if workers[copy]?.held[trial] == nil { return "trial \(trial)'s copy is nowhere" }
            if copy == holder.worker { return "trial \(trial)'s copy is with its first holder" }
        }
        for id in workerOrder {
            guard let worker = workers[id] else { continue }
            for trial in worker.held.keys.sorted()
            where holders[trial]?.worker != id && holders[trial]?.copy != id {
                return "worker \(id.value) holds trial \(trial) without a lease"
            }
            var batches: [LeaseID: Int] = [:]
            for lease in worker.held.values where lease.isBatched { batches[lease.id, default: 0] += 1 }
            if batches != worker.batches { return "leases of worker \(id.value) are miscounted" }
            // It may hold further trials that it brought along when it came back after it was given up.
            if let isolated = worker.isolatedTrial, worker.held[isolated] == nil {
                return "worker \(id.value) waits for trial \(isolated), which it does not hold"
            }
        }
        if totalSlots != workers.values.reduce(0, { $0 + $1.slots }) { return "slots are miscounted" }
        if liveCount != workers.values.count(where: { !$0.isUnresponsive }) {
            return "live workers are miscounted"
        }
        // Arrays are fast: simulations check this after each of a hundred million events.
        var isWaiting = [Bool](repeating: false, count: states.count)
        for queue in [returned, suspects, isolationQueue] {
            for trial in queue.all { isWaiting[trial] = true }
        }
        var counts = [Int](repeating: 0, count: 4)
        for (trial, state) in states.enumerated() {
            counts[Int(state.rawValue)] += 1
            if state == .pending, !isWaiting[trial], isPassed(trial) {
                return "trial \(trial) is pending and nowhere to be found"
            }
        }
        for (trial, transfer) in transfers where workers[transfer.worker]?.held[trial] == nil {
            return "trial \(trial)'s weights are fetched from a worker that doesn't hold it"
        }
        func count(_ state: TrialState) -> Int { counts[Int(state.rawValue)] }
        if count(.leased) != holders.count {
            return "the number of leased trials differs from that of holders"
        }
        if count(.pending) != pendingCount { return "pending is miscounted" }
        if count(.complete) != progress.complete + excluded { return "complete is miscounted" }
        if count(.quarantined) != progress.quarantined { return "quarantined is miscounted" }
        return nil
    }

    func isPassed(_ trial: Int) -> Bool { order?.isBefore(cursor, trial: trial) ?? (trial < cursor) }
}
