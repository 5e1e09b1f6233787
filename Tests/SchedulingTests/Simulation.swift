import TestSupport
import Wire

@testable import Scheduling

/// A coordinator, its workers and the network between them, on a clock of their own: one seed, one course of
/// events. Faults first, then everything heals and the sweep must finish.
struct Simulation {
    enum SlotHappening { case ready, done(UInt64), failed(UInt64), died }

    enum Happening {
        case toCoordinator([UInt8], from: UInt64, connection: Int)
        case toWorker([UInt8], to: UInt64, connection: Int)
        case wakeCoordinator(life: Int)
        case wakeWorker(UInt64)
        case slot(UInt64, Int, process: Int, SlotHappening)
        case fault
        case startWorker
        case startCoordinator
    }

    let options: SimulationOptions
    var draws: Draws
    var now = Instant(milliseconds: 0)
    var agenda = Agenda<Happening>()
    var journal: SimulatedJournal
    var dispatcher: Dispatcher?
    var life = 0
    var firstLease: UInt64 = 1
    var coordinatorWake: Int64?
    var workers: [UInt64: SimulatedWorker] = [:]
    var workerCount: UInt64 = 0
    var isFinished = false
    var starts = 0
    /// The first thing that went wrong.
    var problem: String?
    let isLogged: Bool
    private(set) var log: [String] = []

    init(seed: UInt64, isLogged: Bool = false) {
        self.isLogged = isLogged
        draws = Draws(seed)
        options = SimulationOptions(&draws)
        journal = SimulatedJournal(trials: options.trials, files: options.files)
    }

    var isFaulty: Bool { now.milliseconds < options.faultsEnd }

    mutating func note(_ line: String) {
        guard isLogged else { return }
        log.append("\(now.milliseconds) ms: \(line)")
        if log.count > 400 { log.removeFirst(200) }
    }

    mutating func fail(_ what: String) { if problem == nil { problem = what } }

    /// Returns what went wrong, if something did.
    mutating func run() -> String? {
        agenda.add(.startCoordinator, at: 0)
        for _ in 0..<options.workers { agenda.add(.startWorker, at: draws.milliseconds(0...3000)) }
        if !options.isCalm { agenda.add(.fault, at: draws.milliseconds(0...options.faultEvery)) }
        while problem == nil, !isFinished, let (time, happening) = agenda.next() {
            now = Instant(milliseconds: time)
            if time > options.deadline {
                fail("not finished by \(time) ms: \(dispatcher.map { "\($0.progress)" } ?? "no coordinator")")
                break
            }
            happen(happening)
        }
        if problem == nil { checkEnd() }
        return problem
    }

    private mutating func checkEnd() {
        if !isFinished { return fail("nothing happens any more") }
        if !journal.isComplete { fail("finished without all outcomes") }
        if options.isCalm, starts != options.trials, options.badTrials == 0 {
            fail("\(starts) attempts at \(options.trials) trials, without a fault")
        }
        var next = Dispatcher(trialCount: options.trials, sweep: [], restored: journal.restored)
        if next.handle(.wake, at: now) != [.finished] { fail("what was appended does not restore the end") }
    }

    private mutating func happen(_ happening: Happening) {
        switch happening {
        case .toCoordinator(let bytes, let id, let connection):
            guard workers[id]?.connection == connection || workers[id] == nil, dispatcher != nil else {
                return
            }
            guard let message = try? WorkerMessage(decoding: bytes) else { return fail("unreadable") }
            coordinate(.message(message, from: WorkerID(id)))
        case .toWorker(let bytes, let id, let connection):
            guard workers[id]?.connection == connection else { return }
            guard let message = try? CoordinatorMessage(decoding: bytes) else { return fail("unreadable") }
            receive(message, at: id)
        case .wakeCoordinator(let life):
            guard life == self.life, dispatcher != nil else { return }
            coordinatorWake = nil
            coordinate(.wake)
            if let next = dispatcher?.nextDeadline, next <= now {
                fail("the dispatcher would be woken for ever")
            }
        case .wakeWorker(let id):
            guard let due = workers[id]?.nextWake, due <= now.milliseconds else { return }
            workers[id]?.nextWake = nil
            work(id, .wake)
            if let next = workers[id]?.session.nextDeadline, next <= now {
                fail("worker \(id) would be woken for ever")
            }
        case .slot(let id, let slot, let process, let what): slotHappens(id, slot, process, what)
        case .fault: causeFault()
        case .startWorker: startWorker()
        case .startCoordinator: startCoordinator()
        }
    }

    // MARK: The coordinator

    private mutating func startCoordinator() {
        life += 1
        note("coordinator starts, life \(life), \(journal.records.count) records")
        coordinatorWake = nil
        dispatcher = Dispatcher(
            trialCount: options.trials, sweep: TestCoordinator.sweep, settings: options.settings,
            restored: journal.restored, firstLease: firstLease)
        coordinate(.wake)
    }

    private mutating func killCoordinator() {
        guard let last = dispatcher else { return }
        note("coordinator dies")
        firstLease = last.nextLease
        dispatcher = nil
        let restart = now.milliseconds + draws.milliseconds(100...20_000)
        for id in workers.keys.sorted() { disconnect(id, until: restart + draws.milliseconds(0...2000)) }
        agenda.add(.startCoordinator, at: restart)
    }

    private mutating func coordinate(_ event: DispatchEvent) {
        guard let effects = dispatcher?.handle(event, at: now) else { return }
        if let broken = dispatcher?.brokenInvariant() { return fail(broken) }
        if isLogged { note("\(event) → \(effects)") }
        let crash =
            isFaulty && draws.chance(options.crash) ? Int.random(in: 0...effects.count, using: &draws) : nil
        for (position, effect) in effects.enumerated() {
            if position == crash { break }
            perform(effect, of: event)
        }
        if crash != nil { return killCoordinator() }
        if let due = dispatcher?.nextDeadline?.milliseconds, due < coordinatorWake ?? .max {
            coordinatorWake = due
            agenda.add(.wakeCoordinator(life: life), at: max(due, now.milliseconds))
        }
    }

    private mutating func perform(_ effect: DispatchEffect, of event: DispatchEvent) {
        if let wrong = journal.perform(effect, settings: options.settings) { fail(wrong) }
        switch effect {
        case .send(let message, let id):
            if case .accepted(let trials) = message, case .message(.report, _) = event {
                for trial in trials where journal.records[trial] == nil {
                    fail("trial \(trial) is accepted but not appended")
                }
            }
            sendDown(message, to: id.value)
        case .finished:
            if !journal.isComplete { fail("finished without all outcomes") }
            isFinished = true
        case .append, .check, .appendFailure, .write, .keep, .note, .drained: break
        }
    }

    // MARK: Faults

    private mutating func causeFault() {
        guard isFaulty else { return }
        agenda.add(.fault, at: now.milliseconds + draws.milliseconds(1...options.faultEvery))
        let living = workers.keys.sorted()
        guard let id = living.randomElement(using: &draws) else { return }
        switch draws.next() % 10 {
        case 0: killCoordinator()
        case 1, 2:
            note("worker \(id) is killed")
            removeWorker(id)
        case 3:
            note("worker \(id) is stopped")
            work(id, .stop)
        case 4: disconnect(id, until: now.milliseconds + draws.milliseconds(0...30_000))
        default: disconnect(id, until: now.milliseconds + draws.milliseconds(0...2000))
        }
    }

    mutating func disconnect(_ id: UInt64, until time: Int64) {
        note("worker \(id) is cut off until \(time) ms")
        workers[id]?.connection += 1
        workers[id]?.upAgain = time
        workers[id]?.lastUp = 0
        workers[id]?.lastDown = 0
    }

    // MARK: The network

    mutating func sendUp(_ message: WorkerMessage, from id: UInt64) {
        guard let worker = workers[id] else { return }
        var time = now.milliseconds + draws.milliseconds(0...options.latency)
        if now.milliseconds < worker.upAgain {
            guard options.queuesWhileDown else { return }
            time = max(time, worker.upAgain)
        }
        if !(isFaulty && draws.chance(options.reorders)) { time = max(time, worker.lastUp) }
        workers[id]?.lastUp = max(time, worker.lastUp)
        let happening = Happening.toCoordinator(message.encoded, from: id, connection: worker.connection)
        agenda.add(happening, at: time)
        if isFaulty, draws.chance(options.duplicates) {
            agenda.add(happening, at: time + draws.milliseconds(0...3000))
        }
    }

    private mutating func sendDown(_ message: CoordinatorMessage, to id: UInt64) {
        guard let worker = workers[id], now.milliseconds >= worker.upAgain else { return }
        var time = now.milliseconds + draws.milliseconds(0...options.latency)
        if !(isFaulty && draws.chance(options.reorders)) { time = max(time, worker.lastDown) }
        workers[id]?.lastDown = max(time, worker.lastDown)
        let happening = Happening.toWorker(message.encoded, to: id, connection: worker.connection)
        agenda.add(happening, at: time)
        if isFaulty, draws.chance(options.duplicates) {
            agenda.add(happening, at: time + draws.milliseconds(0...3000))
        }
    }
}
