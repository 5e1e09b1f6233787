/// The time of a loop without the gaps in it. A process that was stopped, or a machine that slept, heard nobody
/// meanwhile: that silence is its own, and says nothing about its peers. So whoever measures silence measures it by
/// this time, which stands still while the loop does.
public struct LoopTime: Equatable, Sendable {
    /// A wake that is late by more is a gap.
    public static let tolerance: Int64 = 1000

    /// Milliseconds of all gaps so far.
    public private(set) var missing: Int64 = 0

    public init() {}

    /// The loop's time at a time of the clock.
    ///
    /// - Parameter due: by the loop's time, when it was to wake at the latest.
    /// - Returns: the time, and how long the gap is that ends now, 0 where there is none.
    public mutating func read(_ clock: Instant, due: Instant?) -> (now: Instant, gap: Int64) {
        let now = time(at: clock)
        guard let due, now > due + Self.tolerance else { return (now, 0) }
        let gap = now.milliseconds - due.milliseconds
        missing += gap
        return (due, gap)
    }

    public func time(at clock: Instant) -> Instant { clock + -missing }

    /// When the clock shows a time of the loop, if no other gap comes.
    func clock(at time: Instant) -> Instant { time + missing }
}
