import LinearAlgebra
import Model

/// A deep variational information bottleneck (Alemi et al. 2016, eq. 17):
///
///     q(z|x) = N(μ(x), diag σ²(x)),   σ = softplus(s(x) + shift),   r(z) = N(0, I_K)
///     objective = E[−ln q(y|z)] + β · E[KL(q(z|x) ‖ r(z))],   z = μ + σ · noise, one sample a point
///
/// The encoder's last layer gives (μ | s), 2K outputs; the decoder is one dense layer.
public struct VIB<Scalar: Real>: TrainableNetwork {
    /// The encoder's layers, its head of 2K outputs last.
    public let encoderShape: StackShape
    /// The decoder's one layer: K inputs.
    public let decoderShape: StackShape
    /// The task loss.
    public let loss: Loss
    /// The weight β of the KL.
    public let beta: Double
    /// The number added to s(x) before the softplus.
    public let shift: Scalar
    /// Encoder and decoder; a log-variance vector for a Gaussian likelihood.
    public let parameters: Parameters<Scalar>
    /// The encoder's outputs in the last pass.
    public let encoderWork: StackWorkspace<Scalar>
    let decoderWork: StackWorkspace<Scalar>
    /// σ of the last pass, [points, K].
    public let sigma: Matrix<Scalar>
    /// z of the last pass, [points, K].
    public let z: Matrix<Scalar>
    private let zGradient: Matrix<Scalar>
    private let headGradient: Matrix<Scalar>
    private let penalty: ActivationPenalty?
    private let smoothing: Double

    /// Number of latent variables, K.
    public var bottleneck: Int { z.columns }
    /// K: one normal variate for each latent variable.
    public var noisePerPoint: Int { bottleneck }
    /// The encoder's layers.
    public var encoder: [DenseLayer<Scalar>] { parameters.stacks[0] }
    /// The decoder's layer.
    public var decoder: [DenseLayer<Scalar>] { parameters.stacks[1] }

    /// - Parameters:
    ///   - hidden: the encoder's inputs and hidden units, without its head.
    ///   - logDet: the regulariser on the encoder's hidden activations that the objective adds to loss and
    ///     KL.
    ///   - smoothing: the objective's label smoothing, of a cross-entropy.
    ///   - other: a network whose workspace this one shares where it has the same shape; their uses must not
    ///     overlap. A network of another shape is ignored.
    public init(
        hidden: [Int], activation: Activation, bottleneck: Int, outputs: Int, loss: Loss, beta: Double,
        shift: Double, points: Int, logDet: LogDetSettings? = nil, smoothing: Double = 0,
        sharing other: VIB? = nil
    ) {
        encoderShape = StackShape(units: hidden + [2 * bottleneck], activation: activation)
        penalty = logDet.map { [encoderShape] in
            ActivationPenalty($0, units: encoderShape.hiddenUnits, points: points)
        }
        decoderShape = StackShape(units: [bottleneck, outputs], activation: .linear)
        self.loss = loss
        self.beta = beta
        self.smoothing = smoothing
        self.shift = Scalar(shift)
        parameters = Parameters(
            stacks: [encoderShape, decoderShape], vectors: loss == .gaussianNLL ? [outputs] : [])
        if let other, other.encoderShape == encoderShape, other.decoderShape == decoderShape,
            other.z.rows == points
        {
            (encoderWork, decoderWork) = (other.encoderWork, other.decoderWork)
            (sigma, z) = (other.sigma, other.z)
            (zGradient, headGradient) = (other.zGradient, other.headGradient)
            return
        }
        encoderWork = StackWorkspace(encoderShape, points: points)
        decoderWork = StackWorkspace(decoderShape, points: points)
        sigma = Matrix(rows: points, columns: bottleneck)
        z = Matrix(rows: points, columns: bottleneck)
        zGradient = Matrix(rows: points, columns: bottleneck)
        headGradient = Matrix(rows: points, columns: 2 * bottleneck)
    }

    /// A gradient of value 0, of this network's shape.
    public func makeGradients() -> Parameters<Scalar> {
        Parameters(stacks: [encoderShape, decoderShape], vectors: parameters.vectors.map(\.count))
    }

    /// Draws the weights; biases are zero.
    public func initialise(_ streams: RandomStreams, _ kind: Initialisation = .heGlorot) {
        parameters.initialise([encoderShape, decoderShape], streams, kind)
    }

    /// A copy of the network with parameters and a workspace of its own.
    public func copy() -> VIB {
        let other = VIB(
            hidden: Array(encoderShape.units.dropLast()), activation: encoderShape.activation,
            bottleneck: bottleneck, outputs: decoderShape.units[1], loss: loss, beta: beta,
            shift: Double(shift), points: z.rows, logDet: penalty?.settings, smoothing: smoothing)
        other.parameters.flat.assign(parameters.flat)
        return other
    }

    /// Sets `gradients` to the gradient of the objective's mean over the batch, with one sample of z a point.
    @_specialize(where Scalar == Float)
    public func setGradients(
        _ gradients: Parameters<Scalar>, _ batch: Batch<Scalar>, noise: Matrix<Scalar>
    ) -> Objective {
        let points = batch.inputs.rows
        forward(encoder, encoderShape.activation, inputs: batch.inputs, into: encoderWork)
        let head = encoderWork.last
        let kl = head.reparameterise(noise: noise, shift: shift, sigma: sigma, z: z)
        forward(decoder, .linear, inputs: z, into: decoderWork)
        let sum = loss.evaluate(
            decoderWork.last, batch, logVariance: parameters.vector,
            logVarianceGradient: gradients.vector, isTraining: true, smoothing: smoothing)
        backward(
            decoder, .linear, inputs: z, work: decoderWork, outputGradient: decoderWork.last,
            gradients: gradients.stacks[1], inputGradient: zGradient)
        headGradient.setReparameterisationGradient(
            head: head, noise: noise, sigma: sigma, dz: zGradient, shift: shift,
            klScale: Scalar(beta / Double(points)))
        let penalised = backward(
            encoder, encoderShape.activation, inputs: batch.inputs, work: encoderWork,
            outputGradient: headGradient, gradients: gradients.stacks[0], penalty: penalty)
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
        let points = inputs.rows
        let work = encoderWork.prefix(points)
        forward(encoder, encoderShape.activation, inputs: inputs, into: work)
        let (sigma, z) = (sigma.rows(0..<points), z.rows(0..<points))
        let kl = work.last.reparameterise(noise: noise, shift: shift, sigma: sigma, z: z)
        return (work.last, sigma, z, kl)
    }

    /// A new z (and σ) of the first `noise.rows` points last encoded: a view, as `encode` returns.
    public func resample(noise: Matrix<Scalar>) -> Matrix<Scalar> {
        let points = 0..<noise.rows
        let z = z.rows(points)
        _ = encoderWork.last.rows(points).reparameterise(
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
