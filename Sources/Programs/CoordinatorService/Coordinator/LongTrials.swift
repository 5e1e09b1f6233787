import Console

/// A warning about trials that take longer than the workers' remaining time, both in milliseconds.
func longTrialMessage(_ expected: Int64, _ left: Int64) -> String {
    let words = [expected, left].map { durationText(seconds: Double($0) / 1000) }
    return
        "warning: trials take up to \(words[0]), but a worker has only \(words[1]) left, and writes no checkpoints: "
        + "they may never end there; give workers more time, or let them write checkpoints (--checkpoint-every)"
}
