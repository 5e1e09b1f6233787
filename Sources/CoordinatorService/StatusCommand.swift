import Console
import Glibc
import Journal
import Text
import Transport

func runStatus(_ arguments: Arguments) throws(CommandFailure) -> ExitCode {
    let run = try RunDirectory.open(arguments.operands[0])
    while true {
        let status = try RunStatus(run)
        printOut(arguments.has("--json") ? status.json.canonicalText : status.text)
        guard arguments.has("--follow"), status.holder != nil else { return .done }
        sleep(2)
    }
}

/// A run as its journal and its lock tell it.
struct RunStatus {
    let run: RunDirectory
    let summary: RunSummary
    /// Who runs it now.
    let holder: CoordinatorLock.Holder?
    /// Who and what was turned away, by all coordinators of the run.
    private let refusals: RefusalCounts
    /// Records of the last minute, over the time in which they came.
    private let rate: Double?

    init(_ run: RunDirectory) throws(CommandFailure) {
        self.run = run
        holder = CoordinatorLock.holder(in: run.path)
        if !run.hasJournal { try run.checkHasNoRecords() }
        let recent: RecentRecords
        let kept: String?
        (summary, recent, kept) = try journaled { () throws(JournalError) in try RunStatus.read(run) }
        refusals = RefusalCounts(json: kept)
        let seconds = Double(unixMilliseconds() - recent.firstStartMilliseconds) / 1000
        rate = holder != nil && recent.count > 0 ? Double(recent.count) / max(1, min(60, seconds)) : nil
    }

    private static func read(_ run: RunDirectory) throws(JournalError) -> (RunSummary, RecentRecords, String?)
    {
        do throws(JournalError) {
            let journal = try RunJournal.open(in: run.path, sweep: run.spec.digest, readOnly: true)
            return (
                try journal.summary(),
                try journal.recordsSince(unixMilliseconds: unixMilliseconds() - 60_000),
                try journal.setting(Door.refusalsSetting)
            )
        } catch {
            switch error {
            case .missing, .empty:
                return (RunSummary(), RecentRecords(count: 0, firstStartMilliseconds: 0), nil)
            default: throw error
            }
        }
    }

    private var total: Int { run.spec.grid.count }
    private var done: Int { summary.complete + summary.quarantined }

    private var state: String {
        if done == total { return "done" }
        return holder == nil ? "interrupted" : "running"
    }

    var text: String {
        var lines = [
            "\(run.spec.name): \(groupedText(done)) of \(countText(total, "trial")) have their outcome"
                + " (\(total == 0 ? 100 : 100 * done / total) %): \(words(summary))"
        ]
        if let holder {
            let address = holder.address.isEmpty ? "" : ", listening at \(holder.address)"
            lines.append("running: process \(holder.process) on \(holder.host)\(address)")
            if done < total, let rate {
                lines.append(
                    "rate: \(roundedText(rate * 60)) trials a minute; ETA "
                        + remainingText(seconds: Double(total - done) / rate))
            }
        } else if done < total {
            lines.append("not running; to go on: ranksweep resume \(run.path)")
        }
        for worker in summary.workers.prefix(20) {
            let ago = Double(unixMilliseconds() - worker.lastEndMilliseconds) / 1000
            lines.append(
                "worker \(worker.host) \(worker.process): \(countText(worker.attempts, "attempt")), the last "
                    + "\(durationText(seconds: ago)) ago, BLAS kernel \(worker.kernel)")
        }
        if summary.workers.count > 20 { lines.append("… and \(summary.workers.count - 20) other workers") }
        lines += causes(summary)
        if let words = refusals.words { lines.append("refused: \(words)") }
        if summary.quarantined > 0 {
            lines.append(
                "to try the quarantined trials again: ranksweep resume \(run.path) --retry quarantined")
        }
        return lines.joined(separator: "\n")
    }

    var json: JSONValue {
        var members: [String: JSONValue] = [
            "name": .string(run.spec.name), "sweep": .string(run.spec.digest), "state": .string(state),
            "total": JSONValue(total), "done": JSONValue(done), "measured": JSONValue(summary.measured),
            "diverged": JSONValue(summary.diverged), "quarantined": JSONValue(summary.quarantined),
            "failed_attempts": JSONValue(summary.failures), "conflicts": JSONValue(summary.conflicts),
            "causes": .array(
                summary.causes.map {
                    .object([
                        "cause": .string($0.text), "count": JSONValue($0.count),
                        "example_trial": JSONValue($0.exampleTrial), "example_host": .string($0.exampleHost),
                    ])
                }),
            "workers": .array(
                summary.workers.map {
                    .object([
                        "host": .string($0.host), "process": JSONValue($0.process),
                        "attempts": JSONValue($0.attempts), "blas_kernel": .string($0.kernel),
                        "last_end_unix_ms": .number(Double($0.lastEndMilliseconds)),
                    ])
                }),
        ]
        members["refused"] = refusals.json
        if let rate {
            members["trials_per_second"] = .number(rate)
            members["eta_seconds"] = .number(Double(total - done) / rate)
        }
        if let holder {
            members["coordinator"] = .object([
                "process": JSONValue(Int(holder.process)), "host": .string(holder.host),
                "address": .string(holder.address),
            ])
        }
        return .object(members)
    }
}
