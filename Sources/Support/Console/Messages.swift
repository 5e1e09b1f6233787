import Glibc
import Text

/// "0.6 ms", "0.3 s", "42 s", "7 min 05 s", "3 h 20 min", "12 d 4 h".
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

/// "1 trial", "12 trials".
public func countText(_ count: Int, _ noun: String) -> String {
    "\(groupedText(count)) \(noun)\(count == 1 ? "" : "s")"
}

/// "1 234 567"; four digits stay together.
public func groupedText(_ number: Int) -> String {
    let digits = String(number)
    guard digits.count > 4 else { return digits }
    var text = ""
    for (index, digit) in digits.enumerated() {
        if index > 0, (digits.count - index) % 3 == 0, text != "-" { text += " " }
        text.append(digit)
    }
    return text
}

/// A number with about three significant digits: "0.0123", "12.3", "4560".
public func roundedText(_ number: Double) -> String {
    guard number.isFinite, number != 0 else { return number == 0 ? "0" : "\(number)" }
    let rounded = abs(number) >= 100 ? number.rounded() : number.rounded(toDigits: 3)
    return Int(exactly: rounded).map(groupedText) ?? "\(rounded)"
}

/// "37 %": of all trials, those that run counted in part. Only the whole is 100 %.
public func percentText(done: Int, fraction: Double, total: Int) -> String {
    guard done < total else { return "100 %" }
    return "\(min(99, Int(100 * (Double(done) + fraction) / Double(total)))) %"
}

/// How far a run is, as its progress line tells it. Pure: the caller brings the time.
public struct ProgressReport: Equatable, Sendable {
    public var total: Int
    /// With an outcome, in all.
    public var done: Int
    /// Sum of the fractions that running trials are done.
    public var fraction = 0.0
    /// Of those, quarantined.
    public var quarantined: Int
    /// Failed attempts.
    public var failures: Int
    public var workers: Int
    public var slots: Int
    /// "paused": no trial is started; nil where trials are.
    public var halt: String?
    /// Trials a second; nil until there is an estimate.
    public var rate: Double?
    /// Until the end, as `RemainingTime` has it; nil until there is an estimate.
    public var secondsLeft: Double?

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
            } else if let secondsLeft {
                parts.append("\(aboutText(seconds: secondsLeft)) left")
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

/// Trials a second, now: exponentially weighted over the last minute, or the last dozen trials where those
/// took longer, so that a resumed run and a long one both tell the truth of now.
public struct RateEstimate: Equatable, Sendable {
    private struct Count: Equatable, Sendable {
        var milliseconds: Int64
        var done: Double
    }

    private var start: Count?
    private var last: Count?
    /// When the newest trial ended.
    private var lastEnd: Int64 = 0
    private var smoothed: Double?
    /// Fewer say nothing of a trend.
    private static let fewTrials = 12.0

    public init() {}

    /// Tells how many were done at a time, those that run counted in part.
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
            // Slots work in step at first: between two of their ends the mean would only fall.
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

    public var perSecond: Double? { smoothed.flatMap { $0 > 0 ? $0 : nil } }
}

/// A worker's commit, made safe to print: no peer's text is trusted.
package func commitText(_ commit: String) -> String {
    commit.isEmpty || commit == "unknown" ? "an unknown commit" : "commit \(printable(commit))"
}
