import Sweep
import Wire

// The last trials: what is late is begun a second time where slots are idle, and the first record counts.

extension Dispatcher {
    /// Looks at every leased trial, so not more often than workers beat, and only when nothing is pending. Suspects
    /// are not copied: a trial that may have killed one worker is not let loose on two.
    mutating func copyStragglers(_ now: Instant, _ effects: inout [DispatchEffect]) {
        guard mode == .open, pendingCount == 0, !holders.isEmpty, !idle.isEmpty, now >= nextTailCheck else {
            return
        }
        nextTailCheck = now + settings.heartbeatMilliseconds
        let mean = meanMilliseconds.map { min(settings.stragglerMeans * $0, 1e15) }
        let patience = mean.map { max(settings.stragglerMilliseconds, Int64($0)) }
        var late: [(since: Instant, trial: Int)] = []
        for (trial, holder) in holders where !holder.wasCopied && transfers[trial] == nil {
            guard let worker = workers[holder.worker], let lease = worker.held[trial],
                lease.stage != .reported,
                histories[trial]?.losses ?? 0 == 0
            else { continue }
            let times = Int64(lease.isBatched ? BatchKey.maxTrials : 1)
            if worker.isUnresponsive || patience.map({ now >= lease.since + times * $0 }) ?? false {
                late.append((lease.since, trial))
            }
        }
        late.sort { ($0.since, $0.trial) < ($1.since, $1.trial) }
        for (_, trial) in late {
            guard let holder = holders[trial]?.worker, let id = takeIdle(besides: holder, now) else {
                continue
            }
            lease(Shard(trials: [trial]), to: id, now, &effects)
            noteIdle(id)
        }
    }

    /// A worker that can begin a copy at once.
    private mutating func takeIdle(besides holder: WorkerID, _ now: Instant) -> WorkerID? {
        for _ in 0..<idle.count {
            guard let id = idle.popFirst() else { return nil }
            workers[id]?.isQueued = false
            if id != holder, isFree(id), let worker = workers[id], worker.failuresInARow == 0,
                hasTime(worker, now)
            {
                return id
            }
            noteIdle(id)
        }
        return nil
    }

    func isFree(_ id: WorkerID) -> Bool {
        guard let worker = workers[id] else { return false }
        return !worker.isUnresponsive && worker.isolatedTrial == nil && worker.units < worker.slots
    }

    /// Remembers the worker if it has a free slot.
    mutating func noteIdle(_ id: WorkerID) {
        guard isFree(id), workers[id]?.isQueued == false else { return }
        workers[id]?.isQueued = true
        idle.append(id)
    }
}
