import TestSupport
import Testing

@testable import LinearAlgebra

/// A product's shape: op(a) op(b), m × k by k × n.
private struct Shape: CustomTestStringConvertible {
    var m: Int
    var n: Int
    var k: Int
    var transposeA = false
    var transposeB = false
    var testDescription: String { "\(m)×\(k)\(transposeA ? "ᵀ" : "") · \(k)×\(n)\(transposeB ? "ᵀ" : "")" }

    /// Those of training steps: forward, gradient of the weights, gradient below.
    static let ofSteps = [(128, 784, 200), (128, 200, 200), (128, 200, 64), (100, 1024, 1024), (100, 1024, 512)]
        .flatMap { points, inputs, units in
            [
                Shape(m: points, n: units, k: inputs, transposeB: true),
                Shape(m: units, n: inputs, k: points, transposeA: true),
                Shape(m: points, n: inputs, k: units),
            ]
        }

    /// Whatever the sizes' remainders by tiles, panels and blocks; some are narrow, some flat.
    static var drawn: [Shape] {
        var draws = Draws(5)
        return (0..<200).map { index in
            func size(_ most: Double) -> Int { 1 + Int(draws.uniform(0...most)) }
            return switch index % 8 {
            case 0: Shape(m: size(12), n: 300 + size(300), k: 500 + size(900), transposeA: index % 16 > 7)
            case 1: Shape(m: 300 + size(300), n: size(12), k: 500 + size(900), transposeB: index % 16 > 7)
            case 2: Shape(m: 300 + size(900), n: 300 + size(900), k: 8 + size(20), transposeA: true)
            default:
                Shape(
                    m: 40 + size(200), n: 40 + size(200), k: 60 + size(1400), transposeA: index / 8 % 2 == 1,
                    transposeB: index / 16 % 2 == 1)
            }
        }
    }

    func operands() -> (a: Matrix<Float>, b: Matrix<Float>) {
        let a = Matrix<Float>(rows: transposeA ? k : m, columns: transposeA ? m : k)
        let b = Matrix<Float>(rows: transposeB ? n : k, columns: transposeB ? k : n)
        a.fillNormals(key: 3, stream: 1, first: 0)
        b.fillNormals(key: 3, stream: 2, first: 0)
        return (a, b)
    }
}

@Suite struct OwnProductTests {
    @Test func withOpenBLASsKernelsForAVX512ProductsAreOurs() {
        #expect(BLAS.hasOwnProducts == ["SkylakeX", "Cooperlake", "SapphireRapids"].contains(BLAS.kernelName))
    }

    @Test(arguments: Shape.ofSteps)
    fileprivate func aStepsProductsHaveOpenBLASsBits(_ shape: Shape) {
        expectOpenBLASsBits(shape)
    }

    @Test func productsOfAnySizeHaveOpenBLASsBits() {
        for shape in Shape.drawn { expectOpenBLASsBits(shape) }
    }

    /// Written into NaN with sentinels on both sides: nothing is left out, and nothing beside is written.
    private func expectOpenBLASsBits(_ shape: Shape) {
        let (a, b) = shape.operands()
        let ours = Guarded<Float>(rows: shape.m, columns: shape.n)
        let theirs = Matrix<Float>(rows: shape.m, columns: shape.n)
        ours.matrix.setProduct(a, b, transposeA: shape.transposeA, transposeB: shape.transposeB)
        theirs.setProductByOpenBLAS(a, b, transposeA: shape.transposeA, transposeB: shape.transposeB)
        #expect(ours.values.map(\.bitPattern) == theirs.values.map(\.bitPattern), "\(shape.testDescription)")
        #expect(ours.isIntact, "\(shape.testDescription)")
    }

    /// Beside sums in double: an error of at most k roundings of the sum of absolute products.
    @Test(arguments: [(false, false), (false, true), (true, false), (true, true)])
    func aLargeProductIsTheSumItIs(_ transposed: (Bool, Bool)) {
        let shape = Shape(m: 101, n: 211, k: 777, transposeA: transposed.0, transposeB: transposed.1)
        let (a, b) = shape.operands()
        let product = Matrix<Float>.product(a, b, transposeA: transposed.0, transposeB: transposed.1)
        for i in 0..<shape.m {
            for j in 0..<shape.n {
                var (sum, size) = (0.0, 0.0)
                for p in 0..<shape.k {
                    let term =
                        Double(transposed.0 ? a[p, i] : a[i, p]) * Double(transposed.1 ? b[j, p] : b[p, j])
                    sum += term
                    size += abs(term)
                }
                if abs(Double(product[i, j]) - sum) > Double(shape.k) * 0x1p-24 * size {
                    Issue.record("(\(i), \(j)): \(product[i, j]), not \(sum)")
                    return
                }
            }
        }
    }

    @Test func scaledAndAddedProductsGoOn() {
        let shape = Shape(m: 120, n: 130, k: 100)
        let (a, b) = shape.operands()
        let (plain, scaled) = (
            Matrix<Float>(rows: 120, columns: 130), Matrix<Float>(rows: 120, columns: 130)
        )
        plain.setProduct(a, b)
        scaled.fill(1)
        scaled.setProduct(a, b, alpha: 2, beta: 3)
        for (twice, once) in zip(scaled.values, plain.values) {
            #expect(abs(twice - (2 * once + 3)) <= 1e-4)
        }
    }
}
