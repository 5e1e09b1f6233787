import Fitting
import Glibc
import LinearAlgebra
import Testing

@testable import Measures

@Suite struct GradientNoiseTests {
    @Test func `It is NumPy's, in one pass`() {
        var noise = GradientNoise(sizes: [45, 3])
        for batch in 0..<7 {
            let gradient = mapped(drawn(UInt64(20 + batch), 5, 9)) { $0 + 0.3 }
            noise.add([gradient, Matrix<Double>([[1, 2, 3]])])
        }
        let ratio = noise.ratios[0]
        expectPeers(
            "gradient_noise", [ratio.mean, ratio.deviation, ratio.value ?? 0, ratio.debiased ?? 0], 1e-13)
        // Equal gradients have no noise and so no ratio.
        #expect(noise.ratios[1].value == nil && noise.ratios[1].mean == 14.0.squareRoot())
    }

    /// Where the mean square less the squared mean would lose every digit.
    @Test func `A large mean does not spoil the deviation`() {
        var noise = GradientNoise(sizes: [6])
        for batch in 0..<4 {
            noise.add([Matrix<Double>([[Double](repeating: 1e9 + Double(batch), count: 6)])])
        }
        // Variance of 0, 1, 2, 3 is 1.25, of each of six weights.
        #expect(isClose(noise.ratios[0].deviation, 7.5.squareRoot(), 1e-9))
    }

    @Test func `Pure noise leaves the floor and the debiased ratio takes it off`() {
        var noise = GradientNoise(sizes: [20_000])
        for batch in 0..<16 { noise.add([drawn(UInt64(1000 + batch), 1, 20_000)]) }
        let ratio = noise.ratios[0]
        #expect(isClose(ratio.value ?? 0, 1 / 15.0.squareRoot(), 0.01))
        #expect((ratio.debiased ?? 1) < 0.05)
    }

    @Test func `Displacement is the Frobenius distance`() {
        #expect(
            displacement(Matrix<Float>([[1, 2], [3, 4]]), from: Matrix<Float>([[1, -1], [3, 0]])) == 5)
    }
}

@Suite struct FitTests {
    @Test func `A line is SciPy's`() throws {
        let x = (1...12).map(Double.init)
        let y = zip(x, drawn(30, 12, 1).values).map { 0.3 * $0 + $1 }
        let line = try #require(LineFit(x, y))
        expectPeers(
            "line",
            [line.slope, line.intercept, line.slopeError, line.interceptError, line.determination], 1e-13)
        #expect(LineFit([2, 2], [1, 3]) == nil && LineFit([1], [1]) == nil)
        #expect(LineFit([1, .nan], [1, 2]) == nil)
    }

    @Test func `A power law is a line of logarithms`() throws {
        let steps = (0..<10).map { Double(1 << $0) }
        let y = zip(steps, drawn(31, 10, 1).values).map { 0.02 * pow($0, 0.4) * exp(0.1 * $1) }
        // Step 0 has no logarithm.
        let law = try #require(PowerLaw([0] + steps, [0] + y))
        let peers = try #require(peerValues["power"])
        #expect(law.points == 10 && isClose(law.exponent, peers[0], 1e-13))
        #expect(isClose(log(law.factor), peers[1], 1e-13) && isClose(law.exponentError, peers[2], 1e-13))
        #expect(isClose(law.determination, peers[4], 1e-13))
        #expect(isClose(law.value(at: 4), exp(peers[1] + peers[0] * log(4)), 1e-13))
    }
}

@Suite struct GaussianBoundTests {
    /// Eq. 7, before Hadamard's inequality: ½ ln det(W*W*ᵀ + N) − ½ ln det N with N = δWδWᵀ + r I.
    private func channel(
        _ weights: Matrix<Double>, _ reference: Matrix<Double>, noiseRatio: Double
    ) throws -> Double {
        let moved = Matrix<Double>(rows: weights.rows, columns: weights.columns)
        moved.assign(zip(weights.values, reference.values).map { $0 - $1 })
        let noise = Matrix.product(moved, moved, transposeB: true)
        for index in 0..<noise.rows { noise[index, index] += noiseRatio }
        let whole = Matrix.product(reference, reference, transposeB: true)
        whole.assign(zip(whole.values, noise.values).map { $0 + $1 })
        let factors = (try whole.choleskyFactor(), try noise.choleskyFactor())
        return (0..<noise.rows).reduce(0) { $0 + log(factors.0[$1, $1] / factors.1[$1, $1]) }
    }

    @Test func `It is NumPy's, and above the channel's`() throws {
        let (weights, reference) = (drawn(41, 6, 9), drawn(40, 6, 9))
        let bound = try GaussianBound(weights, reference: reference, noiseRatio: 0.1).bound
        let channel = try channel(weights, reference, noiseRatio: 0.1)
        expectPeers("gaussian_bound", [bound, channel], 1e-12)
        #expect(channel < bound)
    }

    /// W* and δW along the axes: Hadamard's inequality is an equality.
    @Test func `Orthogonal directions add up`() throws {
        let bound = try GaussianBound(
            Matrix<Float>([[3, 0], [0, 2]]), reference: Matrix<Float>([[2, 0], [0, 2]]), noiseRatio: 0.5)
        let known = (log(1 + 4 / 1.5) + log(1 + 4 / 0.5)) / 2
        #expect(isClose(bound.bound, known, 1e-14))
    }
}

@Suite struct PhaseTests {
    private let steps = (0..<12).map { Double(1 << $0) }

    @Test func `The steepest window is NumPy's`() throws {
        let ratios = zip(steps, drawn(45, 12, 1).values).map { 3 / (1 + pow($0 / 90, 1.5)) + 0.1 * $1 }
        let change = try #require(PhaseChange(steps: [0] + steps, ratios: [9] + ratios))
        expectPeers("phaseChange", [change.step, change.slope, change.before, change.after], 1e-12)
        #expect(change.window.contains(change.step))
        #expect(change.window.upperBound / change.window.lowerBound == 16)
    }

    @Test func `One stray ratio moves nothing far`() throws {
        var ratios = steps.map { 4 / (1 + pow($0 / 64, 2)) }
        let smooth = try #require(PhaseChange(steps: steps, ratios: ratios))
        #expect(isClose(smooth.step, 64, 1e-12))
        ratios[2] = 2.5
        let stray = try #require(PhaseChange(steps: steps, ratios: ratios))
        #expect(isClose(stray.step, 64, 1e-12))
        #expect(PhaseChange(steps: steps, ratios: steps.map { log($0) }) == nil)
        #expect(PhaseChange(steps: [1, 2], ratios: [3, 1]) == nil)
    }

    @Test func `A rise and a lasting fall are two phases`() throws {
        let times = (0..<60).map(Double.init)
        // Up to 8 at step 20, level to 30, down to 5 at 45, with a stray value and a dip that is made up for.
        var information = times.map { t in
            t < 20 ? 6 + t / 10 : t <= 30 ? 8 : t < 45 ? 8 - (t - 30) / 5 : 5
        }
        information[12] = 9.5
        for dip in 23...26 { information[dip] = 7.2 }
        let report = try #require(CompressionReport(steps: times, information: information))
        #expect(report.rises && report.falls && report.peak == 8 && report.final == 5 && report.fall == 3)
        // Within 5 % of the fall from 8: the medians end that at step 30.
        #expect(report.startStep == 30 && report.peakStep == 20)
    }

    @Test func `A series that only rises does not fall`() throws {
        let times = (0..<40).map(Double.init)
        let report = try #require(
            CompressionReport(steps: times, information: times.map { 8 - 3 * exp(-$0 / 5) + 0.01 * sin($0) }))
        #expect(report.rises && !report.falls && report.startStep == nil && report.fall < 0.02)
        #expect(CompressionReport(steps: [], information: []) == nil)
        let flat = try #require(CompressionReport(steps: [0], information: [2]))
        #expect(!flat.rises && !flat.falls && flat.final == 2)
    }
}
