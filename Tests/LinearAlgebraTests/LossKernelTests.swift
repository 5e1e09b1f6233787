import Glibc
import TestSupport
import Testing

@testable import LinearAlgebra

private func tolerance<T: Real>(_: T.Type) -> Double { T.self == Float.self ? 1e-6 : 1e-13 }

/// −ln softmax and softmax, in double.
private func softmax(_ row: [Double]) -> (losses: [Double], p: [Double]) {
    let largest = row.max() ?? 0
    let logSum = log(row.reduce(0) { $0 + exp($1 - largest) })
    let losses = row.map { logSum - ($0 - largest) }
    return (losses, losses.map { exp(-$0) })
}

@Suite struct CrossEntropyTests {
    static func check<T: Real>(_ logits: [[T]], labels: [Int32], scale: T) {
        let (rows, columns) = (logits.count, logits.first?.count ?? 1)
        let kernel = Guarded(logits.flatMap { $0 }, rows: rows, columns: columns)
        let sum = kernel.matrix.crossEntropy(labels: labels, scale: scale)
        var (loss, correct, gradient): (Double, Int, [Double]) = (0, 0, [])
        for (row, label) in zip(logits, labels) {
            let (losses, p) = softmax(doubles(row))
            loss += losses[Int(label)]
            gradient += p.enumerated().map { Double(scale) * ($1 - ($0 == Int(label) ? 1 : 0)) }
            if let top = row.max(), row.firstIndex(of: top) == Int(label) { correct += 1 }
        }
        let what = "\(T.self) \(rows)×\(columns)"
        expectClose(sum.loss, loss, within: tolerance(T.self), what)
        expectClose(kernel.values, gradient, within: tolerance(T.self) * Double(scale), what)
        #expect(sum.correct == correct && kernel.isIntact, "\(what)")

        let added = Guarded([T](repeating: 0.25, count: rows * columns), rows: rows, columns: columns)
        Matrix(logits).addSoftmax(to: added.matrix)
        expectClose(
            added.values, logits.flatMap { softmax(doubles($0)).p.map { $0 + 0.25 } },
            within: tolerance(T.self))
        #expect(added.isIntact)
        #expect(Matrix(logits).countOfLargest(at: labels) == correct)
    }

    @Test(arguments: awkwardSizes.dropFirst(), [1, 6])
    func `Cross entropy and softmax agree with their formula`(columns: Int, rows: Int) {
        var draws = Draws(UInt64(columns))
        let labels = (0..<rows).map { _ in Int32(draws.next() % UInt64(columns)) }
        let logits: [[Double]] = labels.map { _ in draws.numbers(columns, in: -6...6) }
        Self.check(logits.map { $0.map { Float($0) } }, labels: labels, scale: 0.125)
        Self.check(logits, labels: labels, scale: 0.125)
    }

    /// Logits on which e^x under- and overflows; the label on the largest, and far below it.
    @Test(arguments: [
        [1e4, -1e4, 0], [-1e4, -1e4, -1e4], [1e4, 1e4, 9990], [100, 11, 12], [-745, 0, 1], [88, 89, -89],
        [3e38, -1, 0], [0, 0, 1e-30],
    ])
    func `Extreme logits are no trouble`(row: [Double]) {
        for label in 0..<Int32(row.count) {
            Self.check([row.map { Float($0) }], labels: [label], scale: 1)
            Self.check([row], labels: [label], scale: 1)
        }
    }

    @Test func `The first of equal logits is the guess`() {
        let logits = Matrix<Float>([[1, 2, 2], [1, 2, 2], [0, 0, 0], [0, 0, 0]])
        #expect(logits.countOfLargest(at: [1, 2, 0, 1]) == 2)
        #expect(logits.crossEntropy(labels: [1, 2, 0, 1], scale: 1).correct == 2)
    }

    @Test func `A logit that is not finite makes the loss so`() {
        for bad in [Float.nan, .infinity] {
            for position in 0..<3 {
                let logits = Matrix<Float>(rows: 1, columns: 3)
                logits[0, position] = bad
                #expect(!logits.crossEntropy(labels: [1], scale: 1).loss.isFinite)
            }
        }
    }

    @Test func `No points lose nothing`() {
        let logits = Matrix<Float>(rows: 0, columns: 3)
        #expect(logits.crossEntropy(labels: [], scale: 1) == LossSum())
        #expect(logits.countOfLargest(at: []) == 0)
    }
}

@Suite struct RegressionLossTests {
    static func checkSquares<T: Real>(_: T.Type, count: Int) {
        var draws = Draws(UInt64(count))
        let (y, t): ([T], [T]) = (draws.numbers(count), draws.numbers(count))
        let kernel = Guarded(y, rows: 1, columns: count)
        let sum = kernel.matrix.squaredError(Matrix([t]), scale: 0.3)
        let errors = zip(y, t).map { $0 - $1 }
        expectClose(sum.loss, errors.reduce(0) { $0 + Double($1 * $1) }, within: 1e-14)
        #expect(sameBits(kernel.values, errors.map { 2 * 0.3 * $0 }) && kernel.isIntact)
        #expect(sum.correct == 0)
    }

    @Test(arguments: awkwardSizes) func `Squared errors agree with their formula`(count: Int) {
        Self.checkSquares(Float.self, count: count)
        Self.checkSquares(Double.self, count: count)
    }

    static func checkNLL<T: Real>(_: T.Type, rows: Int, columns: Int) {
        var draws = Draws(UInt64(columns))
        let y: Matrix<T> = draws.matrix(rows: rows, columns: columns)
        let t: Matrix<T> = draws.matrix(rows: rows, columns: columns)
        let v: Matrix<T> = draws.matrix(rows: 1, columns: columns, in: -4...3)
        let kernel = Guarded(y.values, rows: rows, columns: columns)
        let variance = Guarded<T>(rows: 1, columns: columns)
        let sum = kernel.matrix.gaussianNLL(t, logVariance: v, gradient: variance.matrix, scale: 0.5)
        var loss = 0.0
        var gradient: [Double] = []
        var varianceGradient = [Double](repeating: 0, count: columns)
        for i in 0..<rows {
            for j in 0..<columns {
                let precision = exp(-Double(v[0, j]))
                let error = Double(y[i, j]) - Double(t[i, j])
                loss += 0.5 * (log(2 * .pi) + Double(v[0, j]) + error * error * precision)
                gradient.append(0.5 * error * precision)
                varianceGradient[j] += 0.5 * 0.5 * (1 - error * error * precision)
            }
        }
        expectClose(sum.loss, loss, within: tolerance(T.self))
        expectClose(kernel.values, gradient, within: tolerance(T.self))
        expectClose(variance.values, varianceGradient, within: 2 * tolerance(T.self))
        #expect(kernel.isIntact && variance.isIntact)
        // The order of the sum changes nothing else.
        let other = Guarded(y.values, rows: rows, columns: columns)
        let otherVariance = Guarded<T>(rows: 1, columns: columns)
        let fast = other.matrix.gaussianNLL(
            t, logVariance: v, gradient: otherVariance.matrix, scale: 0.5, inOrder: false)
        expectClose(fast.loss, sum.loss, within: 1e-13)
        #expect(sameBits(other.values, kernel.values) && sameBits(otherVariance.values, variance.values))
        #expect(other.isIntact && otherVariance.isIntact)
    }

    @Test(arguments: awkwardSizes, [0, 1, 5]) func `Gaussian likelihoods agree with their formula`(
        columns: Int, rows: Int
    ) {
        Self.checkNLL(Float.self, rows: rows, columns: columns)
        Self.checkNLL(Double.self, rows: rows, columns: columns)
    }
}

@Suite struct ReparameterisationTests {
    static func softplus(_ x: Double) -> Double { max(0, x) + log1p(exp(-abs(x))) }

    /// σ, z, KL and both gradients against their formulas; `raw` is what softplus is taken of, less the
    /// shift.
    static func check<T: Real>(mean: [[T]], raw: [[T]], shift: T) {
        let (rows, k) = (mean.count, mean.first?.count ?? 0)
        var draws = Draws(UInt64(rows * 1000 + k))
        let head = Matrix(zip(mean, raw).map { $0 + $1 })
        let noise: Matrix<T> = draws.matrix(rows: rows, columns: k)
        let dz: Matrix<T> = draws.matrix(rows: rows, columns: k)
        let (sigma, z) = (Guarded<T>(rows: rows, columns: k), Guarded<T>(rows: rows, columns: k))
        let kl = head.reparameterise(noise: noise, shift: shift, sigma: sigma.matrix, z: z.matrix)
        let gradient = Guarded<T>(rows: rows, columns: 2 * k)
        gradient.matrix.setReparameterisationGradient(
            head: head, noise: noise, sigma: sigma.matrix, dz: dz, shift: shift, klScale: 0.75)

        var (sum, sigmas, zs): (Double, [Double], [Double]) = (0, [], [])
        var expected: [Double] = []
        for i in 0..<rows {
            var tail: [Double] = []
            for j in 0..<k {
                let p = Double(raw[i][j] + shift)
                let (m, s) = (Double(mean[i][j]), softplus(p))
                sum += 0.5 * (m * m + s * s - 1 - log(s * s))
                sigmas.append(s)
                zs.append(m + s * Double(noise[i, j]))
                expected.append(Double(dz[i, j]) + 0.75 * m)
                tail.append((Double(dz[i, j] * noise[i, j]) + 0.75 * (s - 1 / s)) / (1 + exp(-p)))
            }
            expected += tail
        }
        let what = "\(T.self) \(rows)×\(k)"
        expectClose(kl, sum, within: tolerance(T.self), what)
        let relative = zip(sigma.values, sigmas).allSatisfy { abs(Double($0) - $1) <= tolerance(T.self) * $1 }
        #expect(relative, "\(what) σ \(sigma.values)")
        expectClose(z.values, zs, within: tolerance(T.self), what)
        expectClose(gradient.values, expected, within: 2 * tolerance(T.self), what)
        #expect(sigma.isIntact && z.isIntact && gradient.isIntact)
    }

    @Test(arguments: awkwardSizes, [0, 1, 3]) func `Reparameterisation agrees with its formula`(
        k: Int, rows: Int
    ) {
        var draws = Draws(UInt64(k))
        for shift in [0, -5, 1.5] {
            let mean: [[Double]] = (0..<rows).map { _ in draws.numbers(k) }
            let raw: [[Double]] = (0..<rows).map { _ in draws.numbers(k, in: -4...4) }
            Self.check(
                mean: mean.map { $0.map { Float($0) } }, raw: raw.map { $0.map { Float($0) } },
                shift: Float(shift))
            Self.check(mean: mean, raw: raw, shift: shift)
        }
    }

    /// softplus of a large number is that number, and of a very negative x it is eˣ.
    @Test func `Softplus holds far from zero`() {
        let raw: [Double] = [-40, -30, -16, -15, -1e-6, 0, 1e-6, 15, 16, 17, 30, 60, 100]
        let mean = [Double](repeating: 0.5, count: raw.count)
        Self.check(mean: [mean.map { Float($0) }], raw: [raw.map { Float($0) }], shift: 0)
        Self.check(mean: [mean + [0.5]], raw: [raw + [-100]], shift: 0)
    }

    /// −½ − ln σ with ln σ = p, though σ = e^p itself is beyond float32, however far down training drives it.
    @Test func `The KL is right where a deviation underflows`() {
        for raw in [-100, -1e4, -1e38] as [Float] {
            let head = Matrix<Float>([[0, raw]])
            let (sigma, z) = (Matrix<Float>(rows: 1, columns: 1), Matrix<Float>(rows: 1, columns: 1))
            let noise = Matrix<Float>(rows: 1, columns: 1)
            let kl = head.reparameterise(noise: noise, shift: 0, sigma: sigma, z: z)
            #expect(sigma[0, 0] > 0 && sigma[0, 0] < 1e-37)
            expectClose(kl, -0.5 - Double(raw), within: 1e-6)
            let gradient = Matrix<Float>(rows: 1, columns: 2)
            gradient.setReparameterisationGradient(
                head: head, noise: noise, sigma: sigma, dz: z, shift: 0, klScale: 1)
            expectClose(gradient.values, [0, -1], within: 1e-6)
        }
    }

    /// KL(N(μ, softplus(p)²) ‖ N(0, 1)) of one latent variable as science has it, in double.
    private static func divergence(_ mean: Double, _ p: Double) -> Double {
        let s = softplus(p)
        return 0.5 * (mean * mean + s * s - 1 - 2 * log(s))
    }

    static func checkFarDown<T: Real>(_: T.Type, shift: Double) {
        let (mean, raw): ([Double], [Double]) = ([0.3, -1.25, 0], [-0.75, 0, 1.5])
        let head = Matrix<T>([(mean + raw).map { T($0) }])
        let noise = Matrix<T>(rows: 1, columns: 3)
        let (sigma, z) = (Matrix<T>(rows: 1, columns: 3), Matrix<T>(rows: 1, columns: 3))
        let kl = head.reparameterise(noise: noise, shift: T(shift), sigma: sigma, z: z)
        let gradient = Matrix<T>(rows: 1, columns: 6)
        // The gradient of the KL alone.
        gradient.setReparameterisationGradient(
            head: head, noise: noise, sigma: sigma, dz: noise, shift: T(shift), klScale: 1)
        let values = (0..<3).map { divergence(Double(head[0, $0]), raw[$0] + shift) }
        let h = 1e-4
        let slopes = (0..<3).map { index in
            func at(_ offset: Double) -> Double {
                divergence(Double(head[0, index]), raw[index] + shift + offset)
            }
            return (8 * (at(h) - at(-h)) - (at(2 * h) - at(-2 * h))) / (12 * h)
        }
        let isSingle = T.self == Float.self
        let sum = values.reduce(0, +)
        #expect(abs(kl / sum - 1) < (isSingle ? 2e-7 : 1e-15), "\(T.self) \(shift): \(kl), not \(sum)")
        let tail = Array(gradient.values[3...])
        expectClose(tail, slopes, within: isSingle ? 3e-7 : 1e-9, "\(shift)")
        expectClose(Array(gradient.values[..<3]), doubles(head.values).prefix(3) + [], within: 1e-7)
        let deviations = (0..<3).map { softplus(raw[$0] + shift) }
        for (value, due) in zip(sigma.values, deviations) {
            #expect(abs(Double(value) / due - 1) < (isSingle ? 3e-6 : 1e-14), "\(shift)")
        }
    }

    /// A shift of −50 used to have a KL that was 17 % too small, and no gradient.
    @Test(arguments: [-5, -17, -18, -19, -30, -40, -45, -50, -80])
    func `Far below zero the KL and its gradient are those of the formula`(shift: Double) {
        Self.checkFarDown(Float.self, shift: shift)
        Self.checkFarDown(Double.self, shift: shift)
    }

    @Test func `A head that is not a number makes the KL so`() {
        for head in [Matrix<Float>([[.nan, 0]]), Matrix<Float>([[0, .nan]])] {
            let (sigma, z) = (Matrix<Float>(rows: 1, columns: 1), Matrix<Float>(rows: 1, columns: 1))
            let kl = head.reparameterise(noise: Matrix([[0.5]]), shift: 0, sigma: sigma, z: z)
            #expect(kl.isNaN && z[0, 0].isNaN)
        }
    }

    @Test func `The KL of the standard normal distribution is zero`() {
        let inverse = log(exp(1.0) - 1)  // softplus⁻¹(1)
        let head = Matrix<Double>([[0, 0, inverse, inverse]])
        let (sigma, z) = (Matrix<Double>(rows: 1, columns: 2), Matrix<Double>(rows: 1, columns: 2))
        let noise = Matrix<Double>([[1, -2]])
        expectClose(head.reparameterise(noise: noise, shift: 0, sigma: sigma, z: z), 0, within: 1e-15)
        expectClose(z.values, [1, -2], within: 1e-15)
    }
}
