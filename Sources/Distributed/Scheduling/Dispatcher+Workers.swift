import Wire

// Arrival, silence and loss of workers.

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

    /// Makes worker and coordinator agree on who holds which trial. Nothing else reveals an assignment that
    /// was lost with its connection, so workers say hello from time to time.
    private mutating func reconcile(
        _ id: WorkerID, _ claims: [WorkerMessage.HeldTrial], _ now: Instant,
        _ effects: inout [DispatchEffect]
    ) {
        var obsolete: [WorkerMessage.HeldTrial] = []
        // Leased trials that the worker doesn't hold, or holds by an older lease. The assignment was lost on
        // the way or crosses the hello. It is sent again with the same lease, which changes nothing if it
        // arrived after all.
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
            // Another worker holds it by now, perhaps one that found a restarted coordinator sooner. This one
            // is probably further on, so both continue and the first record counts.
            case .leased:
                guard mine?.id == claim.lease else { continue }
                unheard[trial] = nil
                workers[id]?.held[trial]?.stage = claim.stage
            // It holds a failure, which is counted already, or a record whose attempt number equals that of a
            // failed one. It now sends that again, and the answer tells it what to do.
            case .pending where claim.stage == .reported: continue
            case .pending, .complete, .quarantined: obsolete.append(claim)
            }
        }
        // Revoked, not accepted: a report that is still on its way must not pass for durable.
        for claim in obsolete { effects.append(.send(.revoke(claim.lease, [claim.trial]), to: id)) }
        if mode == .open {
            assignAgain(unheard, to: id, &effects)
        } else {
            takeBack(unheard, from: id, claims, &effects)
        }
    }

    /// In a paused run, trials that the worker doesn't hold were recalled or lost on the way.
    private mutating func takeBack(
        _ unheard: [Int: Lease], from id: WorkerID, _ claims: [WorkerMessage.HeldTrial],
        _ effects: inout [DispatchEffect]
    ) {
        // It missed the recall, perhaps because it was looking for the coordinator.
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
    }

    /// Sends assignments again with their lease, one message for each lease and attempt.
    private func assignAgain(
        _ unheard: [Int: Lease], to id: WorkerID, _ effects: inout [DispatchEffect]
    ) {
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

    /// Whether the claimed attempt hasn't failed. If this coordinator counted its failure, the lease tells;
    /// if an earlier one did, the attempt number tells. Two coordinators may give the same number to two
    /// attempts.
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

    /// Time of the next check: for a heartbeat, for its silence, or for the end of its back-off.
    private func due(_ worker: Worker) -> Instant {
        let silence =
            worker.isUnresponsive ? settings.deadAfterMilliseconds : settings.unresponsiveAfterMilliseconds
        let due = min(worker.lastSent + settings.heartbeatMilliseconds, worker.lastHeard + silence)
        return worker.backsOffUntil.map { min($0, due) } ?? due
    }

    /// Queues the worker's next deadline, unless an earlier one is queued.
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
        if !worker.isUnresponsive, now >= worker.lastHeard + settings.unresponsiveAfterMilliseconds {
            workers[id]?.isUnresponsive = true
            liveCount -= 1
            effects.append(.note(.suspect(id, host: worker.host)))
        }
        if now >= worker.lastSent + settings.heartbeatMilliseconds {
            effects.append(.send(.heartbeat, to: id))
            workers[id]?.lastSent = now
        }
        if let until = worker.backsOffUntil, now >= until {
            workers[id]?.backsOffUntil = nil
            assignWork(id, now, &effects)
        }
    }

    /// Counts a failure against the worker. After too many in a row it gets a back-off.
    mutating func backOff(_ id: WorkerID, _ now: Instant, _ effects: inout [DispatchEffect]) {
        guard let worker = workers[id] else { return }
        let failures = worker.failuresInARow + 1
        workers[id]?.failuresInARow = failures
        let excess = failures - settings.backOffAfterFailures
        guard excess >= 0 else { return }
        // If no other host can come, a long back-off saves no trials, until it is clear that all of them
        // fail.
        let isSoon = !settings.mayGrow && hopelessness.isOpen
        let wait = isSoon ? 1000 : min(settings.maxBackOffMilliseconds, 1000 << Int64(min(excess, 30)))
        workers[id]?.backsOffUntil = now + wait
        arrange(id)
        if excess == 0 { effects.append(.note(.backsOff(id, host: worker.host, failures: failures))) }
    }

    /// Forgets a worker. Its trials are pending again, except those with a second copy. If it was lost, any
    /// trial that may have been running may be the cause: each counts a loss and becomes a suspect.
    mutating func release(
        _ id: WorkerID, isLoss: Bool, _ now: Instant, _ effects: inout [DispatchEffect]
    ) {
        guard let worker = workers.removeValue(forKey: id) else { return }
        // Every worker ends when the sweep is done, so that is no loss.
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

    /// Trials that may have been running when the worker was last heard from, at most one batch or one trial
    /// for each slot: first those that it said were running, then the others in the order of their leases, in
    /// which slots take them.
    private func mayRun(_ worker: Worker) -> [Int] {
        func isBefore(_ a: (trial: Int, lease: Lease), _ b: (trial: Int, lease: Lease)) -> Bool {
            if (a.lease.stage == .running) != (b.lease.stage == .running) { return a.lease.stage == .running }
            return (a.lease.id.value, a.trial) < (b.lease.id.value, b.trial)
        }
        let open = worker.held.map { (trial: $0.key, lease: $0.value) }.filter { $0.lease.stage != .reported }
        var groups: Set<LeaseID> = []
        var singles = 0
        return open.sorted(by: isBefore).filter { _, lease in
            if lease.isBatched, groups.contains(lease.id) { return true }
            guard groups.count + singles < worker.slots else { return false }
            if lease.isBatched { groups.insert(lease.id) } else { singles += 1 }
            return true
        }.map(\.trial)
    }

    private mutating func recordLoss(
        _ trial: Int, _ lease: Lease, of id: WorkerID, host: String, _ effects: inout [DispatchEffect]
    ) {
        var history = histories[trial] ?? TrialHistory()
        // It survived a loss with more done than ever before. Workers come and go here, so it isn't the
        // cause.
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
