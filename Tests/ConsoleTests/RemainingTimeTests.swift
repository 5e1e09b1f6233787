import Testing

@testable import Console

/// Runs on a clock of seconds, against which estimates are held.
private struct Timeline {
    /// The trials in the order in which slots take them: seconds by the plan, and seconds that each takes.
    var trials: [(planned: Double, actual: Double)]
    var slots: Int
    /// The share of a trial that its progress tells of; 0: trials tell nothing until they end.
    var reported = 0.0
    /// Slots come so many seconds after the run began.
    var delay = 0

    struct Point {
        var second: Int
        var estimate: Double
        var left: Double
    }

    /// The estimate of each second, beside the time that was left.
    func replay() -> [Point] {
        var estimate = RemainingTime()
        var starts: [Int: Double] = [:]
        var ends: [Int: Double] = [:]
        var free = [Double](repeating: Double(delay), count: slots)
        for (index, trial) in trials.enumerated() {
            let slot = free.indices.min { free[$0] < free[$1] } ?? 0
            starts[index] = free[slot]
            free[slot] += trial.actual
            ends[index] = free[slot]
        }
        let end = ends.values.max() ?? 0
        let total = trials.reduce(0) { $0 + $1.planned }
        var points: [Point] = []
        for second in 0..<Int(end) {
            let now = Double(second)
            var (done, known, longest, left) = (0.0, 0.0, 0.0, 0)
            var unreported = 0.0
            for (index, trial) in trials.enumerated() {
                if (ends[index] ?? 0) <= now {
                    done += trial.planned
                    continue
                }
                left += 1
                guard (starts[index] ?? 0) <= now, second >= delay else { continue }
                let share = min(1, (now - (starts[index] ?? 0)) / (trial.actual * max(reported, 1e-9)))
                let part = reported == 0 ? 0 : share * reported * trial.planned
                known += part
                // Nothing is told of what comes after training: it is taken to go as everything has gone.
                let since = now - (starts[index] ?? 0) - trial.actual * reported
                let rest = share < 1 ? 0 : min(0.95 * (trial.planned - part), since / (estimate.factor ?? 1))
                longest = max(longest, trial.planned - part - (reported == 0 ? 0 : rest))
                unreported += reported == 0 ? trial.planned / 2 : rest
            }
            estimate.update(
                RemainingTime.Look(
                    milliseconds: Int64(second) * 1000, slots: second >= delay ? slots : 0, trialsLeft: left,
                    left: total - done - known, done: done + known, unreported: unreported, longest: longest))
            guard second >= delay else {
                #expect(estimate.seconds == nil)
                continue
            }
            points.append(Point(second: second, estimate: estimate.seconds ?? -1, left: end - now))
        }
        return points
    }

    /// The largest factor between estimate and truth, from a share of the run on, while more than a few seconds
    /// are left.
    func worst(from share: Double = 0, leaving least: Double = 5) -> Double {
        let points = replay()
        let end = points.last.map { Double($0.second) } ?? 0
        return points.filter { Double($0.second) >= share * end && $0.left >= least }.map { point in
            max(point.estimate / point.left, point.left / max(point.estimate, 1e-9))
        }.max() ?? .infinity
    }
}

@Suite struct RemainingTimeTests {
    @Test func `The first word is the plan's, over the slots that are there`() {
        var estimate = RemainingTime()
        #expect(estimate.seconds == nil)
        estimate.update(.init(milliseconds: 0, slots: 0, trialsLeft: 100, left: 200, done: 0))
        #expect(estimate.seconds == nil)
        estimate.update(.init(milliseconds: 500, slots: 4, trialsLeft: 100, left: 200, done: 0))
        #expect(estimate.seconds == 50)
        // More slots than trials: some of them rest.
        var tail = RemainingTime()
        tail.update(.init(milliseconds: 0, slots: 64, trialsLeft: 2, left: 200, done: 0))
        #expect(tail.seconds == 100)
    }

    @Test(arguments: [0.5, 1, 2])
    func `Short trials, as planned and at half and twice the speed: within a factor of two from the start`(
        slowness: Double
    ) {
        let trials = [(planned: Double, actual: Double)](repeating: (1, slowness), count: 120)
        let line = Timeline(trials: trials, slots: 2)
        #expect(line.worst() < 2.3)
        #expect(line.worst(from: 0.5) < 1.3)
    }

    @Test func `Trials of which the long ones come first: a count of trials would be hours off`() {
        let long = [(planned: Double, actual: Double)](repeating: (100, 130), count: 6)
        let short = [(planned: Double, actual: Double)](repeating: (0.5, 0.65), count: 600)
        let reported = Timeline(trials: long + short, slots: 2, reported: 0.9)
        #expect(reported.worst() < 1.7)
        #expect(reported.worst(from: 0.5) < 1.3)
        let silent = Timeline(trials: long + short, slots: 2)
        #expect(silent.worst() < 2.2)
        #expect(silent.worst(from: 0.5) < 1.7)
        // By the count of those done, the first of 606 after 130 s on two slots would have promised eleven hours.
        let after = silent.replay().first { $0.second == 131 }
        #expect((after?.estimate ?? 0) < 800)
    }

    @Test(arguments: [0.4, 1, 3]) func `Two long trials, one a slot, that tell their progress`(
        slowness: Double
    ) {
        let line = Timeline(
            trials: [(planned: 200, actual: 200 * slowness), (planned: 200, actual: 200 * slowness)],
            slots: 2,
            reported: 1)
        #expect(line.worst(leaving: 20) < 3.1)
        #expect(line.worst(from: 0.5, leaving: 20) < 1.8)
    }

    @Test
    func `Most of a trial is what it measures at the end, of which its progress tells nothing`() {
        let trials = [(planned: Double, actual: Double)](repeating: (40, 50), count: 20)
        let line = Timeline(trials: trials, slots: 2, reported: 0.03)
        #expect(line.worst(leaving: 20) < 2)
        // Not "under 1 s" while minutes are left.
        for point in line.replay() where point.left > 60 { #expect(point.estimate > 30) }
    }

    @Test func `Workers that come after minutes, as from a batch engine: waiting is no slowness`() {
        let trials = [(planned: Double, actual: Double)](repeating: (2, 2.2), count: 200)
        #expect(Timeline(trials: trials, slots: 4, delay: 600).worst() < 1.5)
    }

    @Test
    func `A restarted run begins with the plan's word on what is left, whatever was done before`() {
        // 900 of 1000 trials are done; the look's `done` is of this coordinator alone.
        let rest = Timeline(trials: .init(repeating: (planned: 3, actual: 4), count: 100), slots: 2)
        let first = rest.replay().first
        #expect(first?.estimate == 150)
        #expect(rest.worst() < 1.6)
    }

    @Test func `A machine that becomes slow is believed in minutes`() {
        let trials =
            [(planned: Double, actual: Double)](repeating: (10, 10), count: 200)
            + [(planned: Double, actual: Double)](repeating: (10, 40), count: 200)
        let points = Timeline(trials: trials, slots: 2).replay()
        // 1000 s fast; ten minutes later the estimate knows.
        for point in points where point.second > 1700 && point.left > 100 {
            #expect(point.estimate > 0.65 * point.left && point.estimate < 1.35 * point.left)
        }
    }

    @Test func `A plan that is 200 times off is forgotten within a tenth of the run`() {
        let line = Timeline(trials: .init(repeating: (planned: 0.00078, actual: 0.16), count: 4000), slots: 2)
        #expect(line.worst(from: 0.1) < 2)
        #expect(line.worst(from: 0.3) < 1.4)
    }

    @Test func `The clock may stand still, and a run may have nothing left`() {
        var estimate = RemainingTime()
        let look = RemainingTime.Look(milliseconds: 5, slots: 1, trialsLeft: 1, left: 10, done: 0)
        for _ in 0..<3 { estimate.update(look) }
        #expect(estimate.seconds == 10)
        estimate.update(.init(milliseconds: 3, slots: 1, trialsLeft: 1, left: 10, done: 0))
        #expect(estimate.seconds == 10)
        estimate.update(.init(milliseconds: 2000, slots: 1, trialsLeft: 0, left: -1e-9, done: 10))
        #expect(estimate.seconds == 0)
        // Paused.
        estimate.update(.init(milliseconds: 3000, slots: 0, trialsLeft: 1, left: 10, done: 10))
        #expect(estimate.seconds == nil)
    }

    @Test(arguments: [
        (0.07, "under 1 s"), (1.24, "about 1 s"), (9.4, "about 9 s"), (12.4, "about 10 s"),
        (33.8, "about 35 s"), (57.6, "about 1 min"), (89, "about 1 min"), (150, "about 3 min"),
        (571, "about 10 min"), (1583, "about 25 min"), (3449, "about 55 min"), (3451, "about 1 h"),
        (5400, "about 1.5 h"), (19_600, "about 5.5 h"), (35_099, "about 9.5 h"), (40_000, "about 11 h"),
        (171_500, "about 2 d"), (2e6, "about 23 d"), (.infinity, "a very long time"),
    ])
    func `An estimate shows no digits that nobody knows`(seconds: Double, text: String) {
        #expect(aboutText(seconds: seconds) == text)
    }

    @Test func `Programs get two digits`() {
        #expect(twoDigits(1234.5) == 1200 && twoDigits(0.0678) == 0.068 && twoDigits(9.96) == 10)
        #expect(twoDigits(0) == 0 && twoDigits(-3) == 0)
    }
}
