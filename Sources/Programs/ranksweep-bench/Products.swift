import Learning
import LinearAlgebra
import Model

/// A matrix product in a training step: op(a) op(b), m × k by k × n.
struct Product {
    var m: Int
    var k: Int
    var n: Int
    var transposeA = false
    var transposeB = false

    /// Number of multiplications and additions.
    var operations: Double { 2 * Double(m * k * n) }
}

/// The products in a training step of a stack of layers: forward, and the gradients of weights and inputs.
/// The gradient of the first layer's inputs is left out unless asked for.
func products(training shape: StackShape, points: Int, inputGradient: Bool = false) -> [Product] {
    zip(shape.units, shape.units.dropFirst()).enumerated().flatMap { index, units in
        let forward = Product(m: points, k: units.0, n: units.1, transposeB: true)
        let weights = Product(m: units.1, k: points, n: units.0, transposeA: true)
        let below = Product(m: points, k: units.1, n: units.0)
        return [forward, weights] + (index > 0 || inputGradient ? [below] : [])
    }
}

/// Products of these shapes alone, through the same calls: the time of a step if everything else were free.
struct ProductsAlone {
    private let operands: [(a: Matrix<Float>, b: Matrix<Float>, result: Matrix<Float>, product: Product)]

    init(_ products: [Product]) {
        operands = products.map { product in
            let (m, k, n) = (product.m, product.k, product.n)
            let a = Matrix<Float>(
                rows: product.transposeA ? k : m, columns: product.transposeA ? m : k)
            let b = Matrix<Float>(
                rows: product.transposeB ? n : k, columns: product.transposeB ? k : n)
            a.fillNormals(key: 1, stream: 1, first: 0)
            b.fillNormals(key: 1, stream: 2, first: 0)
            return (a, b, Matrix(rows: m, columns: n), product)
        }
    }

    func compute(times: Int) {
        for _ in 0..<times {
            for (a, b, result, product) in operands {
                result.setProduct(a, b, transposeA: product.transposeA, transposeB: product.transposeB)
            }
        }
    }
}
