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
        products(
            rows: points, inputs: units.0, outputs: units.1, inputGradient: index > 0 || inputGradient)
    }
}

/// The products with weights in a training step of a network. Those within attention have no weights, and are left out.
func products(training plan: NetworkPlan, points: Int) -> [Product] {
    plan.weights.enumerated().flatMap { index, weight in
        let pixels = plan.values[plan.nodes[weight.node].output].size.pixels
        return products(
            rows: points * pixels, inputs: weight.region.columns, outputs: weight.region.rows,
            inputGradient: index > 0)
    }
}

private func products(rows: Int, inputs: Int, outputs: Int, inputGradient: Bool) -> [Product] {
    let forward = Product(m: rows, k: inputs, n: outputs, transposeB: true)
    let weights = Product(m: outputs, k: rows, n: inputs, transposeA: true)
    let below = Product(m: rows, k: outputs, n: inputs)
    return [forward, weights] + (inputGradient ? [below] : [])
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
