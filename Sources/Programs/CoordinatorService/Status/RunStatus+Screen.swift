import Console
import Journal
import Sweep
import Text

// The contents of the page of `status --follow`.

extension RunStatus {
    /// The number of trials whose curves are read.
    private static let maxCurves = 6
    private static let maxLogLines = 60

    /// - Parameter metric: the traced metric to show; nil: the test loss, or else the first one.
    func screen(metric: String?) throws(CommandFailure) -> StatusScreen {
        let workers = live?["workers"]?.array ?? []
        var report = ProgressReport(
            total: total, done: done, quarantined: summary.quarantined, failures: summary.failures,
            workers: live?["worker_count"]?.number.flatMap { Int(exactly: $0) } ?? workers.count,
            slots: live?["slots"]?.number.flatMap { Int(exactly: $0) } ?? 0, rate: rate)
        report.fraction = fraction
        report.halt = halt
        report.timeLeft = timeLeft
        var screen = StatusScreen(title: "\(run.spec.name): \(state)", path: run.path, progress: report)
        screen.notes = notes
        screen.workerCount = report.workers
        screen.workers = workers.map { worker in
            let past = summary.workers.first {
                $0.host == worker["host"]?.string && Double($0.process) == worker["process"]?.number
            }
            return (worker, past?.attempts ?? 0)
        }
        screen.hosts = live.map { Array(hostLines($0).dropFirst()) } ?? []
        screen.causes = summary.causes.map { cause in
            (cause.count, cause.text, "trial \(cause.exampleTrial) on \(printable(cause.exampleHost))")
        }
        screen.curves = try curves(metric)
        screen.log = LogReader.lastEntries(of: run.path, RunStatus.maxLogLines)
        return screen
    }

    /// Facts that need attention beside workers and failures.
    private var notes: [String] {
        var notes: [String] = []
        if let outage = live?["outage"] { notes += outageLines(outage) }
        if holder != nil, live == nil {
            notes.append("the coordinator is not answering; this is from its journal")
        }
        return notes + absenceLines(live, kept)
    }

    /// Curves of the trials that finished last.
    private func curves(_ metric: String?) throws(CommandFailure) -> [TraceCurve] {
        let newest = try journaled { () throws(JournalError) in
            try newestRecords(RunStatus.maxCurves)
        }
        var curves: [TraceCurve] = []
        for (trial, line) in newest where trial < run.spec.grid.count {
            guard let record = try? JSONValue(parsing: line) else { continue }
            let point = pointText(run.spec.grid[trial].axes)
            if let curve = TraceCurve(record, trial: trial, point: point, asked: metric) {
                curves.append(curve)
                continue
            }
            let known = TraceCurve.metrics(of: record)
            guard let metric, !known.isEmpty, !known.contains(metric) else { continue }
            throw .input("--metric: the traces of this run have no '\(metric)'\(nearHint(metric, known))")
        }
        return curves
    }

    private func newestRecords(_ count: Int) throws(JournalError) -> [(trial: Int, line: [UInt8])] {
        do throws(JournalError) {
            return try RunJournal.open(in: run.path, sweep: run.spec.digest, readOnly: true)
                .newestRecords(count)
        } catch {
            switch error {
            case .missing, .empty: return []
            default: throw error
            }
        }
    }
}
