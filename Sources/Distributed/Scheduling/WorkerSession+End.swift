import Wire

// A worker that knows when it must end.

extension WorkerSession {
    /// Slots that run a trial, whose state is worth keeping.
    public var runningSlots: [Int] {
        slots.indices.filter { if case .running = slots[$0] { true } else { false } }
    }

    /// What a hello says of the time that is left.
    func remaining(_ now: Instant) -> UInt64? {
        until.map { UInt64(max(0, $0.milliseconds - now.milliseconds)) }
    }

    /// Says goodbye when time is up, and before it where no trial of those that it knows would end: its job's
    /// place is for another.
    mutating func leaveIfDue(_ now: Instant, _ effects: inout [SessionEffect]) {
        guard let until, !effects.contains(where: { if case .exit = $0 { true } else { false } }) else {
            return
        }
        let isUseless =
            link == .joined && held.isEmpty && trialTime.expected != nil
            && !trialTime.mayBegin(
                left: until.milliseconds - now.milliseconds, checkpoint: Int64(hello.checkpointMilliseconds))
        guard now >= until || isUseless else { return }
        effects += [.send(.goodbye), .exit(.timeUp)]
    }
}
