import Text

/// An estimate of how long a run still takes, in seconds, with the ends of a range that holds the truth in four of five
/// runs.
public struct TimeLeft: Equatable, Sendable {
    /// The estimate.
    public var seconds: Double
    /// The lower and the upper end of the range.
    public var low: Double
    /// The upper end of the range.
    public var high: Double

    /// Creates an estimate.
    public init(seconds: Double, low: Double, high: Double) {
        self.seconds = seconds
        self.low = low
        self.high = high
    }

    /// Ranges narrower than this, as the ratio of their ends, are shown as one number.
    private static let sure = 1.4

    /// "about 3 min", or "2 to 5 min" while it isn't sure.
    public var text: String {
        let about = aboutText(seconds: seconds)
        guard high > TimeLeft.sure * max(low, 1e-9), high >= 1 else { return about }
        func plain(_ seconds: Double) -> String {
            let text = aboutText(seconds: seconds)
            return text.hasPrefix("about ") ? String(text.dropFirst(6)) : text
        }
        let (least, most) = (plain(low), plain(high))
        if least == most { return about }
        if low < 1 { return "up to \(most)" }
        let (first, second) = (least.split(separator: " "), most.split(separator: " "))
        guard first.count == 2, second.count == 2, first[1] == second[1] else { return "\(least) to \(most)" }
        return "\(first[0]) to \(most)"
    }
}

/// An estimated time in words, such as "about 3 min", with no more digits than are known.
public func aboutText(seconds: Double) -> String {
    guard seconds.isFinite, seconds < 1e10 else { return "a very long time" }
    func rounded(_ number: Double, to unit: Double) -> Int { Int((number / unit).rounded() * unit) }
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86400)
    if seconds < 1 { return "under 1 s" }
    if seconds < 9.5 { return "about \(rounded(seconds, to: 1)) s" }
    if seconds < 57.5 { return "about \(rounded(seconds, to: 5)) s" }
    if minutes < 9.5 { return "about \(max(1, rounded(minutes, to: 1))) min" }
    if minutes < 57.5 { return "about \(rounded(minutes, to: 5)) min" }
    if hours < 9.75 {
        let halves = max(2, Int((hours * 2).rounded()))
        return "about \(halves / 2)\(halves % 2 == 0 ? "" : ".5") h"
    }
    if hours < 47.5 { return "about \(rounded(hours, to: 1)) h" }
    return "about \(rounded(days, to: 1)) d"
}

/// A number rounded to two significant digits, for programs that read an estimate; 0 if not positive
/// or not finite.
public func twoDigits(_ number: Double) -> Double {
    guard number.isFinite, number > 0 else { return 0 }
    return number.rounded(toDigits: 2)
}
