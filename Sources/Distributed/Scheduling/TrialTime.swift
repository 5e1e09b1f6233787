/// Estimate of how long trials take. It decides which trials may start in the time that a worker has left.
struct TrialTime: Equatable, Sendable {
    private var mean: Double?
    /// Longest recent duration, in milliseconds. A long trial counts for less with each one that follows it.
    private var longest = 0.0
    /// Estimated duration of interrupted trials, in milliseconds. It is halved with each trial that ends.
    private var guess = 0.0

    /// Adds the duration of a complete trial.
    mutating func add(_ milliseconds: Double) {
        guard milliseconds.isFinite, milliseconds >= 0 else { return }
        mean = mean.map { 0.9 * $0 + 0.1 * milliseconds } ?? milliseconds
        longest = max(milliseconds, 0.8 * longest)
        guess /= 2
    }

    /// Adds a trial that was interrupted after this many milliseconds, in which it did this fraction of its
    /// training. The time that it took is certain. An extrapolation from a small fraction is bounded, because
    /// the start of a trial says little about its rate.
    mutating func note(unfinishedAfter milliseconds: Double, fraction: Double) {
        guard milliseconds.isFinite, milliseconds > 0, fraction > 0 else { return }
        let whole = milliseconds / max(fraction, 0.1)
        let maximum = longest > 0 ? 4 * longest : .infinity
        guess = max(guess, milliseconds, min(whole, maximum))
    }

    /// Time that a trial needs, in milliseconds; nil before anything is known. Twice the mean, because trials
    /// of one sweep differ, and never less than what was seen.
    var expected: Double? {
        let twice = 2 * (mean ?? 0)
        let maximum = max(twice, longest, guess)
        return mean == nil && maximum == 0 ? nil : maximum
    }

    /// Whether a trial may start with this many milliseconds left. A trial that saves a checkpoint at this
    /// interval (`checkpoint`; 0: never) may start even if it can't finish, because its work isn't lost.
    func mayBegin(left: Int64, checkpoint: Int64) -> Bool {
        if left <= 0 { return false }
        if checkpoint > 0, left >= checkpoint { return true }
        return expected.map { $0 <= Double(left) } ?? true
    }

    /// Number of trials that end, one after another, in this many milliseconds.
    func count(within left: Int64) -> Int {
        guard let mean, mean > 0 else { return 1 }
        return max(1, Int(min(1e6, Double(left) / mean)))
    }
}
