import Glibc
import Text

/// A duration in words: "0.6 ms", "0.3 s", "42 s", "7 min 05 s", "3 h 20 min", "12 d 4 h".
public func durationText(seconds: Double) -> String {
    guard seconds.isFinite, seconds < 1e10 else { return "for ever" }
    func padded(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
    if seconds > 0, seconds < 0.0995 { return "\(roundedText(seconds * 1000)) ms" }
    if seconds < 9.95 { return "\((max(0, seconds) * 10).rounded() / 10) s" }
    let whole = Int(seconds.rounded())
    if whole < 60 { return "\(whole) s" }
    if whole < 3600 { return "\(whole / 60) min \(padded(whole % 60)) s" }
    if whole < 48 * 3600 { return "\(whole / 3600) h \(padded(whole % 3600 / 60)) min" }
    return "\(whole / 86400) d \(whole % 86400 / 3600) h"
}

/// The share of trials that are done, such as "37 %"; running trials count in part. Only a complete run is
/// 100 %.
public func percentText(done: Int, fraction: Double, total: Int) -> String {
    guard done < total else { return "100 %" }
    return "\(min(99, Int(100 * (Double(done) + fraction) / Double(total)))) %"
}

/// The state of a run, as its progress line shows it. Pure: the caller passes the time.
public struct ProgressReport: Equatable, Sendable {
    /// Number of trials in the run.
    public var total: Int
    /// Number of trials that have an outcome.
    public var done: Int
    /// Sum of the completed fractions of running trials.
    public var fraction = 0.0
    /// Number of quarantined trials among those done.
    public var quarantined: Int
    /// Number of failed attempts.
    public var failures: Int
    /// Number of connected workers.
    public var workers: Int
    /// Number of slots of those workers.
    public var slots: Int
    /// Why no trial is started, such as "paused"; nil while trials are started.
    public var halt: String?
    /// Trials per second; nil until there is an estimate.
    public var rate: Double?
    /// How long it still takes; nil until there is an estimate.
    public var timeLeft: TimeLeft?

    /// Creates a report without running trials, halt and remaining time.
    public init(
        total: Int, done: Int, quarantined: Int, failures: Int, workers: Int, slots: Int, rate: Double?
    ) {
        self.total = total
        self.done = done
        self.quarantined = quarantined
        self.failures = failures
        self.workers = workers
        self.slots = slots
        self.rate = rate
    }

    /// Whether nothing but failures came of the run so far: how long it takes is not known then.
    public var onlyFails: Bool { failures > 0 && done == quarantined }

    /// The parts of the line, the most wanted first: as many as fit into `width` columns.
    public func line(width: Int) -> String {
        let share = percentText(done: done, fraction: fraction, total: total)
        var parts = ["\(groupedText(done))/\(groupedText(total)) trials \(share)"]
        if done < total {
            if let halt {
                parts.append(halt)
            } else if workers == 0 {
                parts.append("waiting for workers")
            } else if onlyFails {
                parts.append("every attempt failed so far")
            } else if let timeLeft {
                parts.append("\(timeLeft.text) left")
            }
        }
        if quarantined > 0 { parts.append("\(quarantined) quarantined") }
        if failures > 0 { parts.append(countText(failures, "failure")) }
        if let rate, rate > 0 {
            parts.append(rate < 0.5 ? "\(roundedText(rate * 60))/min" : "\(roundedText(rate))/s")
        }
        if workers > 0 { parts.append("\(countText(workers, "worker")), \(countText(slots, "slot"))") }
        var line = parts[0]
        for part in parts.dropFirst() where line.count + 3 + part.count <= width { line += " · " + part }
        return line
    }
}

/// Current rate in trials per second: exponentially weighted over the last minute, or over the last dozen
/// trials if those took longer. The rate of a resumed run, or of a long one, therefore describes the present.
public struct RateEstimate: Equatable, Sendable {
    private struct Count: Equatable, Sendable {
        var milliseconds: Int64
        var done: Double
    }

    private var start: Count?
    private var last: Count?
    /// When the newest trial ended, in milliseconds.
    private var lastEnd: Int64 = 0
    private var smoothed: Double?
    /// Fewer trials than this say nothing about a trend.
    private static let fewTrials = 12.0

    /// Creates an estimate without observations.
    public init() {}

    /// Records how many trials were done at a time; running trials count in part.
    public mutating func update(done: Double, atMilliseconds now: Int64) {
        guard let previous = last, let begin = start else {
            start = Count(milliseconds: now, done: done)
            last = start
            lastEnd = now
            return
        }
        let seconds = Double(now - previous.milliseconds) / 1000
        guard seconds >= 1 else { return }
        if done > previous.done { lastEnd = now }
        let age = Double(now - begin.milliseconds) / 1000
        if age < 60 || done - begin.done < RateEstimate.fewTrials {
            // Slots work in step at first: between two rounds of endings the mean would only fall.
            let toLastEnd = Double(lastEnd - begin.milliseconds) / 1000
            smoothed = (done - begin.done) / max(toLastEnd, age - toLastEnd)
        } else {
            let mean = (done - begin.done) / age
            let weight = exp(-seconds / max(60, RateEstimate.fewTrials / mean))
            let current = (done - previous.done) / seconds
            smoothed = weight * (smoothed ?? current) + (1 - weight) * current
        }
        last = Count(milliseconds: now, done: done)
    }

    /// The estimate; nil until it is positive.
    public var perSecond: Double? { smoothed.flatMap { $0 > 0 ? $0 : nil } }
}

/// A worker's commit, made safe to print: no peer's text is trusted.
package func commitText(_ commit: String) -> String {
    commit.isEmpty || commit == "unknown" ? "an unknown commit" : "commit \(printable(commit))"
}
