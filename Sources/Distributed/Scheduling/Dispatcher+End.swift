import Wire

// Workers that know when they must end: batch engines give their jobs a time.

extension Dispatcher {
    mutating func noteEnd(of id: WorkerID, _ hello: WorkerMessage.Hello, _ now: Instant) {
        // Relative, because clocks differ; what a message takes to come is covered by the worker's margin.
        workers[id]?.until = hello.remainingMilliseconds.map {
            now + Int64(min($0, UInt64(Int64.max / 4)))
        }
        workers[id]?.checkpointMilliseconds = Int64(hello.checkpointMilliseconds)
    }

    /// Whether the worker may be given a trial. A worker that was given none yet gets one for each slot, whatever is
    /// expected, and so does one while no other runs anything: what is expected may be wrong, and idle time is worth
    /// nothing.
    func hasTime(_ worker: Worker, _ now: Instant) -> Bool {
        guard let until = worker.until else { return true }
        let left = until.milliseconds - now.milliseconds
        if trialTime.mayBegin(left: left, checkpoint: worker.checkpointMilliseconds) { return true }
        return left > 0 && (worker.given < worker.slots || leasedCount == worker.held.count)
    }

    /// How many trials it may hold.
    func timeCapacity(_ worker: Worker, _ now: Instant) -> Int {
        guard let until = worker.until else { return .max }
        return worker.slots * trialTime.count(within: until.milliseconds - now.milliseconds)
    }

    /// Says once that trials are longer than workers live, where nothing of them is kept.
    mutating func noteGiven(_ count: Int, to id: WorkerID, _ now: Instant, _ effects: inout [DispatchEffect])
    {
        guard let worker = workers[id] else { return }
        workers[id]?.given += count
        guard let until = worker.until, worker.checkpointMilliseconds == 0, !hasToldOfLongTrials,
            let expected = trialTime.expected
        else { return }
        let left = until.milliseconds - now.milliseconds
        guard Double(left) < expected else { return }
        hasToldOfLongTrials = true
        effects.append(
            .note(.tooLong(expectedMilliseconds: Int64(min(expected, 1e15)), leftMilliseconds: left)))
    }

    /// Whether its time was over when it was last heard, or nearly: no trial brought it down.
    func wasDue(_ worker: Worker) -> Bool {
        worker.until.map { worker.lastHeard + settings.suspectAfterMilliseconds >= $0 } ?? false
    }

    /// Learns from what a leaving worker does not finish, where it told how far it was. After it was last heard it did
    /// nothing that anybody knows of.
    mutating func learn(fromLeaving worker: Worker) {
        guard worker.until != nil else { return }
        for (trial, lease) in worker.held {
            guard let fraction = fractions[trial], fraction.done - fraction.before > 0.02 else { continue }
            let elapsed = Double(worker.lastHeard.milliseconds - lease.since.milliseconds)
            trialTime.note(unfinishedAfter: elapsed, fraction: fraction.done - fraction.before)
        }
    }
}
