import Scheduling
import Sweep
import Wire

// Commands of an operator, a machine that stops, and workers that send false records.

extension Simulation {
    // MARK: The operator

    mutating func actAsOperator() {
        guard let every = options.operatorEvery, now.milliseconds < options.operatorEnd else { return }
        agenda.add(.operatorActs, at: now.milliseconds + operatorDraws.milliseconds(1...every))
        guard dispatcher != nil, pausedBy == nil else { return }
        // After a drain, a bad host that finds the coordinator before the others has all trials for itself.
        let isDrain = operatorDraws.hits(0.2) && !(options.isCalm && options.hasBadHost)
        note("the operator \(isDrain ? "drains" : "pauses") the run")
        pausedBy = now.milliseconds + options.untilRecalled
        coordinate(isDrain ? .drain : .pause)
        // A pause is always taken back, and a drain now and then.
        guard dispatcher != nil, !isDrain || operatorDraws.hits(0.3) else { return }
        agenda.add(.unpause(life: life), at: now.milliseconds + operatorDraws.milliseconds(100...20_000))
    }

    mutating func unpause() {
        guard dispatcher != nil, !saysEnd else { return }
        note("the operator lets the run go on")
        pausedBy = nil
        coordinate(.unpause)
    }

    /// The coordinator declares the run hopeless: a person removes the cause and starts it again.
    mutating func despair() {
        if !journal.records.isEmpty { fail("called hopeless, and there are records") }
        if options.isCalm, !options.isHopeless || isMended { fail("called hopeless, and is not") }
        saysEnd = true
        isMended = true
    }

    // MARK: The machine

    /// Stops the coordinator, as by SIGSTOP or in a paused virtual machine. Messages to it wait.
    mutating func stopCoordinator() {
        guard let every = options.stopEvery, now.milliseconds < options.operatorEnd else { return }
        let end = now.milliseconds + operatorDraws.milliseconds(100...options.longestStop)
        agenda.add(.stopCoordinator, at: end + operatorDraws.milliseconds(1...every))
        guard dispatcher != nil else { return }
        note("the coordinator is stopped until \(end) ms")
        stoppedUntil = end
        if let by = pausedBy { pausedBy = max(by, end + options.untilRecalled) }
    }

    // MARK: False records

    /// Identifier and body that a slot reports for its trial. Now and then one of them is false.
    mutating func answer(of id: UInt64, for trial: UInt64) -> (TrialID, [UInt8]) {
        let truth = (sweep.ids[Int(trial)], sweep.bodies[Int(trial)])
        workers[id]?.lies.remove(trial)
        guard isFaulty, options.lies > 0, operatorDraws.hits(options.lies) else { return truth }
        switch operatorDraws.next() % 4 {
        case 0: sendForgery(from: id)
        case 1:
            guard sweep.ids.count > 1 else { break }
            note("worker \(id) names another trial")
            workers[id]?.namesOthers = true
            workers[id]?.lies.insert(trial)
            return (sweep.ids[(Int(trial) + 1) % sweep.ids.count], truth.1)
        case 2:
            workers[id]?.lies.insert(trial)
            return (truth.0, Array(#"{"metrics":{},"outcome":"measured"}"#.utf8))
        default:
            workers[id]?.lies.insert(trial)
            return (truth.0, SimulatedSweep.body(accuracy: 7).canonicalBytes)
        }
        return truth
    }

    /// Sends a second record of a trial that has one. It is as valid as the first, and differs: the first is
    /// believed.
    private mutating func sendForgery(from id: UInt64) {
        let durable = journal.records.keys.sorted()
        guard !durable.isEmpty else { return }
        let trial = operatorDraws.pick(from: durable)
        let body = SimulatedSweep.body(accuracy: 0.5).canonicalBytes
        guard body != sweep.bodies[Int(trial)], let first = journal.records[trial] else { return }
        note("worker \(id) sends a false record of trial \(trial)")
        sendUp(
            .report(
                WorkerMessage.Report(
                    lease: first.attempt.lease, trial: trial, id: sweep.ids[Int(trial)],
                    attempt: first.attempt.number, body: body, provenance: first.attempt.provenance)),
            from: id)
    }

    /// Checks a message against the sweep, as the coordinator does, and handles it.
    mutating func hear(_ message: WorkerMessage, from id: UInt64) {
        let worker = WorkerID(id)
        guard case .report(let report) = message else {
            return coordinate(.message(message, from: worker))
        }
        let record = ValidatedReport(report, line: sweep.line(of: report), outcome: "measured")
        guard shell.mutant != .believedRecord else { return coordinate(.report(record, from: worker)) }
        guard report.id == sweep.ids[Int(report.trial)] else {
            sayings.append(Saying(message: .refuse(reason: "another trial"), worker: id, record: nil))
            return coordinate(.message(.goodbye, from: worker))
        }
        guard report.body == sweep.bodies[Int(report.trial)] || sweep.allows(report.body) else {
            let failure = WorkerMessage.Failure(
                lease: report.lease, trial: report.trial, attempt: report.attempt,
                cause: "its record is false",
                provenance: report.provenance)
            return coordinate(.message(.failure(failure), from: worker))
        }
        if report.provenance.seconds > 0 { shortest = min(shortest, Int64(report.provenance.seconds * 1000)) }
        coordinate(.report(record, from: worker))
    }
}

// MARK: - Checks

extension Simulation {
    /// Checks that, once all faults are over, no worker is given a trial that certainly can't end there,
    /// unless to find out how long trials take.
    mutating func checkTime(_ effects: [DispatchEffect], of event: DispatchEvent) {
        guard options.lifetime != nil else { return }
        // The answer to a hello may assign again what was lost on the way.
        if case .message(.hello, _) = event { return }
        let isSettled = options.isCalm || now.milliseconds > options.faultsEnd + 20_000
        for case .send(.assign(let assignment), let worker) in effects {
            let id = worker.value
            defer { given[id, default: 0] += assignment.trials.count }
            guard isSettled, shortest < .max, given[id] ?? 0 >= Int(options.slots),
                let until = workers[id]?.until, let ahead = workers[id]?.ahead, isEndKnown(of: id)
            else { continue }
            switch event {
            case .report, .message(.heartbeat, _), .message(.progress, _): break
            default: continue
            }
            let slack = options.latency + options.turn + 10
            guard until.milliseconds - now.milliseconds - ahead + slack < 2 * shortest, let dispatcher else {
                continue
            }
            let mine = dispatcher.workerStatuses(at: coordinatorTime).first { $0.id == worker }?.held ?? 0
            // Other workers ran trials before this event, and still do after it.
            let others = effects.reduce(dispatcher.leasedCount - mine) { count, effect in
                guard case .send(.assign(let other), let id) = effect, id != worker else { return count }
                return count - other.trials.count
            }
            if others > 0 { fail("worker \(id) is given a trial that cannot end there") }
        }
    }

    /// Whether the coordinator knows the worker's end. Hellos that waited while the worker was cut off or the
    /// coordinator was stopped give more time than there is, until the next one.
    private func isEndKnown(of id: UInt64) -> Bool {
        let absence = max(stoppedUntil, workers[id]?.upAgain ?? 0)
        return absence == 0 || now.milliseconds > absence + 12_000 + 2 * options.latency
    }

    /// Checks that a slot is ended for its trial's time, and not for time in which its worker slept.
    mutating func checkLimit(of slot: Int, of id: UInt64) {
        guard let worker = workers[id] else { return }
        let ran = now.milliseconds - worker.processes[slot].startedAt
        // A jump may be too short to be told from a late wake-up.
        let least = Int64(options.settings.trialLimitSeconds) * 1000 - 2500 * worker.jumps
        if ran < least { fail("a trial of worker \(id) is ended after \(ran) ms, before its limit") }
    }

    /// Checks that, without faults, a run in which everything fails ends after a few failures for each slot.
    mutating func checkDespair() {
        guard options.isCalm, options.isHopeless, !options.isBatched, !isMended,
            options.hosts * Int(options.slots) <= 4
        else {
            return
        }
        let count = journal.failures.values.reduce(0) { $0 + $1.count }
        if count > 60 { fail("\(count) attempts failed, all alike, and the run goes on") }
    }
}
