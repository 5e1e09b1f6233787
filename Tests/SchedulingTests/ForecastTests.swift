import Sweep
import Testing

@testable import Scheduling

/// Runs on a clock of seconds, against which forecasts are held.
private struct Timeline {
    /// The trials in the order in which slots take them: seconds by the plan, and seconds that each takes.
    var trials: [(planned: Double, actual: Double)]
    var slots: Int
    /// The share of a trial that is training, of which progress is reported once a second; 0: none is.
    var reported = 0.0
    /// Slots come so many seconds after the run began.
    var delay = 0
    /// Seconds between two looks.
    var step = 0.5

    struct Point {
        var second: Double
        var estimate: Forecast.Estimate
        var left: Double

        /// The factor between estimate and truth.
        var error: Double { max(estimate.seconds / left, left / max(estimate.seconds, 1e-9)) }
    }

    private func classes() -> (list: [TrialCosts.Class], counts: [Double], ofTrial: [Int]) {
        var numbers: [Double: Int] = [:]
        var list: [TrialCosts.Class] = []
        var counts: [Double] = []
        let ofTrial = trials.map { trial in
            if let number = numbers[trial.planned] {
                counts[number] += 1
                return number
            }
            numbers[trial.planned] = list.count
            let measuring = reported == 0 ? 0 : trial.planned * (1 - reported)
            list.append(
                .init(.init(seconds: trial.planned, measuringSeconds: measuring, endSeconds: measuring)))
            counts.append(1)
            return list.count - 1
        }
        return (list, counts, ofTrial)
    }

    private func unit(_ number: Int, running seconds: Double, of actual: Double) -> Forecast.RunningUnit {
        var unit = Forecast.RunningUnit(classes: [number], seconds: seconds)
        let training = actual * reported
        guard training > 0 else { return unit }
        // Reports come once a second.
        let last = min(seconds.rounded(.down), training)
        unit.fraction = last / training
        unit.quietSeconds = seconds - last
        (unit.timedFraction, unit.timedSeconds) = (unit.fraction, last)
        return unit
    }

    /// The estimate of each look, beside the time that was left.
    func replay() -> [Point] {
        let (classes, counts, ofTrial) = classes()
        var forecast = Forecast(classes, left: counts)
        var (starts, ends): ([Double], [Double]) = ([], [])
        var free = [Double](repeating: Double(delay), count: slots)
        for trial in trials {
            let slot = free.indices.min { free[$0] < free[$1] } ?? 0
            starts.append(free[slot])
            free[slot] += trial.actual
            ends.append(free[slot])
        }
        let end = ends.max() ?? 0
        var settled: Set<Int> = []
        var points: [Point] = []
        for look in 0..<Int(end / step) {
            let now = Double(look) * step
            for index in trials.indices where ends[index] <= now && settled.insert(index).inserted {
                let actual = trials[index].actual
                forecast.settle(
                    class: ofTrial[index], seconds: actual,
                    measuring: reported == 0 ? 0 : actual * (1 - reported))
            }
            let open = trials.indices.filter { ends[$0] > now }
            let running = open.filter { starts[$0] <= now && now >= Double(delay) }
            let waiting = open.filter { starts[$0] > now || now < Double(delay) }
            forecast.update(
                Forecast.Look(
                    milliseconds: Int64(now * 1000), slots: now >= Double(delay) ? slots : 0,
                    running: running.map {
                        unit(ofTrial[$0], running: now - starts[$0], of: trials[$0].actual)
                    },
                    waiting: waiting.count > 1000 ? nil : waiting.map { [ofTrial[$0]] }))
            guard now >= Double(delay) else {
                #expect(forecast.estimate == nil)
                continue
            }
            guard let estimate = forecast.estimate else { continue }
            #expect(estimate.low <= estimate.seconds && estimate.seconds <= estimate.high)
            points.append(Point(second: now, estimate: estimate, left: end - now))
        }
        return points
    }

    /// The largest factor between estimate and truth, from a share of the run on, while more than a few seconds
    /// are left.
    func worst(from share: Double = 0, leaving least: Double = 5) -> Double {
        let points = replay()
        let end = points.last?.second ?? 0
        return points.filter { $0.second >= share * end && $0.left >= least }.map(\.error).max() ?? .infinity
    }
}

private func trials(_ count: Int, _ planned: Double, _ actual: Double) -> [(planned: Double, actual: Double)]
{
    .init(repeating: (planned, actual), count: count)
}

@Suite struct ForecastTests {
    @Test(arguments: [0.5, 1, 2])
    func `The first word is the plan's, with a wide range; from the first trials on it is right`(
        slowness: Double
    ) throws {
        let line = Timeline(trials: trials(120, 1, slowness), slots: 2)
        let first = try #require(line.replay().first?.estimate)
        #expect(first.seconds == 60 && first.low < 30 && first.high > 120)
        #expect(line.worst() <= 2.05)
        #expect(line.worst(from: 0.05) < 1.1)
        // The range becomes narrow.
        let half = try #require(line.replay().first { $0.second > 30 * slowness }?.estimate)
        #expect(half.high / half.low < 1.6)
    }

    @Test func `Slots that are idle at the end are counted`() {
        // Three of 10 s on two slots take 20 s, not 15.
        let line = Timeline(trials: trials(3, 10, 10), slots: 2, reported: 1)
        #expect(line.replay().allSatisfy { abs($0.estimate.seconds - $0.left) < 0.3 })
        // A long one at the end is waited for by all others.
        let long = Timeline(trials: trials(30, 1, 1) + trials(1, 40, 40), slots: 4, reported: 0.9)
        #expect(long.worst(leaving: 1) < 1.15)
    }

    @Test func `Trials of which the long ones come first: a count of trials would be hours off`() {
        let all = trials(6, 100, 130) + trials(600, 0.5, 0.65)
        let reported = Timeline(trials: all, slots: 2, reported: 0.9)
        #expect(reported.worst() < 1.5)
        #expect(reported.worst(from: 0.5) < 1.25)
        let silent = Timeline(trials: all, slots: 2)
        #expect(silent.worst(from: 0.25) < 1.25)
        // By the count of those done, the first of 606 after 130 s on two slots would have promised eleven hours.
        let after = silent.replay().first { $0.second == 131 }
        #expect((after?.estimate.seconds ?? 0) < 800)
    }

    @Test(arguments: [0.4, 1, 3]) func `Two long trials, one a slot, that tell their progress`(
        slowness: Double
    ) {
        let line = Timeline(trials: trials(2, 200, 200 * slowness), slots: 2, reported: 1)
        #expect(line.worst(leaving: 20) < 3.1)
        #expect(line.worst(from: 0.15, leaving: 3) < 1.15)
    }

    @Test
    func `Most of a trial is what it measures at the end, of which its progress tells nothing`() {
        let line = Timeline(trials: trials(20, 40, 50), slots: 2, reported: 0.03)
        #expect(line.worst(leaving: 20) < 1.4)
        #expect(line.worst(from: 0.2, leaving: 20) < 1.2)
        // Not "under 1 s" while minutes are left.
        for point in line.replay() where point.left > 60 { #expect(point.estimate.seconds > 30) }
    }

    @Test func `Workers that come after minutes, as from a batch engine: waiting is no slowness`() {
        #expect(Timeline(trials: trials(200, 2, 2.2), slots: 4, delay: 600).worst() < 1.2)
    }

    @Test func `A machine that becomes slow is believed in minutes`() {
        let line = Timeline(trials: trials(200, 10, 10) + trials(200, 10, 40), slots: 2, step: 5)
        // 1000 s fast; ten minutes later the estimate knows.
        for point in line.replay() where point.second > 1700 && point.left > 100 {
            #expect(point.error < 1.3)
        }
    }

    @Test func `A plan that is 200 times off is forgotten with the first trials`() {
        #expect(Timeline(trials: trials(4000, 0.00078, 0.16), slots: 2).worst(from: 0.02) < 1.1)
    }

    @Test func `Sizes that come one after the other, ever slower than the plan`() {
        var all: [(planned: Double, actual: Double)] = []
        for size in [1.0, 2, 4, 8] { all += trials(10, size, 0.8 * size + 0.06 * size * size) }
        let line = Timeline(trials: all, slots: 2, reported: 0.9)
        #expect(line.worst(from: 0.25) < 1.5)
        #expect(line.worst(from: 0.5) < 1.2)
    }

    @Test func `Four of five ranges hold the truth`() {
        // A fixed sequence of factors between a third and three, evenly spread in their logarithms.
        var (inside, count) = (0, 0)
        for run in 0..<60 {
            let factor = [0.5, 0.7, 0.8, 0.9, 1, 1.1, 1.25, 1.4, 1.7, 2.2][run % 10]
            let other = factor * [0.75, 1, 1.3][run / 10 % 3]
            let all = trials(8, 2, 2 * factor) + trials(8, 5, 5 * other)
            let line = Timeline(trials: all, slots: 2, reported: run < 30 ? 0.9 : 0)
            let points = line.replay()
            for share in [0.02, 0.25, 0.5, 0.75] {
                let index = min(points.count - 1, Int(share * Double(points.count)))
                let point = points[index]
                count += 1
                if point.left >= point.estimate.low && point.left <= point.estimate.high { inside += 1 }
            }
        }
        #expect(Double(inside) / Double(count) > 0.8, "\(inside) of \(count)")
    }

    @Test func `The clock may stand still, and a run may have nothing left`() {
        let classes = [TrialCosts.Class(.init(seconds: 10))]
        var forecast = Forecast(classes, left: [1])
        func look(_ milliseconds: Int64, slots: Int = 1, waiting: [[Int]]? = [[0]]) -> Forecast.Look {
            Forecast.Look(milliseconds: milliseconds, slots: slots, running: [], waiting: waiting)
        }
        forecast.update(look(5, slots: 0))
        #expect(forecast.estimate == nil)
        for _ in 0..<3 { forecast.update(look(5)) }
        #expect(forecast.estimate?.seconds == 10)
        forecast.update(look(3))
        #expect(forecast.estimate?.seconds == 10)
        // Paused.
        forecast.update(look(2000, slots: 0))
        #expect(forecast.estimate == nil)
        forecast.settle(class: 0, seconds: 10)
        forecast.update(look(3000, waiting: []))
        #expect(forecast.estimate == Forecast.Estimate(seconds: 0, low: 0, high: 0))
    }

    @Test func `A resumed run knows what trials took before, but believes its own`() throws {
        let classes = [TrialCosts.Class(.init(seconds: 1))]
        var forecast = Forecast(classes, left: [100])
        for _ in 0..<50 { forecast.learn(class: 0, seconds: 3) }
        forecast.limitEarlier(to: 8)
        let waiting = [[Int]](repeating: [0], count: 100)
        forecast.update(Forecast.Look(milliseconds: 0, slots: 1, running: [], waiting: waiting))
        let first = try #require(forecast.estimate)
        #expect(abs(first.seconds / 300 - 1) < 0.02 && first.high / first.low < 2.5)
        for second in 1...20 {
            forecast.settle(class: 0, seconds: 1)
            forecast.update(
                Forecast.Look(
                    milliseconds: Int64(second) * 1000, slots: 1, running: [],
                    waiting: Array(waiting.dropLast(second))))
        }
        #expect(abs((forecast.estimate?.seconds ?? 0) / 80 - 1) < 0.15)
    }

    @Test func `Work is given to slots as they become free`() {
        #expect(makespan([], [10, 10, 10], slots: 2) == 20)
        #expect(makespan([5, 1], [3, 3, 3], slots: 2) == 8)
        #expect(makespan([], [], slots: 4) == 0 && makespan([2, 9], [], slots: 4) == 9)
        #expect(makespan([4, 4, 4], [1], slots: 2) == 5)
        // A plain loop over slots.
        for seed in 1...50 {
            let units = (0..<40).map { Double(($0 * seed * 7919) % 97) }
            var free = [Double](repeating: 0, count: 1 + seed % 7)
            for unit in units {
                let slot = free.indices.min { free[$0] < free[$1] } ?? 0
                free[slot] += unit
            }
            #expect(makespan([], units, slots: free.count) == free.max())
        }
    }
}

@Suite struct DurationModelTests {
    private func kind(_ seconds: Double, measuring: Double = 0, _ positions: [Int] = []) -> TrialCosts.Class {
        .init(.init(seconds: seconds, measuringSeconds: measuring), positions: positions)
    }

    private func observation(_ trials: Double, each seconds: Double) -> DurationModel.Observation {
        .init(trials: trials, seconds: trials * seconds)
    }

    @Test func `Without observations the plan counts, and much is uncertain`() {
        let model = DurationModel([kind(2), kind(30)], [])
        #expect(model.seconds(of: 0) == 2 && model.seconds(of: 1) == 30)
        #expect((0.6...0.9).contains(model.deviation(ofClass: 0)))
    }

    @Test func `A class that many trials have shown is as they were`() {
        let model = DurationModel([kind(2), kind(2)], [observation(100, each: 7), .init()])
        #expect(abs(model.seconds(of: 0) / 7 - 1) < 0.01)
        #expect(model.deviation(ofClass: 0) < 0.04)
        // The other is like it, and less certain.
        #expect((6...7).contains(model.seconds(of: 1)))
        #expect(model.deviation(ofClass: 1) > 3 * model.deviation(ofClass: 0))
    }

    @Test func `Classes on one position of an axis, and of one size, are alike`() {
        let classes = [kind(1, [0, 0]), kind(1, [0, 1]), kind(1, [1, 0]), kind(1, [1, 1])]
        let seen = [observation(20, each: 1), .init(), observation(20, each: 2), .init()]
        let model = DurationModel(classes, seen)
        #expect(model.seconds(of: 1) < 1.3 && model.seconds(of: 3) > 1.5)
        let sizes = DurationModel(
            [kind(1), kind(4), kind(16)], [observation(20, each: 1), observation(20, each: 8), .init()])
        // Twice as long as planned at four times the size: more than twice at sixteen times.
        #expect(sizes.seconds(of: 2) > 34)
    }

    @Test func `The share of measuring is learned`() {
        let classes = [kind(10), kind(10, measuring: 9), kind(10, measuring: 5)]
        let model = DurationModel(classes, [observation(20, each: 10), observation(20, each: 30), .init()])
        #expect((14...20).contains(model.seconds(of: 2)))
    }

    /// The spread of a sum, against one that is drawn from the covariance of pairs.
    @Test func `The deviation of several classes is that of their sum`() {
        let classes = [kind(1, [0, 0]), kind(3, measuring: 1, [1, 0]), kind(9, measuring: 2, [1, 1])]
        let model = DurationModel(classes, [.init(), observation(3, each: 4), .init()])
        for number in classes.indices {
            var one = [0.0, 0, 0]
            one[number] = 5
            #expect(abs(model.deviation(of: one) - model.deviation(ofClass: number)) < 1e-12)
        }
        let all = model.deviation(of: [1, 1, 1])
        let each = classes.indices.map { model.deviation(ofClass: $0) }
        #expect(all > 0 && all < each.max() ?? 0)
        #expect(model.deviation(of: [0, 0, 0]) == 0)
    }

    @Test func `Hundreds of classes are learned from, too`() {
        let classes = (0..<500).map { kind(1 + Double($0), [$0 % 5, $0 / 5]) }
        let seen = (0..<500).map { $0 < 300 ? observation(2, each: 3 * (1 + Double($0))) : .init() }
        let model = DurationModel(classes, seen)
        #expect(abs(model.seconds(of: 450) / (3 * 451) - 1) < 0.1)
    }
}
