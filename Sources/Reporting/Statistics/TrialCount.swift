/// How many trials have numbers, and how many have none.
struct TrialCount: Equatable {
    var measured = 0
    var diverged = 0
    /// Trials without a record because their attempts failed: quarantined, or not retried yet.
    var failed = 0

    var lost: Int { diverged + failed }
    var count: Int { measured + lost }

    /// "4 of 5 diverged", "all diverged"; nil where none is lost.
    var lostText: String? {
        guard lost > 0 else { return nil }
        if diverged == count { return "all diverged" }
        if failed == count { return "all failed" }
        let texts = [(diverged, "diverged"), (failed, "failed")].filter { $0.0 > 0 }
        if texts.count == 1 { return "\(texts[0].0) of \(count) \(texts[0].1)" }
        return texts.map { "\($0.0) \($0.1)" }.joined(separator: ", ") + " of \(count)"
    }

    static func + (left: TrialCount, right: TrialCount) -> TrialCount {
        TrialCount(
            measured: left.measured + right.measured, diverged: left.diverged + right.diverged,
            failed: left.failed + right.failed)
    }
}
