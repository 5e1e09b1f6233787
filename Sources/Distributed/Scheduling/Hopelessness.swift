import Wire

/// Evidence that every trial fails. It is gathered until the first trial succeeds: from then on no failure
/// means that the run is hopeless.
struct Hopelessness: Equatable, Sendable {
    struct Evidence: Equatable, Sendable {
        var trials: Set<Int> = []
        var hosts: Set<String> = []
        var failures = 0
        /// Duration of the longest failed attempt.
        var longestMilliseconds = 0.0
        let since: Instant
    }

    /// Evidence by failure message.
    private var evidence: [String: Evidence] = [:]
    /// Most frequent message.
    private var leading: String?
    private var isRefuted = false
    /// Number of trials that were tried out of turn.
    private(set) var probes = 0
    var isReported = false

    /// Limit of different messages. More than these aren't one failure.
    private static let maxMessages = 100

    /// Whether there is evidence and nothing against it.
    var isOpen: Bool { leading != nil && !isRefuted && !isReported }

    /// Most frequent message, with its evidence.
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

    /// Index among `count` trials, far from those of earlier probes and not in step with the grid's axes: a
    /// multiple of the golden ratio.
    mutating func nextProbe(of count: Int) -> Int {
        probes += 1
        let turns = Double(probes) * 0.618_033_988_749_894_9
        return min(count - 1, Int((turns - turns.rounded(.down)) * Double(count)))
    }
}

extension Dispatcher {
    /// An untried trial from elsewhere in the sweep, for the time when every trial fails: neighbours may
    /// share what is wrong with them. nil if there is none or no need.
    mutating func takeProbe() -> Shard? {
        guard progress.complete == 0, hopelessness.isOpen, hopelessness.probes < 4 * settings.hopelessTrials
        else {
            return nil
        }
        for _ in 0..<4 {
            let index = hopelessness.nextProbe(of: states.count)
            let trial = order?.trial(at: index) ?? index
            if states[trial] == .pending, histories[trial] == nil, !isPassed(trial) {
                return Shard(trials: [trial])
            }
        }
        return nil
    }

    /// Ends a run in which every attempt fails with the same message, on every host that has joined. It
    /// doesn't end while an attempt runs that has got further than any that failed.
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
        hopelessness.isReported = true
        effects.append(.hopeless(cause: cause, trials: found.trials.count, hosts: found.hosts.count))
    }
}
