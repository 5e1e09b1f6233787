import LinearAlgebra
import Model

/// Jacobians of all layers at once, in evaluation (running averages are constants), by Jacobian–vector
/// products: exact to rounding, without differences.
///
/// A point costs a forward pass for each input with respect to which the Jacobians are taken, however many
/// layers there are. `NetworkJacobian`, which goes back from each unit, costs far more where layers have more
/// units than there are inputs, as the early layers of a convolutional network do. Memory: two batches of
/// `block` points with all values kept, and the result.
public struct NetworkTangents<Scalar: Real> {
    private let numbers: NetworkNumbers<Scalar>
    private let work: NetworkWorkspace<Scalar>
    /// The tangents of each value, [block, numbers].
    private let tangents: [Matrix<Scalar>]
    private let copies: Matrix<Scalar>
    private let ones: Matrix<Scalar>

    /// - Parameter block: number of columns of the Jacobians computed at once.
    public init(_ network: Network<Scalar>, block: Int = 32) {
        precondition(block > 0)
        numbers = network.numbers
        work = NetworkWorkspace(numbers.plan, nil, points: block, keepsAll: true)
        tangents = numbers.plan.values.map { Matrix(rows: block, columns: $0.size.count) }
        copies = Matrix(rows: block, columns: network.shape.input.count)
        ones = Matrix(rows: 1, columns: numbers.plan.values.map(\.size.channels).max() ?? 1)
        ones.fill(1)
    }

    /// The transposed Jacobian [inputs, units] of each layer at a point [1, inputs], or only the rows of the
    /// inputs given (a patch), in their order.
    public func transposedJacobians(
        of layers: [NetworkLayer], _ side: NetworkLayer.Side = .activation, at point: Matrix<Scalar>,
        inputs some: [Int]? = nil
    ) -> [Matrix<Double>] {
        precondition(point.rows == 1 && point.columns == copies.columns)
        let inputs = some ?? Array(0..<copies.columns)
        let results = layers.map { Matrix<Double>(rows: inputs.count, columns: $0.size.count) }
        let last = layers.map { $0.value(side) }.max() ?? 0
        for row in 0..<copies.rows { copies.rows(row..<row + 1).assign(point) }
        numbers.forward(copies, work, .evaluation, upTo: last)
        for start in stride(from: 0, to: inputs.count, by: copies.rows) {
            let count = min(copies.rows, inputs.count - start)
            tangents[0].fill(0)
            for row in 0..<count { tangents[0][row, inputs[start + row]] = 1 }
            push(upTo: last)
            for (layer, result) in zip(layers, results) {
                result.rows(start..<start + count).assign(
                    widening: tangents[layer.value(side)].rows(0..<count))
            }
        }
        return results
    }

    /// Number of a layer's values on `side` that are above 0, at the point of the last call of
    /// `transposedJacobians`.
    public func positives(of layer: NetworkLayer, _ side: NetworkLayer.Side) -> Int {
        let value = numbers.value(layer.value(side), copies, work)
        return (0..<value.columns).count { value[0, $0] > 0 }
    }

    private func push(upTo last: Int) {
        for node in numbers.plan.nodes {
            if node.output > last { return }
            let (input, output) = (tangents[node.input], tangents[node.output])
            switch node.operation {
            case .dense(let weight, _):
                output.setProduct(input, weight.of(numbers.flat), transposeB: true)
            case .convolution(let window, let weight, _):
                numbers.convolve(input, output, window, weight.of(numbers.flat), work)
            case .activation(let activation):
                output.assign(input)
                output.scaleByDerivative(of: value(node.output), activation)
            case .normalisation(let norm): normalise(input, output, norm, node)
            case .pool(let pool) where pool.isMaximum: takeMaxima(input, output, pool, value(node.input))
            case .pool(let pool): output.setPool(of: input, pool)
            case .subsample(let subsample): output.setSubsample(of: input, subsample)
            case .sum: output.setSum(input, tangents[node.second ?? 0])
            }
        }
    }

    private func value(_ index: Int) -> Matrix<Scalar> { numbers.value(index, copies, work) }

    /// The Jacobian of x ↦ γ N(x) + β is diag(γ) S with a symmetric S = ∂N/∂x. The backward kernel gives S (γ
    /// ⊙ δ), hence S itself with scales of 1.
    private func normalise(
        _ input: Matrix<Scalar>, _ output: Matrix<Scalar>, _ norm: NetworkPlan.Norm, _ node: NetworkPlan.Node
    ) {
        let cut = norm.kind.cut(numbers.plan.values[node.output].size, points: copies.rows)
        let (mean, variance) = numbers.moments(norm, cut, work)
        output.assign(input)
        if norm.running == nil {
            output.becomeNormalisationGradient(
                x: value(node.input), cut, mean: mean, variance: variance,
                epsilon: NetworkNumbers<Scalar>.epsilon, gamma: ones.prefix(rows: 1, columns: cut.columns),
                areFixed: false, gammaGradient: work.unread.0.prefix(rows: 1, columns: cut.columns),
                betaGradient: work.unread.1.prefix(rows: 1, columns: cut.columns), scratch: work.scratch)
        }
        let gamma = norm.gamma.of(numbers.flat)
        let scales = (0..<cut.columns).map { column in
            norm.running == nil
                ? gamma[0, column]
                : gamma[0, column] / (variance[0, column] + NetworkNumbers<Scalar>.epsilon).squareRoot()
        }
        let wide = output.reshaped(rows: output.count / cut.columns, columns: cut.columns)
        for row in 0..<wide.rows {
            for column in 0..<cut.columns { wide[row, column] *= scales[column] }
        }
    }

    /// Takes the tangent of each window's first largest number: the backward pass gives that number the
    /// gradient.
    private func takeMaxima(
        _ input: Matrix<Scalar>, _ output: Matrix<Scalar>, _ pool: ImagePool, _ values: Matrix<Scalar>
    ) {
        let (image, result) = (pool.image, pool.result)
        for index in 0..<result.count {
            let (pixel, channel) = (index / result.channels, index % result.channels)
            var largest: Int?
            for within in 0..<pool.windowHeight * pool.windowWidth {
                let row = pixel / result.width * pool.windowHeight + within / pool.windowWidth
                let column = pixel % result.width * pool.windowWidth + within % pool.windowWidth
                let candidate = (row * image.width + column) * image.channels + channel
                if largest.map({ values[0, candidate] > values[0, $0] }) ?? true { largest = candidate }
            }
            for row in 0..<output.rows { output[row, index] = input[row, largest ?? 0] }
        }
    }
}
