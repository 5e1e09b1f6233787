import Console
import Scheduling

// The coordinator's dealings with those who start its workers.

extension Coordinator {
    mutating func pollSources() throws(CommandFailure) {
        let report = progressReport
        let demand = WorkerDemand(
            trialsLeft: max(0, Double(report.total - report.done) - report.fraction), rate: report.rate,
            workers: report.workers, slots: report.slots, isEnding: isFinished || isInterrupted)
        for index in sources.indices {
            let news = try sources[index].poll(at: monotonicMilliseconds(), demand)
            for line in news.lines { terminal.print(line) }
            for process in news.ended { noteEnd(of: process) }
        }
    }

    /// Nobody need wait for the silence of a worker that is known to be gone.
    private mutating func noteEnd(of process: WorkerProcess) {
        let workers = dispatcher.workerFacts(at: Instant(milliseconds: monotonicMilliseconds()))
        let worker = workers.last { $0.host == process.host && $0.process == process.process }
        if let worker { handle(.lost(worker.id)) }
    }

    mutating func stopSources(ask: Bool) {
        for index in sources.indices { sources[index].stop(ask: ask) }
    }

    /// Whether a source knows what to do about SIGHUP.
    mutating func sourcesHangUp() -> Bool {
        var isTaken = false
        for index in sources.indices where sources[index].hangUp() { isTaken = true }
        return isTaken
    }
}
