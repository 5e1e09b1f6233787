import LinearAlgebra
import Model

/// A deep variational information bottleneck (Alemi et al. 2016, eq. 17):
///
///     q(z|x) = N(μ(x), diag σ²(x)),   σ = softplus(s(x) + shift),   r(z) = N(0, I_K)
///     objective = E[−ln q(y|z)] + β · E[KL(q(z|x) ‖ r(z))],   z = μ + σ · noise, one sample a point
///
/// The encoder gives (μ | s), 2K outputs; the decoder is one dense layer.
public struct VIB<Scalar: Real>: TrainableNetwork {
    /// The shapes of the stacks among the parameters: the encoder's, if it is one, and the decoder's.
    public let shapes: [StackShape]
    /// The task loss.
    public let loss: Loss
    /// The weight β of the KL.
    public let beta: Double
    /// The number added to s(x) before the softplus.
    public let shift: Scalar
    /// The encoder's, with its running averages, and the decoder's; a log-variance vector for a Gaussian likelihood.
    public let parameters: Parameters<Scalar>
    private let encoder: VIBEncoder<Scalar>
    private let decoderWork: StackWorkspace<Scalar>
    /// σ of the last pass, [points, K].
    public let sigma: Matrix<Scalar>
    /// z of the last pass, [points, K].
    public let z: Matrix<Scalar>
    private let zGradient: Matrix<Scalar>
    private let logDet: LogDetSettings?
    private let smoothing: Double

    /// Number of points that the workspace has room for.
    public var points: Int { z.rows }
    /// Number of latent variables, K.
    public var bottleneck: Int { z.columns }
    /// K normal variates, one for each latent variable, and those that the encoder's dropout takes.
    public var noisePerPoint: Int { bottleneck + (network?.noisePerPoint ?? 0) }
    /// The encoder, where it is not a stack of dense layers.
    public var network: Network<Scalar>? {
        if case .network(let network) = encoder { network } else { nil }
    }
    /// The encoder's layers: the stack's, or each weight of the network with its bias.
    public var denseLayers: [DenseLayer<Scalar>] { network?.denseLayers ?? parameters.stacks[0] }
    /// The decoder's layer.
    public var decoder: [DenseLayer<Scalar>] { parameters.stacks[shapes.count - 1] }
    /// The decoder's one layer: K inputs.
    public var decoderShape: StackShape { shapes[shapes.count - 1] }

    /// - Parameters:
    ///   - outputs: the decoder's outputs.
    ///   - points: points in a batch.
    ///   - logDet: the regulariser on the encoder's hidden activations that the objective adds to loss and
    ///     KL.
    ///   - smoothing: the objective's label smoothing, of a cross-entropy.
    ///   - other: a network whose workspace this one shares where both have stacks of the same shape; their uses
    ///     must not overlap. Any other network is ignored.
    public init(
        _ shape: EncoderShape, outputs: Int, loss: Loss, beta: Double, shift: Double, points: Int,
        logDet: LogDetSettings? = nil, smoothing: Double = 0, sharing other: VIB? = nil
    ) {
        self.loss = loss
        self.beta = beta
        self.smoothing = smoothing
        self.shift = Scalar(shift)
        self.logDet = logDet
        let bottleneck = shape.bottleneck
        let decoder = StackShape(units: [bottleneck, outputs], activation: .linear)
        shapes = [shape.stack, decoder].compactMap { $0 }
        parameters = Parameters(
            shape.network?.plan, stacks: shapes, vectors: loss == .gaussianNLL ? [outputs] : [])
        encoder = VIBEncoder(
            shape, parameters, loss, points: points, logDet: logDet, sharing: other?.encoder)
        if let other, shape.stack != nil, other.shapes == shapes, other.points == points {
            decoderWork = other.decoderWork
            (sigma, z, zGradient) = (other.sigma, other.z, other.zGradient)
            return
        }
        decoderWork = StackWorkspace(decoder, points: points)
        sigma = Matrix(rows: points, columns: bottleneck)
        z = Matrix(rows: points, columns: bottleneck)
        zGradient = Matrix(rows: points, columns: bottleneck)
    }

    /// A gradient of value 0, of this network's shape.
    public func makeGradients() -> Parameters<Scalar> {
        Parameters(network?.shape.plan, stacks: shapes, vectors: parameters.vectors.map(\.count))
    }

    /// Draws the weights, the encoder's first; biases are zero.
    public func initialise(_ streams: RandomStreams, _ kind: Initialisation = .heGlorot) {
        parameters.initialise(shapes, streams, kind, first: network?.drawCount ?? 0)
        network?.initialise(streams, kind)
    }

    /// A copy of the network with parameters and a workspace of its own.
    public func copy() -> VIB {
        let other = VIB(
            encoder.shape, outputs: decoderShape.units[1], loss: loss, beta: beta, shift: Double(shift),
            points: points, logDet: logDet, smoothing: smoothing)
        other.parameters.flat.assign(parameters.flat)
        return other
    }

    /// The encoder's weights among parameters or gradients of this network's shape.
    public func weights(of parameters: Parameters<Scalar>) -> [Matrix<Scalar>] {
        network?.weights(of: parameters) ?? parameters.stacks[0].map(\.weight)
    }

    /// Sets `gradients` to the gradient of the objective's mean over the batch, with one sample of z a point.
    @_specialize(where Scalar == Float)
    public func setGradients(
        _ gradients: Parameters<Scalar>, _ batch: Batch<Scalar>, noise: Matrix<Scalar>
    ) -> Objective {
        setGradients(gradients, batch, .training(movesAverages: true), noise)
    }

    /// Sets `gradients` as `setGradients` does, but leaves the encoder's running averages as they are.
    public func gradient(
        _ gradients: Parameters<Scalar>, _ batch: Batch<Scalar>, noise: Matrix<Scalar>
    ) -> Objective {
        setGradients(gradients, batch, .training(movesAverages: false), noise)
    }

    @_specialize(where Scalar == Float)
    private func setGradients(
        _ gradients: Parameters<Scalar>, _ batch: Batch<Scalar>, _ mode: NetworkMode, _ all: Matrix<Scalar>
    ) -> Objective {
        let points = batch.inputs.rows
        // The variates of all points' z come before dropout's, each as a matrix.
        let noise = all.prefix(rows: points, columns: bottleneck)
        let dropout = Matrix(
            all.buffer, offset: all.offset + noise.count, rows: points, columns: all.columns - bottleneck)
        let head = encoder.forward(parameters, batch.inputs, mode, dropout)
        let kl = head.reparameterise(noise: noise, shift: shift, sigma: sigma, z: z)
        forward(decoder, .linear, inputs: z, into: decoderWork)
        let sum = loss.evaluate(
            decoderWork.last, batch, logVariance: parameters.vector,
            logVarianceGradient: gradients.vector, isTraining: true, smoothing: smoothing)
        backward(
            decoder, .linear, inputs: z, work: decoderWork, outputGradient: decoderWork.last,
            gradients: gradients.stacks[shapes.count - 1], inputGradient: zGradient)
        encoder.headGradient.setReparameterisationGradient(
            head: head, noise: noise, sigma: sigma, dz: zGradient, shift: shift,
            klScale: Scalar(beta / Double(points)))
        let penalised = encoder.backward(parameters, batch.inputs, mode, dropout, gradients: gradients)
        let task = sum.loss / loss.normaliser(points: points, outputs: decoderWork.last.columns)
        let klMean = kl / Double(points)
        return Objective(
            task: task, kl: klMean, total: task + beta * klMean + penalised, correct: sum.correct)
    }

    /// Runs the encoder on at most the workspace's points. Returns views of (μ | s), σ and z = μ + σ · noise,
    /// and the KL's sum over the points. The next call overwrites them.
    public func encode(
        _ inputs: Matrix<Scalar>, noise: Matrix<Scalar>
    ) -> (head: Matrix<Scalar>, sigma: Matrix<Scalar>, z: Matrix<Scalar>, kl: Double) {
        let points = 0..<inputs.rows
        let head = encoder.evaluate(parameters, inputs)
        let (sigma, z) = (sigma.rows(points), z.rows(points))
        let kl = head.reparameterise(noise: noise, shift: shift, sigma: sigma, z: z)
        return (head, sigma, z, kl)
    }

    /// A new z (and σ) of the first `noise.rows` points last encoded: a view, as `encode` returns.
    public func resample(noise: Matrix<Scalar>) -> Matrix<Scalar> {
        let points = 0..<noise.rows
        let z = z.rows(points)
        _ = encoder.head(ofFirst: noise.rows).reparameterise(
            noise: noise, shift: shift, sigma: sigma.rows(points), z: z)
        return z
    }

    /// The decoder's outputs (logits or means) for given z, [points, outputs]. The next call overwrites them.
    public func decode(_ z: Matrix<Scalar>) -> Matrix<Scalar> {
        let work = decoderWork.prefix(z.rows)
        forward(decoder, .linear, inputs: z, into: work)
        return work.last
    }
}
