import Glibc
import LinearAlgebra
import Testing

@testable import Measures

@Suite struct BinnedInformationTests {
    private func numbers(_ information: BinnedInformation) -> [Double] {
        [information.inputInformation, information.targetInformation, Double(information.states)]
    }

    @Test func `It is NumPys on tanh and re LU ranges`() {
        let (x, labels) = (drawn(1, 300, 4), drawnLabels(2, 300, 3))
        let tanh = BinnedInformation(x, labels: labels, bins: 5, range: -1...1)
        expectPeers("binnedTanh", numbers(tanh), 1e-12)
        let relu = mapped(x) { max(0, $0) * 3 }
        let range = BinnedInformation.range(of: [relu])
        expectPeers(
            "binnedReLU", numbers(BinnedInformation(relu, labels: labels, bins: 4, range: range)), 1e-12)
    }

    /// Against tuples as arrays in a dictionary, of widths below and above a word's digits.
    @Test(arguments: [1, 2, 12, 13, 14, 26, 27, 60]) func `States are whole tuples of any width`(units: Int) {
        // Few different values a unit, so that wide states repeat.
        let base = drawn(UInt64(100 + units), 40, units)
        let x = Matrix<Float>(rows: 400, columns: units)
        let copies = drawnLabels(5, 400, 40)
        for row in 0..<400 { for unit in 0..<units { x[row, unit] = Float(base[Int(copies[row]), unit]) } }
        // One unit of one point differs: another state, wherever it is.
        x[399, units - 1] = x[399, units - 1] > 0 ? -0.95 : 0.95
        let labels = drawnLabels(6, 400, 4)
        let information = BinnedInformation(x, labels: labels, bins: 30, range: -1...1)
        var counts: [[Int]: [Int32: Int]] = [:]
        for row in 0..<400 {
            let state = (0..<units).map { min(29, Int((Double(x[row, $0]) + 1) * 15)) }
            counts[state, default: [:]][labels[row], default: 0] += 1
        }
        func entropy(_ counts: [Int]) -> Double {
            -counts.reduce(0) { $0 + Double($1) / 400 * log(Double($1) / 400) }
        }
        let ofStates = entropy(counts.values.map { $0.values.reduce(0, +) })
        let joint = entropy(counts.values.flatMap { Array($0.values) })
        let ofClasses = entropy((0..<4).map { label in labels.count { $0 == label } })
        #expect(information.states == counts.count)
        #expect(isClose(information.inputInformation, ofStates, 1e-12))
        #expect(isClose(information.targetInformation, ofStates + ofClasses - joint, 1e-12))
    }

    /// A network that is about to diverge has such activations, all on one side.
    @Test(arguments: [1e20, -1e20, 1e30, -1e30, 3e38])
    func `Activations far beyond all bins are in the last`(size: Float) {
        let x = Matrix<Float>([[size, size / 2], [size / 3, size], [size, size / 3]])
        let information = BinnedInformation(x, labels: [0, 1, 0], width: 1.0 / 15)
        #expect(information.states == 1 && information.inputInformation == 0)
    }

    /// Bins of one width are those of a range that holds them, whatever else is in the data.
    @Test func `Bins of one width do not move with the data`() {
        let x = mapped(drawn(9, 300, 3)) { max(0, $0) * 3 }
        let labels = drawnLabels(3, 300, 2)
        let byWidth = BinnedInformation(x, labels: labels, width: 0.125)
        #expect(byWidth == BinnedInformation(x, labels: labels, bins: 64, range: 0...8))
        // With one point far away all others keep their states.
        let more = Matrix<Double>(rows: 301, columns: 3)
        more.assign(x.values + [100, 0, 50])
        let states = BinnedInformation(more, labels: labels + [0], width: 0.125).states
        #expect(states == byWidth.states + 1)
        // To both sides of 0, and of what is far beyond any count of bins.
        let ends = Matrix<Double>(rows: 4, columns: 1)
        ends.assign([-0.01, 0.01, 1e300, -1e300])
        #expect(BinnedInformation(ends, labels: [0, 0, 0, 0], width: 1).states == 4)
    }

    @Test func `There are exactly as many bins as said and the ends are in them`() {
        let x = Matrix<Double>(rows: 3001, columns: 1)
        x.assign((0...3000).map { -1 + Double($0) / 1500 })
        let labels = [Int32](repeating: 0, count: 3001)
        #expect(BinnedInformation(x, labels: labels, bins: 30, range: -1...1).states == 30)
        #expect(BinnedInformation(x, labels: labels, bins: 1, range: -1...1).states == 1)
        // All there is to know of a constant layer, whose range is empty.
        let flat = Matrix<Double>(rows: 5, columns: 3)
        let none = BinnedInformation(
            flat, labels: [0, 1, 0, 1, 0], bins: 30, range: BinnedInformation.range(of: [flat]))
        #expect(numbers(none) == [0, 0, 1])
    }

    @Test func `A layer that tells all points apart saturates`() {
        let labels = drawnLabels(7, 500, 2)
        let information = BinnedInformation(drawn(8, 500, 40), labels: labels, bins: 30, range: -1...1)
        #expect(isClose(information.inputInformation, log(500), 1e-14))
        let share = Double(labels.count { $0 == 1 }) / 500
        let ofClasses = -share * log(share) - (1 - share) * log(1 - share)
        #expect(isClose(information.targetInformation, ofClasses, 1e-13))
    }
}

@Suite struct KernelInformationTests {
    @Test func `Three points have the known bounds`() {
        let x = Matrix<Double>([[0, 0], [1, 0], [0, 1]])
        let information = KernelInformation(x, labels: [0, 0, 1], noiseVariance: 0.1)
        #expect(abs(information.entropy.upper - 1.6249353324781795) <= 1e-12)
        #expect(abs(information.entropy.lower - 1.2737201121741262) <= 1e-12)
        #expect(abs(information.noiseEntropy - 0.5352919734152998) <= 1e-12)
        #expect(abs(information.inputInformation.upper / log(2) - 1.5720230704576086) <= 1e-12)
        #expect(abs(information.inputInformation.lower / log(2) - 1.0653266138402262) <= 1e-12)
    }

    @Test func `It is SciPy's, on unsorted labels`() {
        let information = KernelInformation(
            drawn(3, 200, 6), labels: drawnLabels(4, 200, 3), noiseVariance: 0.1)
        expectPeers(
            "kernel",
            [
                information.noiseEntropy, information.entropy.lower, information.inputInformation.lower,
                information.targetInformation.lower, information.entropy.upper,
                information.inputInformation.upper, information.targetInformation.upper,
            ], 1e-12)
    }

    /// More points than a block, far from the origin, some equal, some too far apart to count.
    @Test func `Blocks and offsets change nothing`() {
        let x = mapped(drawn(9, 700, 3)) { $0 * 20 + 1000 }
        x.rows(300..<310).assign(x.rows(20..<30))
        let labels = drawnLabels(10, 700, 5)
        let information = KernelInformation(x, labels: labels, noiseVariance: 0.5)
        let points = rows(x)
        func mean(_ members: [Int], _ variance: Double) -> Double {
            members.reduce(0.0) { total, i in
                let share = members.reduce(0.0) { sum, j in
                    let square = zip(points[i], points[j]).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
                    return sum + exp(-square / (2 * variance))
                }
                return total + log(share / Double(members.count)) / Double(members.count)
            }
        }
        let all = Array(0..<700)
        let classes = (0..<5).map { label in all.filter { labels[$0] == label } }
        for (variance, mine, target) in [
            (0.5, information.inputInformation.upper, information.targetInformation.upper),
            (2.0, information.inputInformation.lower, information.targetInformation.lower),
        ] {
            let whole = -mean(all, variance)
            let within = classes.reduce(0) { $0 - Double($1.count) / 700 * mean($1, variance) }
            #expect(isClose(mine, whole, 1e-12))
            #expect(isClose(target, whole - within, 1e-12))
        }
    }
}
