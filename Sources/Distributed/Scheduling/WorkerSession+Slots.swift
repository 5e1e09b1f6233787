import Wire

// Trials on their way to slots, and what slots answer.

extension WorkerSession {
    mutating func ready(_ slot: Int, _ now: Instant, _ effects: inout [SessionEffect]) {
        // The slot said it twice. A slot that has a trial isn't free.
        guard slots[slot] == .starting else { return }
        slots[slot] = .idle
        if let sweep { effects.append(.load(sweep: sweep, slot: slot)) }
        if link == .waitingForSlots {
            link = .helloSent
            sendHello(now, &effects)
        }
    }

    mutating func startWaiting(_ now: Instant, _ effects: inout [SessionEffect]) {
        for slot in slots.indices where slots[slot] == .idle && !queue.isEmpty {
            let trials = queue.removeFirst()
            slots[slot] = .running(Run(trials: trials, isBatched: trials.count > 1, since: now))
            for trial in trials {
                fractions[trial] = nil
                held[trial]?.stage = .running
            }
            effects.append(.start(trials: trials, slot: slot))
        }
    }

    /// Takes a slot's answer for one of its trials.
    mutating func finish(
        _ slot: Int, _ reply: SlotReply, _ time: Int64, _ log: String, _ effects: inout [SessionEffect]
    ) {
        guard case .running(var run) = slots[slot], let trial = reply.answered else { return }
        slotDeaths[slot] = 0
        guard let index = run.trials.firstIndex(of: trial) else {
            // It is no longer known which trials the slot's answers belong to.
            let cause = "its slot answered for another trial"
            if run.isBatched {
                slots[slot] = .starting
                takeApart(run, cause, &effects)
                effects.append(.restart(slot: slot))
            } else {
                slots[slot] = .idle
                for trial in run.trials { fail(trial, cause, log, provenance(slot, 0, 0, time), &effects) }
            }
            return
        }
        run.trials.remove(at: index)
        slots[slot] = run.trials.isEmpty ? .idle : .running(run)
        fractions[trial] = nil
        guard !run.unwanted.contains(trial), let entry = held[trial] else { return }
        switch reply {
        case .ready, .progress: break
        case .done(_, let id, let body, let files, let continuedFrom, let seconds, let measuring, let peak):
            if continuedFrom == 0 { trialTime.add(seconds * 1000) }
            report(
                .report(
                    WorkerMessage.Report(
                        lease: entry.lease, trial: trial, id: id, attempt: entry.attempt, body: body,
                        files: files,
                        provenance: provenance(
                            slot, seconds, peak, time, continuedFrom: continuedFrom, measuring: measuring))),
                of: trial, &effects)
        case .failed(_, let cause, let seconds, let peak):
            fail(trial, cause, log, provenance(slot, seconds, peak, time), &effects)
        }
    }

    mutating func died(
        _ slot: Int, _ cause: String, _ time: Int64, _ peak: UInt64, _ log: String, _ now: Instant,
        _ effects: inout [SessionEffect]
    ) {
        let was = slots[slot]
        slots[slot] = .starting
        if case .running(let run) = was {
            if run.isBatched {
                takeApart(run, cause, &effects)
            } else {
                let seconds = Double(now.milliseconds - run.since.milliseconds) / 1000
                for trial in run.trials where !run.unwanted.contains(trial) {
                    fail(trial, cause, log, provenance(slot, seconds, peak, time), &effects)
                }
            }
        } else {
            slotDeaths[slot] += 1
            if slotDeaths[slot] >= settings.maximumSlotDeaths {
                effects += [.send(.goodbye), .exit(.slotsBroken(cause: cause))]
                return
            }
        }
        effects.append(.restart(slot: slot))
    }

    /// Takes a batch apart. Any of its trials may have ended the slot, so each is run alone, before all
    /// others, to find out which.
    private mutating func takeApart(_ run: Run, _ cause: String, _ effects: inout [SessionEffect]) {
        let wanted = run.trials.filter { !run.unwanted.contains($0) }
        for trial in wanted { held[trial]?.stage = .waiting }
        queue = wanted.map { [$0] } + queue
        if !wanted.isEmpty { effects.append(.note(.apart(trials: wanted.count, cause: cause))) }
    }

    /// Forgets a trial. Stops its slot if the slot runs no other trial that is wanted.
    mutating func drop(_ trial: UInt64, _ effects: inout [SessionEffect]) {
        forget(trial, &effects)
        fractions[trial] = nil
        for index in queue.indices { queue[index].removeAll { $0 == trial } }
        queue.removeAll { $0.isEmpty }
        for slot in slots.indices {
            guard case .running(var run) = slots[slot], run.trials.contains(trial) else { continue }
            run.unwanted.insert(trial)
            if run.isUseless {
                slots[slot] = .starting
                effects.append(.restart(slot: slot))
            } else {
                slots[slot] = .running(run)
            }
        }
    }
}

extension SlotReply {
    /// The trial that this reply ends.
    fileprivate var answered: UInt64? {
        switch self {
        case .ready, .progress: nil
        case .done(let trial, _, _, _, _, _, _, _), .failed(let trial, _, _, _): trial
        }
    }
}
