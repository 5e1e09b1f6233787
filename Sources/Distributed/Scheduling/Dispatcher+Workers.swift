import Wire

// Workers come and go.

extension Dispatcher {
    mutating func handleHello(
        _ id: WorkerID, _ hello: WorkerMessage.Hello, _ now: Instant, _ effects: inout [DispatchEffect]
    ) {
        guard (1...UInt32(settings.maxSlots)).contains(hello.slots) else {
            let reason = "a worker has from 1 to \(settings.maxSlots) slots, not \(hello.slots)"
            effects.append(.send(.refuse(reason: reason), to: id))
            return
        }
        if workers[id] == nil {
            joined += 1
            workers[id] = Worker(
                number: joined, host: hello.host, slots: Int(hello.slots), lastHeard: now, lastSent: now)
            totalSlots += Int(hello.slots)
            liveCount += 1
            arrange(id)
            effects.append(
                .note(.joined(id, host: hello.host, slots: Int(hello.slots), kernel: hello.kernel)))
        }
        workers[id]?.process = hello.process
        workers[id]?.kernel = hello.kernel
        workers[id]?.commit = hello.commit
        noteEnd(of: id, hello, now)
        effects.append(.send(.welcome(welcome), to: id))
        if isFinished { effects.append(.send(.finish, to: id)) }
        reconcile(id, hello.held, now, &effects)
    }

    /// Makes worker and coordinator agree on who holds what. Nothing else notices that an assignment was lost
    /// with its connection, so workers say hello from time to time.
    private mutating func reconcile(
        _ id: WorkerID, _ claims: [WorkerMessage.HeldTrial], _ now: Instant,
        _ effects: inout [DispatchEffect]
    ) {
        var obsolete: [WorkerMessage.HeldTrial] = []
        // What it was given and does not hold, or holds by an older lease, was lost on the way or crosses its
        // hello: it is given it again by the same lease, which changes nothing where it arrived after all.
        var unheard = workers[id]?.held ?? [:]
        for claim in claims {
            guard let trial = Int(exactly: claim.trial), states.indices.contains(trial) else { continue }
            let mine = workers[id]?.held[trial]
            switch states[trial] {
            case .pending where isOpen(claim, trial):
                histories[trial, default: TrialHistory()].attempts.formMaximum(claim.attempt)
                grant(
                    trial, id,
                    Lease(
                        id: claim.lease, attempt: claim.attempt, since: now, stage: claim.stage,
                        isBatched: claim.isBatched))
                fractions[trial] = Fraction(isClaimed: true)
            // Another's by now, who perhaps greeted a restarted coordinator sooner: this worker is likely the
            // further on, so both go on and the first record counts.
            case .leased:
                guard mine?.id == claim.lease else { continue }
                unheard[trial] = nil
                workers[id]?.held[trial]?.stage = claim.stage
            // A failure, which is counted, or a record of an attempt that has the same number as one that failed. It is
            // told again now, and the answer to that says what to do.
            case .pending where claim.stage == .reported: continue
            case .pending, .complete, .quarantined: obsolete.append(claim)
            }
        }
        // Revoked, not accepted: a report that is still on its way must not pass for durable.
        for claim in obsolete { effects.append(.send(.revoke(claim.lease, [claim.trial]), to: id)) }
        // What a paused run's worker does not hold was recalled, or lost on its way.
        if mode != .open {
            // It did not hear that it was to give back what waits: it was looking for the coordinator, say.
            if claims.contains(where: { claim in
                claim.stage == .waiting
                    && Int(exactly: claim.trial).map { workers[id]?.held[$0] != nil } ?? false
            }) {
                effects.append(.send(.recall, to: id))
            }
            for trial in unheard.keys.sorted() {
                unhold(trial, id)
                if holders[trial] == nil { giveBack(trial, from: unheard[trial]) }
            }
            return
        }
        var again: [CoordinatorMessage.Assignment] = []
        let lost = unheard.sorted { ($0.value.id.value, $0.key) < ($1.value.id.value, $1.key) }
        for (trial, lease) in lost {
            if let last = again.last, last.lease == lease.id, last.attempt == lease.attempt {
                again[again.count - 1].trials.append(UInt64(trial))
            } else {
                again.append(
                    CoordinatorMessage.Assignment(
                        lease: lease.id, attempt: lease.attempt, trials: [UInt64(trial)],
                        isBatched: lease.isBatched))
            }
        }
        for assignment in again { effects.append(.send(.assign(assignment), to: id)) }
    }

    /// Whether the claim is to an attempt that has not failed. Its lease tells where this coordinator counted the
    /// failure, and its number where another did: two coordinators may give two attempts the same.
    private func isOpen(_ claim: WorkerMessage.HeldTrial, _ trial: Int) -> Bool {
        guard let history = histories[trial] else { return true }
        if history.failedLeases.contains(claim.lease) { return false }
        return claim.lease.value >= firstLease || claim.attempt > history.failedBefore
    }

    mutating func noteHeard(_ id: WorkerID, _ now: Instant) {
        workers[id]?.lastHeard = now
        guard workers[id]?.isUnresponsive == true else { return }
        workers[id]?.isUnresponsive = false
        liveCount += 1
        arrange(id)
    }

    /// When the worker must be looked at: for a beat, because it is silent, or has rested.
    private func due(_ worker: Worker) -> Instant {
        let silence =
            worker.isUnresponsive ? settings.deadAfterMilliseconds : settings.suspectAfterMilliseconds
        let due = min(worker.lastSent + settings.heartbeatMilliseconds, worker.lastHeard + silence)
        return worker.restsUntil.map { min($0, due) } ?? due
    }

    /// Puts the worker's next deadline in the queue, unless an earlier one is there.
    private mutating func arrange(_ id: WorkerID) {
        guard let worker = workers[id] else { return }
        let due = due(worker)
        guard due < worker.due else { return }
        workers[id]?.due = due
        deadlines.add(id, number: worker.number, due: due)
    }

    mutating func checkWorkers(_ now: Instant, _ effects: inout [DispatchEffect]) {
        while let (id, due) = deadlines.next(by: now) {
            guard workers[id]?.due == due else { continue }
            workers[id]?.due = Instant(milliseconds: .max)
            check(id, now, &effects)
            arrange(id)
        }
    }

    private mutating func check(_ id: WorkerID, _ now: Instant, _ effects: inout [DispatchEffect]) {
        guard let worker = workers[id] else { return }
        if now >= worker.lastHeard + settings.deadAfterMilliseconds {
            release(id, isLoss: true, now, &effects)
            return
        }
        if !worker.isUnresponsive, now >= worker.lastHeard + settings.suspectAfterMilliseconds {
            workers[id]?.isUnresponsive = true
            liveCount -= 1
            effects.append(.note(.suspect(id, host: worker.host)))
        }
        if now >= worker.lastSent + settings.heartbeatMilliseconds {
            effects.append(.send(.heartbeat, to: id))
            workers[id]?.lastSent = now
        }
        if let until = worker.restsUntil, now >= until {
            workers[id]?.restsUntil = nil
            assignWork(id, now, &effects)
        }
    }

    /// Counts a failure against the worker, too.
    mutating func backOff(_ id: WorkerID, _ now: Instant, _ effects: inout [DispatchEffect]) {
        guard let worker = workers[id] else { return }
        let failures = worker.failuresInARow + 1
        workers[id]?.failuresInARow = failures
        let excess = failures - settings.restAfterFailures
        guard excess >= 0 else { return }
        // Where no other host will come there is nobody to keep trials for, until it is clear that all fail.
        let isSoon = !settings.mayGrow && hopelessness.isOpen
        let rest = isSoon ? 1000 : min(settings.longestRestMilliseconds, 1000 << Int64(min(excess, 30)))
        workers[id]?.restsUntil = now + rest
        arrange(id)
        if excess == 0 { effects.append(.note(.resting(id, host: worker.host, failures: failures))) }
    }

    /// Forgets a worker; its trials are pending again, but for those with a second copy. Where the worker was lost,
    /// those that may have been running may have been the cause: each counts a loss, and is a suspect.
    mutating func release(
        _ id: WorkerID, isLoss: Bool, _ now: Instant, _ effects: inout [DispatchEffect]
    ) {
        guard let worker = workers.removeValue(forKey: id) else { return }
        // Every worker ends when the sweep is done.
        let isLoss = isLoss && !isFinished
        learn(fromLeaving: worker)
        totalSlots -= worker.slots
        if !worker.isUnresponsive { liveCount -= 1 }
        let count = worker.held.count
        effects.append(
            .note(
                isLoss
                    ? .lost(id, host: worker.host, trials: count)
                    : .left(id, host: worker.host, trials: count)))
        let running = isLoss && !wasDue(worker) ? Set(mayRun(worker)) : []
        for trial in worker.held.keys.sorted() {
            guard let lease = worker.held[trial] else { continue }
            unhold(trial, id)
            if running.contains(trial) { recordLoss(trial, lease, of: id, host: worker.host, &effects) }
            if states[trial] == .leased, holders[trial] == nil { giveBack(trial, from: lease) }
        }
    }

    /// Trials that may have been running when the worker was last heard, those of at most one lease or one trial a slot:
    /// those that it said to run, and then the first of the others, as slots take trials in the order they were given.
    private func mayRun(_ worker: Worker) -> [Int] {
        func isBefore(_ a: (trial: Int, lease: Lease), _ b: (trial: Int, lease: Lease)) -> Bool {
            if (a.lease.stage == .running) != (b.lease.stage == .running) { return a.lease.stage == .running }
            return (a.lease.id.value, a.trial) < (b.lease.id.value, b.trial)
        }
        let open = worker.held.map { (trial: $0.key, lease: $0.value) }.filter { $0.lease.stage != .reported }
        var groups: Set<LeaseID> = []
        var alone = 0
        return open.sorted(by: isBefore).filter { _, lease in
            if lease.isBatched, groups.contains(lease.id) { return true }
            guard groups.count + alone < worker.slots else { return false }
            if lease.isBatched { groups.insert(lease.id) } else { alone += 1 }
            return true
        }.map(\.trial)
    }

    private mutating func recordLoss(
        _ trial: Int, _ lease: Lease, of id: WorkerID, host: String, _ effects: inout [DispatchEffect]
    ) {
        var history = histories[trial] ?? TrialHistory()
        // It outlived a loss with more done than ever: workers come and go here, and it is not the cause.
        let began = fractions[trial]?.before ?? 0
        history.losses = began > history.began + 0.005 ? 1 : history.losses + 1
        history.began = max(history.began, began)
        history.avoid = id
        histories[trial] = history
        guard history.losses >= settings.maximumLosses else { return }
        let failure = WorkerMessage.Failure(
            lease: lease.id, trial: UInt64(trial), attempt: lease.attempt,
            cause: "its worker was lost, \(history.losses) times over", provenance: .unknown(host: host))
        effects.append(.appendFailure(failure, quarantined: true))
        quarantine(trial, &effects)
    }
}
