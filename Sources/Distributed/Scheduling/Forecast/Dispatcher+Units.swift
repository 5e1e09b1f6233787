import Sweep
import Wire

// The units that slots run, and those that they will be given next, for a forecast of the run's end.

extension Dispatcher {
    /// A trial, or several as a batch, that a worker holds.
    public struct HeldUnit: Equatable, Sendable {
        /// The trials, ascending.
        public var trials: [Int]
        /// When they were leased, in milliseconds of the dispatcher's clock.
        public var sinceMilliseconds: Int64
        /// Whether a slot runs it, as far as is known: a worker's slots take its units in the order of their leases.
        public var isRunning: Bool
        /// The share of the training that is done.
        public var fraction: Double
        /// The share that was done before this coordinator knew of it.
        public var before: Double
    }

    /// The units that workers hold, in the order of workers and leases; nil if there are more than `limit` trials.
    public func heldUnits(atMost limit: Int) -> [HeldUnit]? {
        guard holders.count <= limit else { return nil }
        var units: [HeldUnit] = []
        for id in workerOrder {
            guard let worker = workers[id], !worker.held.isEmpty else { continue }
            var groups: [[(trial: Int, lease: Lease)]] = []
            let held = worker.held.map { (trial: $0.key, lease: $0.value) }
            for entry in held.sorted(by: { ($0.lease.id.value, $0.trial) < ($1.lease.id.value, $1.trial) }) {
                // A second copy of a trial doesn't count: the first is as likely to end first.
                if holders[entry.trial]?.copy == id, holders[entry.trial]?.worker != id { continue }
                if entry.lease.isBatched, groups.last?.first?.lease.id == entry.lease.id {
                    groups[groups.count - 1].append(entry)
                } else {
                    groups.append([entry])
                }
            }
            let reported = groups.map { $0.contains { fractions[$0.trial] != nil } }
            // Units that tell of their progress run; then the oldest of the others.
            var free = max(0, worker.slots - reported.count(where: \.self))
            for (group, isReported) in zip(groups, reported) {
                var isRunning = isReported
                if !isRunning, free > 0 {
                    isRunning = true
                    free -= 1
                }
                let known = group.compactMap { fractions[$0.trial] }
                units.append(
                    HeldUnit(
                        trials: group.map(\.trial), sinceMilliseconds: group[0].lease.since.milliseconds,
                        isRunning: isRunning, fraction: known.map(\.done).max() ?? 0,
                        before: known.map(\.before).max() ?? 0))
            }
        }
        return units
    }

    /// The pending trials in the order in which they will be leased, those that one slot will get as a batch together;
    /// nil if there are more than `limit`.
    public func pendingUnits(atMost limit: Int) -> [[Int]]? {
        guard pendingCount <= limit else { return nil }
        var units: [[Int]] = []
        var isListed: Set<Int> = []
        func note(_ trial: Int) {
            guard states[trial] == .pending, isListed.insert(trial).inserted else { return }
            units.append([trial])
        }
        for queue in [isolationQueue, suspects, returned] { for trial in queue.all { note(trial) } }
        var order = order
        var position = cursor
        var pending = pendingCount - units.count
        while position < states.count, pending > 0 {
            let run = order?.run(from: position)
            let share = max(1, (pending + 2 * totalSlots - 1) / max(1, 2 * totalSlots))
            let maximum = run?.first?.group == nil ? 1 : min(BatchKey.maxTrials, share)
            let end = position + (run?.count ?? 1)
            var fresh: [Int] = []
            var budget = settings.maxBatchMilliseconds
            let start = position
            while position < end, fresh.count < (maximum == 1 ? 1 : 2 * maximum) {
                let trial = run.map { $0[$0.startIndex + position - start].trial } ?? position
                let seconds = run.map { $0[$0.startIndex + position - start].seconds } ?? 0
                if states[trial] == .pending, !isListed.contains(trial) {
                    budget -= 1000 * seconds
                    if !fresh.isEmpty, budget < 0 { break }
                    fresh.append(trial)
                }
                position += 1
            }
            // As the dispatcher splits them: eighteen into nine and nine.
            let count = fresh.count <= maximum ? fresh.count : (fresh.count + 1) / 2
            if !fresh.isEmpty { units.append(Array(fresh.prefix(count))) }
            pending -= count
            if count < fresh.count, let next = fresh.dropFirst(count).first, let run {
                position = start + (run.firstIndex { $0.trial == next } ?? run.startIndex) - run.startIndex
            }
        }
        return units
    }
}
