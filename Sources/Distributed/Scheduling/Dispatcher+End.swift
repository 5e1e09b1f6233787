import Wire

// Workers that know when they must end: batch engines limit the time of their jobs.

extension Dispatcher {
    mutating func noteEnd(of id: WorkerID, _ hello: WorkerMessage.Hello, _ now: Instant) {
        // Relative, because clocks differ. The worker's shutdown margin covers the time that the message
        // takes.
        workers[id]?.until = hello.remainingMilliseconds.map {
            now + Int64(min($0, UInt64(Int64.max / 4)))
        }
        workers[id]?.checkpointMilliseconds = Int64(hello.checkpointMilliseconds)
    }

    /// Whether the worker may be given a trial. Its first trials, one for each slot, don't depend on how long
    /// trials are expected to take; nor do any while no other worker runs one. The estimate may be wrong, and
    /// idle time is worth nothing.
    func hasTime(_ worker: Worker, _ now: Instant) -> Bool {
        guard let until = worker.until else { return true }
        let left = until.milliseconds - now.milliseconds
        if trialTime.mayBegin(left: left, checkpoint: worker.checkpointMilliseconds) { return true }
        return left > 0 && (worker.given < worker.slots || leasedCount == worker.held.count)
    }

    /// Number of trials that it may hold.
    func timeCapacity(_ worker: Worker, _ now: Instant) -> Int {
        guard let until = worker.until else { return .max }
        return worker.slots * trialTime.count(within: until.milliseconds - now.milliseconds)
    }

    /// Counts trials that were leased to the worker. Notes once that trials take longer than workers live, if
    /// nothing of them is saved.
    mutating func noteGiven(_ count: Int, to id: WorkerID, _ now: Instant, _ effects: inout [DispatchEffect])
    {
        guard let worker = workers[id] else { return }
        workers[id]?.given += count
        guard let until = worker.until, worker.checkpointMilliseconds == 0, !hasReportedLongTrials,
            let expected = trialTime.expected
        else { return }
        let left = until.milliseconds - now.milliseconds
        guard Double(left) < expected else { return }
        hasReportedLongTrials = true
        effects.append(
            .note(.tooLong(expectedMilliseconds: Int64(min(expected, 1e15)), leftMilliseconds: left)))
    }

    /// Whether its time was over, or nearly, when it was last heard from. Then no trial brought it down.
    func wasDue(_ worker: Worker) -> Bool {
        worker.until.map { worker.lastHeard + settings.unresponsiveAfterMilliseconds >= $0 } ?? false
    }

    /// Learns from the trials that a leaving worker doesn't finish, where it reported its progress. The time
    /// after it was last heard from doesn't count, because nothing is known of it.
    mutating func learn(fromLeaving worker: Worker) {
        guard worker.until != nil else { return }
        for (trial, lease) in worker.held {
            guard let fraction = fractions[trial], fraction.done - fraction.before > 0.02 else { continue }
            let elapsed = Double(worker.lastHeard.milliseconds - lease.since.milliseconds)
            trialTime.note(unfinishedAfter: elapsed, fraction: fraction.done - fraction.before)
        }
    }
}
