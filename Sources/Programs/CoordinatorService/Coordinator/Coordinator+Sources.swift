import Console
import Launch
import Scheduling
import Wire

// How the coordinator polls and stops the sources that start its workers.

extension Coordinator {
    mutating func pollSources() throws(CommandFailure) {
        guard !sources.isEmpty else { return }
        let report = progressReport
        let now = Instant(milliseconds: monotonicMilliseconds())
        let gap = pollTime.read(now, due: nextPoll).gap
        // A turn waits for a second at most.
        nextPoll = pollTime.time(at: now) + 1000
        let demand = WorkerDemand(
            trialsLeft: max(0, Double(report.total - report.done) - report.fraction), rate: report.rate,
            workers: report.workers, slots: report.slots, isEnding: isFinished || isInterrupted, gap: gap)
        for index in sources.indices {
            let news = try sources[index].poll(at: monotonicMilliseconds(), demand)
            for line in news.lines { log.add(line) }
            for process in news.ended { if let worker = worker(of: process) { handle(.lost(worker)) } }
            for process in news.left {
                guard let worker = worker(of: process) else { continue }
                socket.forget(worker)
                handle(.message(.goodbye, from: worker))
            }
        }
    }

    /// The worker of a process that is known to be gone, so that its trials needn't wait for a timeout.
    private func worker(of process: WorkerProcess) -> WorkerID? {
        let workers = dispatcher.workerStatuses(at: Instant(milliseconds: monotonicMilliseconds()))
        return workers.last { $0.host == process.host && $0.process == process.process }?.id
    }

    mutating func stopSources(ask: Bool) {
        for index in sources.indices {
            for line in sources[index].stop(ask: ask) { log.add(line) }
        }
    }

    /// Whether a source handles SIGHUP.
    mutating func sourcesHangUp() -> Bool {
        var isTaken = false
        for index in sources.indices where sources[index].hangUp() { isTaken = true }
        return isTaken
    }
}
