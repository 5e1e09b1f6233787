import Scheduling
import Wire

// Faults, and the network.

extension Simulation {
    mutating func causeFault() {
        guard isFaulty else { return }
        agenda.add(.fault, at: now.milliseconds + chance.milliseconds(1...options.faultEvery))
        let living = workers.keys.sorted()
        guard !living.isEmpty else { return }
        let id = chance.pick(from: living)
        switch chance.next() % 12 {
        case 0: killCoordinator()
        case 1, 2:
            note("worker \(id) is killed")
            removeWorker(id)
        case 3:
            note("worker \(id) is stopped")
            work(id, .stop)
        case 4: disconnect(id, until: now.milliseconds + chance.milliseconds(0...30_000))
        case 5:
            let end = now.milliseconds + chance.milliseconds(0...30_000)
            for other in living where chance.hits(0.5) { disconnect(other, until: end) }
        case 6:
            let jump = chance.milliseconds(0...options.clockJump)
            note("worker \(id)'s clock jumps \(jump) ms")
            workers[id]?.ahead += jump
            workers[id]?.jumps += 1
            work(id, .tick)
        case 7:
            ahead += chance.milliseconds(0...options.clockJump)
            note("the coordinator's clock is \(ahead) ms ahead")
            if dispatcher != nil, now.milliseconds >= stoppedUntil { coordinate(.tick) }
        default: disconnect(id, until: now.milliseconds + chance.milliseconds(0...2000))
        }
    }

    mutating func disconnect(_ id: UInt64, until time: Int64) {
        guard let worker = workers[id] else { return }
        note("worker \(id) is cut off until \(time) ms")
        workers[id]?.connection += 1
        workers[id]?.upAgain = time
        workers[id]?.lastUp = 0
        workers[id]?.lastDown = 0
        if options.tellsOfConnections {
            agenda.add(.connected(id, connection: worker.connection + 1), at: max(time, now.milliseconds))
        }
    }

    // MARK: The network

    mutating func sendUp(_ message: WorkerMessage, from id: UInt64) {
        guard let worker = workers[id] else { return }
        switch message {
        case .failure(let failure): journal.reported.insert(FailureKey(failure))
        // The coordinator turns it into a failure.
        case .report(let report)
        where report.body != sweep.bodies[Int(report.trial)] && !sweep.allows(report.body):
            journal.reported.insert(FailureKey(report))
        default: break
        }
        var time = now.milliseconds + chance.milliseconds(0...options.latency)
        if now.milliseconds < worker.upAgain {
            guard options.queuesWhileDown else { return }
            time = max(time, worker.upAgain)
        }
        if !(isFaulty && chance.hits(options.reorders)) { time = max(time, worker.lastUp) }
        workers[id]?.lastUp = max(time, worker.lastUp)
        deliver(.toCoordinator(message.encoded, from: id, connection: worker.connection), at: time)
    }

    mutating func sendDown(_ message: CoordinatorMessage, to id: UInt64) {
        guard let worker = workers[id], now.milliseconds >= worker.upAgain else { return }
        var time = now.milliseconds + chance.milliseconds(0...options.latency)
        if !(isFaulty && chance.hits(options.reorders)) { time = max(time, worker.lastDown) }
        workers[id]?.lastDown = max(time, worker.lastDown)
        deliver(.toWorker(message.encoded, to: id, connection: worker.connection), at: time)
    }

    private mutating func deliver(_ happening: Happening, at time: Int64) {
        agenda.add(happening, at: time)
        if isFaulty, chance.hits(options.duplicates) {
            agenda.add(happening, at: time + chance.milliseconds(0...3000))
        }
    }
}
