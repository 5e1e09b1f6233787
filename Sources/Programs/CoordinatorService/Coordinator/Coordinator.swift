import Console
import Files
import Glibc
import Journal
import Launch
import Records
import Scheduling
import Sweep
import Text
import Transport
import Wire

/// A run's loop: poll, let the dispatcher decide, make durable, send.
struct Coordinator {
    enum End: Equatable { case finished, interrupted, hopeless(String) }

    let run: RunDirectory
    let journal: RunJournal
    let socket: CoordinatorSocket
    var admission: WorkerAdmission
    private let signals: SignalDescriptor
    /// nil where the file system has no sockets.
    let control: ControlListener?
    /// Requests to drain the run that wait for its end.
    var drains: [ControlListener.Request] = []
    private let sweepDigest: String
    private var records: SweepRecords
    var sources: [any WorkerSource]
    private(set) var dispatcher: Dispatcher
    let log: RunLog
    var rate = RateEstimate()
    var plannedWork: PlannedWork
    private(set) var isFinished = false
    var isInterrupted = false
    /// Why continuing is useless.
    private(set) var despair: String?
    /// When sources are polled next, on a clock that leaves out the gaps of this loop.
    var pollTime = LoopTime()
    var nextPoll: Instant?

    /// Entries that this turn of the loop makes durable, with one commit, before it sends `sends`.
    var entries: [JournalEntry] = []
    var sends: [(message: CoordinatorMessage, worker: WorkerID)] = []
    /// Weights to write before the entries. Empty except for moments, or while the disk accepts nothing.
    var files: [WeightsStep] = []
    /// Why the first of them isn't written yet.
    var unwritten: FileError?
    var weightDigests = WeightDigests()
    /// The current disk outage, during which the dispatcher is paused.
    var trouble: DiskOutage?
    /// Tells whether the run is still where it began.
    private var directoryWatch: RunDirectoryWatch
    /// Whether a trial was handed out. From then on, no failure says that nothing was begun.
    private var hasBegun = false
    var ledger = WorkerLedger()
    /// The ledger's losses as the journal has them.
    var keptLosses: [WorkerLedger.Loss] = []
    /// For the end of the run: workers that were lost and hosts that never joined.
    private(set) var workerLines: [String] = []

    private var named: Set<WorkerID> = []
    /// Workers that sent a record that the sweep can't produce, and the reason.
    private var banned: [WorkerID: String] = [:]
    var failureCounts: [String: Int] = [:]
    /// BLAS kernels of all workers so far, also those of earlier coordinators.
    var kernels: Set<String>
    var nextLineAt: Int64
    var nextLookAt: Int64 = 0
    var tally: RunTally
    /// The weights that the sweep keeps, read from it once.
    let keptWeights: KeptWeights
    /// Workers of another commit that the user was warned of.
    var reportedCommits: Set<WorkerID> = []

    init(
        _ run: RunDirectory, journal: RunJournal, admission: WorkerAdmission, signals: SignalDescriptor,
        control: ControlListener?, sources: [any WorkerSource], trialLimitSeconds: UInt32, mayGrow: Bool,
        log: RunLog
    ) throws(CommandFailure) {
        self.run = run
        self.log = log
        self.journal = journal
        socket = admission.socket
        self.admission = admission
        self.signals = signals
        self.control = control
        self.sources = sources
        sweepDigest = run.spec.digest
        keptWeights = run.spec.weights
        records = SweepRecords(run.spec.grid)
        directoryWatch = RunDirectoryWatch(run)
        run.weights.removeUnfinished()
        var settings = DispatchSettings()
        settings.trialLimitSeconds = trialLimitSeconds
        settings.mayGrow = mayGrow
        do throws(JournalError) {
            let restored = try run.restored(journal)
            plannedWork = PlannedWork(
                run.spec.grid, restored, earlier: try journal.recentSeconds(atMost: 5000))
            dispatcher = Dispatcher(
                trialCount: run.spec.grid.count, sweep: run.spec.gridJSON.canonicalBytes,
                settings: settings, restored: restored,
                firstLease: try journal.beginIncarnation() << 32,
                order: TrialOrder(run.spec.grid))
            let summary = try journal.summary()
            kernels = summary.kernels
            tally = RunTally(summary)
            self.admission.restore(try journal.setting(WorkerAdmission.refusalsSetting))
            ledger = WorkerLedger(json: try journal.setting(WorkerLedger.setting))
            keptLosses = ledger.losses
        } catch { throw CommandFailure(error) }
        nextLineAt = monotonicMilliseconds() + 5000
        rate.update(done: dispatcher.work, atMilliseconds: monotonicMilliseconds())
    }

    var done: Int { dispatcher.progress.complete + dispatcher.progress.quarantined }

    /// Serves until every trial has an outcome or the user interrupts.
    mutating func serve() throws(CommandFailure) -> End {
        defer {
            admission.save(journal)
            keepLedger()
            log.endProgress()
        }
        if let gap = run.spec.strictnessGap { log.add(gap) }
        // Finishes a sweep that has nothing left to do.
        handle(.tick)
        do throws(CommandFailure) {
            try pollSources()
            while !isFinished || trouble != nil, !isInterrupted { try turn() }
            if isFinished { try stayForFarewells() }
            if let loss = directoryWatch.loss { throw run.failure(loss, journal) }
        } catch {
            stopSources(ask: true)
            throw hasBegun ? error.afterBeginning : error
        }
        noteWorkers()
        writeMetrics(isLast: true)
        stopSources(ask: isInterrupted)
        run.weights.removeUnfinished()
        return isFinished ? .finished : despair.map { .hopeless($0) } ?? .interrupted
    }

    /// Waits a few seconds for every worker to say goodbye. A worker that missed the end would look for a
    /// coordinator for a quarter of an hour.
    private mutating func stayForFarewells() throws(CommandFailure) {
        let deadline = monotonicMilliseconds() + 3000
        while dispatcher.liveWorkers > 0, !isInterrupted, monotonicMilliseconds() < deadline { try turn() }
    }

    private mutating func turn() throws(CommandFailure) {
        let now = monotonicMilliseconds()
        var wait = log.showsProgress ? Int64(250) : 1000
        if let next = trouble?.nextTry ?? dispatcher.nextDeadline?.milliseconds {
            wait = min(wait, max(0, next - now))
        }
        if let next = sources.compactMap(\.nextDeadline).min() { wait = min(wait, max(0, next - now)) }
        let descriptors = [signals.descriptor] + sources.flatMap(\.readable) + (control?.descriptors ?? [])
        let ready = waitForInput(
            socket, descriptors: descriptors, writable: sources.flatMap(\.writable), milliseconds: Int(wait))
        while let signal = signals.next() {
            if signal == SIGHUP, sourcesHangUp() { continue }
            if !isInterrupted {
                let why = signal == SIGXCPU ? ProcessLimit.processorTime.advice.map { "\($0): " } ?? "" : ""
                log.add("\(why)stopping, and writing the records so far")
            }
            isInterrupted = true
        }
        if ready.socket { if trouble == nil { receiveMessages() } else { keepInTouch() } }
        hearOperator()
        watchAdmission()
        try pollSources()
        let instant = Instant(milliseconds: monotonicMilliseconds())
        if let deadline = dispatcher.nextDeadline, instant >= deadline { handle(.tick) }
        try flush()
        if let loss = directoryWatch.loss(at: instant.milliseconds) { throw run.failure(loss, journal) }
        showProgress()
        writeMetrics()
    }

    /// Called before the sources stop, since they forget their hosts then.
    private mutating func noteWorkers() {
        let absent = absentHosts
        workerLines = workerSummary(absent)
        let json = JSONValue.array(absent.map(\.json))
        try? journal.setSetting(Coordinator.absentSetting, json.canonicalText)
    }

    private mutating func watchAdmission() {
        keepLedger()
        let news = admission.watch(at: monotonicMilliseconds(), journal)
        for line in news.lines { log.add(line) }
        for worker in news.barred {
            // The worker leaves first and is refused then, so that its trials go to others at once.
            handle(.message(.goodbye, from: worker))
            refuse(worker, "its key was revoked")
        }
    }

    // MARK: - Messages

    /// Receives at most 1000 messages and about 4 MiB a turn. A turn ends with a commit, and acknowledgements
    /// should not wait long for it.
    private mutating func receiveMessages() {
        var taken = 0
        for _ in 0..<1000 where unwritten == nil && taken < 4 << 20 {
            guard let (worker, bytes) = socket.receive() else { return }
            taken += bytes.count
            tally.receivedBytes += bytes.count
            let message: WorkerMessage
            do throws(WireError) { message = try WorkerMessage(decoding: bytes) } catch .version(let theirs) {
                refuse(
                    worker,
                    "it speaks version \(theirs) of the protocol, the coordinator version \(wireVersion)")
                continue
            } catch {
                socket.noteMalformed()
                refuse(worker, "it sent a message that cannot be read (\(error))")
                continue
            }
            receive(message, from: worker)
        }
    }

    /// Answers workers during a disk outage, so that they know the coordinator is alive. They keep their
    /// reports and send them again after their next hello, so that nothing piles up here.
    private mutating func keepInTouch() {
        let now = monotonicMilliseconds()
        for _ in 0..<1000 {
            guard let (worker, bytes) = socket.receive() else { return }
            guard let message = try? WorkerMessage(decoding: bytes) else {
                socket.noteMalformed()
                continue
            }
            if message == .goodbye { socket.forget(worker) }
            if trouble?.hear(message, from: worker, at: now) ?? false {
                socket.send(CoordinatorMessage.heartbeat.encoded, to: worker)
            }
        }
    }

    private mutating func receive(_ message: WorkerMessage, from worker: WorkerID) {
        if let why = banned[worker], message != .goodbye {
            refuse(worker, why)
            return
        }
        switch message {
        case .hello(let hello):
            guard hello.program == programVersion else {
                refuse(
                    worker,
                    "the coordinator is ranksweep \(programVersion), the worker \(hello.program): use the same"
                )
                return
            }
            if let why = run.spec.objection(toCommit: hello.commit, kernel: hello.kernel, after: kernels) {
                refuse(worker, why)
                return
            }
            warn(ofCommit: hello, worker)
            ledger.joined(worker, WorkerProcess(host: hello.host, process: hello.process))
        case .report(let report):
            let maker = report.provenance
            // A worker whose hello was refused may have sent its finished trials right after it.
            if let why = run.spec.objection(toCommit: maker.commit, kernel: maker.kernel, after: kernels) {
                refuse(worker, why)
                return
            }
            do throws(RecordFault) {
                let valid = try ValidatedReport(
                    report, ofSweep: sweepDigest, keeping: keptWeights, &records)
                handle(.report(valid, from: worker))
            } catch .malformed(let why) {
                // Our worker checks its records itself, so this one isn't ours, or is broken. Its trials go
                // to others, and no attempt at them is counted.
                ban(worker, "its record of trial \(report.trial) can't come from this sweep: \(why)")
            } catch {
                refuse(
                    worker, "its trials have other settings than the coordinator's: use the same ranksweep")
                handle(.message(.goodbye, from: worker))
            }
            return
        case .heartbeat, .progress, .failure, .chunk, .goodbye: break
        }
        if message == .goodbye { socket.forget(worker) }
        handle(.message(message, from: worker))
    }

    /// Ignores a worker from now on; each of its messages is answered with the reason.
    private mutating func ban(_ worker: WorkerID, _ reason: String) {
        if banned.count < 10_000 { banned[worker] = reason }
        handle(.message(.goodbye, from: worker))
        refuse(worker, reason)
    }

    /// Tells a peer why it is refused; tells the user once.
    private mutating func refuse(_ worker: WorkerID, _ reason: String) {
        if named.count < 10_000, named.insert(worker).inserted {
            log.add("warning: a worker was refused: \(reason)")
        }
        // Sent each time: a peer that still talks hasn't received it.
        sends.append((.refuse(reason: reason), worker))
    }

    // MARK: - Effects

    mutating func handle(_ event: DispatchEvent) {
        let now = Instant(milliseconds: monotonicMilliseconds())
        guard trouble == nil else {
            trouble?.postpone(event, at: now.milliseconds)
            return
        }
        for effect in dispatcher.handle(event, at: now) { perform(effect) }
    }

    private mutating func perform(_ effect: DispatchEffect) {
        switch effect {
        case .append(let report), .check(let report):
            entries.append(.record(line: report.line, outcome: report.outcome, report.attempt))
            if case .append = effect {
                plannedWork.settle(report.attempt.trial, report.attempt.provenance)
                tally.noteRecord(outcome: report.outcome)
            }
            if log.isVerbose { tell(report) }
            for index in sources.indices { sources[index].noteSuccess() }
        case .write(let trial, let step, let offset, let bytes):
            write(.chunk(bytes, of: weightsName(trial, step), offset: offset))
        case .keep(let trial, let step):
            write(.keep(weightsName(trial, step)))
        case .appendFailure(let failure, let quarantined):
            if quarantined { plannedWork.settle(Int(failure.trial)) }
            tally.noteFailure(failure.cause)
            entries.append(
                .failure(
                    cause: failure.cause, log: failure.log, quarantined: quarantined,
                    TrialAttempt(
                        trial: Int(failure.trial), number: failure.attempt, lease: failure.lease,
                        provenance: failure.provenance)))
        case .send(let message, let worker):
            if case .assign(let assignment) = message {
                hasBegun = true
                if log.isVerbose { tell(assignment, to: worker) }
            }
            sends.append((message, worker))
        case .note(let note): tell(note)
        case .finished: isFinished = true
        case .drained:
            log.add("drained: no trial is running")
            isInterrupted = true
        case .hopeless(let cause, let trials, let hosts):
            despair = despairMessage(cause: cause, trials: trials, hosts: hosts)
            isInterrupted = true
        }
    }
}
