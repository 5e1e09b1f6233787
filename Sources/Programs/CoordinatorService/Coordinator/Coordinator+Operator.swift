import Console
import Scheduling
import Text
import Transport

// Requests of an operator from another terminal: `pause`, `drain`, `cancel`, `status`.

/// A request to a coordinator; the raw value is the word that is sent.
enum OperatorRequest: String {
    case pause
    /// Undoes `pause` and `drain`.
    case unpause
    case drain
    case cancel
    case status
}

extension Coordinator {
    mutating func hearOperator() {
        guard let control else { return }
        for request in control.requests() {
            control.answer(request, answer(to: request).canonicalText)
        }
    }

    private mutating func answer(to asked: ControlListener.Request) -> JSONValue {
        guard let request = OperatorRequest(rawValue: asked.text) else {
            return .object([
                "error": .string("this coordinator doesn't know the request '\(printable(asked.text))'")
            ])
        }
        let before = dispatcher.mode
        let said: String
        switch request {
        case .status:
            updateEstimates()
            return liveFacts
        case .pause:
            handle(.pause)
            said =
                switch before {
                case .open: "paused: no new trials start; running ones continue"
                case .paused: "the run is already paused"
                case .draining:
                    "the run is draining: no new trials start, and it ends after the running ones"
                }
        case .unpause:
            handle(.unpause)
            said = before == .open ? "the run was not paused" : "trials start again"
            withdrawDrains()
        case .drain:
            handle(.drain)
            drains.append(asked)
            said =
                "draining: no new trials start, and the run ends after the running ones "
                + "(\(percentText(done: done, fraction: dispatcher.runningFraction, total: dispatcher.progress.total))"
                + " are done)"
        case .cancel:
            isInterrupted = true
            said = "cancelled: running trials are stopped"
        }
        if dispatcher.mode != before || request == .cancel {
            log.add("\(said) (requested from another terminal)")
        }
        return .object(["said": .string(said)])
    }

    /// Answers the clients that wait for a drain, which would otherwise wait for the end of the whole run.
    private mutating func withdrawDrains() {
        let command = quotedCommand("ranksweep unpause \(run.word)")
        let words = "\(command) undid the drain: the run continues"
        for request in drains {
            control?.answer(request, JSONValue.object(["withdrawn": .string(words)]).canonicalText)
        }
        drains = []
    }

    var modeWord: String {
        switch dispatcher.mode {
        case .open: "open"
        case .paused: "paused"
        case .draining: "draining"
        }
    }

    var progressReport: ProgressReport {
        let progress = dispatcher.progress
        var report = ProgressReport(
            total: progress.total, done: done, quarantined: progress.quarantined, failures: progress.failures,
            workers: progress.workers, slots: progress.slots, rate: rate.perSecond)
        report.fraction = dispatcher.runningFraction
        report.timeLeft = report.onlyFails ? nil : plannedWork.timeLeft
        if dispatcher.mode != .open { report.halt = modeWord }
        if trouble != nil {
            report.halt = "waiting for the disk"
            report.rate = nil
        }
        return report
    }

    /// Facts that only the coordinator knows.
    var liveFacts: JSONValue {
        let report = progressReport
        var facts: [String: JSONValue] = [
            "mode": .string(modeWord), "done": JSONValue(report.done),
            "running_fraction": .number(report.fraction), "leased": JSONValue(dispatcher.leasedCount),
            "slots": JSONValue(report.slots),
        ]
        facts["outage"] = outageFacts
        facts.merge(tally.facts(journalBytes: journalBytes)) { _, new in new }
        if ledger.lossCount > 0 { facts["lost"] = ledger.json }
        let absent = absentHosts
        if !absent.isEmpty { facts["absent_hosts"] = .array(absent.prefix(1000).map(\.json)) }
        if let rate = report.rate { facts["trials_per_second"] = .number(rate) }
        if let left = report.timeLeft { facts.merge(left.json) { _, new in new } }
        let workers = dispatcher.workerStatuses(at: Instant(milliseconds: monotonicMilliseconds()))
        facts["commit"] = .string(programCommit)
        facts["worker_count"] = JSONValue(workers.count)
        facts["workers"] = .array(
            workers.prefix(1000).map { worker in
                var members: [String: JSONValue] = [
                    "host": .string(worker.host), "process": JSONValue(Int(worker.process)),
                    "slots": JSONValue(worker.slots), "trials": JSONValue(worker.held),
                    "blas_kernel": .string(worker.kernel), "commit": .string(worker.commit),
                    "silent_seconds": .number(Double(worker.silentMilliseconds) / 1000),
                    "suspect": .bool(worker.isUnresponsive),
                    "failures_in_a_row": JSONValue(worker.failuresInARow),
                ]
                if let rest = worker.backOffMilliseconds, rest > 0 {
                    members["back_off_seconds"] = .number(Double(rest) / 1000)
                }
                members["free_slots"] = JSONValue(worker.freeSlots)
                members["idle"] = worker.idle?.json
                return .object(members)
            })
        let hosts = sources.flatMap { $0.hosts(at: monotonicMilliseconds()) }
        if !hosts.isEmpty { facts["hosts"] = .array(Array(hosts.prefix(1000))) }
        return .object(facts)
    }
}
