import Glibc
import Text

/// How long a run is yet to take: what the plan says of the trials that are left, times how much slower than the plan
/// this run has been. At first only the plan speaks; what is seen counts for more with every trial. Pure: the caller
/// brings the time and what it sees.
///
/// The plan's seconds are of one core of a usual server. `factor` is how many seconds a slot takes for one of them.
/// It begins at 1, as if the slots had already worked so for a while (half a trial, or ten seconds or a tenth of the run
/// where that is more), and then follows slot-seconds spent over planned seconds done, of the last minutes more than of
/// those before.
public struct RemainingTime: Equatable, Sendable {
    /// A look at a run. Work is in seconds of the plan.
    public struct Look: Equatable, Sendable {
        public var milliseconds: Int64
        /// Slots of the workers that are there; 0 while no trial is started.
        public var slots: Int
        /// Trials without an outcome.
        public var trialsLeft: Int
        /// Their work, what is known to be done of those that run taken off.
        public var left: Double
        /// Work done since the first look.
        public var done: Double
        /// What those that run have probably done beyond what they told.
        public var untold: Double
        /// Of what runs, the most that one trial has left.
        public var longest: Double

        public init(
            milliseconds: Int64, slots: Int, trialsLeft: Int, left: Double, done: Double, untold: Double = 0,
            longest: Double = 0
        ) {
            self.milliseconds = milliseconds
            self.slots = slots
            self.trialsLeft = trialsLeft
            self.left = left
            self.done = done
            self.untold = untold
            self.longest = longest
        }
    }

    private var last: Look?
    /// Slot-seconds that were spent, and what was begun with beside them; decaying, as `planned` does.
    private var spent = 0.0
    private var prior = 0.0
    private var planned = 0.0
    /// Seconds in which what was seen comes to count for a third.
    private var memory = 300.0

    private static let leastPrior = 10.0

    public init() {}

    public mutating func update(_ look: Look) {
        defer { last = look }
        let left = max(look.left, 0)
        if planned == 0 {
            guard look.slots > 0, look.trialsLeft > 0 else { return }
            // As if each slot had worked so long as planned. Of a short run no more than a tenth: a plan may be
            // hundreds of times off.
            let least = min(RemainingTime.leastPrior, left / Double(look.slots) / 10)
            let each = max(least, left / Double(look.trialsLeft) / 2)
            prior = each * Double(look.slots)
            planned = prior
            memory = max(memory, 4 * each)
            return
        }
        guard let last, last.slots > 0, look.milliseconds > last.milliseconds else { return }
        let seconds = Double(look.milliseconds - last.milliseconds) / 1000
        // With fewer trials than slots some of them rest.
        let busy = Double(min(last.slots, max(1, last.trialsLeft)))
        let weight = exp(-seconds / memory)
        prior *= weight
        spent = weight * spent + busy * seconds
        planned = weight * planned + max(0, look.done - last.done)
    }

    /// Slot-seconds a planned second; nil before the first slot was there.
    public var factor: Double? {
        guard planned > 0, let last else { return nil }
        return (prior + spent) / (planned + untold(last))
    }

    /// No more than the time that passed was enough for.
    private func untold(_ look: Look) -> Double { min(max(0, look.untold), spent) }

    /// nil while nothing can be said: no slot is there.
    public var seconds: Double? {
        guard let factor, let last, last.slots > 0 else { return nil }
        guard last.trialsLeft > 0 else { return 0 }
        let busy = Double(min(last.slots, last.trialsLeft))
        return factor * max(max(0, last.left - untold(last)) / busy, last.longest)
    }
}

/// "about 3 min": a time that is only estimated, with no more digits than are known of it.
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

/// A number with two significant digits, for programs that read an estimate.
public func twoDigits(_ number: Double) -> Double {
    guard number.isFinite, number > 0 else { return 0 }
    return number.rounded(toDigits: 2)
}
