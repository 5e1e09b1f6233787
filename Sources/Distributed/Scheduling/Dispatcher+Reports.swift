import Records
import Wire

// Reports and failures from workers, and the outcomes that follow from them.

extension Dispatcher {
    mutating func accept(
        _ report: ValidatedReport, from id: WorkerID, _ effects: inout [DispatchEffect]
    ) {
        let trial = report.attempt.trial
        guard states.indices.contains(trial) else { return }
        if !report.files.isEmpty, states[trial] != .complete {
            fetchFiles(of: report, from: id, &effects)
        } else {
            complete(report, from: id, &effects)
        }
    }

    /// Completes a trial. The report's files, if it has any, are durable.
    mutating func complete(
        _ report: ValidatedReport, from id: WorkerID, _ effects: inout [DispatchEffect]
    ) {
        let (trial, provenance) = (report.attempt.trial, report.attempt.provenance)
        unhold(trial, id)
        hopelessness.noteSuccess()
        workers[id]?.failuresInARow = 0
        workers[id]?.backsOffUntil = nil
        let milliseconds = provenance.seconds * 1000
        if milliseconds.isFinite, milliseconds >= 0 {
            meanMilliseconds = meanMilliseconds.map { 0.9 * $0 + 0.1 * milliseconds } ?? milliseconds
            if provenance.continuedFrom == 0 { trialTime.add(milliseconds) }
        }
        if states[trial] == .complete {
            effects.append(.check(report))
        } else {
            // A record counts whatever its lease is, even for a trial that was given up.
            effects.append(.append(report))
            callOff(trial, &effects)
            settle(trial, .complete)
        }
        effects.append(.send(.accepted([UInt64(trial)]), to: id))
    }

    /// Takes a trial from all workers that hold it.
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
        // The failure came twice, or it is from before this coordinator and the trial has been leased again
        // since.
        guard mine.id == failure.lease, mine.attempt == failure.attempt else {
            if mine.id != failure.lease { answer(failure, of: id, &effects) }
            return
        }
        let isCopy = holders[trial]?.copy == id
        unhold(trial, id)
        // An attempt from before this coordinator may have failed for a reason that no longer exists.
        if let host = workers[id]?.host, mine.id.value >= firstLease {
            hopelessness.note(
                failure.cause, trial: trial, host: host, seconds: failure.provenance.seconds, now)
        }
        // The first holder goes on. A failure of its copy doesn't count against it.
        if !isCopy { count(failure, of: trial, from: id, &effects) }
        backOff(id, now, &effects)
        if states[trial] == .leased, holders[trial] == nil { giveBack(trial, from: mine) }
        answer(failure, of: id, &effects)
    }

    /// Tells the worker that it may forget the failure. The answer names the lease because the worker may
    /// have started the trial again since it sent the failure: `accepted`, which names none, would pass for
    /// the answer to that new run's record.
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

    /// Gives up a trial. Comes after the `appendFailure` of its last failure.
    mutating func quarantine(_ trial: Int, _ effects: inout [DispatchEffect]) {
        callOff(trial, &effects)
        settle(trial, .quarantined)
    }

    /// Gives a trial its outcome. A record replaces a quarantine, and nothing replaces a record: a journal
    /// may hold both.
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

    /// Excludes a pending trial that has no history.
    mutating func leaveOut(_ trial: Int) {
        guard states[trial] == .pending, histories[trial] == nil else { return }
        states[trial] = .complete
        pendingCount -= 1
        excluded += 1
        progress.total -= 1
    }

    mutating func finishIfDone(_ now: Instant, _ effects: inout [DispatchEffect]) {
        guard progress.isFinished, !isFinished else { return }
        isFinished = true
        for id in workerOrder { effects.append(.send(.finish, to: id)) }
        effects.append(.finished)
    }
}

// MARK: - Leases

extension Dispatcher {
    /// Leases the trial to the worker, as its first holder or for a second copy.
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
        if lease.isBatched { workers[id]?.batches[lease.id, default: 0] += 1 }
    }

    /// Takes the trial from the worker. If another one runs a copy, it becomes the first holder.
    mutating func unhold(_ trial: Int, _ id: WorkerID) {
        if let lease = workers[id]?.held.removeValue(forKey: trial), lease.isBatched {
            let left = (workers[id]?.batches[lease.id] ?? 1) - 1
            workers[id]?.batches[lease.id] = left > 0 ? left : nil
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

    /// Makes a trial pending again. Its next attempt gets a new number.
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
    /// Provenance of a failure that the coordinator concludes by itself, without a message from the worker.
    static func unknown(host: String) -> Provenance {
        Provenance(
            host: host, process: 0, slot: 0, cpu: "", kernel: "", startMilliseconds: 0, seconds: 0,
            peakMemoryBytes: 0)
    }
}
