import Scheduling
import Wire

/// One seed's cluster. Faults come first; then everything heals, and the sweep must finish.
public struct Simulation {
    enum SlotHappening { case ready, done(UInt64), failed(UInt64), died, killsWorker }

    enum Happening {
        case toCoordinator([UInt8], from: UInt64, connection: Int)
        case toWorker([UInt8], to: UInt64, connection: Int)
        case connected(UInt64, connection: Int)
        case tickCoordinator(life: Int)
        case flush(life: Int)
        case tickWorker(UInt64)
        case slot(UInt64, Int, process: Int, SlotHappening)
        case fault
        case startWorker(host: Int)
        case startCoordinator
        case operatorActs
        case unpause(life: Int)
        case stopCoordinator
    }

    /// A message that the coordinator sends once this turn's records are durable.
    struct Saying {
        let message: CoordinatorMessage
        let worker: UInt64
        /// Trial whose record the message acknowledges; nil if it acknowledges none.
        let record: UInt64?
    }

    /// All that the seed drew.
    public let options: SimulationOptions
    let sweep: SimulatedSweep
    var chance: Chance
    /// Random numbers for the operator, the machine and false records.
    var operatorDraws: Chance
    var now = Instant(milliseconds: 0)
    var agenda = Agenda<Happening>()
    var journal: SimulatedJournal

    // The coordinator.
    var dispatcher: Dispatcher?
    var shell: Shell
    var life = 0
    var ahead: Int64 = 0
    var coordinatorTick: Int64?
    var isFlushArranged = false
    var fullUntil: Int64 = 0
    var entries: [DispatchEffect] = []
    var sayings: [Saying] = []
    var saysFinished = false
    /// Whether it ends, to be started again: it is drained, or every trial fails.
    var saysEnd = false
    /// Time until which it is stopped, and neither hears nor does anything.
    var stoppedUntil: Int64 = 0
    /// While no trial may be leased: time by which every worker knows that.
    var pausedBy: Int64?
    /// Number of trials that this life of the coordinator leased to each worker.
    var given: [UInt64: Int] = [:]
    /// Duration of the shortest trial that it heard of.
    var shortest: Int64 = .max
    /// Whether the cause of every trial's failure has been removed.
    var isMended = false
    var isForgiven = false

    var workers: [UInt64: SimulatedWorker] = [:]
    var workerCount: UInt64 = 0
    var isFinished = false
    /// Number of trials that were started.
    var starts = 0
    /// Number of batches that were started.
    var groups = 0
    /// Number of assignments of a trial that had been assigned before.
    var secondAssignments = 0
    /// Number of events so far.
    public private(set) var events = 0
    /// The first thing that went wrong.
    public private(set) var problem: String?
    let isLogged: Bool
    /// The last events, if they are logged.
    public private(set) var log: [String] = []

    /// Draws the cluster of a seed.
    public init(seed: UInt64, mutant: Mutant? = nil, isLogged: Bool = false) {
        self.isLogged = isLogged
        chance = Chance(seed)
        operatorDraws = Chance(seed ^ 0x5EED)
        let options = SimulationOptions(&chance)
        self.options = options
        shell = Shell(mutant)
        let made = SimulatedSweep.of(trials: options.trials)
        precondition(made != nil, "the simulated sweep is a wrong sweep file")
        sweep = made ?? SimulatedSweep.none
        journal = SimulatedJournal(sweep: sweep, files: options.files, settings: options.settings)
        journal.keepsLast = mutant == .lastRecordWins
        if options.isCalm { journal.onlyPoisonKills = { Self.isPoisonous($0, options) } }
    }

    var isFaulty: Bool { now.milliseconds < options.faultsEnd }
    /// Milliseconds of virtual time so far.
    public var milliseconds: Int64 { now.milliseconds }

    mutating func note(_ line: String) {
        guard isLogged else { return }
        log.append("\(now.milliseconds) ms: \(line)")
        if log.count > 800 { log.removeFirst(400) }
    }

    mutating func fail(_ what: String) { if problem == nil { problem = what } }

    /// Runs the cluster to its end. Returns what went wrong, if anything did.
    public mutating func run() -> String? {
        agenda.add(.startCoordinator, at: 0)
        for host in 0..<options.hosts {
            // A bad host that joins before the others may use up a trial's attempts, because no other host is
            // there.
            let isLate = options.hasBadHost && options.isCalm && host == 0
            agenda.add(.startWorker(host: host), at: chance.milliseconds(0...3000) + (isLate ? 8000 : 0))
        }
        if !options.isCalm { agenda.add(.fault, at: chance.milliseconds(0...options.faultEvery)) }
        if let every = options.operatorEvery {
            agenda.add(.operatorActs, at: operatorDraws.milliseconds(0...every))
        }
        if let every = options.stopEvery {
            agenda.add(.stopCoordinator, at: operatorDraws.milliseconds(0...every))
        }
        while problem == nil, !isFinished, let (time, happening) = agenda.next() {
            now = Instant(milliseconds: time)
            events += 1
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
        if let wrong = journal.exportProblem { fail(wrong) }
        if options.isCalm, options.poison == 0, options.badTrials == 0, !options.isHopeless {
            // After a drain, workers still hold trials, which a new coordinator assigns before it hears of
            // them.
            if !options.hasBadHost, options.operatorEvery == nil, starts > options.trials + secondAssignments
            {
                fail("\(starts) attempts at \(options.trials) trials, without a fault")
            }
            if secondAssignments > options.trials, !options.hasBadHost, options.lifetime == nil,
                options.operatorEvery == nil
            {
                fail("a trial is copied more than once")
            }
            if !journal.quarantined.isEmpty { fail("a good trial is quarantined, without a fault") }
        }
        var next = Dispatcher(trialCount: options.trials, sweep: [], restored: journal.restored)
        if next.handle(.tick, at: now) != [.finished] { fail("what was appended does not restore the end") }
    }

    private mutating func happen(_ happening: Happening) {
        if now.milliseconds < stoppedUntil, dispatcher != nil {
            switch happening {
            case .toCoordinator, .tickCoordinator, .flush, .operatorActs, .unpause:
                return agenda.add(happening, at: stoppedUntil)
            default: break
            }
        }
        switch happening {
        case .toCoordinator(let bytes, let id, let connection):
            guard workers[id]?.connection == connection || workers[id] == nil, dispatcher != nil else {
                return
            }
            guard let message = try? WorkerMessage(decoding: bytes) else { return fail("unreadable") }
            hear(message, from: id)
        case .toWorker(let bytes, let id, let connection):
            guard workers[id]?.connection == connection else { return }
            guard let message = try? CoordinatorMessage(decoding: bytes) else { return fail("unreadable") }
            receive(message, at: id)
        case .connected(let id, let connection):
            if workers[id]?.connection == connection, dispatcher != nil { work(id, .connected) }
        case .tickCoordinator(let life):
            guard life == self.life, dispatcher != nil else { return }
            coordinatorTick = nil
            coordinate(.tick)
            if let next = dispatcher?.nextDeadline, next <= coordinatorTime {
                fail("the dispatcher would be woken for ever")
            }
        case .flush(let life):
            guard life == self.life, dispatcher != nil else { return }
            isFlushArranged = false
            flush()
        case .tickWorker(let id):
            guard let due = workers[id]?.nextTick, due <= now.milliseconds else { return }
            workers[id]?.nextTick = nil
            work(id, .tick)
            if let worker = workers[id], let until = worker.until, now + worker.ahead >= until {
                fail("worker \(id) outlives its time")
            }
            if let worker = workers[id], worker.session.nextDeadline <= now + worker.ahead {
                fail("worker \(id) would be woken for ever")
            }
        case .slot(let id, let slot, let process, let what): slotHappens(id, slot, process, what)
        case .fault: causeFault()
        case .startWorker(let host): startWorker(host: host)
        case .startCoordinator: startCoordinator()
        case .operatorActs: actAsOperator()
        case .unpause(let life): if life == self.life { unpause() }
        case .stopCoordinator: stopCoordinator()
        }
    }

    /// Whether the trial brings down any worker that runs it.
    static func isPoisonous(_ trial: UInt64, _ options: SimulationOptions) -> Bool {
        var fate = Chance(trial &* 0x51ED)
        return fate.hits(options.poison)
    }
}
