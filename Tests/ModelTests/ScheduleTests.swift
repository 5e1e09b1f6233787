import Glibc
import Testing

@testable import Model

@Suite struct ScheduleTests {
    private static func rates(
        _ schedule: Schedule, of length: Int = 1, stepsPerEpoch: Int = 1, at steps: [Int]
    ) -> [Double] {
        steps.map {
            0.8 * schedule.factor(at: $0, of: TrainingLength(steps: length, stepsPerEpoch: stepsPerEpoch))
        }
    }

    @Test func `A constant rate stays`() {
        #expect(Self.rates(.constant, at: [0, 1, 1_000_000]) == [0.8, 0.8, 0.8])
    }

    @Test func `A cosine goes from the rate to zero`() {
        let rates = Self.rates(.cosine, of: 300, at: [0, 50, 100, 150, 200, 300, 301, 1000])
        let root = 0.75.squareRoot()
        for (rate, due) in zip(rates, [0.8, 0.4 * (1 + root), 0.6, 0.4, 0.2, 0, 0, 0]) {
            #expect(abs(rate - due) < 1e-15)
        }
        #expect(rates[0] == 0.8 && rates[5] == 0 && rates[7] == 0)
        let all = Self.rates(.cosine, of: 300, at: Array(0...300))
        #expect(zip(all, all.dropFirst()).allSatisfy { $0 > $1 })
        #expect(Self.rates(.cosine, of: 0, at: [0, 1]) == [0.8, 0])
    }

    @Test func `Decay multiplies at its interval of steps`() {
        let rates = Self.rates(.decay(factor: 0.5, every: 100), at: [0, 99, 100, 199, 200, 1000])
        #expect(rates == [0.8, 0.8, 0.4, 0.4, 0.2, 0.8 * 0x1p-10])
        let late = Self.rates(.decay(factor: 0.97, every: 1), at: [37])[0]
        #expect(abs(late - 0.8 * pow(0.97, 37)) < 1e-14)
        #expect(
            Self.rates(.decay(factor: 0.5, every: 2), stepsPerEpoch: 50, at: [99, 100, 200]) == [
                0.8, 0.4, 0.2,
            ])
        #expect(Self.rates(.decay(factor: 0.5, every: 0), at: [2]) == [0.2])
    }

    @Test func `Milestones multiply once each`() {
        #expect(
            Self.rates(.milestones([3, 5], factor: 0.5), at: [0, 2, 3, 4, 5, 99])
                == [0.8, 0.8, 0.4, 0.4, 0.2, 0.2])
        #expect(
            Self.rates(.milestones([1, 4], factor: 0.25), stepsPerEpoch: 10, at: [9, 10, 39, 40])
                == [0.8, 0.2, 0.2, 0.05])
    }

    @Test func `A warm-up ends at the schedule's rate, and doesn't shift the schedule`() {
        var settings = OptimizerSettings(
            method: .sgd(momentum: 0), learningRate: 0.8, schedule: .milestones([6], factor: 0.5))
        settings.warmup = 4
        let length = TrainingLength(steps: 10)
        #expect(
            (0..<8).map { settings.rate(at: $0, of: length) } == [
                0.2, 0.4, 0.8 * 0.75, 0.8, 0.8, 0.8, 0.4, 0.4,
            ])
        settings.warmup = 1
        #expect(settings.rate(at: 0, of: length) == 0.8)
    }

    @Test func `Cosine and powers are the C library's, but for last digits`() {
        let angles = (0...1000).map { Double.pi * Double($0) / 1000 }
        let error = angles.map { abs(reproducibleCosine($0) - cos($0)) }.max() ?? 1
        #expect(error < 1e-15)
        #expect(reproducibleCosine(0) == 1 && reproducibleCosine(.pi) == -1)
        for exponent in [0, 1, 2, 3, 10, 1023, 65537] {
            let exact = pow(0.999, Double(exponent))
            #expect(abs(power(0.999, exponent) / exact - 1) < 1e-11)
        }
        #expect(power(0, 0) == 1 && power(2, 62) == 0x1p62)
    }
}
