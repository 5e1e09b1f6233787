import Glibc
import Text

/// Estimate of the time a run still takes: the plan's time for the remaining trials, multiplied by how much
/// slower than the plan this run has been. At first only the plan counts; observations gain weight with every
/// trial. Pure: the caller passes the time and the observations.
///
/// The plan counts seconds of one core of a typical server. `factor` is the number of seconds a slot needs
/// for one of them. It starts at 1, as if the slots had already run at the planned speed for a while: half a
/// trial, or, if that is more, the smaller of ten seconds and a tenth of the run. It then follows
/// slot-seconds spent divided by planned seconds done, with recent minutes weighted more.
public struct RemainingTime: Equatable, Sendable {
    /// An observation of a run. Work is measured in seconds of the plan.
    public struct Look: Equatable, Sendable {
        /// When it was made, on a clock that never goes back.
        public var milliseconds: Int64
        /// Slots of the connected workers; 0 while no trial is started.
        public var slots: Int
        /// Number of trials without an outcome.
        public var trialsLeft: Int
        /// Work of those trials, minus the part that running trials have reported as done.
        public var left: Double
        /// Work done since the first look.
        public var done: Double
        /// Work that running trials have probably done beyond what they reported.
        public var unreported: Double
        /// The largest amount of work that any one running trial has left.
        public var longest: Double

        /// Creates an observation.
        public init(
            milliseconds: Int64, slots: Int, trialsLeft: Int, left: Double, done: Double,
            unreported: Double = 0,
            longest: Double = 0
        ) {
            self.milliseconds = milliseconds
            self.slots = slots
            self.trialsLeft = trialsLeft
            self.left = left
            self.done = done
            self.unreported = unreported
            self.longest = longest
        }
    }

    private var last: Look?
    /// Slot-seconds spent, and the initial weight of the plan beside them. Both decay, as `planned` does.
    private var spent = 0.0
    private var prior = 0.0
    private var planned = 0.0
    /// Time constant in seconds after which the weight of an observation falls to a third (1/e).
    private var memory = 300.0

    private static let minPrior = 10.0

    /// Creates an estimate without observations.
    public init() {}

    /// Adds an observation. One that is not newer than the last changes no weight.
    public mutating func update(_ look: Look) {
        defer { last = look }
        let left = max(look.left, 0)
        if planned == 0 {
            guard look.slots > 0, look.trialsLeft > 0 else { return }
            // As if each slot had already run at the planned speed for that long. In a short run this is at
            // most a tenth: the plan may be wrong by a factor of hundreds.
            let least = min(RemainingTime.minPrior, left / Double(look.slots) / 10)
            let each = max(least, left / Double(look.trialsLeft) / 2)
            prior = each * Double(look.slots)
            planned = prior
            memory = max(memory, 4 * each)
            return
        }
        guard let last, last.slots > 0, look.milliseconds > last.milliseconds else { return }
        let seconds = Double(look.milliseconds - last.milliseconds) / 1000
        // With fewer trials than slots, some slots are idle.
        let busy = Double(min(last.slots, max(1, last.trialsLeft)))
        let weight = exp(-seconds / memory)
        prior *= weight
        spent = weight * spent + busy * seconds
        planned = weight * planned + max(0, look.done - last.done)
    }

    /// Slot-seconds per planned second; nil before the first slot connects.
    public var factor: Double? {
        guard planned > 0, let last else { return nil }
        return (prior + spent) / (planned + unreported(last))
    }

    /// Unreported work, limited to what the time spent allows.
    private func unreported(_ look: Look) -> Double { min(max(0, look.unreported), spent) }

    /// Seconds until the run ends; nil while no slot is connected.
    public var seconds: Double? {
        guard let factor, let last, last.slots > 0 else { return nil }
        guard last.trialsLeft > 0 else { return 0 }
        let busy = Double(min(last.slots, last.trialsLeft))
        return factor * max(max(0, last.left - unreported(last)) / busy, last.longest)
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
