import Records
import Wire

// A session's reports, failures and progress messages.

extension WorkerSession {
    mutating func fail(
        _ trial: UInt64, _ cause: String, _ log: String, _ provenance: Provenance,
        _ effects: inout [SessionEffect]
    ) {
        guard let entry = held[trial] else { return }
        effects.append(.note(.failed(trial: trial, cause: cause)))
        report(
            .failure(
                WorkerMessage.Failure(
                    lease: entry.lease, trial: trial, attempt: entry.attempt, cause: cause, log: log,
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

    /// Keeps the progress of a slot's trial. Sends that of all slots, at most once a heartbeat interval.
    mutating func note(
        _ progress: TrialProgress, of slot: Int, _ now: Instant, _ effects: inout [SessionEffect]
    ) {
        guard case .running(let run) = slots[slot], run.trials.contains(progress.trial) else { return }
        fractions[progress.trial] = progress
        guard link == .joined, now >= lastProgress + heartbeatMilliseconds else { return }
        lastProgress = now
        let progress = slots.flatMap { slot -> [TrialProgress] in
            if case .running(let run) = slot { run.trials.compactMap { fractions[$0] } } else { [] }
        }
        effects.append(.send(.progress(progress)))
    }

    /// Gives back all trials that no slot has begun.
    mutating func giveBack(_ now: Instant, _ effects: inout [SessionEffect]) {
        guard link == .joined else { return }
        for trial in queue.joined() { held[trial] = nil }
        queue = []
        sendHello(now, &effects)
    }
}
