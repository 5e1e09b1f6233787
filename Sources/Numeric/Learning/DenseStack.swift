import LinearAlgebra
import Model

/// One dense layer: p = x Wᵀ + b, rows of x being points.
public struct DenseLayer<Scalar: Real> {
    /// [outputs, inputs]
    public let weight: Matrix<Scalar>
    /// [1, outputs]
    public let bias: Matrix<Scalar>

    /// A layer with a weight [outputs, inputs] and a bias [1, outputs].
    public init(weight: Matrix<Scalar>, bias: Matrix<Scalar>) {
        self.weight = weight
        self.bias = bias
    }
}

/// Parameters (or their gradients) of a network's plan, of stacks and of loose vectors, in one flat buffer, so that
/// an optimiser's step is one loop.
public struct Parameters<Scalar: Real> {
    /// [1, all]
    public let flat: Matrix<Scalar>
    /// The layers of each stack, as views of `flat`.
    public let stacks: [[DenseLayer<Scalar>]]
    /// [1, n] each: parameters that belong to no layer, such as a decoder's log-variance.
    public let vectors: [Matrix<Scalar>]
    /// The first vector. (`vectors.first` in generic code allocates.)
    var vector: Matrix<Scalar>? { vectors.isEmpty ? nil : vectors[0] }
    /// The parts of `flat`, in order. Each holds only weights or no weights: weight decay applies to weights
    /// alone.
    let parts: [(range: Range<Int>, isWeight: Bool)]

    /// Parameters of value 0: a plan's with its running averages, those of stacks of these shapes, and vectors of
    /// these sizes.
    public init(_ plan: NetworkPlan? = nil, stacks shapes: [StackShape] = [], vectors sizes: [Int] = []) {
        let count =
            (plan?.bufferCount ?? 0) + shapes.reduce(0) { $0 + $1.parameterCount } + sizes.reduce(0, +)
        let flat = Matrix<Scalar>(rows: 1, columns: count)
        var parts: [(range: Range<Int>, isWeight: Bool)] = []
        var offset = plan?.bufferCount ?? 0
        if let plan {
            parts = plan.parameters.map { ($0.range, $0.isWeight) }
            parts.append((plan.stateRange.range, false))
        }
        func take(_ rows: Int, _ columns: Int, isWeight: Bool) -> Matrix<Scalar> {
            defer { offset += rows * columns }
            parts.append((offset..<offset + rows * columns, isWeight))
            return Matrix(flat.buffer, offset: offset, rows: rows, columns: columns)
        }
        stacks = shapes.map { shape in
            zip(shape.units, shape.units.dropFirst()).map { inputs, outputs in
                // Biases of a stack without biases lie outside of what an optimiser moves, and stay zero.
                DenseLayer(
                    weight: take(outputs, inputs, isWeight: true),
                    bias: shape.hasBiases
                        ? take(1, outputs, isWeight: false) : Matrix(rows: 1, columns: outputs))
            }
        }
        vectors = sizes.map { take(1, $0, isWeight: false) }
        self.flat = flat
        self.parts = parts
    }

    /// The plan's numbers alone, which come first: a view.
    init(of plan: NetworkPlan, in all: Parameters) {
        flat = all.flat.prefix(rows: 1, columns: plan.bufferCount)
        (stacks, vectors, parts) = ([], [], [])
    }
}

extension Parameters {
    /// Draws the stacks' weights from `streams`; all other numbers are set to zero.
    ///
    /// - Parameter first: index of the first draw.
    public func initialise(
        _ shapes: [StackShape], _ streams: RandomStreams, _ kind: Initialisation = .heGlorot, first: Int = 0
    ) {
        flat.fill(0)
        var index = first
        for (layers, shape) in zip(stacks, shapes) {
            for (number, layer) in layers.enumerated() {
                let isBeforeRectifier = shape.activation.isRectifier && number + 1 < layers.count
                kind.draw(layer.weight, streams, index: index, isBeforeRectifier: isBeforeRectifier)
                index += 1
            }
        }
    }
}

extension Initialisation {
    /// Draws a weight matrix [outputs, inputs].
    ///
    /// - Parameters:
    ///   - index: the index of the draw among the network's.
    ///   - isBeforeRectifier: whether the next activation is a rectifier.
    func draw<Scalar: Real>(
        _ weight: Matrix<Scalar>, _ streams: RandomStreams, index: Int, isBeforeRectifier: Bool
    ) {
        let (inputs, outputs) = (Double(weight.columns), Double(weight.rows))
        var variance = 1 / inputs
        let draws = Matrix<Float>(rows: weight.rows, columns: weight.columns)
        switch self {
        case .heGlorot:
            variance = isBeforeRectifier ? 2 / inputs : 2 / (inputs + outputs)
            streams.fillNormals(draws, .initialisation, index: index)
        case .gaussian: streams.fillNormals(draws, .initialisation, index: index)
        case .uniform: streams.fillUniforms(draws, .initialisation, index: index)
        case .orthogonal:
            variance = 1
            streams.fillNormals(draws, .initialisation, index: index)
            draws.orthonormalise()
        case .truncatedNormal: streams.fillTruncatedNormals(draws, .initialisation, index: index)
        }
        let deviation = Float(variance.squareRoot())
        weight.assign(draws.values.map { Scalar($0 * deviation) })
    }
}

extension Matrix where Scalar == Float {
    /// Replaces the matrix by the Q of its QR factorisation with R's diagonal made positive, or by that of
    /// its transpose where it is wide: orthonormal columns or rows.
    fileprivate func orthonormalise() {
        let isWide = columns > rows
        let tall = Matrix<Double>(rows: max(rows, columns), columns: min(rows, columns))
        for row in 0..<rows {
            for column in 0..<columns {
                tall[isWide ? column : row, isWide ? row : column] = Double(self[row, column])
            }
        }
        let factors = tall.qrFactors()
        for row in 0..<rows {
            for column in 0..<columns {
                let (index, vector) = isWide ? (column, row) : (row, column)
                let sign = factors.diagonal[vector] < 0 ? -1.0 : 1
                self[row, column] = Float(sign * factors.q[index, vector])
            }
        }
    }
}

/// A stack's activations and their gradients for a fixed number of points, allocated once.
public struct StackWorkspace<Scalar: Real> {
    /// The output of each layer, [points, units]: after the activation, for the last layer after its bias.
    public let outputs: [Matrix<Scalar>]
    /// The numbers that φ′ is computed from: of each hidden layer p_l, where the activation needs it, else its output.
    public let slopeSources: [Matrix<Scalar>]
    let gradients: [Matrix<Scalar>]
    /// The output of the last layer, [points, outputs].
    public var last: Matrix<Scalar> { outputs[outputs.count - 1] }

    /// A workspace for a stack of this shape and batches of `points` points.
    public init(_ shape: StackShape, points: Int) {
        let outputs = shape.units.dropFirst().map { Matrix<Scalar>(rows: points, columns: $0) }
        self.outputs = outputs
        slopeSources =
            shape.activation.slopeNeedsInput
            ? outputs.dropLast().map { Matrix(rows: points, columns: $0.columns) } + outputs.suffix(1)
            : outputs
        // The last layer's gradient is written over its output by the loss.
        gradients = shape.units.dropFirst().dropLast().map { Matrix(rows: points, columns: $0) }
    }

    private init(
        outputs: [Matrix<Scalar>], slopeSources: [Matrix<Scalar>], gradients: [Matrix<Scalar>]
    ) {
        self.outputs = outputs
        self.slopeSources = slopeSources
        self.gradients = gradients
    }

    /// The same memory for fewer points.
    public func prefix(_ points: Int) -> StackWorkspace {
        StackWorkspace(
            outputs: outputs.map { $0.rows(0..<points) },
            slopeSources: slopeSources.map { $0.rows(0..<points) },
            gradients: gradients.map { $0.rows(0..<points) })
    }
}

/// h_l = φ(h_{l−1} W_lᵀ + b_l); the last layer has no φ. `inputs` is [points, inputs].
@_specialize(where Scalar == Float)
public func forward<Scalar: Real>(
    _ layers: [DenseLayer<Scalar>], _ activation: Activation, inputs: Matrix<Scalar>,
    into work: StackWorkspace<Scalar>
) {
    for index in layers.indices {
        let output = work.outputs[index]
        output.setProduct(
            index == 0 ? inputs : work.outputs[index - 1], layers[index].weight, transposeB: true)
        let isHidden = index + 1 < layers.count
        if isHidden, activation.slopeNeedsInput {
            output.addBiasAndActivate(layers[index].bias, .linear)
            work.slopeSources[index].assign(output)
            output.activate(activation)
        } else {
            output.addBiasAndActivate(layers[index].bias, isHidden ? activation : .linear)
        }
    }
}

/// Computes the gradients of the stack's parameters from `outputGradient` [points, outputs], the gradient of
/// the loss with respect to the last layer's output. Where `inputGradient` is given, computes the gradient
/// with respect to the inputs, too.
///
///     dW_l = δ_lᵀ h_{l−1},   db_l = Σ δ_l,   δ_{l−1} = (δ_l W_l) ⊙ φ'(p_{l−1})
///
/// A penalty's gradient with respect to hidden activations is added to δ_l W_l.
///
/// - Returns: the penalty times its weight; 0 without one.
@discardableResult
@_specialize(where Scalar == Float)
public func backward<Scalar: Real>(
    _ layers: [DenseLayer<Scalar>], _ activation: Activation, inputs: Matrix<Scalar>,
    work: StackWorkspace<Scalar>, outputGradient: Matrix<Scalar>, gradients: [DenseLayer<Scalar>],
    inputGradient: Matrix<Scalar>? = nil, penalty: ActivationPenalty? = nil
) -> Double {
    var sum = 0.0
    for index in layers.indices.reversed() {
        let delta = index + 1 == layers.count ? outputGradient : work.gradients[index]
        gradients[index].weight.setProduct(
            delta, index == 0 ? inputs : work.outputs[index - 1], transposeA: true)
        gradients[index].bias.setColumnSums(of: delta)
        if index > 0 {
            let below = work.gradients[index - 1]
            below.setProduct(delta, layers[index].weight)
            if let penalty {
                sum += penalty.value(ofHidden: index - 1, work.outputs[index - 1], addTo: below)
            }
            below.scaleByDerivative(activation, from: work.slopeSources[index - 1])
        } else if let inputGradient {
            inputGradient.setProduct(delta, layers[0].weight)
        }
    }
    return sum
}
