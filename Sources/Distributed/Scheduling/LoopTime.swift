/// Time of an event loop, without the gaps in it. A process that was stopped, or a machine that slept, heard
/// nothing meanwhile: that silence is its own, and says nothing about its peers. So silence is measured by
/// this time, which stands still while the loop does.
public struct LoopTime: Equatable, Sendable {
    /// A wake-up that is later than this is a gap; in milliseconds.
    public static let tolerance: Int64 = 1000

    /// Milliseconds of all gaps so far.
    public private(set) var missing: Int64 = 0

    /// Creates the time of a loop without gaps so far.
    public init() {}

    /// The loop's time at a time of the clock. Counts the gap that ends now, if there is one.
    ///
    /// - Parameter due: the loop's time by which it should have woken.
    /// - Returns: the loop's time, and the length of the gap that ends now, 0 if there is none.
    public mutating func read(_ clock: Instant, due: Instant?) -> (now: Instant, gap: Int64) {
        let now = time(at: clock)
        guard let due, now > due + Self.tolerance else { return (now, 0) }
        let gap = now.milliseconds - due.milliseconds
        missing += gap
        return (due, gap)
    }

    /// The loop's time at a time of the clock, if no gap ends now.
    public func time(at clock: Instant) -> Instant { clock + -missing }

    /// The clock's time at a time of the loop, if there is no further gap.
    func clock(at time: Instant) -> Instant { time + missing }
}
