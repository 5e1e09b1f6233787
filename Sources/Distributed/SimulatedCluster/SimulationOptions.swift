import Scheduling
import Wire

/// All that a seed draws. Faults come until `faultsEnd`; from then on everything works, and the sweep must
/// finish.
public struct SimulationOptions: Sendable {
    var trials: Int
    var hosts: Int
    var slots: UInt32
    /// Longest trial, in milliseconds.
    var longest: Int64
    /// Factor by which a trial takes longer on the last host.
    var slowness: Int64
    /// Probability that a trial fails wherever it runs.
    var badTrials: Double
    /// Probability that a trial kills the worker it runs on, with all that runs there.
    var poison: Double
    /// Whether every trial fails on the first host, for good.
    var hasBadHost: Bool
    var latency: Int64
    var faultsEnd: Int64
    var faultEvery: Int64
    var failure: Double
    /// Probability that a slot's process dies.
    var death: Double
    /// Probability that a trial never ends by itself.
    var hang: Double
    /// Probability that the coordinator crashes in a turn of its loop.
    var crash: Double
    /// Milliseconds in which a turn of the coordinator's loop gathers what it then makes durable.
    var turn: Int64
    /// Probability that the disk fills up in a turn.
    var fullDisk: Double
    /// Whether the coordinator then waits for space; otherwise it ends.
    var waitsForSpace: Bool
    var queuesWhileDown: Bool
    /// Whether workers are told when they are connected again.
    var tellsOfConnections: Bool
    /// Probability that a message is duplicated. ZeroMQ never does that, and the protocol tolerates it.
    var duplicates: Double
    /// Probability that a message may overtake others. ZeroMQ never does that, and the protocol tolerates it.
    var reorders: Double
    /// Longest jump of a clock, always forward: as after a machine slept.
    var clockJump: Int64
    /// Bytes of each file of weights that a trial leaves.
    var files: [UInt64]
    /// Probability that weights are gone when they are fetched.
    var lostFiles: Double
    /// Shortest life of a worker, as of a batch engine's job; nil: it lives until something ends it.
    var lifetime: Int64?
    /// Whether slots train trials of one seed as batches.
    var isBatched: Bool
    /// Time until which an operator and the machine act, even without faults.
    var operatorEnd: Int64
    /// Longest time between an operator's commands; nil: there is no operator.
    var operatorEvery: Int64?
    /// Longest time between stops of the coordinator (SIGSTOP, a machine that sleeps); nil: it isn't stopped.
    var stopEvery: Int64?
    /// Longest stop.
    var longestStop: Int64
    /// Probability that a record is well-formed and false.
    var lies: Double
    /// Whether every trial fails, with the same message, until a person removes the cause.
    var isHopeless: Bool
    var settings: DispatchSettings

    init(_ chance: inout Chance) {
        trials = chance.pick(1, 2, 5, 20, 60, 150)
        hosts = chance.pick(1, 2, 3, 6)
        slots = chance.pick(1, 2, 4)
        longest = chance.pick(5, 200, 3000, 20_000)
        slowness = chance.pick(1, 1, 8)
        badTrials = chance.pick(0, 0, 0.1)
        poison = chance.pick(0, 0, 0, 0.03)
        hasBadHost = hosts > 1 && chance.hits(0.15)
        latency = chance.pick(1, 30, 400, 2500)
        let calm = chance.hits(0.15)
        faultsEnd = calm ? 0 : chance.milliseconds(1000...150_000)
        faultEvery = chance.pick(300, 1000, 3000, 15_000)
        failure = chance.pick(0, 0.05, 0.3)
        death = chance.pick(0, 0.05, 0.3)
        hang = chance.pick(0, 0, 0.05)
        crash = chance.pick(0, 0, 0.002, 0.02)
        turn = chance.pick(0, 5, 100, 1000)
        fullDisk = chance.pick(0, 0, 0.01)
        waitsForSpace = chance.hits(0.5)
        queuesWhileDown = chance.hits(0.5)
        tellsOfConnections = chance.hits(0.5)
        duplicates = chance.pick(0, 0, 0.1)
        reorders = chance.pick(0, 0, 0.1)
        clockJump = chance.pick(0, 0, 3000, 60_000)
        files = chance.pick([], [], [5], [5, 9], trials <= 5 ? [UInt64(WireLimit.chunk) + 5, 1] : [7])
        lostFiles = chance.pick(0, 0.02)
        settings = DispatchSettings()
        settings.trialLimitSeconds = 30
        settings.maximumLosses = poison > 0 ? 5 : chance.pick(5, 1000)
        settings.shardMilliseconds = chance.pick(10, 1000, 20_000)
        // From its own generator, so that drawing more options leaves the rest of a seed unchanged.
        var copy = chance
        var own = Chance(copy.next() ^ 0x1202)
        let longest = min(25_000, longest * slowness)
        let drawn: Int64? = own.pick(nil, nil, nil, longest + 10_000, 3 * longest + 10_000)
        // A record counts once its weights have come, chunk by chunk. A worker with a shorter life is of no
        // use.
        let chunks = files.reduce(0) { $0 + Int64($1 / UInt64(WireLimit.chunk)) + 1 }
        let transfer = 2 * latency * chunks
        // While the other hosts are between two lives, a bad host would have all trials for itself.
        lifetime = hasBadHost ? nil : drawn.map { $0 + transfer }
        isBatched = own.hits(0.5)
        var operatorDraws = Chance(own.next() ^ 0x0915)
        operatorEnd = max(faultsEnd, operatorDraws.milliseconds(20_000...60_000))
        operatorEvery = operatorDraws.pick(nil, nil, 5000, 20_000)
        stopEvery = operatorDraws.pick(nil, nil, 10_000, 40_000)
        longestStop = operatorDraws.pick(3000, 20_000, 200_000)
        lies = calm ? 0 : operatorDraws.pick(0, 0, 0.02, 0.2)
        isHopeless = operatorDraws.hits(0.04)
        if clockJump == 60_000, operatorDraws.hits(0.5) { clockJump = 1_200_000 }
        guard isHopeless else { return }
        (poison, hasBadHost) = (0, false)
        settings.mayGrow = operatorDraws.hits(0.5)
    }

    var isCalm: Bool { faultsEnd == 0 }
    var isLikeZeroMQ: Bool { duplicates == 0 && reorders == 0 }
    /// Longest trial on any host, below the time limit of a trial.
    var longestAnywhere: Int64 { min(25_000, longest * slowness) }

    /// Time in which a worker may still start trials after a pause. One that says hello to a coordinator that
    /// was stopped misses the recall, and gets it again in answer to its hello.
    var untilRecalled: Int64 {
        stopEvery == nil ? turn + latency + 10 : 2 * turn + 3 * latency + 1100
    }

    /// Time by which everything must be done: as if one slot did all the work, each trial failed as often as
    /// it may, and each poisonous one brought down, one after another, as many workers as it may.
    var deadline: Int64 {
        let attempts =
            Int64(trials * settings.maximumFailures) * (longestAnywhere + 4 * latency + turn + 1000)
        let deaths = poison > 0 ? Int64(trials * settings.maximumLosses) * (60_000 + longestAnywhere) : 0
        // A worker's end costs each of its slots a trial, and then time until another worker is there.
        let ends = lifetime == nil ? 0 : attempts + 12_000 * Int64(trials)
        // The last command, and the last stop, come when all others are over.
        let healed = max(
            faultsEnd, operatorEvery ?? stopEvery == nil ? 0 : operatorEnd + 30_000 + longestStop)
        let again = isHopeless ? 2 * attempts + 150_000 : 0
        return healed + 150_000 + attempts + again + ends + deaths / 4
    }
}

extension SimulationOptions: CustomStringConvertible {
    /// The options in short lines, for a person.
    public var description: String {
        """
        \(trials) trials up to \(longest) ms (bad \(badTrials), poisonous \(poison)), weights \(files) (lost \(lostFiles))
        \(hosts) hosts of \(slots) slots, the last \(slowness) times slower\(hasBadHost ? ", the first always fails" : "")
        faults until \(faultsEnd) ms, up to \(faultEvery) ms apart: failure \(failure), slot's death \(death), hang \(hang)
        coordinator: turn \(turn) ms, crash \(crash), full disk \(fullDisk) (\(waitsForSpace ? "it waits" : "it ends")), \
        clocks jump up to \(clockJump) ms
        network: up to \(latency) ms, duplicates \(duplicates), reorders \(reorders), \
        \(queuesWhileDown ? "queues" : "drops") while down, \(tellsOfConnections ? "tells" : "does not tell") of connections
        workers end \(lifetime.map { "after \($0) ms or up to twice that" } ?? "only when they are made to")
        shards of \(settings.shardMilliseconds) ms, trials \(isBatched ? "together where they may be" : "alone")
        until \(operatorEnd) ms: an operator \(operatorEvery.map { "acts up to \($0) ms apart" } ?? "does nothing"), the \
        coordinator \(stopEvery.map { "is stopped up to \($0) ms apart, up to \(longestStop) ms" } ?? "is never stopped")
        false records \(lies)\(isHopeless ? "; everything fails until it is mended (\(settings.mayGrow ? "others" : "no others") may come)" : "")
        quarantine after \(settings.maximumFailures) failures or \(settings.maximumLosses) losses
        """
    }
}
