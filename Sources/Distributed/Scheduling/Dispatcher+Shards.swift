import Sweep
import Wire

/// Trials that are leased together.
struct Shard {
    var trials: [Int]
    /// Whether one slot trains them as a batch.
    var isBatched = false
}

extension Dispatcher {
    /// Number of trials that leaves enough for the other slots.
    private var fairShare: Int { (pendingCount + 2 * totalSlots - 1) / (2 * totalSlots) }

    /// Number of trials in the next shard: about `shardMilliseconds` of work for each slot, and never so many
    /// that other workers idle.
    private func shardSize(slots: Int) -> Int {
        let perSlot = meanMilliseconds.map { settings.shardMilliseconds / max($0, 0.001) } ?? 1
        let byTime = Int(min(Double(settings.largestShard), max(1, perSlot * Double(slots))))
        return max(1, min(byTime, fairShare, settings.largestShard))
    }

    /// The next untried trials that a slot of the worker may train as a batch, few enough to leave the others
    /// their share, and the position after them. No trial or one: there is no batch next.
    private mutating func nextBatch(for worker: Worker, _ now: Instant) -> (trials: [Int], end: Int) {
        skipTaken()
        let maximum = min(
            BatchKey.maxTrials, fairShare, timeCapacity(worker, now) / (2 * max(1, worker.slots)))
        guard cursor < states.count, maximum > 1, let run = order?.run(from: cursor), run.first?.group != nil
        else { return ([], cursor) }
        var fresh: [(trial: Int, end: Int)] = []
        var budget = maxBatchMilliseconds(worker)
        for (offset, entry) in run.enumerated() where states[entry.trial] == .pending {
            budget -= 1000 * entry.seconds
            guard histories[entry.trial] == nil, budget >= 0, fresh.count < 2 * maximum else { break }
            fresh.append((entry.trial, cursor + offset + 1))
        }
        // Eighteen are split into nine and nine, not sixteen and two.
        let count = fresh.count <= maximum ? fresh.count : (fresh.count + 1) / 2
        return (fresh.prefix(count).map(\.trial), fresh.prefix(count).last?.end ?? cursor)
    }

    private func maxBatchMilliseconds(_ worker: Worker) -> Double {
        var milliseconds = settings.maxBatchMilliseconds
        if worker.checkpointMilliseconds > 0 {
            milliseconds = min(milliseconds, Double(worker.checkpointMilliseconds) / 3)
        }
        if settings.trialLimitSeconds > 0 {
            milliseconds = min(milliseconds, Double(settings.trialLimitSeconds) * 1000 / 2)
        }
        return milliseconds
    }

    /// Moves to the next pending trial that is no suspect. Suspects have queues of their own.
    private mutating func skipTaken() {
        guard order != nil else { return }
        while cursor < states.count, let trial = order?.trial(at: cursor),
            states[trial] != .pending || histories[trial]?.losses ?? 0 > 0
        {
            cursor += 1
        }
    }

    /// Leases trials to one worker until it has no room left.
    mutating func assignWork(_ id: WorkerID, _ now: Instant, _ effects: inout [DispatchEffect]) {
        guard pendingCount > 0 else { return noteIdle(id) }
        if let until = workers[id]?.backsOffUntil, now >= until { workers[id]?.backsOffUntil = nil }
        while pendingCount > 0, let shard = nextShard(for: id, now) { lease(shard, to: id, now, &effects) }
        noteIdle(id)
    }

    /// Gives pending trials to workers with free slots. Workers that can take nothing are requeued and
    /// retried at a later event.
    mutating func fillIdle(_ now: Instant, _ effects: inout [DispatchEffect]) {
        var refusals = 0
        while pendingCount > 0, refusals < min(16, idle.count), let id = idle.popFirst() {
            workers[id]?.isQueued = false
            let before = pendingCount
            assignWork(id, now, &effects)
            refusals = pendingCount == before ? refusals + 1 : 0
        }
    }

    private mutating func nextShard(for id: WorkerID, _ now: Instant) -> Shard? {
        guard mode == .open, let worker = workers[id], !worker.isUnresponsive, worker.isolatedTrial == nil,
            hasTime(worker, now)
        else { return nil }
        let count = worker.held.count
        // The back-off protects untried trials. If there are none left, failed ones are retried at once.
        if worker.failuresInARow >= settings.backOffAfterFailures, cursor < states.count {
            guard worker.backsOffUntil == nil, count == 0 else { return nil }
            return takeProbe() ?? takeFresh(atMost: 1) ?? takeShard(for: id, atMost: 1)
        }
        if count == 0, let trial = takePending(\.isolationQueue) {
            workers[id]?.isolatedTrial = trial
            return Shard(trials: [trial])
        }
        let capacity = timeCapacity(worker, now)
        let size = min(shardSize(slots: worker.slots), max(1, capacity - count))
        // A spare shard keeps slots busy while reports travel. When few trials are left, another worker's
        // idle slot is the better place for them.
        let batch = nextBatch(for: worker, now)
        let spare =
            pendingCount > totalSlots ? max(1, (size + 1) / 2 / max(1, batch.trials.count)) : 0
        guard worker.units < min(worker.slots + spare, capacity) else { return nil }
        if !suspects.isEmpty, !worker.held.keys.contains(where: { histories[$0]?.losses ?? 0 > 0 }),
            let trial = takePending(\.suspects)
        {
            return Shard(trials: [trial])
        }
        // A failing worker gets untried trials first, so that it can't exhaust one trial's retries.
        let untried = worker.failuresInARow > 0 ? takeProbe() ?? takeFresh(atMost: 1) : nil
        return untried ?? takeShard(for: id, atMost: size, batch: batch)
    }

    /// Pending trials with one attempt number: several untried ones, or a single one that came back.
    private mutating func takeShard(
        for id: WorkerID, atMost size: Int, batch: (trials: [Int], end: Int)? = nil
    ) -> Shard? {
        let others = liveCount > 1
        if let trial = takePending(\.returned, avoiding: others ? id : nil) { return Shard(trials: [trial]) }
        if let batch, batch.trials.count > 1 {
            cursor = batch.end
            return Shard(trials: batch.trials, isBatched: true)
        }
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

    /// Untried trials, ascending: their worker takes them in this order, and a loss is blamed on them in this
    /// order.
    private mutating func takeFresh(atMost size: Int) -> Shard? {
        var shard: [Int] = []
        skipTaken()
        guard cursor < states.count else { return nil }
        // Trials that may be batched aren't mixed with those before them.
        let end = (order?.run(from: cursor).count).map { cursor + $0 } ?? states.count
        while cursor < end, shard.count < size {
            let trial = order?.trial(at: cursor) ?? cursor
            if states[trial] == .pending {
                if let history = histories[trial] {
                    // A trial with a history goes alone, because its attempt number is its own. Suspects have
                    // queues of their own.
                    if history.losses == 0 {
                        guard shard.isEmpty else { break }
                        cursor += 1
                        return Shard(trials: [trial])
                    }
                } else {
                    guard shard.last ?? -1 < trial else { break }
                    shard.append(trial)
                }
            }
            cursor += 1
        }
        return shard.isEmpty ? nil : Shard(trials: shard)
    }

    mutating func lease(_ shard: Shard, to id: WorkerID, _ now: Instant, _ effects: inout [DispatchEffect]) {
        let lease = LeaseID(nextLease)
        nextLease += 1
        // A copy's attempt number is above that of the first holder, which may be the first attempt of all.
        let (trials, one) = (shard.trials, shard.trials[0])
        let first = holders[one].flatMap { workers[$0.worker]?.held[one]?.attempt } ?? 0
        let attempt = max(first, histories[one]?.attempts ?? 0) + 1
        for trial in trials {
            grant(
                trial, id,
                Lease(id: lease, attempt: attempt, since: now, isBatched: shard.isBatched))
            if attempt > 1 { histories[trial, default: TrialHistory()].attempts = attempt }
        }
        noteGiven(trials.count, to: id, now, &effects)
        effects.append(
            .send(
                .assign(
                    CoordinatorMessage.Assignment(
                        lease: lease, attempt: attempt, trials: trials.map { UInt64($0) },
                        isBatched: shard.isBatched)), to: id))
    }
}

/// Number of shards in a sweep if each is as large as allowed. `plan` shows it.
public func plannedShards(trials: Int, slots: Int, secondsPerTrial: Double) -> Int {
    let settings = DispatchSettings()
    let perSlot = settings.shardMilliseconds / max(secondsPerTrial * 1000, 0.001)
    let size = Int(min(Double(settings.largestShard), max(1, perSlot * Double(slots))))
    return (trials + size - 1) / size
}
