import TestSupport
import Wire

@testable import Scheduling

extension Simulation {
    mutating func startWorker() {
        workerCount += 1
        let id = workerCount
        note("worker \(id) starts")
        workers[id] = SimulatedWorker(id, slots: options.slots, at: now)
        if dispatcher == nil { workers[id]?.upAgain = now.milliseconds + 1000 }
        for slot in 0..<Int(options.slots) { startProcess(id, slot) }
        arrangeWake(id)
    }

    /// Without a word; another takes its place.
    mutating func removeWorker(_ id: UInt64) {
        guard workers.removeValue(forKey: id) != nil else { return }
        agenda.add(.startWorker, at: now.milliseconds + draws.milliseconds(0...10_000))
    }

    mutating func receive(_ message: CoordinatorMessage, at id: UInt64) {
        if case .accepted(let trials) = message, options.isLikeZeroMQ {
            for trial in trials {
                guard case .reported(.report)? = workers[id]?.session.held[trial]?.stage else { continue }
                if journal.records[trial] == nil { fail("worker \(id) forgets trial \(trial)'s only record") }
            }
        }
        work(id, .message(message))
    }

    mutating func work(_ id: UInt64, _ event: SessionEvent) {
        guard let effects = workers[id]?.session.handle(event, at: now) else { return }
        if isLogged, !effects.isEmpty { note("worker \(id): \(event) → \(effects)") }
        for effect in effects { perform(effect, by: id) }
        arrangeWake(id)
    }

    private mutating func arrangeWake(_ id: UInt64) {
        guard let worker = workers[id] else { return }
        let due = worker.session.nextDeadline.milliseconds
        guard due < worker.nextWake ?? .max else { return }
        workers[id]?.nextWake = due
        agenda.add(.wakeWorker(id), at: max(due, now.milliseconds))
    }

    private mutating func perform(_ effect: SessionEffect, by id: UInt64) {
        switch effect {
        case .send(let message): sendUp(message, from: id)
        case .load(_, let slot):
            if workers[id]?.processes[slot].isUp != true { fail("a slot that is not up is given the sweep") }
            workers[id]?.processes[slot].isLoaded = true
        case .start(let trial, let slot): start(trial, on: slot, of: id)
        case .restart(let slot): startProcess(id, slot)
        case .end(let slot, let cause):
            if workers[id]?.processes[slot].trial == nil { fail("an idle slot is ended") }
            workers[id]?.processes[slot].number += 1
            workers[id]?.processes[slot].isUp = false
            workers[id]?.processes[slot].trial = nil
            work(id, .slotDied(slot, cause: cause, unixMilliseconds: now.milliseconds))
        case .sendPiece(let trial, let file, let offset, let count):
            if workers[id]?.files.contains(trial) != true {
                fail("weights of trial \(trial) are not there to be sent")
            }
            if isFaulty, draws.chance(options.lostFiles) {
                work(id, .filesLost(trial: trial, cause: "no disk", unixMilliseconds: now.milliseconds))
                return
            }
            let bytes = [UInt8](repeating: weightByte(trial, Int(file)), count: count)
            sendUp(.piece(Piece(trial: trial, file: file, offset: offset, bytes: bytes)), from: id)
        case .deleteFiles(let trial):
            if workers[id]?.files.remove(trial) == nil { fail("weights of trial \(trial) are deleted twice") }
        case .note: break
        case .exit(let end):
            note("worker \(id) exits: \(end)")
            if end == .finished, !journal.isComplete { fail("worker \(id) is sent home with trials left") }
            if case .refused(let reason) = end { fail("worker \(id) is refused: \(reason)") }
            removeWorker(id)
        }
    }

    // MARK: Slots

    private mutating func startProcess(_ id: UInt64, _ slot: Int) {
        guard let number = workers[id]?.processes[slot].number else { return }
        workers[id]?.processes[slot] = SimulatedWorker.Process(number: number + 1)
        let dies = isFaulty && draws.chance(options.death / 2)
        agenda.add(
            .slot(id, slot, process: number + 1, dies ? .died : .ready),
            at: now.milliseconds + draws.milliseconds(5...400))
    }

    private mutating func start(_ trial: UInt64, on slot: Int, of id: UInt64) {
        guard let process = workers[id]?.processes[slot] else { return }
        if !process.isUp || !process.isLoaded { fail("a trial starts on a slot that is not ready") }
        if process.trial != nil { fail("a trial starts on a busy slot") }
        workers[id]?.processes[slot].trial = trial
        starts += 1
        var end = SlotHappening.done(trial)
        if isBad(trial) || isFaulty && draws.chance(options.failure) { end = .failed(trial) }
        if isFaulty, draws.chance(options.death) { end = .died }
        // Nothing will ever be heard of it; the worker's own limit ends it.
        if isFaulty, draws.chance(options.hang) { return }
        agenda.add(
            .slot(id, slot, process: process.number, end),
            at: now.milliseconds + draws.milliseconds(1...options.longest))
    }

    /// Whether the trial fails wherever it runs.
    private func isBad(_ trial: UInt64) -> Bool {
        var fate = Draws(trial &* 0x9E37)
        return fate.chance(options.badTrials)
    }

    mutating func slotHappens(_ id: UInt64, _ slot: Int, _ process: Int, _ what: SlotHappening) {
        guard workers[id]?.processes[slot].number == process else { return }
        let time = now.milliseconds
        let seconds = Double(options.longest) / 2000
        workers[id]?.processes[slot].trial = nil
        switch what {
        case .ready:
            workers[id]?.processes[slot].isUp = true
            work(id, .slotReady(slot, kernel: "Haswell"))
        case .died: work(id, .slotDied(slot, cause: "killed", unixMilliseconds: time))
        case .failed(let trial):
            let reply = SlotReply.failed(
                trial: trial, cause: "it broke", seconds: seconds, peakMemoryBytes: 0)
            work(id, .slotReply(slot, reply, unixMilliseconds: time))
        case .done(let trial):
            guard let name = try? identifier(of: trial) else { return fail("no identifier") }
            let files = options.files.enumerated().map { KeptFile(step: UInt64($0), bytes: $1) }
            if !files.isEmpty { workers[id]?.files.insert(trial) }
            let reply = SlotReply.done(
                trial: trial, id: name, body: body(of: trial), files: files, seconds: seconds,
                peakMemoryBytes: 0)
            work(id, .slotReply(slot, reply, unixMilliseconds: time))
        }
    }
}
