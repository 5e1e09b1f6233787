import Wire

// What a session says of the trials that its slots run or have run.

extension WorkerSession {
    mutating func fail(
        _ trial: UInt64, _ cause: String, _ log: String, _ provenance: Provenance,
        _ effects: inout [SessionEffect]
    ) {
        guard let hold = held[trial] else { return }
        effects.append(.note(.failed(trial: trial, cause: cause)))
        report(
            .failure(
                WorkerMessage.Failure(
                    lease: hold.lease, trial: trial, attempt: hold.attempt, cause: cause, log: log,
                    provenance: provenance)), of: trial, &effects)
    }

    mutating func report(_ message: WorkerMessage, of trial: UInt64, _ effects: inout [SessionEffect]) {
        held[trial]?.stage = .reported(message)
        if link == .joined { effects.append(.send(message)) }
    }

    func provenance(
        _ slot: Int, _ seconds: Double, _ peak: UInt64, _ time: Int64, continuedFrom: UInt64 = 0,
        measuring: Double = 0
    ) -> Provenance {
        Provenance(
            host: hello.host, process: hello.process, slot: UInt32(slot), cpu: hello.cpu,
            kernel: hello.kernel,
            startMilliseconds: max(0, time - Int64(seconds * 1000)), seconds: seconds, peakMemoryBytes: peak,
            continuedFrom: continuedFrom, measuringSeconds: measuring, commit: hello.commit)
    }

    /// Keeps what a slot says of its trial, and tells of all slots, once a beat at most.
    mutating func note(
        _ progress: TrialProgress, of slot: Int, _ now: Instant, _ effects: inout [SessionEffect]
    ) {
        guard case .running(let run) = slots[slot], run.trials.contains(progress.trial) else { return }
        fractions[progress.trial] = progress
        guard link == .joined, now >= lastProgress + heartbeatMilliseconds else { return }
        lastProgress = now
        let told = slots.flatMap { slot -> [TrialProgress] in
            if case .running(let run) = slot { run.trials.compactMap { fractions[$0] } } else { [] }
        }
        effects.append(.send(.progress(told)))
    }

    /// Lets go of what no slot has begun.
    mutating func giveBack(_ now: Instant, _ effects: inout [SessionEffect]) {
        guard link == .joined else { return }
        for trial in queue.joined() { held[trial] = nil }
        queue = []
        sendHello(now, &effects)
    }
}
