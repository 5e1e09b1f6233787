import Wire

extension Dispatcher {
    /// Trials of the next shard: about `shardMilliseconds` for each slot, and never so many that the others
    /// idle.
    private func shardSize(slots: Int) -> Int {
        let perSlot = meanMilliseconds.map { settings.shardMilliseconds / max($0, 0.001) } ?? 1
        let byTime = Int(min(Double(settings.largestShard), max(1, perSlot * Double(slots))))
        let fair = (pendingCount + 2 * totalSlots - 1) / (2 * totalSlots)
        return max(1, min(byTime, fair, settings.largestShard))
    }

    /// Gives one worker what it has room for.
    mutating func fill(_ id: WorkerID, _ now: Instant, _ effects: inout [DispatchEffect]) {
        guard pendingCount > 0 else { return noteIdle(id) }
        if let until = workers[id]?.restsUntil, now >= until { workers[id]?.restsUntil = nil }
        while pendingCount > 0, let shard = nextShard(for: id, now) { lease(shard, to: id, now, &effects) }
        noteIdle(id)
    }

    /// Trials that came back go to whoever has slots to spare. Who cannot take what there is stands at the
    /// end of the queue, and is asked again at a later event.
    mutating func fillIdle(_ now: Instant, _ effects: inout [DispatchEffect]) {
        var refusals = 0
        while pendingCount > 0, refusals < min(16, idle.count), let id = idle.popFirst() {
            workers[id]?.isQueued = false
            let before = pendingCount
            fill(id, now, &effects)
            refusals = pendingCount == before ? refusals + 1 : 0
        }
    }

    private mutating func nextShard(for id: WorkerID, _ now: Instant) -> [Int]? {
        guard intake == .open, let worker = workers[id], !worker.isSuspect, worker.alone == nil,
            hasTime(worker, now)
        else { return nil }
        let count = worker.held.count
        // Rest protects trials that nobody has tried. Where there are none, what failed is tried again at
        // once.
        if worker.failuresInARow >= settings.restAfterFailures, cursor < states.count {
            guard worker.restsUntil == nil, count == 0 else { return nil }
            return takeFresh(atMost: 1) ?? takeShard(for: id, atMost: 1)
        }
        if count == 0, let trial = takePending(\.graveSuspects) {
            workers[id]?.alone = trial
            return [trial]
        }
        let capacity = timeCapacity(worker, now)
        let size = min(shardSize(slots: worker.slots), max(1, capacity - count))
        // A spare shard keeps slots busy while reports travel, until so few trials are left that
        // another worker's idle slot is the better place for them.
        let spare = pendingCount > totalSlots ? (size + 1) / 2 : 0
        let room = min(worker.slots + spare, capacity)
        guard count < room else { return nil }
        if !suspects.isEmpty, !worker.held.keys.contains(where: { histories[$0]?.losses ?? 0 > 0 }),
            let trial = takePending(\.suspects)
        {
            return [trial]
        }
        // Who failed last must not use up a trial's attempts, one after another.
        let untried = worker.failuresInARow > 0 ? takeFresh(atMost: 1) : nil
        return untried ?? takeShard(for: id, atMost: size)
    }

    /// Pending trials with one attempt number: some that were never tried, or one that came back.
    private mutating func takeShard(for id: WorkerID, atMost size: Int) -> [Int]? {
        let others = liveCount > 1
        if let trial = takePending(\.returned, avoiding: others ? id : nil) { return [trial] }
        return takeFresh(atMost: size)
    }

    private mutating func takePending(
        _ path: WritableKeyPath<Dispatcher, Queue<Int>>, avoiding id: WorkerID? = nil
    ) -> Int? {
        guard !self[keyPath: path].isEmpty else { return nil }
        var queue = Queue<Int>()
        swap(&queue, &self[keyPath: path])
        let trial = queue.take(
            isAlive: { states[$0] == .pending },
            where: { id == nil || histories[$0]?.avoid != id })
        swap(&queue, &self[keyPath: path])
        return trial
    }

    private mutating func takeFresh(atMost size: Int) -> [Int]? {
        var shard: [Int] = []
        while cursor < states.count, shard.count < size {
            let trial = cursor
            if states[trial] == .pending {
                if let history = histories[trial] {
                    // A trial with a history goes alone: its attempt number is its own. A suspect waits
                    // elsewhere.
                    if history.losses == 0 {
                        guard shard.isEmpty else { break }
                        cursor += 1
                        return [trial]
                    }
                } else {
                    shard.append(trial)
                }
            }
            cursor += 1
        }
        return shard.isEmpty ? nil : shard
    }

    mutating func lease(_ shard: [Int], to id: WorkerID, _ now: Instant, _ effects: inout [DispatchEffect]) {
        let lease = LeaseID(nextLease)
        nextLease += 1
        // A copy's number is above the first one's, which may be the first of all.
        let first = holders[shard[0]].flatMap { workers[$0.worker]?.held[shard[0]]?.attempt } ?? 0
        let attempt = max(first, histories[shard[0]]?.attempts ?? 0) + 1
        for trial in shard {
            hold(trial, id, Hold(lease: lease, attempt: attempt, since: now))
            if attempt > 1 { histories[trial, default: History()].attempts = attempt }
        }
        noteGiven(shard.count, to: id, now, &effects)
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
