/// How long trials take, as far as is known: what may begin in the time that a worker has left.
struct TrialTime: Equatable, Sendable {
    private var mean: Double?
    /// The longest of late, milliseconds: a long trial counts for less with each that comes after it.
    private var longest = 0.0
    /// What trials that were interrupted would have taken: a guess, which counts for half with each trial that ends.
    private var guess = 0.0

    /// A whole trial, of so many milliseconds.
    mutating func add(_ milliseconds: Double) {
        guard milliseconds.isFinite, milliseconds >= 0 else { return }
        mean = mean.map { 0.9 * $0 + 0.1 * milliseconds } ?? milliseconds
        longest = max(milliseconds, 0.8 * longest)
        guess /= 2
    }

    /// A trial was interrupted after so many milliseconds, in which it did this fraction of itself. It took as long as
    /// it took; what is made of a small fraction is held within bounds, as a beginning is no rate.
    mutating func note(unfinishedAfter milliseconds: Double, fraction: Double) {
        guard milliseconds.isFinite, milliseconds > 0, fraction > 0 else { return }
        let whole = milliseconds / max(fraction, 0.1)
        let most = longest > 0 ? 4 * longest : .infinity
        guess = max(guess, milliseconds, min(whole, most))
    }

    /// Milliseconds that a trial has to be given; nil before any has told. Twice the mean, because trials of
    /// one sweep differ; never less than what was seen.
    var expected: Double? {
        let twice = 2 * (mean ?? 0)
        let most = max(twice, longest, guess)
        return mean == nil && most == 0 ? nil : most
    }

    /// Whether a trial may begin where so many milliseconds are left. One that leaves its state so often
    /// (`checkpoint`; 0: never) may begin where it will not end: what it did is not lost.
    func mayBegin(left: Int64, checkpoint: Int64) -> Bool {
        if left <= 0 { return false }
        if checkpoint > 0, left >= checkpoint { return true }
        return expected.map { $0 <= Double(left) } ?? true
    }

    /// How many trials, one after another, end in so many milliseconds.
    func count(within left: Int64) -> Int {
        guard let mean, mean > 0 else { return 1 }
        return max(1, Int(min(1e6, Double(left) / mean)))
    }
}
