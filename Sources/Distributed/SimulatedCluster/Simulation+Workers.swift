import Scheduling
import Wire

// The simulated workers' shells and slots.

extension Simulation {
    mutating func startWorker(host: Int) {
        workerCount += 1
        let id = workerCount
        note("worker \(id) starts on host \(host)")
        var own = Chance(id)
        let until = options.lifetime.map { now + own.milliseconds($0...2 * $0) }
        workers[id] = SimulatedWorker(id, host: host, slots: options.slots, until: until, at: now)
        if dispatcher == nil { workers[id]?.upAgain = now.milliseconds + 1000 }
        for slot in 0..<Int(options.slots) { startProcess(id, slot) }
        scheduleTick(id)
    }

    /// Removes a worker without a message. Another takes its place.
    mutating func removeWorker(_ id: UInt64) {
        guard let worker = workers.removeValue(forKey: id) else { return }
        agenda.add(.startWorker(host: worker.host), at: now.milliseconds + chance.milliseconds(0...10_000))
    }

    mutating func receive(_ message: CoordinatorMessage, at id: UInt64) {
        checkForgetting(message, at: id)
        workers[id]?.lastHeard = now.milliseconds
        work(id, .message(message))
    }

    /// Checks that no worker is told to forget a record that is nowhere else.
    private mutating func checkForgetting(_ message: CoordinatorMessage, at id: UInt64) {
        let (trials, lease): ([UInt64], LeaseID?)
        switch message {
        case .accepted(let named): (trials, lease) = (named, nil)
        case .revoke(let of, let named): (trials, lease) = (named, of)
        default: return
        }
        guard options.isLikeZeroMQ, let worker = workers[id] else { return }
        for trial in trials {
            guard let record = worker.session.record(of: trial), record.lease == lease ?? record.lease,
                !worker.lies.contains(trial), journal.records[trial] == nil
            else { continue }
            // The coordinator took the trial for still running: it was given up, or an attempt with that
            // number had failed before this coordinator.
            if lease != nil, journal.hadFailed(trial, record.attempt, before: UInt64(life) << 32) { continue }
            fail("worker \(id) forgets trial \(trial)'s only record")
        }
    }

    mutating func work(_ id: UInt64, _ event: SessionEvent) {
        guard let ahead = workers[id]?.ahead,
            let effects = workers[id]?.session.handle(event, at: now + ahead)
        else { return }
        if isLogged, !effects.isEmpty { note("worker \(id): \(event) → \(effects)") }
        for effect in effects { perform(effect, by: id) }
        scheduleTick(id)
    }

    private mutating func scheduleTick(_ id: UInt64) {
        guard let worker = workers[id] else { return }
        let due = worker.session.nextDeadline.milliseconds - worker.ahead
        guard due < worker.nextTick ?? .max else { return }
        workers[id]?.nextTick = due
        agenda.add(.tickWorker(id), at: max(due, now.milliseconds))
    }

    private mutating func perform(_ effect: SessionEffect, by id: UInt64) {
        switch effect {
        case .send(let message): sendUp(message, from: id)
        case .load(_, let slot):
            if workers[id]?.processes[slot].isUp != true { fail("a slot that is not up is given the sweep") }
            workers[id]?.processes[slot].isLoaded = true
        case .start(let trials, let slot): start(trials, on: slot, of: id)
        case .restart(let slot): startProcess(id, slot)
        case .end(let slot, let cause):
            if workers[id]?.processes[slot].trials.isEmpty != false { fail("an idle slot is ended") }
            checkLimit(of: slot, of: id)
            workers[id]?.processes[slot].number += 1
            workers[id]?.processes[slot].isUp = false
            workers[id]?.processes[slot].trials = []
            work(id, .slotDied(slot, cause: cause, unixMilliseconds: now.milliseconds))
        case .sendChunk(let trial, let file, let offset, let count):
            sendChunk(trial, Int(file), offset, count, from: id)
        case .deleteFiles(let trial):
            if workers[id]?.files.remove(trial) == nil { fail("weights of trial \(trial) are deleted twice") }
        case .note: break
        case .exit(let end):
            note("worker \(id) exits: \(end)")
            if end == .finished, !journal.isComplete { fail("worker \(id) is sent home with trials left") }
            if end == .timeUp, workers[id]?.until == nil { fail("worker \(id) ends before its time") }
            if case .refused(let reason) = end, workers[id]?.namesOthers == false {
                fail("worker \(id) is refused: \(reason)")
            }
            if end == .silent, now.milliseconds - (workers[id]?.lastHeard ?? 0) < 14 * 60_000 {
                fail("worker \(id) gives up on a coordinator for a silence of its own")
            }
            removeWorker(id)
        }
    }

    private mutating func sendChunk(
        _ trial: UInt64, _ file: Int, _ offset: UInt64, _ count: Int, from id: UInt64
    ) {
        guard workers[id]?.files.contains(trial) == true else {
            return fail("weights of trial \(trial) are not there to be sent")
        }
        if isFaulty, chance.hits(options.lostFiles) {
            work(id, .filesLost(trial: trial, cause: "no disk", unixMilliseconds: now.milliseconds))
            return
        }
        let bytes = [UInt8](repeating: weightByte(trial, file), count: count)
        sendUp(.chunk(Chunk(trial: trial, file: UInt32(file), offset: offset, bytes: bytes)), from: id)
    }

    // MARK: Slots

    private mutating func startProcess(_ id: UInt64, _ slot: Int) {
        guard let number = workers[id]?.processes[slot].number else { return }
        workers[id]?.processes[slot] = SimulatedWorker.Process(number: number + 1)
        let dies = isFaulty && chance.hits(options.death / 2)
        agenda.add(
            .slot(id, slot, process: number + 1, dies ? .died : .ready),
            at: now.milliseconds + chance.milliseconds(5...400))
    }

    private mutating func start(_ trials: [UInt64], on slot: Int, of id: UInt64) {
        guard let worker = workers[id] else { return }
        let process = worker.processes[slot]
        if let until = worker.until, now + worker.ahead >= until {
            fail("a trial starts after its worker's end")
        }
        if !process.isUp || !process.isLoaded { fail("a trial starts on a slot that is not ready") }
        if !process.trials.isEmpty { fail("a trial starts on a busy slot") }
        if trials.isEmpty { fail("a slot is started with nothing to do") }
        workers[id]?.processes[slot].trials = trials
        workers[id]?.processes[slot].startedAt = now.milliseconds
        if options.isCalm, let by = pausedBy, now.milliseconds > by { fail("a trial starts in a paused run") }
        starts += trials.count
        if trials.count > 1 { groups += 1 }
        var ends = trials.map { trial in
            isBad(trial) || isFaulty && chance.hits(options.failure) || options.hasBadHost && worker.host == 0
                ? SlotHappening.failed(trial) : .done(trial)
        }
        if isFaulty, chance.hits(options.death) { ends = [.died] }
        if trials.contains(where: { Self.isPoisonous($0, options) }) { ends = [.killsWorker] }
        // The trial never answers, and the worker's time limit ends it.
        if isFaulty, chance.hits(options.hang) { return }
        let isSlow = worker.host == options.hosts - 1
        let length = chance.milliseconds(1...options.longest) * (isSlow ? options.slowness : 1)
        for (index, end) in ends.enumerated() {
            agenda.add(
                .slot(id, slot, process: process.number, end),
                at: now.milliseconds + min(length, options.longestAnywhere) + Int64(index))
        }
    }

    /// Whether the trial fails wherever it runs.
    private func isBad(_ trial: UInt64) -> Bool {
        if options.isHopeless, !isMended { return true }
        var fate = Chance(trial &* 0x9E37)
        return fate.hits(options.badTrials)
    }

    mutating func slotHappens(_ id: UInt64, _ slot: Int, _ process: Int, _ what: SlotHappening) {
        guard workers[id]?.processes[slot].number == process else { return }
        let time = now.milliseconds
        let seconds = Double(options.longest) / 2000
        switch what {
        case .ready:
            workers[id]?.processes[slot].isUp = true
            work(id, .slotReady(slot, kernel: ""))
        case .died:
            workers[id]?.processes[slot].trials = []
            work(id, .slotDied(slot, cause: "killed", unixMilliseconds: time))
        case .killsWorker:
            note("worker \(id) dies of a trial")
            removeWorker(id)
        case .failed(let trial):
            workers[id]?.processes[slot].trials.removeAll { $0 == trial }
            let reply = SlotReply.failed(
                trial: trial, cause: "it broke", seconds: seconds, peakMemoryBytes: 0)
            work(id, .slotReply(slot, reply, unixMilliseconds: time))
        case .done(let trial):
            workers[id]?.processes[slot].trials.removeAll { $0 == trial }
            let files = options.files.enumerated().map { KeptFile(step: UInt64($0), bytes: $1) }
            if !files.isEmpty { workers[id]?.files.insert(trial) }
            let (name, body) = answer(of: id, for: trial)
            let reply = SlotReply.done(
                trial: trial, id: name, body: body, files: files, seconds: seconds, peakMemoryBytes: 0)
            work(id, .slotReply(slot, reply, unixMilliseconds: time))
        }
    }
}
