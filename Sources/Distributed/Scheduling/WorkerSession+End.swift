import Wire

// Workers that know when they must end.

extension WorkerSession {
    /// Slots that run a trial, whose state is worth saving.
    public var runningSlots: [Int] {
        slots.indices.filter { if case .running = slots[$0] { true } else { false } }
    }

    /// Time left, for a hello.
    func remaining(_ now: Instant) -> UInt64? {
        until.map { UInt64(max(0, $0.milliseconds - now.milliseconds)) }
    }

    /// Says goodbye when time is up. Says it earlier if the worker holds nothing and no trial is expected to
    /// fit into the time left, so that another job can have its place.
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
