import Wire

extension Dispatcher {
    /// Trials of the next shard: about `shardMilliseconds` for each slot, and never so many that the others
    /// idle.
    private func shardSize(slots: Int, totalSlots: Int) -> Int {
        let perSlot = meanMilliseconds.map { settings.shardMilliseconds / max($0, 0.001) } ?? 1
        let byTime = Int(min(Double(settings.largestShard), max(1, perSlot * Double(slots))))
        let fair = (pendingCount + 2 * totalSlots - 1) / (2 * totalSlots)
        return max(1, min(byTime, fair, settings.largestShard))
    }

    mutating func assign(_ now: Instant, _ effects: inout [DispatchEffect]) {
        guard intake == .open else { return }
        let totalSlots = workers.values.reduce(0) { $0 + $1.slots }
        for id in workerOrder {
            if let until = workers[id]?.restsUntil, now >= until { workers[id]?.restsUntil = nil }
            guard let worker = workers[id], !worker.isSuspect else { continue }
            // Rest protects trials that nobody has tried. Where there are none, what failed is tried again at once.
            let isOnProbation = worker.failuresInARow >= settings.restAfterFailures && cursor < states.count
            if isOnProbation, worker.restsUntil != nil { continue }
            while pendingCount > 0 {
                let held = workers[id]?.held.count ?? 0
                if isOnProbation {
                    guard held == 0, let shard = takeFresh(atMost: 1) ?? takeShard(for: id, atMost: 1) else { break }
                    lease(shard, to: id, &effects)
                    continue
                }
                let size = shardSize(slots: worker.slots, totalSlots: totalSlots)
                // A spare shard keeps slots busy while reports travel, until so few trials are left that
                // another worker's idle slot is the better place for them.
                let room = pendingCount > totalSlots ? worker.slots + (size + 1) / 2 : worker.slots
                guard held < room else { break }
                // Who failed last must not use up a trial's attempts, one after another.
                let untried = worker.failuresInARow > 0 ? takeFresh(atMost: 1) : nil
                guard let shard = untried ?? takeShard(for: id, atMost: size) else { break }
                lease(shard, to: id, &effects)
            }
        }
    }

    /// Pending trials with one attempt number: some that were never tried, or one that came back.
    private mutating func takeShard(for id: WorkerID, atMost size: Int) -> [Int]? {
        returned.removeAll { states[$0] != .pending }
        let others = workers.contains { $0.key != id && !$0.value.isSuspect }
        if let position = returned.firstIndex(where: { !others || histories[$0]?.avoid != id }) {
            return [returned.remove(at: position)]
        }
        return takeFresh(atMost: size)
    }

    private mutating func takeFresh(atMost size: Int) -> [Int]? {
        var shard: [Int] = []
        while cursor < states.count, shard.count < size {
            let trial = cursor
            if states[trial] == .pending, !returned.contains(trial) {
                // A trial with a history goes alone: its attempt number is its own.
                if histories[trial] != nil, !shard.isEmpty { break }
                shard.append(trial)
                if histories[trial] != nil {
                    cursor += 1
                    break
                }
            }
            cursor += 1
        }
        return shard.isEmpty ? nil : shard
    }

    private mutating func lease(_ shard: [Int], to id: WorkerID, _ effects: inout [DispatchEffect]) {
        let lease = LeaseID(nextLease)
        nextLease += 1
        let attempt = (histories[shard[0]]?.attempts ?? 0) + 1
        for trial in shard {
            states[trial] = .leased
            pendingCount -= 1
            workers[id]?.held[trial] = Hold(lease: lease, attempt: attempt)
            histories[trial]?.attempts = attempt
        }
        effects.append(
            .send(
                .assign(
                    CoordinatorMessage.Assignment(
                        lease: lease, attempt: attempt, trials: shard.map { UInt64($0) })), to: id))
    }
}

/// How many shards a sweep is cut into when each is as large as allowed: what `plan` announces.
public func plannedShards(trials: Int, slots: Int, secondsPerTrial: Double) -> Int {
    let settings = DispatchSettings()
    let perSlot = settings.shardMilliseconds / max(secondsPerTrial * 1000, 0.001)
    let size = Int(min(Double(settings.largestShard), max(1, perSlot * Double(slots))))
    return (trials + size - 1) / size
}
