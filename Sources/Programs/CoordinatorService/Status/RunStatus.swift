import Console
import Journal
import Text
import Transport

/// The state of a run according to its journal and its lock, and to its coordinator where one is running.
struct RunStatus {
    private(set) var run: RunDirectory
    let summary: RunSummary
    /// The process that runs it now.
    let holder: CoordinatorLock.Holder?
    /// The coordinator's live status; nil where there is no coordinator or it doesn't answer.
    let live: JSONValue?
    /// Counts of refused connections and messages, by all coordinators of the run.
    private let refusals: RefusalCounts
    private let trust: RunTrust
    /// Records of the last minute divided by the time in which they came.
    private let recentRate: Double?
    /// Facts that coordinators kept in the journal, such as lost workers.
    let kept: KeptFacts

    private static let patienceMilliseconds = 2000

    init(_ run: RunDirectory) throws(CommandFailure) {
        self.run = run
        holder = CoordinatorLock.holder(in: run.path)
        live =
            holder == nil
            ? nil : try? reach(run.path, .status, patience: RunStatus.patienceMilliseconds).1
        if !run.hasJournal { try run.checkHasNoRecords() }
        let recent: RecentRecords
        (summary, recent, kept, self.run.share) = try journaled { () throws(JournalError) in
            try RunStatus.read(run)
        }
        refusals = kept.refusals
        trust = RunTrust(run, summary, live: live)
        let seconds = Double(unixMilliseconds() - recent.firstStartMilliseconds) / 1000
        recentRate = holder != nil && recent.count > 0 ? Double(recent.count) / max(1, min(60, seconds)) : nil
    }

    private static func read(
        _ run: RunDirectory
    ) throws(JournalError) -> (RunSummary, RecentRecords, KeptFacts, RunShare?) {
        do throws(JournalError) {
            let journal = try RunJournal.open(in: run.path, sweep: run.spec.digest, readOnly: true)
            return (
                try journal.summary(),
                try journal.recordsSince(unixMilliseconds: unixMilliseconds() - 60_000),
                try KeptFacts(journal, run), try? RunShare(run, journal)
            )
        } catch {
            switch error {
            case .missing, .empty:
                return (RunSummary(), RecentRecords(count: 0, firstStartMilliseconds: 0), KeptFacts(), nil)
            default: throw error
            }
        }
    }

    var total: Int { run.share?.trials.count ?? run.spec.grid.count }
    var done: Int { summary.complete + summary.quarantined }
    var fraction: Double { live?["running_fraction"]?.number ?? 0 }
    /// Trials a second, from the coordinator or else from the journal. nil while no trial is started or made
    /// durable: the earlier rate would promise too much.
    var rate: Double? {
        halt == nil ? live?["trials_per_second"]?.number ?? recentRate : nil
    }
    /// The time left, from the coordinator, or from the journal's rate where the coordinator doesn't answer.
    var timeLeft: TimeLeft? {
        guard halt == nil, summary.complete > 0 || summary.failures == 0 else { return nil }
        if let live { return TimeLeft(live) }
        return rate.map { rate in
            let seconds = Double(total - done) / rate
            return TimeLeft(seconds: seconds, low: seconds / 2, high: seconds * 2)
        }
    }
    /// "paused", "draining", or another reason why no trials are started; nil where they are.
    var halt: String? {
        if live?["outage"] != nil { return "waiting for the disk" }
        return live?["mode"]?.string.flatMap { $0 == "open" ? nil : $0 }
    }

    var state: String {
        if done == total { return "done" }
        return holder == nil ? "interrupted" : halt ?? "running"
    }

    // MARK: - Text

    var headline: String {
        "\(run.spec.name)\(run.share.map { ", shard \($0.text)" } ?? ""): \(groupedText(done)) of \(countText(total, "trial")) have an outcome"
            + " (\(percentText(done: done, fraction: fraction, total: total))): \(words(summary))"
    }

    /// Advice on continuing a run that isn't running.
    var goingOn: String {
        if done == total { return "nothing is left to do" }
        let command =
            run.share == nil ? "ranksweep resume \(run.word)" : "the 'ranksweep shard' command that began it"
        return "not running; to continue: \(command)"
    }

    var text: String {
        var lines = [headline]
        if let holder {
            let address = holder.address.isEmpty ? "" : ", listening at \(holder.address)"
            lines.append("\(halt ?? "running"): process \(holder.process) on \(holder.host)\(address)")
            if halt == "paused" { lines.append("to continue: ranksweep unpause \(run.word)") }
            if let paceLine { lines.append(paceLine) }
            if let outage = live?["outage"] { lines += outageLines(outage) }
            if live == nil { lines.append("it is not answering; the following is from its journal") }
        } else if done < total {
            lines.append(goingOn)
        }
        lines += live.map(hostLines) ?? []
        lines += live.map(liveWorkers) ?? pastWorkers
        lines += absenceLines(live, kept)
        lines += causes(summary, run)
        if let words = refusals.words { lines.append("refused: \(words)") }
        lines += trust.lines
        if let edit = kept.edit { lines.append(printable(edit)) }
        if summary.quarantined > 0 {
            let shown = summary.quarantinedTrials.prefix(10).map(String.init).joined(separator: ", ")
            lines.append(
                "quarantined: \(summary.quarantined == 1 ? "trial" : "trials") \(shown)"
                    + (summary.quarantined > 10 ? ", …" : ""))
            lines.append(
                "to retry the quarantined trials: ranksweep resume \(run.word) --retry quarantined")
        }
        return lines.joined(separator: "\n")
    }

    /// "rate: 12 trials a second; about 3 min left".
    private var paceLine: String? {
        guard done < total, halt == nil else { return nil }
        var parts: [String] = []
        if let rate {
            parts.append(
                rate < 0.5
                    ? "rate: \(roundedText(rate * 60)) trials a minute"
                    : "rate: \(roundedText(rate)) trials a second")
        }
        if let timeLeft { parts.append("\(timeLeft.text) left") }
        return parts.isEmpty ? nil : parts.joined(separator: "; ")
    }

    private func liveWorkers(_ live: JSONValue) -> [String] {
        let workers = live["workers"]?.array ?? []
        let count = live["worker_count"]?.number.flatMap { Int(exactly: $0) } ?? workers.count
        let hosts = Set(workers.map { $0["host"]?.string ?? "" }).count
        let slots = live["slots"]?.number.flatMap { Int(exactly: $0) } ?? 0
        guard count > 0 else { return done < total ? ["no workers are connected"] : [] }
        var lines = [
            "\(countText(count, "worker")) on \(countText(hosts, "host")), \(countText(slots, "slot"))"
        ]
        // Workers that need attention come first.
        let odd = workers.filter {
            $0["suspect"] == .bool(true) || ($0["failures_in_a_row"]?.number ?? 0) > 0
        }
        let others = workers.filter { !odd.contains($0) }
        lines += (odd + others).prefix(20).map(line(ofWorker:))
        if count > 20 { lines.append("  … and \(countText(count - 20, "other worker"))") }
        return lines
    }

    private func line(ofWorker worker: JSONValue) -> String {
        func number(_ key: String) -> Int { worker[key]?.number.flatMap { Int(exactly: $0) } ?? 0 }
        let process = number("process")
        var line =
            "  worker on \(printable(worker["host"]?.string ?? "")), process \(process): "
            + "\(countText(number("slots"), "slot")), holds \(countText(number("trials"), "trial"))"
        let past = summary.workers.first { $0.host == worker["host"]?.string && $0.process == process }
        line += ", \(countText(past?.attempts ?? 0, "attempt")) ended so far"
        line += ", BLAS kernel \(printable(worker["blas_kernel"]?.string ?? ""))"
        if worker["suspect"] == .bool(true) {
            line += "; silent for \(durationText(seconds: worker["silent_seconds"]?.number ?? 0))"
        }
        let failures = number("failures_in_a_row")
        if failures > 0 { line += "; \(countText(failures, "failure")) in a row" }
        if let rest = worker["back_off_seconds"]?.number {
            line += ", backs off for \(durationText(seconds: rest))"
        }
        if let words = idleMessage(worker) { line += "; \(words)" }
        return line
    }

    private var pastWorkers: [String] {
        var lines = summary.workers.prefix(20).map { worker in
            let ago = Double(unixMilliseconds() - worker.lastEndMilliseconds) / 1000
            return
                "worker on \(worker.host), process \(worker.process): \(countText(worker.attempts, "attempt")), the last "
                + "ended \(durationText(seconds: ago)) ago, BLAS kernel \(worker.kernel)"
        }
        if summary.workers.count > 20 { lines.append("… and \(summary.workers.count - 20) other workers") }
        return lines
    }
}

// MARK: - JSON

extension RunStatus {
    var json: JSONValue {
        var members: [String: JSONValue] = [
            "name": .string(run.spec.name), "sweep": .string(run.spec.digest), "state": .string(state),
            "total": JSONValue(total), "done": JSONValue(done), "measured": JSONValue(summary.measured),
            "diverged": JSONValue(summary.diverged), "quarantined": JSONValue(summary.quarantined),
            "quarantined_trials": JSONValue(summary.quarantinedTrials),
            "failed_attempts": JSONValue(summary.failures), "conflicts": JSONValue(summary.conflicts),
            "causes": .array(summary.causes.map(json(of:))),
            "workers": .array(
                summary.workers.map {
                    .object([
                        "host": .string($0.host), "process": JSONValue($0.process),
                        "attempts": JSONValue($0.attempts), "blas_kernel": .string($0.kernel),
                        "commit": .string($0.commit),
                        "last_end_unix_ms": .number(Double($0.lastEndMilliseconds)),
                    ])
                }),
        ]
        members["refused"] = refusals.json
        members.merge(trust.json) { _, new in new }
        if let edit = kept.edit { members["sweep_file"] = .string(edit) }
        if kept.ledger.lossCount > 0 { members["lost"] = kept.ledger.json }
        if !kept.absent.isEmpty { members["absent_hosts"] = .array(kept.absent.map(\.json)) }
        members["live"] = live
        if let rate { members["trials_per_second"] = .number(rate) }
        if let timeLeft { members.merge(timeLeft.json) { _, new in new } }
        if let holder {
            members["coordinator"] = .object([
                "process": JSONValue(Int(holder.process)), "host": .string(holder.host),
                "address": .string(holder.address),
            ])
        }
        return .object(members)
    }

    private func json(of cause: RunSummary.Cause) -> JSONValue {
        var members: [String: JSONValue] = [
            "cause": .string(cause.text), "count": JSONValue(cause.count),
            "example_trial": JSONValue(cause.exampleTrial), "example_host": .string(cause.exampleHost),
        ]
        if cause.exampleTrial < run.spec.grid.count {
            members["example_axes"] = run.spec.grid[cause.exampleTrial].axesObject
        }
        if !cause.exampleLog.isEmpty {
            members["example_log"] = .array(
                cause.exampleLog.split(separator: "\n").map { .string(String($0)) })
        }
        return .object(members)
    }
}
