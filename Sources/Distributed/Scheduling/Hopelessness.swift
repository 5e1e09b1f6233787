import Wire

/// Whether everything fails. Evidence is gathered until the first trial succeeds: then some can, and no later failure
/// says that a run is hopeless.
struct Hopelessness: Equatable, Sendable {
    struct Evidence: Equatable, Sendable {
        var trials: Set<Int> = []
        var hosts: Set<String> = []
        var failures = 0
        /// The longest of these attempts.
        var longestMilliseconds = 0.0
        let since: Instant
    }

    /// By message.
    private var evidence: [String: Evidence] = [:]
    /// The message that was met most often.
    private var leading: String?
    private var isRefuted = false
    /// How many trials were tried out of turn.
    private(set) var probes = 0
    var isTold = false

    /// More different messages than these are not one failure.
    private static let maxMessages = 100

    /// Whether there is evidence, and nothing against it.
    var isOpen: Bool { leading != nil && !isRefuted && !isTold }

    /// The message that most trials failed with.
    var strongest: (cause: String, evidence: Evidence)? {
        guard isOpen, let leading, let found = evidence[leading] else { return nil }
        return (leading, found)
    }

    mutating func noteSuccess() {
        guard !isRefuted else { return }
        isRefuted = true
        evidence = [:]
    }

    mutating func note(_ cause: String, trial: Int, host: String, seconds: Double, _ now: Instant) {
        guard !isRefuted, evidence[cause] != nil || evidence.count < Self.maxMessages else { return }
        var new = evidence[cause] ?? Evidence(since: now)
        new.trials.insert(trial)
        new.hosts.insert(host)
        new.failures += 1
        let milliseconds = seconds * 1000
        if milliseconds.isFinite { new.longestMilliseconds = max(new.longestMilliseconds, milliseconds) }
        evidence[cause] = new
        if leading.flatMap({ evidence[$0]?.failures }) ?? 0 < new.failures { leading = cause }
    }

    /// A place among so many trials, far from those of earlier probes and in no step with the grid's axes: multiples of
    /// the golden ratio.
    mutating func nextProbe(of count: Int) -> Int {
        probes += 1
        let turns = Double(probes) * 0.618_033_988_749_894_9
        return min(count - 1, Int((turns - turns.rounded(.down)) * Double(count)))
    }
}

extension Dispatcher {
    /// While every trial fails: an untried one from elsewhere in the sweep, as neighbours may share what is wrong with
    /// them. nil where there is none, or no need.
    mutating func takeProbe() -> Shard? {
        guard progress.complete == 0, hopelessness.isOpen, hopelessness.probes < 4 * settings.hopelessTrials
        else {
            return nil
        }
        for _ in 0..<4 {
            let place = hopelessness.nextProbe(of: states.count)
            let trial = order?.trial(at: place) ?? place
            if states[trial] == .pending, histories[trial] == nil, !isPassed(trial) {
                return Shard(trials: [trial])
            }
        }
        return nil
    }

    /// Ends a run in which every attempt fails with the same message, on every host that there is: but not while an
    /// attempt goes on that has got further than any that failed.
    mutating func endIfHopeless(_ now: Instant, _ effects: inout [DispatchEffect]) {
        guard progress.complete == 0, !isFinished, !isDrained, let (cause, found) = hopelessness.strongest,
            found.failures >= settings.hopelessTrials,
            found.trials.count >= min(settings.hopelessTrials, progress.total),
            !settings.mayGrow || now >= found.since + settings.growMilliseconds
        else { return }
        let patience = Int64(min(2 * found.longestMilliseconds, 1e15)) + 5000
        for worker in workers.values where !worker.isUnresponsive {
            guard found.hosts.contains(worker.host),
                !worker.held.values.contains(where: { $0.stage != .reported && now > $0.since + patience })
            else { return }
        }
        hopelessness.isTold = true
        effects.append(.hopeless(cause: cause, trials: found.trials.count, hosts: found.hosts.count))
    }
}
