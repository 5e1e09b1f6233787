import Wire

// Workers come and go.

extension Dispatcher {
    mutating func greet(
        _ id: WorkerID, _ hello: WorkerMessage.Hello, _ now: Instant, _ effects: inout [DispatchEffect]
    ) {
        guard (1...UInt32(settings.mostSlots)).contains(hello.slots) else {
            let reason = "a worker has from 1 to \(settings.mostSlots) slots, not \(hello.slots)"
            effects.append(.send(.refuse(reason: reason), to: id))
            return
        }
        if workers[id] == nil {
            workers[id] = Worker(host: hello.host, slots: Int(hello.slots), lastHeard: now, lastSent: now)
            workerOrder.append(id)
            effects.append(
                .note(.joined(id, host: hello.host, slots: Int(hello.slots), kernel: hello.kernel)))
        }
        workers[id]?.process = hello.process
        workers[id]?.kernel = hello.kernel
        effects.append(.send(.welcome(welcome), to: id))
        if isFinished { effects.append(.send(.finish, to: id)) }
        reconcile(id, hello.held, &effects)
    }

    /// Makes worker and coordinator agree on who holds what. Nothing else notices that an assignment was lost
    /// with its connection, so workers say hello from time to time.
    private mutating func reconcile(
        _ id: WorkerID, _ claims: [WorkerMessage.HeldTrial], _ effects: inout [DispatchEffect]
    ) {
        var obsolete: [WorkerMessage.HeldTrial] = []
        // What it was given and does not hold, or holds by an older lease, was lost on the way or crosses its
        // hello: it is given it again by the same lease, which changes nothing where it arrived after all.
        var unheard = workers[id]?.held ?? [:]
        for claim in claims {
            guard let trial = Int(exactly: claim.trial), states.indices.contains(trial) else { continue }
            let mine = workers[id]?.held[trial]
            switch states[trial] {
            case .pending where claim.attempt > histories[trial]?.failedAttempt ?? 0:
                states[trial] = .leased
                pendingCount -= 1
                histories[trial, default: History()].attempts.formMaximum(claim.attempt)
                workers[id]?.held[trial] = Hold(lease: claim.lease, attempt: claim.attempt)
                fractions[trial] = Fraction(isClaimed: true)
            // Another's by now, who perhaps greeted a restarted coordinator sooner: this worker is likely the
            // further on, so both go on and the first record counts.
            case .leased: if mine?.lease == claim.lease { unheard[trial] = nil }
            case .pending, .complete, .quarantined: obsolete.append(claim)
            }
        }
        // Revoked, not accepted: a report that is still on its way must not pass for durable.
        for claim in obsolete { effects.append(.send(.revoke(claim.lease, [claim.trial]), to: id)) }
        // What a paused run's worker does not hold was recalled, or lost on its way.
        if intake != .open {
            for trial in unheard.keys.sorted() {
                workers[id]?.held[trial] = nil
                giveBack(trial, from: unheard[trial])
            }
            return
        }
        var again: [CoordinatorMessage.Assignment] = []
        for trial in unheard.keys.sorted() {
            guard let hold = unheard[trial] else { continue }
            if let last = again.last, last.lease == hold.lease, last.attempt == hold.attempt {
                again[again.count - 1].trials.append(UInt64(trial))
            } else {
                again.append(
                    CoordinatorMessage.Assignment(
                        lease: hold.lease, attempt: hold.attempt, trials: [UInt64(trial)]))
            }
        }
        for assignment in again { effects.append(.send(.assign(assignment), to: id)) }
    }

    mutating func checkWorkers(_ now: Instant, _ effects: inout [DispatchEffect]) {
        for id in workerOrder {
            guard let worker = workers[id] else { continue }
            if now >= worker.lastHeard + settings.deadAfterMilliseconds {
                release(id, isLoss: true, &effects)
                continue
            }
            if !worker.isSuspect, now >= worker.lastHeard + settings.suspectAfterMilliseconds {
                workers[id]?.isSuspect = true
                effects.append(.note(.suspect(id, host: worker.host)))
            }
            if now >= worker.lastSent + settings.beatMilliseconds { effects.append(.send(.beat, to: id)) }
        }
    }

    /// Counts a failure against the worker, too.
    mutating func rest(_ id: WorkerID, _ now: Instant, _ effects: inout [DispatchEffect]) {
        guard let worker = workers[id] else { return }
        let failures = worker.failuresInARow + 1
        workers[id]?.failuresInARow = failures
        let excess = failures - settings.restAfterFailures
        guard excess >= 0 else { return }
        let rest = min(settings.longestRestMilliseconds, 1000 << Int64(min(excess, 30)))
        workers[id]?.restsUntil = now + rest
        if excess == 0 { effects.append(.note(.resting(id, host: worker.host, failures: failures))) }
    }

    /// Forgets a worker; its trials are pending again.
    mutating func release(_ id: WorkerID, isLoss: Bool, _ effects: inout [DispatchEffect]) {
        guard let worker = workers.removeValue(forKey: id) else { return }
        workerOrder.removeAll { $0 == id }
        let count = worker.held.count
        effects.append(
            .note(
                isLoss
                    ? .lost(id, host: worker.host, trials: count)
                    : .left(id, host: worker.host, trials: count)))
        for trial in worker.held.keys.sorted() {
            guard isLoss, let hold = worker.held[trial] else {
                giveBack(trial, from: worker.held[trial])
                continue
            }
            histories[trial, default: History()].losses += 1
            histories[trial]?.avoid = id
            let losses = histories[trial]?.losses ?? 0
            if losses >= settings.maximumLosses {
                let failure = WorkerMessage.Failure(
                    lease: hold.lease, trial: UInt64(trial), attempt: hold.attempt,
                    cause: "its worker was lost, \(losses) times over",
                    provenance: .unknown(host: worker.host))
                effects.append(.appendFailure(failure, quarantined: true))
                settle(trial, .quarantined)
            } else {
                giveBack(trial, from: hold)
            }
        }
    }

    /// Makes a trial pending again; its next attempt has a number of its own.
    mutating func giveBack(_ trial: Int, from hold: Hold?) {
        guard states[trial] == .leased else { return }
        histories[trial, default: History()].attempts.formMaximum(hold?.attempt ?? 0)
        states[trial] = .pending
        transfers[trial] = nil
        forgetFraction(of: trial, isDone: false)
        pendingCount += 1
        returned.append(trial)
    }
}
