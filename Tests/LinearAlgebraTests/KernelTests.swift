import CKernels
import Glibc
import Model
import TestSupport
import Testing

@testable import LinearAlgebra

/// Float kernels use their own polynomials for exp, ln and tanh, double kernels the C library's functions.
private func tolerance<T: Real>(_: T.Type) -> Double { T.self == Float.self ? 5e-7 : 1e-14 }

/// GELU's part below 0 is an exponential function, whose argument has rounding errors that grow with it.
private func tolerance<T: Real>(_ type: T.Type, _ activation: Activation) -> Double {
    tolerance(type) * (activation == .geluTanh ? 10 : activation == .gelu ? 2 : 1)
}

@Suite struct ActivationKernelTests {
    static func checkForward<T: Real>(_: T.Type, _ activation: Activation, rows: Int, columns: Int) {
        var draws = Draws(UInt64(rows * 1000 + columns))
        let bias: Matrix<T> = draws.matrix(rows: 1, columns: columns)
        let input: [T] = draws.numbers(rows * columns, in: -3...3)
        let h = Guarded(input, rows: rows, columns: columns)
        h.matrix.addBiasAndActivate(bias, activation)
        let expected = input.enumerated().map { activation.plain(Double($1 + bias.values[$0 % columns])) }
        expectClose(h.values, expected, within: tolerance(T.self), "\(activation)")
        #expect(h.isIntact)
        if [.linear, .relu].contains(activation) {
            #expect(doubles(h.values) == expected, "no rounding but the sum's")
        }
    }

    @Test(arguments: Activation.allCases, awkwardSizes)
    func `Bias and activation agree with their formula`(activation: Activation, columns: Int) {
        for rows in [1, 3] {
            Self.checkForward(Float.self, activation, rows: rows, columns: columns)
            Self.checkForward(Double.self, activation, rows: rows, columns: columns)
        }
    }

    static func checkExtremes<T: Real>(_: T.Type) {
        let inputs: [T] = [
            -100, -20, -9, -1, -0.625, -0.6249, -1e-3, -1e-20, 0, 1e-20, 0.1, 0.624, 0.626, 5, 88, 1e30,
        ]
        for activation in Activation.allCases {
            let row = Matrix([inputs + [.infinity, -.infinity]])
            row.addBiasAndActivate(Matrix(rows: 1, columns: row.columns), activation)
            let expected = doubles(inputs).map { activation.plain($0) }
            // Relative, except below the least normal number: the tanh of a small number is that number.
            func isGood(_ value: T, _ expected: Double) -> Bool {
                let least = 2 * Double(T.leastNormalMagnitude)
                return Double(value) == expected
                    || abs(Double(value) - expected) <= tolerance(T.self, activation) * abs(expected) + least
            }
            let good = zip(row.values, expected).allSatisfy(isGood)
            #expect(good, "\(activation) \(row.values)")
            let limits = [activation.plain(.infinity), activation.plain(-.infinity)]
            #expect(
                zip(row.values.suffix(2), limits).allSatisfy(isGood), "\(activation) \(row.values.suffix(2))")
        }
    }

    @Test func `Extreme inputs saturate or pass`() {
        Self.checkExtremes(Float.self)
        Self.checkExtremes(Double.self)
    }

    /// A ReLU that made 0 of it would hide that training diverged: the loss would stay finite.
    @Test func `No activation hides a na n`() {
        for activation in Activation.allCases {
            let float = Matrix<Float>(rows: 2, columns: 19)
            float.fill(.nan)
            float.addBiasAndActivate(Matrix(rows: 1, columns: 19), activation)
            #expect(float.values.allSatisfy { $0.isNaN }, "\(activation)")
            let double = Matrix<Double>(rows: 2, columns: 19)
            double.fill(.nan)
            double.addBiasAndActivate(Matrix(rows: 1, columns: 19), activation)
            #expect(double.values.allSatisfy { $0.isNaN }, "\(activation)")
        }
    }

    static func checkBackward<T: Real>(_: T.Type, _ activation: Activation, count: Int) {
        var draws = Draws(UInt64(count))
        let p: [T] = draws.numbers(count, in: -4...4)
        let h = p.map { T(activation.plain(Double($0))) }
        let incoming: [T] = draws.numbers(count)
        let g = Guarded(incoming, rows: 1, columns: count)
        g.matrix.scaleByDerivative(activation, from: Matrix([activation.slopeNeedsInput ? p : h]))
        let expected = zip(incoming, p).map { Double($0) * activation.plainSlope(Double($1)) }
        expectClose(g.values, expected, within: tolerance(T.self, activation), "\(activation) \(count)")
        let exact: [T]? =
            switch activation {
            case .linear: incoming
            case .relu: zip(incoming, h).map { $1 > 0 ? $0 : 0 }
            case .tanh: zip(incoming, h).map { $0 * (1 - $1 * $1) }
            default: nil
            }
        if let exact { #expect(sameBits(g.values, exact), "\(activation) \(count)") }
        #expect(g.isIntact)
    }

    @Test(arguments: Activation.allCases, awkwardSizes)
    func `The derivative is the formula's`(activation: Activation, count: Int) {
        Self.checkBackward(Float.self, activation, count: count)
        Self.checkBackward(Double.self, activation, count: count)
    }

    /// Where φ is flat or a line, its slope is a number too.
    @Test func `Derivatives far out are those of the asymptotes`() {
        for activation in Activation.allCases where activation.slopeNeedsInput {
            let slopes = Matrix<Float>(rows: 1, columns: 6)
            slopes.fill(1)
            slopes.scaleByDerivative(
                activation, from: Matrix([[-.infinity, -1e30, -200, 200, 1e30, .infinity]]))
            #expect(slopes.values.map { ($0 * 1e6).rounded() / 1e6 } == [0, 0, 0, 1, 1, 1], "\(activation)")
        }
    }

    /// torch.nn.functional's, of PyTorch 2.15 in float64, at −3, −0.7, 0.4 and 2.5: values, then derivatives.
    @Test(arguments: PyTorchActivations.all) func `Values and derivatives are PyTorch's`(
        known: PyTorchActivations
    ) {
        let p = Matrix<Double>([PyTorchActivations.points])
        let h = Matrix<Double>([PyTorchActivations.points])
        h.activate(known.activation)
        expectClose(h.values, known.values, within: 1e-14)
        let slopes = Matrix<Double>(rows: 1, columns: p.columns)
        slopes.fill(1)
        slopes.scaleByDerivative(known.activation, from: known.activation.slopeNeedsInput ? p : h)
        expectClose(slopes.values, known.slopes, within: 1e-14)
    }

    static func checkColumnSums<T: Real>(_: T.Type, columns: Int) {
        for rows in [0, 1, 6] {
            var draws = Draws(UInt64(columns))
            let g: Matrix<T> = draws.matrix(rows: rows, columns: columns)
            let sums = Guarded<T>(rows: 1, columns: columns)
            sums.matrix.setColumnSums(of: g)
            let expected = (0..<columns).map { j in (0..<rows).reduce(T(0)) { $0 + g[$1, j] } }
            #expect(sameBits(sums.values, expected) && sums.isIntact)
        }
    }

    @Test(arguments: awkwardSizes) func `Columns are summed from the top`(columns: Int) {
        Self.checkColumnSums(Float.self, columns: columns)
        Self.checkColumnSums(Double.self, columns: columns)
    }
}

@Suite struct StepKernelTests {
    /// An average's next value, by the branch that its share takes.
    static func mixed<T: Real>(_ old: T, _ new: T, keep: Double) -> T {
        let share = T(1 - keep)
        return share <= 0.5 ? old + share * (new - old) : (1 - share) * old + share * new
    }

    static func checkAdam<T: Real>(_: T.Type, count: Int, decay: T, beta1: Double, beta2: Double) {
        var draws = Draws(UInt64(count))
        let (rate, epsilon) = (0.01, 1e-8)
        var (w, m): ([T], [T]) = (draws.numbers(count), draws.numbers(count))
        var v: [T] = draws.numbers(count, in: 0...2)
        let kernel = [w, m, v].map { Guarded($0, rows: 1, columns: count) }
        for _ in 0..<3 {
            let g: [T] = draws.numbers(count)
            kernel[0].matrix.adamStep(
                gradient: Matrix([g]), first: kernel[1].matrix, second: kernel[2].matrix, rate: rate,
                beta1: beta1, beta2: beta2, epsilon: epsilon, decay: Double(decay))
            for i in 0..<count {
                let gradient = g[i] + decay * w[i]
                m[i] = mixed(m[i], gradient, keep: beta1)
                v[i] = mixed(v[i], gradient * gradient, keep: beta2)
                w[i] -= T(rate) * m[i] / (v[i].squareRoot() + T(epsilon))
            }
        }
        #expect(zip(kernel, [w, m, v]).allSatisfy { sameBits($0.values, $1) && $0.isIntact }, "\(count)")
    }

    /// To the bit: nothing is contracted into fused multiply-adds, on whatever processor.
    @Test(arguments: awkwardSizes, [0, 0.01]) func `An Adam step has the bits of its formula`(
        count: Int, decay: Double
    ) {
        for (beta1, beta2) in [(0.9, 0.999), (0, 0.25), (0.5, 0.9999999)] {
            Self.checkAdam(Float.self, count: count, decay: Float(decay), beta1: beta1, beta2: beta2)
            Self.checkAdam(Double.self, count: count, decay: decay, beta1: beta1, beta2: beta2)
        }
    }

    static func checkMomentum<T: Real>(_: T.Type, count: Int, decay: T) {
        var draws = Draws(UInt64(count))
        var (w, v): ([T], [T]) = (draws.numbers(count), draws.numbers(count))
        let weights = Guarded(w, rows: 1, columns: count)
        let velocity = Guarded(v, rows: 1, columns: count)
        for momentum in [0, 0.9, 0.25] {
            let g: [T] = draws.numbers(count)
            weights.matrix.momentumStep(
                gradient: Matrix([g]), velocity: velocity.matrix, rate: 0.1, momentum: momentum,
                decay: Double(decay))
            let loss = T(1 - momentum)
            for i in 0..<count {
                v[i] = (loss <= 0.5 ? v[i] - loss * v[i] : (1 - loss) * v[i]) + g[i] + decay * w[i]
                w[i] -= 0.1 * v[i]
            }
        }
        #expect(sameBits(weights.values, w) && sameBits(velocity.values, v))
        #expect(weights.isIntact && velocity.isIntact)
    }

    @Test(arguments: awkwardSizes, [0, 0.01]) func `A momentum step has the bits of its formula`(
        count: Int, decay: Double
    ) {
        Self.checkMomentum(Float.self, count: count, decay: Float(decay))
        Self.checkMomentum(Double.self, count: count, decay: decay)
    }

    static func checkAverage<T: Real>(_: T.Type, count: Int) {
        var draws = Draws(UInt64(count))
        var (average, w): ([T], [T]) = (draws.numbers(count), draws.numbers(count))
        let kernel = Guarded(average, rows: 1, columns: count)
        for keep in [0.999, 0.5, 0.1, 0] {
            kernel.matrix.moveAverage(towards: Matrix([w]), keep: keep)
            for i in 0..<count { average[i] = mixed(average[i], w[i], keep: keep) }
            #expect(sameBits(kernel.values, average) && kernel.isIntact)
            w = draws.numbers(count)
        }
    }

    @Test(arguments: awkwardSizes) func `An average moves by its formula`(count: Int) {
        Self.checkAverage(Float.self, count: count)
        Self.checkAverage(Double.self, count: count)
    }

    /// One step adds 1 − keep to zero, to float32's rounding, however near 1 a decay is: Float(0.999) is not
    /// 0.999, and 1 minus it is off by 1.3e-5 of itself.
    @Test(arguments: [0, 0.1, 0.5, 0.9, 0.99, 0.999, 0.9999, 0.99999, 0.999999, 0.9999999])
    func `The share of the new is that of doubles`(keep: Double) {
        let share = 1 - keep
        let (one, three) = (Matrix<Float>([[1]]), Matrix<Float>([[3]]))
        let average = Matrix<Float>([[0]])
        average.moveAverage(towards: one, keep: keep)
        let (w, first, second) = (Matrix<Float>([[0]]), Matrix<Float>([[0]]), Matrix<Float>([[0]]))
        w.adamStep(
            gradient: three, first: first, second: second, rate: 1, beta1: keep, beta2: keep, epsilon: 1e-8,
            decay: 0)
        for (value, due) in [(average, share), (first, 3 * share), (second, 9 * share)] {
            #expect(abs(Double(value[0, 0]) / due - 1) < 2e-7, "keep \(keep): \(value[0, 0]), not \(due)")
        }
    }

    /// A second moment that was large and is to be forgotten leaves the new one's digits.
    @Test func `A forgotten number leaves nothing behind`() {
        let (w, first, second) = (Matrix<Float>([[0]]), Matrix<Float>([[1e6]]), Matrix<Float>([[1e12]]))
        w.adamStep(
            gradient: Matrix([[1e-3]]), first: first, second: second, rate: 1, beta1: 0, beta2: 0,
            epsilon: 1e-8, decay: 0)
        #expect(first[0, 0] == 1e-3 && second[0, 0] == Float(1e-3) * Float(1e-3))
    }

    /// rate · decay = 1e-6: 1 minus it is 1 − 1.0133e-6 in float32, wrong for every weight in the same way.
    @Test func `Decoupled decay takes its share of the weights together`() {
        var draws = Draws(9)
        let w: Matrix<Float> = draws.matrix(rows: 1, columns: 20000, in: 0.1...1)
        let before = doubles(w.values)
        w.shrink(by: 1e-6)
        let shares = zip(before, doubles(w.values)).map { ($0 - $1) / $0 }
        let mean = shares.reduce(0, +) / Double(shares.count)
        #expect(abs(mean / 1e-6 - 1) < 1e-3, "\(mean)")
    }
}

@Suite struct EmptyMatrixTests {
    /// A matrix of no rows and no columns once divided by zero.
    @Test(arguments: [(0, 0), (0, 3), (4, 0), (1, 1)]) func `Moments of an empty matrix end`(
        rows: Int, columns: Int
    ) {
        let shape = ck_normalisation(instances: 1, rows: rows, columns: columns, groups: 1)
        let numbers = [Float](repeating: 2, count: 64)
        var (mean, variance) = ([Float](repeating: 7, count: 1), [Float](repeating: 7, count: 1))
        var sums = [Double](repeating: 0, count: 64)
        var patterns = [Float](repeating: 0, count: 64)
        ck_moments_f32(numbers, shape, &mean, &variance, &sums, &patterns)
        #expect(rows * columns == 0 ? mean[0].isNaN : mean[0] == 2)
        #expect(rows * columns == 0 ? variance[0].isNaN : variance[0] == 0)
    }
}
