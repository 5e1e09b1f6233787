import LinearAlgebra
import Model

/// A network of any layers: dense, convolutions, attention, normalisations, pools, residual blocks. It is slower than an
/// `MLP` where an MLP will do.
///
/// The running averages of batch normalisations are the last numbers of the flat buffer. Their gradient is
/// zero, so optimisers leave them alone; copies, checkpoints and averages of the parameters carry them.
/// `setGradients` updates them, `gradient` does not.
public struct Network<Scalar: Real>: PredictingNetwork {
    /// The layers and their sizes.
    public let shape: NetworkShape
    /// The task loss.
    public let loss: Loss
    /// The parameters, then the running averages, then a log-variance vector for a Gaussian likelihood.
    public let parameters: Parameters<Scalar>
    /// Points in a batch.
    public let points: Int
    let numbers: NetworkNumbers<Scalar>
    private let work: NetworkWorkspace<Scalar>
    /// nil where some operation has no gradient, as in networks from files.
    private let descent: BackwardPlan?
    private let smoothing: Double
    private let penalty: ActivationPenalty?
    /// Index of the hidden layer, counted from 0, that is this value of the plan; nil for other values.
    private let penalised: [Int?]
    /// The random numbers that dropout takes.
    public var noisePerPoint: Int { shape.plan.noiseCount }

    /// A network with parameters of value 0, for batches of `points` points.
    ///
    /// - Parameters:
    ///   - logDet: the regulariser on the activations of hidden layers, which are those that measures see but the last.
    ///   - smoothing: the objective's label smoothing, of a cross-entropy.
    ///   - given: the memory of parameters, which others may share; nil: the network's own.
    public init(
        _ shape: NetworkShape, loss: Loss, points: Int, logDet: LogDetSettings? = nil, smoothing: Double = 0,
        parameters given: Parameters<Scalar>? = nil
    ) {
        let hidden = shape.layers.dropLast().map(\.activation)
        let regularised = logDet.map { $0.layers.map { hidden[$0 - 1] } } ?? []
        self.shape = shape
        self.smoothing = smoothing
        penalty = logDet.map { settings in
            ActivationPenalty(
                settings, units: hidden.map { shape.plan.values[$0].size.count }, points: points)
        }
        penalised = shape.plan.values.indices.map { value in
            regularised.contains(value) ? hidden.firstIndex(of: value) : nil
        }
        self.loss = loss
        self.points = points
        parameters =
            given ?? Parameters(shape.plan, vectors: loss == .gaussianNLL ? [shape.outputs] : [])
        numbers = NetworkNumbers(plan: shape.plan, flat: parameters.flat)
        descent = numbers.trained.map {
            BackwardPlan(shape.plan, $0, from: shape.head, toInput: false)
        }
        work = NetworkWorkspace(shape.plan, descent, points: points, keeping: regularised)
    }

    /// The network with its parameters rounded to another type: measures take it in double.
    public init<Other: Real>(converting other: Network<Other>, points: Int) {
        self.init(
            other.shape, loss: other.loss, points: points,
            parameters: Parameters(other.shape.plan, vectors: other.parameters.vectors.map(\.count)))
        parameters.flat.assign(converting: other.parameters.flat)
    }

    /// A gradient of value 0, of this network's shape.
    public func makeGradients() -> Parameters<Scalar> {
        Parameters(shape.plan, vectors: parameters.vectors.map(\.count))
    }

    /// A copy of the network with parameters and a workspace of its own.
    public func copy() -> Network {
        let other = Network(
            shape, loss: loss, points: points, logDet: penalty?.settings, smoothing: smoothing,
            parameters: makeGradients())
        other.parameters.flat.assign(parameters.flat)
        return other
    }

    /// Draws the weights as an `MLP` does; the default is normal, of variance 2 / inputs where the next activation is a
    /// rectifier (He et al. 2015), else 2 / (inputs + outputs). A convolution's inputs are the numbers under its
    /// window. Layers that say their own deviation, and embeddings, are drawn normal with that. Scales γ and running
    /// variances become 1, biases what their layer says, everything else 0.
    public func initialise(_ streams: RandomStreams, _ kind: Initialisation = .heGlorot) {
        let (flat, plan) = (parameters.flat, shape.plan)
        flat.fill(0)
        var index = 0
        func draw(_ region: NetworkPlan.Region, _ deviation: Double) {
            let draws = Matrix<Float>(rows: region.rows, columns: region.columns)
            streams.fillNormals(draws, .initialisation, index: index)
            region.of(flat).assign(draws.values.map { Scalar($0 * Float(deviation)) })
            index += 1
        }
        for weight in plan.weights {
            if let own = plan.parameters.first(where: { $0.range == weight.region.range })?.deviation {
                draw(weight.region, own)
            } else {
                kind.draw(
                    weight.region.of(flat), streams, index: index,
                    isBeforeRectifier: plan.isBeforeRectifier(weight.node))
                index += 1
            }
        }
        for tensor in plan.tensors {
            if let deviation = tensor.deviation, !tensor.isWeight { draw(tensor.row, deviation) }
            if tensor.initialValue != 0 { tensor.row.of(flat).fill(Scalar(tensor.initialValue)) }
        }
    }

    /// The number of matrices that `initialise` draws.
    var drawCount: Int {
        shape.plan.weights.count + shape.plan.tensors.count { $0.deviation != nil && !$0.isWeight }
    }

    /// The network itself.
    public var network: Network? { self }

    /// The weights of each dense layer, [outputs, inputs], and of each convolution, [channels, numbers under
    /// the window], in order.
    public var weights: [Matrix<Scalar>] { weights(of: parameters) }

    /// Each weight with its bias; a missing bias is zeros.
    public var denseLayers: [DenseLayer<Scalar>] {
        shape.plan.weights.map {
            DenseLayer(
                weight: $0.region.of(parameters.flat),
                bias: $0.bias?.of(parameters.flat) ?? Matrix(rows: 1, columns: $0.region.rows))
        }
    }

    /// The weights among parameters or gradients of this network's shape.
    public func weights(of parameters: Parameters<Scalar>) -> [Matrix<Scalar>] {
        shape.plan.weights.map { $0.region.of(parameters.flat) }
    }

    /// Sets `gradients` to those of one training step: normalisations use the batch's moments, and running
    /// averages move towards them.
    ///
    /// - Precondition: the batch has `points` points.
    public func setGradients(
        _ gradients: Parameters<Scalar>, _ batch: Batch<Scalar>, noise: Matrix<Scalar>
    ) -> Objective {
        setGradients(gradients, batch, .training(movesAverages: true), noise)
    }

    /// Sets `gradients` as `setGradients` does, but leaves the running averages as they are, and drops nothing.
    public func gradient(_ gradients: Parameters<Scalar>, _ batch: Batch<Scalar>) -> Objective {
        setGradients(gradients, batch, .training(movesAverages: false), nil)
    }

    /// Sets `gradients` as `setGradients` does, but leaves the running averages as they are: for measures.
    public func gradient(
        _ gradients: Parameters<Scalar>, _ batch: Batch<Scalar>, noise: Matrix<Scalar>
    ) -> Objective {
        setGradients(gradients, batch, .training(movesAverages: false), noise)
    }

    private func setGradients(
        _ gradients: Parameters<Scalar>, _ batch: Batch<Scalar>, _ mode: NetworkMode, _ noise: Matrix<Scalar>?
    ) -> Objective {
        let outputs = outputGradient
        outputs.assign(forward(batch.inputs, mode, noise))
        let sum = loss.evaluate(
            outputs, batch, logVariance: parameters.vector, logVarianceGradient: gradients.vector,
            isTraining: true, smoothing: smoothing)
        let penalties = backward(batch.inputs, mode, noise, gradients: gradients.flat)
        let task = sum.loss / loss.normaliser(points: points, outputs: outputs.columns)
        return Objective(task: task, kl: 0, total: task + penalties, correct: sum.correct)
    }

    /// The outputs with running averages, at no more than `points` points. The next pass overwrites them.
    public func predict(_ inputs: Matrix<Scalar>) -> Matrix<Scalar> {
        precondition(inputs.rows <= points)
        numbers.forward(inputs, work, .evaluation, upTo: shape.head)
        return outputs(ofFirst: inputs.rows)
    }
}

/// The halves of a training step, for models that have other parts, too.
extension Network {
    /// The outputs of the last pass at its first points.
    func outputs(ofFirst count: Int) -> Matrix<Scalar> { work.values[shape.head].rows(0..<count) }

    /// The gradient with respect to the outputs, to be set before `backward`, which overwrites it.
    var outputGradient: Matrix<Scalar> {
        guard let descent else { preconditionFailure("a network that has operations without gradients") }
        return numbers.slot(descent.start, of: shape.head, points, work)
    }

    /// Returns the outputs of a training step's pass over `points` points.
    func forward(
        _ inputs: Matrix<Scalar>, _ mode: NetworkMode, _ noise: Matrix<Scalar>?
    ) -> Matrix<Scalar> {
        precondition(inputs.rows == points && inputs.columns == shape.input.count)
        precondition(
            noise.map { $0.columns == noisePerPoint && ($0.rows == points || $0.columns == 0) } ?? true)
        numbers.forward(inputs, work, mode, upTo: shape.head, noise: noise)
        return outputs(ofFirst: points)
    }

    /// Sets the gradients of all parameters from `outputGradient`, after `forward` with the same arguments.
    ///
    /// - Returns: the penalty on activations times its weight; 0 without one.
    func backward(
        _ inputs: Matrix<Scalar>, _ mode: NetworkMode, _ noise: Matrix<Scalar>?, gradients: Matrix<Scalar>
    ) -> Double {
        guard let descent else { preconditionFailure("a network that has operations without gradients") }
        var penalties = 0.0
        numbers.backward(descent, inputs, work, mode, gradients: gradients, noise: noise) { value, gradient in
            guard let penalty, let layer = penalised[value] else { return }
            penalties += penalty.value(
                ofHidden: layer, numbers.value(value, inputs, work), addTo: gradient)
        }
        shape.plan.stateRange.of(gradients).fill(0)
        return penalties
    }
}

extension NetworkPlan.Region {
    /// The matrix at this region of a flat buffer.
    func of<Scalar: Real>(_ flat: Matrix<Scalar>) -> Matrix<Scalar> {
        Matrix(flat.buffer, offset: flat.offset + offset, rows: rows, columns: columns)
    }
}
