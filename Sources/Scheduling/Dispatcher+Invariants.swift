import Wire

extension Dispatcher {
    /// What must hold after every event; nil where it does, else what does not. For tests: it visits every
    /// trial.
    public func brokenInvariant() -> String? {
        var leased: [Int: WorkerID] = [:]
        for id in workerOrder {
            guard let worker = workers[id] else { return "worker \(id.value) is ordered but unknown" }
            for trial in worker.held.keys.sorted() {
                if let other = leased[trial] {
                    return "trial \(trial) is held by workers \(other.value) and \(id.value)"
                }
                leased[trial] = id
            }
        }
        if workers.count != workerOrder.count { return "a worker is known but not ordered" }
        var counts: [TrialState: Int] = [:]
        for (trial, state) in states.enumerated() {
            counts[state, default: 0] += 1
            if (state == .leased) != (leased[trial] != nil) {
                return "trial \(trial) is \(state), against its leases"
            }
            if state == .pending, trial < cursor, !returned.contains(trial) {
                return "trial \(trial) is pending and nowhere to be found"
            }
        }
        for (trial, transfer) in transfers where leased[trial] != transfer.worker {
            return "trial \(trial)'s weights are fetched from who does not hold it"
        }
        if counts[.pending, default: 0] != pendingCount { return "pending is miscounted" }
        if counts[.complete, default: 0] != progress.complete { return "complete is miscounted" }
        if counts[.quarantined, default: 0] != progress.quarantined { return "quarantined is miscounted" }
        return nil
    }
}
