import Model
import TestSupport
import Testing

@testable import LinearAlgebra

/// Kernels go over whole tiles of rows at once; what they compute of a number must not depend on where in a
/// tile it lies, and sums keep their order. So each is held, to the bit, against itself number by number (or
/// row by row).
@Suite struct TileTests {
    /// Rows that fill no tile, several, and a part of one; columns around a vector's, and more than a tile's.
    static let shapes = [
        (1, 1), (300, 1), (17, 3), (256, 5), (129, 8), (100, 10), (37, 15), (40, 16), (33, 17), (9, 100),
        (3, 512), (2, 513), (3, 1030),
    ]

    /// The order in which a sum over `LANES` lanes ends.
    static func sum(_ lanes: [Double]) -> Double {
        ((lanes[0] + lanes[4]) + (lanes[1] + lanes[5])) + ((lanes[2] + lanes[6]) + (lanes[3] + lanes[7]))
    }

    static func one<T: Real>(_ value: T) -> Matrix<T> { Matrix([[value]]) }

    static func checkHead<T: Real>(_: T.Type, rows: Int, k: Int) {
        var draws = Draws(UInt64(rows * 10_000 + k))
        let head: Matrix<T> = draws.matrix(rows: rows, columns: 2 * k, in: -5...5)
        let noise: Matrix<T> = draws.matrix(rows: rows, columns: k)
        let dz: Matrix<T> = draws.matrix(rows: rows, columns: k)
        let (sigma, z) = (Guarded<T>(rows: rows, columns: k), Guarded<T>(rows: rows, columns: k))
        let gradient = Guarded<T>(rows: rows, columns: 2 * k)
        let kl = head.reparameterise(noise: noise, shift: -1, sigma: sigma.matrix, z: z.matrix)
        gradient.matrix.setReparameterisationGradient(
            head: head, noise: noise, sigma: sigma.matrix, dz: dz, shift: -1, klScale: 0.01)

        var lanes = [Double](repeating: 0, count: 8)
        var (sigmas, zs, means, raws): ([T], [T], [T], [T]) = ([], [], [], [])
        for i in 0..<rows {
            for j in 0..<k {
                let own = Matrix([[head[i, j], head[i, k + j]]])
                let (s, sample) = (one(T(0)), one(T(0)))
                let draw = one(noise[i, j])
                lanes[j % 8] += 2 * own.reparameterise(noise: draw, shift: -1, sigma: s, z: sample)
                let slope = Matrix<T>(rows: 1, columns: 2)
                slope.setReparameterisationGradient(
                    head: own, noise: draw, sigma: s, dz: one(dz[i, j]), shift: -1, klScale: 0.01)
                sigmas.append(s[0, 0])
                zs.append(sample[0, 0])
                means.append(slope[0, 0])
                raws.append(slope[0, 1])
            }
        }
        var expected: [T] = []
        for start in stride(from: 0, to: rows * k, by: k) {
            expected += means[start..<start + k]
            expected += raws[start..<start + k]
        }
        let what = "\(T.self) \(rows)×\(k)"
        #expect(sameBits([kl], [0.5 * sum(lanes)]), "\(what)")
        #expect(sameBits(sigma.values, sigmas) && sameBits(z.values, zs), "\(what)")
        #expect(sameBits(gradient.values, expected), "\(what)")
        #expect(sigma.isIntact && z.isIntact && gradient.isIntact, "\(what)")
    }

    @Test(arguments: shapes) func `A head is read number by number`(rows: Int, k: Int) {
        Self.checkHead(Float.self, rows: rows, k: k)
        Self.checkHead(Double.self, rows: rows, k: k)
    }

    static func checkLosses<T: Real>(_: T.Type, rows: Int, columns: Int) {
        var draws = Draws(UInt64(rows * 10_000 + columns))
        let y: Matrix<T> = draws.matrix(rows: rows, columns: columns, in: -6...6)
        let t: Matrix<T> = draws.matrix(rows: rows, columns: columns)
        let v: Matrix<T> = draws.matrix(rows: 1, columns: columns)
        let labels = (0..<rows).map { _ in Int32(draws.next() % UInt64(columns)) }
        let kernels = (0..<3).map { _ in Guarded(y.values, rows: rows, columns: columns) }
        let dv = Guarded<T>(rows: 1, columns: columns)
        let sums = [
            kernels[0].matrix.crossEntropy(labels: labels, scale: 0.1),
            kernels[1].matrix.gaussianNLL(t, logVariance: v, gradient: dv.matrix, scale: 0.1),
            kernels[2].matrix.squaredError(t, scale: 0.1),
        ]

        var (classes, correct, nll) = (0.0, 0, 0.0)
        var lanes = [Double](repeating: 0, count: 8)
        var slopes: [[T]] = [[], [], []]
        var variance = [T](repeating: 0, count: columns)
        for i in 0..<rows {
            let row = Matrix<T>(rows: 1, columns: columns)
            row.assign(y.rows(i..<i + 1))
            let sum = row.crossEntropy(labels: [labels[i]], scale: 0.1)
            classes += sum.loss
            correct += sum.correct
            slopes[0] += row.values
            for j in 0..<columns {
                let (mean, slope, error) = (one(y[i, j]), one(T(0)), one(y[i, j]))
                nll +=
                    mean.gaussianNLL(
                        one(t[i, j]), logVariance: one(v[0, j]), gradient: slope, scale: 0.1
                    ).loss
                variance[j] += slope[0, 0]
                lanes[(i * columns + j) % 8] += error.squaredError(one(t[i, j]), scale: 0.1).loss
                slopes[1].append(mean[0, 0])
                slopes[2].append(error[0, 0])
            }
        }
        let what = "\(T.self) \(rows)×\(columns)"
        #expect(sameBits(sums.map(\.loss), [classes, nll, sum(lanes)]), "\(what)")
        #expect(sums[0].correct == correct && sameBits(dv.values, variance) && dv.isIntact, "\(what)")
        for (kernel, expected) in zip(kernels, slopes) {
            #expect(sameBits(kernel.values, expected) && kernel.isIntact, "\(what)")
        }
    }

    @Test(arguments: shapes) func `Losses are summed in the order of their points`(rows: Int, columns: Int) {
        Self.checkLosses(Float.self, rows: rows, columns: columns)
        Self.checkLosses(Double.self, rows: rows, columns: columns)
    }

    static func checkRows<T: Real>(_: T.Type, rows: Int, columns: Int) {
        var draws = Draws(UInt64(rows * 10_000 + columns))
        let input: Matrix<T> = draws.matrix(rows: rows, columns: columns)
        let bias: Matrix<T> = draws.matrix(rows: 1, columns: columns)
        let what = "\(T.self) \(rows)×\(columns)"
        for activation in [Activation.linear, .relu, .tanh] {
            let all = Guarded(input.values, rows: rows, columns: columns)
            all.matrix.addBiasAndActivate(bias, activation)
            let apart = Guarded(input.values, rows: rows, columns: columns)
            for i in 0..<rows { apart.matrix.rows(i..<i + 1).addBiasAndActivate(bias, activation) }
            #expect(sameBits(all.values, apart.values) && all.isIntact, "\(what) \(activation)")
        }
        let sums = Guarded<T>(rows: 1, columns: columns)
        sums.matrix.setColumnSums(of: input)
        let expected = (0..<columns).map { j in (0..<rows).reduce(T(0)) { $0 + input[$1, j] } }
        #expect(sameBits(sums.values, expected) && sums.isIntact, "\(what)")
    }

    @Test(arguments: shapes) func `Rows are activated and summed as if alone`(rows: Int, columns: Int) {
        Self.checkRows(Float.self, rows: rows, columns: columns)
        Self.checkRows(Double.self, rows: rows, columns: columns)
    }
}
