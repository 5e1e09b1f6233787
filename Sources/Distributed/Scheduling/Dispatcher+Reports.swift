import Wire

// What workers tell of their trials, and the outcomes that follow.

extension Dispatcher {
    mutating func accept(
        _ report: WorkerMessage.Report, from id: WorkerID, _ effects: inout [DispatchEffect]
    ) {
        guard let trial = Int(exactly: report.trial), states.indices.contains(trial) else { return }
        if !report.files.isEmpty, states[trial] != .complete {
            fetchFiles(of: report, trial, from: id, &effects)
        } else {
            complete(trial, report, from: id, &effects)
        }
    }

    /// The report's files, if it has any, are durable.
    mutating func complete(
        _ trial: Int, _ report: WorkerMessage.Report, from id: WorkerID, _ effects: inout [DispatchEffect]
    ) {
        unhold(trial, id)
        hopelessness.noteSuccess()
        workers[id]?.failuresInARow = 0
        workers[id]?.restsUntil = nil
        let milliseconds = report.provenance.seconds * 1000
        if milliseconds.isFinite, milliseconds >= 0 {
            meanMilliseconds = meanMilliseconds.map { 0.9 * $0 + 0.1 * milliseconds } ?? milliseconds
            if report.provenance.continuedFrom == 0 { trialTime.add(milliseconds) }
        }
        if states[trial] == .complete {
            effects.append(.check(report))
        } else {
            // A record is a record, whoever's lease it was; even of a trial that was given up.
            effects.append(.append(report))
            callOff(trial, &effects)
            settle(trial, .complete)
        }
        effects.append(.send(.accepted([report.trial]), to: id))
    }

    /// Takes a trial from all that hold it.
    private mutating func callOff(_ trial: Int, _ effects: inout [DispatchEffect]) {
        while let holder = holders[trial]?.worker {
            if let lease = workers[holder]?.held[trial] {
                effects.append(.send(.revoke(lease.id, [UInt64(trial)]), to: holder))
            }
            unhold(trial, holder)
        }
    }

    mutating func accept(
        _ failure: WorkerMessage.Failure, from id: WorkerID, _ now: Instant,
        _ effects: inout [DispatchEffect]
    ) {
        guard let trial = Int(exactly: failure.trial), states.indices.contains(trial) else { return }
        guard let mine = workers[id]?.held[trial] else {
            answer(failure, of: id, &effects)
            return
        }
        // Told twice, or of before this coordinator, and given the trial anew since.
        guard mine.id == failure.lease, mine.attempt == failure.attempt else {
            if mine.id != failure.lease { answer(failure, of: id, &effects) }
            return
        }
        let isCopy = holders[trial]?.copy == id
        unhold(trial, id)
        // What was begun before this coordinator may have failed of what is mended now.
        if let host = workers[id]?.host, mine.id.value >= firstLease {
            hopelessness.note(
                failure.cause, trial: trial, host: host, seconds: failure.provenance.seconds, now)
        }
        // The first goes on, and is not blamed for what became of its copy.
        if !isCopy { count(failure, of: trial, from: id, &effects) }
        backOff(id, now, &effects)
        if states[trial] == .leased, holders[trial] == nil { giveBack(trial, from: mine) }
        answer(failure, of: id, &effects)
    }

    /// The worker may forget the failure. Its lease is named because the worker may have run the trial anew since it
    /// told of it: `accepted`, which names no lease, would pass for the answer to that run's record.
    private func answer(
        _ failure: WorkerMessage.Failure, of id: WorkerID, _ effects: inout [DispatchEffect]
    ) {
        effects.append(.send(.revoke(failure.lease, [failure.trial]), to: id))
    }

    private mutating func count(
        _ failure: WorkerMessage.Failure, of trial: Int, from id: WorkerID, _ effects: inout [DispatchEffect]
    ) {
        var history = histories[trial] ?? TrialHistory()
        history.failures += 1
        history.failedLeases.append(failure.lease)
        history.avoid = id
        histories[trial] = history
        progress.failures += 1
        let isFinal = history.failures >= settings.maximumFailures
        effects.append(.appendFailure(failure, quarantined: isFinal))
        effects.append(
            .note(
                .failed(
                    trial: trial, host: failure.provenance.host, cause: failure.cause, willRetry: !isFinal)))
        if isFinal { quarantine(trial, &effects) }
    }

    /// After `appendFailure` of the last straw.
    mutating func quarantine(_ trial: Int, _ effects: inout [DispatchEffect]) {
        callOff(trial, &effects)
        settle(trial, .quarantined)
    }

    /// Gives a trial its outcome. Only a record replaces one, and only a quarantine: a journal may tell of
    /// both.
    mutating func settle(_ trial: Int, _ outcome: TrialState) {
        guard states[trial] != .complete, states[trial] != outcome else { return }
        switch states[trial] {
        case .pending: pendingCount -= 1
        case .quarantined: progress.quarantined -= 1
        case .leased, .complete: break
        }
        states[trial] = outcome
        histories[trial] = nil
        transfers[trial] = nil
        forgetFraction(of: trial, isDone: outcome == .complete)
        if outcome == .complete { progress.complete += 1 } else { progress.quarantined += 1 }
    }

    /// Of a trial that nothing is known of.
    mutating func leaveOut(_ trial: Int) {
        guard states[trial] == .pending, histories[trial] == nil else { return }
        states[trial] = .complete
        pendingCount -= 1
        elsewhere += 1
        progress.total -= 1
    }

    mutating func finishIfDone(_ now: Instant, _ effects: inout [DispatchEffect]) {
        guard progress.isFinished, !isFinished else { return }
        isFinished = true
        for id in workerOrder { effects.append(.send(.finish, to: id)) }
        effects.append(.finished)
    }
}

// MARK: - Who holds what

extension Dispatcher {
    /// The worker holds the trial from now on: first of all, or as a copy.
    mutating func grant(_ trial: Int, _ id: WorkerID, _ lease: Lease) {
        if states[trial] == .pending {
            states[trial] = .leased
            pendingCount -= 1
        }
        if holders[trial] == nil {
            holders[trial] = LeaseHolders(worker: id)
        } else {
            holders[trial]?.copy = id
            holders[trial]?.wasCopied = true
        }
        workers[id]?.held[trial] = lease
        if lease.isBatched { workers[id]?.together[lease.id, default: 0] += 1 }
    }

    /// The worker holds the trial no more; who runs its copy, if anybody, is the first now.
    mutating func unhold(_ trial: Int, _ id: WorkerID) {
        if let lease = workers[id]?.held.removeValue(forKey: trial), lease.isBatched {
            let left = (workers[id]?.together[lease.id] ?? 1) - 1
            workers[id]?.together[lease.id] = left > 0 ? left : nil
        }
        if workers[id]?.isolatedTrial == trial { workers[id]?.isolatedTrial = nil }
        guard let holder = holders[trial] else { return }
        if holder.copy == id {
            holders[trial]?.copy = nil
        } else if holder.worker == id {
            holders[trial] = holder.copy.map { LeaseHolders(worker: $0, wasCopied: true) }
        }
        if let transfer = transfers[trial], transfer.worker == id, states[trial] == .leased {
            transfers[trial] = nil
        }
    }

    /// Makes a trial pending again; its next attempt has a number of its own.
    mutating func giveBack(_ trial: Int, from lease: Lease?) {
        guard states[trial] == .leased else { return }
        var history = histories[trial] ?? TrialHistory()
        history.attempts.formMaximum(lease?.attempt ?? 0)
        histories[trial] = history
        states[trial] = .pending
        transfers[trial] = nil
        forgetFraction(of: trial, isDone: false)
        pendingCount += 1
        switch history.losses {
        case 0: returned.append(trial)
        case 1: suspects.append(trial)
        default: isolationQueue.append(trial)
        }
    }
}

extension UInt32 {
    mutating func formMaximum(_ other: UInt32) { self = Swift.max(self, other) }
}

extension Provenance {
    /// For what a coordinator concludes without a worker's word.
    static func unknown(host: String) -> Provenance {
        Provenance(
            host: host, process: 0, slot: 0, cpu: "", kernel: "", startMilliseconds: 0, seconds: 0,
            peakMemoryBytes: 0)
    }
}
