import Scheduling
import Wire

// The simulated coordinator's shell: a turn of its loop gathers effects, makes them durable, and only then
// sends.

extension Simulation {
    var coordinatorTime: Instant { now + ahead }

    mutating func startCoordinator() {
        life += 1
        note("coordinator starts, life \(life), \(journal.records.count) records")
        if isMended, !isForgiven {
            isForgiven = true
            journal.forgive()
        }
        coordinatorTick = nil
        isFlushArranged = false
        entries = []
        sayings = []
        saysFinished = false
        saysEnd = false
        stoppedUntil = 0
        pausedBy = nil
        given = [:]
        shortest = .max
        shell = Shell(shell.mutant)
        dispatcher = Dispatcher(
            trialCount: options.trials, sweep: sweep.json, settings: options.settings,
            restored: journal.restored, firstLease: UInt64(life) << 32,
            order: options.isBatched ? sweep.order : nil)
        coordinate(.tick)
    }

    mutating func killCoordinator() {
        guard dispatcher != nil else { return }
        note("coordinator dies")
        dispatcher = nil
        pausedBy = nil
        let restart = now.milliseconds + chance.milliseconds(100...20_000)
        for id in workers.keys.sorted() { disconnect(id, until: restart + chance.milliseconds(0...2000)) }
        agenda.add(.startCoordinator, at: restart)
    }

    mutating func coordinate(_ event: DispatchEvent) {
        for event in shell.events(for: event, at: coordinatorTime, options.settings) {
            let time = coordinatorTime
            guard let decided = dispatcher?.handle(event, at: time) else { return }
            if let broken = dispatcher?.brokenInvariant() { return fail(broken) }
            let effects = shell.effects(for: decided)
            if isLogged, !effects.isEmpty { note("\(event) → \(effects)") }
            for effect in effects {
                perform(effect, of: event)
                // The coordinator ended because the disk was full.
                if dispatcher == nil { return }
            }
            checkTime(effects, of: event)
        }
        if !isFlushArranged {
            isFlushArranged = true
            agenda.add(.flush(life: life), at: now.milliseconds + chance.milliseconds(0...options.turn))
        }
        if let due = dispatcher?.nextDeadline.map({ $0.milliseconds - ahead }), due < coordinatorTick ?? .max
        {
            coordinatorTick = due
            agenda.add(.tickCoordinator(life: life), at: max(due, now.milliseconds))
        }
    }

    private mutating func perform(_ effect: DispatchEffect, of event: DispatchEvent) {
        switch effect {
        case .append, .check, .appendFailure: entries.append(effect)
        case .write, .keep:
            if now.milliseconds < fullUntil { return killCoordinator() }
            if let wrong = journal.perform(effect) { fail(wrong) }
        case .send(let message, let id):
            var record: UInt64?
            if case .accepted(let trials) = message {
                if case .report = event { record = trials.first }
                if case .message(.chunk, _) = event { record = trials.first }
            }
            if case .assign(let assignment) = message {
                if assignment.attempt > 1 { secondAssignments += assignment.trials.count }
                if pausedBy != nil { fail("a trial is given out while the run is paused") }
            }
            sayings.append(Saying(message: message, worker: id.value, record: record))
        case .finished: saysFinished = true
        case .note(.lost(let id, _, _)):
            if options.isCalm, workers[id.value] != nil {
                fail("living worker \(id.value) is counted as lost")
            }
        case .note: break
        case .drained:
            if dispatcher?.leasedCount != 0 { fail("drained, and trials run") }
            saysEnd = true
        case .hopeless: despair()
        }
    }

    /// Ends a turn: one commit, then all messages, with a crash at any point of it.
    mutating func flush() {
        if isFaulty, chance.hits(options.fullDisk) {
            fullUntil = now.milliseconds + chance.milliseconds(100...30_000)
            note("the disk is full until \(fullUntil) ms")
        }
        let crash =
            isFaulty && chance.hits(options.crash) ? chance.milliseconds(0...Int64(sayings.count + 1)) : nil
        if shell.mutant == .acknowledgeBeforeAppend { say(atMost: crash.map { Int($0) }) }
        if now.milliseconds < fullUntil, !entries.isEmpty {
            guard options.waitsForSpace else { return killCoordinator() }
            isFlushArranged = true
            agenda.add(.flush(life: life), at: now.milliseconds + 1000)
            return
        }
        if crash == 0 { return killCoordinator() }
        for entry in entries { if let wrong = journal.perform(entry) { fail(wrong) } }
        entries = []
        checkDespair()
        say(atMost: crash.map { Int($0) - 1 })
        if crash != nil { return killCoordinator() }
        if saysFinished {
            if !journal.isComplete { fail("finished without all outcomes") }
            isFinished = true
        } else if saysEnd {
            killCoordinator()
        }
    }

    private mutating func say(atMost count: Int?) {
        for saying in sayings.prefix(count ?? sayings.count) {
            if let trial = saying.record, journal.records[trial] == nil {
                fail("trial \(trial) is accepted, and not durable")
            }
            sendDown(saying.message, to: saying.worker)
        }
        sayings = []
    }
}
