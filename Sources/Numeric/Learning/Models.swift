import LinearAlgebra
import Model

/// The inputs and targets of some points. Classification uses `labels`, regression `targets`.
public struct Batch<Scalar: Real> {
    /// [points, inputs]
    public var inputs: Matrix<Scalar>
    /// The class of each point; empty in a regression.
    public var labels: [Int32]
    /// [points, outputs]; [points, 0] for classes, unless a squared error is to be taken of them.
    public var targets: Matrix<Scalar>

    /// A batch for classification.
    public init(inputs: Matrix<Scalar>, labels: [Int32]) {
        self.inputs = inputs
        self.labels = labels
        targets = Matrix(rows: inputs.rows, columns: 0)
    }

    /// A batch for regression.
    public init(inputs: Matrix<Scalar>, targets: Matrix<Scalar>) {
        self.inputs = inputs
        self.targets = targets
        labels = []
    }
}

extension Loss {
    /// Returns the loss's sum over the batch; `outputs` becomes its gradient, times 1 / normaliser. In
    /// training the sum may be added up in another order, which is faster: a step needs the gradient, not the
    /// sum's last digits.
    ///
    /// - Parameter smoothing: the share of a class's target that all classes get, of a cross-entropy.
    @_specialize(where Scalar == Float)
    func evaluate<Scalar: Real>(
        _ outputs: Matrix<Scalar>, _ batch: Batch<Scalar>, logVariance: Matrix<Scalar>?,
        logVarianceGradient: Matrix<Scalar>?, isTraining: Bool = false, smoothing: Double = 0
    ) -> LossSum {
        let scale = Scalar(1 / normaliser(points: outputs.rows, outputs: outputs.columns))
        if case .gaussianNLL = self, let logVariance, let logVarianceGradient {
            return outputs.gaussianNLL(
                batch.targets, logVariance: logVariance, gradient: logVarianceGradient, scale: scale,
                inOrder: !isTraining)
        }
        if case .crossEntropy = self, smoothing > 0 {
            return outputs.crossEntropy(labels: batch.labels, scale: scale, smoothing: smoothing)
        }
        if case .crossEntropy = self { return outputs.crossEntropy(labels: batch.labels, scale: scale) }
        if case .logistic = self { return outputs.logistic(labels: batch.labels, scale: scale) }
        return outputs.squaredError(batch.targets, scale: scale)
    }
}

/// The value of an objective on a batch: task loss and KL (0 for an MLP), each a mean over the points. The
/// total is task + β · KL, plus a penalty on activations where there is one.
public struct Objective: Sendable, Equatable {
    /// The task loss.
    public var task: Double
    /// KL(q(z|x) ‖ r(z)), nats.
    public var kl: Double
    /// The objective itself, which training lowers.
    public var total: Double
    /// Number of points classified correctly.
    public var correct: Int
}

/// A network with an objective that a `Trainer` can minimise.
public protocol TrainableNetwork<Scalar> {
    /// The type of parameters and activations.
    associatedtype Scalar: Real
    /// All parameters.
    var parameters: Parameters<Scalar> { get }
    /// The task loss.
    var loss: Loss { get }
    /// The layers that measures read, W_1 with its bias first.
    var denseLayers: [DenseLayer<Scalar>] { get }
    /// The network that measures read, where the layers are no plain stack: the model itself, or a VIB's encoder.
    var network: Network<Scalar>? { get }
    /// Random numbers that the objective needs for each point: 0, or the number of a VIB's latent variables.
    var noisePerPoint: Int { get }
    /// Sets `gradients` to the gradient of the objective's mean over the batch. Allocates nothing.
    func setGradients(
        _ gradients: Parameters<Scalar>, _ batch: Batch<Scalar>, noise: Matrix<Scalar>
    ) -> Objective
    /// Sets `gradients` as `setGradients` does, but changes no state of the network: for measures.
    func gradient(
        _ gradients: Parameters<Scalar>, _ batch: Batch<Scalar>, noise: Matrix<Scalar>
    ) -> Objective
    /// The weight matrices W_1 … W_L that measures read, among parameters or gradients of this network's
    /// shape.
    func weights(of parameters: Parameters<Scalar>) -> [Matrix<Scalar>]
    /// A gradient of value 0, of the right shape.
    func makeGradients() -> Parameters<Scalar>
    /// A copy of the network with parameters of its own.
    func copy() -> Self
}

extension TrainableNetwork {
    /// The gradient by `setGradients`, for networks whose passes change no state.
    public func gradient(
        _ gradients: Parameters<Scalar>, _ batch: Batch<Scalar>, noise: Matrix<Scalar>
    ) -> Objective {
        setGradients(gradients, batch, noise: noise)
    }

    /// nil: a plain stack.
    public var network: Network<Scalar>? { nil }

    /// The layers of the first stack.
    public var denseLayers: [DenseLayer<Scalar>] { parameters.stacks[0] }

    /// The weights of the first stack.
    public func weights(of parameters: Parameters<Scalar>) -> [Matrix<Scalar>] {
        parameters.stacks[0].map(\.weight)
    }

    /// The task loss's sum over a batch and the number of its points classified correctly, from the network's
    /// outputs for it, which are overwritten.
    public func taskLoss(_ outputs: Matrix<Scalar>, _ batch: Batch<Scalar>) -> LossSum {
        // A squared error does not count correct classes.
        let countsHere = loss == .meanSquaredError && !batch.labels.isEmpty
        let correct = countsHere ? outputs.countOfLargest(at: batch.labels) : 0
        let unused = parameters.vector.map { Matrix<Scalar>(rows: 1, columns: $0.count) }
        var sum = loss.evaluate(
            outputs, batch, logVariance: parameters.vector, logVarianceGradient: unused)
        if countsHere { sum.correct = correct }
        return sum
    }
}

/// A network whose outputs depend on its inputs alone.
public protocol PredictingNetwork<Scalar>: TrainableNetwork {
    /// Number of points in a training batch, and at most in another.
    var points: Int { get }
    /// The outputs [points, outputs] at points [points, inputs], in evaluation. The next pass overwrites
    /// them.
    func predict(_ inputs: Matrix<Scalar>) -> Matrix<Scalar>
}

extension PredictingNetwork {
    /// The loss's sum over a batch. Parameters and gradients stay as they are.
    public func evaluate(_ batch: Batch<Scalar>) -> LossSum { taskLoss(predict(batch.inputs), batch) }
}

/// A multilayer perceptron.
public struct MLP<Scalar: Real>: PredictingNetwork {
    /// The sizes of the layers and the activation.
    public let shape: StackShape
    /// The task loss.
    public let loss: Loss
    /// One stack; a log-variance vector for a Gaussian likelihood.
    public let parameters: Parameters<Scalar>
    /// The workspace of a batch of `points` points.
    public let work: StackWorkspace<Scalar>
    private let penalty: ActivationPenalty?
    private let smoothing: Double
    /// Number of points that the workspace has room for.
    public var points: Int { work.last.rows }
    /// 0: an MLP's objective takes no random numbers.
    public var noisePerPoint: Int { 0 }
    /// The layers, from the input on.
    public var layers: [DenseLayer<Scalar>] { parameters.stacks[0] }

    /// - Parameters:
    ///   - logDet: the regulariser on hidden activations that the objective adds to the loss.
    ///   - smoothing: the objective's label smoothing, of a cross-entropy.
    ///   - other: a network whose workspace this one shares where it has the same shape; their uses must not
    ///     overlap. A network of another shape is ignored.
    public init(
        _ shape: StackShape, loss: Loss, points: Int, logDet: LogDetSettings? = nil, smoothing: Double = 0,
        sharing other: MLP? = nil
    ) {
        self.shape = shape
        self.loss = loss
        self.smoothing = smoothing
        penalty = logDet.map { ActivationPenalty($0, units: shape.hiddenUnits, points: points) }
        parameters = Parameters(
            stacks: [shape], vectors: loss == .gaussianNLL ? [shape.units[shape.depth]] : [])
        if let other, other.shape == shape, other.work.last.rows == points {
            work = other.work
        } else {
            work = StackWorkspace(shape, points: points)
        }
    }

    /// A gradient of value 0, of this network's shape.
    public func makeGradients() -> Parameters<Scalar> {
        Parameters(stacks: [shape], vectors: parameters.vectors.map(\.count))
    }

    /// Draws the weights; biases are zero.
    public func initialise(_ streams: RandomStreams, _ kind: Initialisation = .heGlorot) {
        parameters.initialise([shape], streams, kind)
    }

    /// A copy of the network with parameters and a workspace of its own.
    public func copy() -> MLP {
        let other = MLP(
            shape, loss: loss, points: points, logDet: penalty?.settings, smoothing: smoothing)
        other.parameters.flat.assign(parameters.flat)
        return other
    }

    /// Sets `gradients` to the gradient of the objective's mean over the batch.
    @_specialize(where Scalar == Float)
    public func setGradients(
        _ gradients: Parameters<Scalar>, _ batch: Batch<Scalar>, noise: Matrix<Scalar>
    ) -> Objective {
        forward(layers, shape.activation, inputs: batch.inputs, into: work)
        let sum = loss.evaluate(
            work.last, batch, logVariance: parameters.vector,
            logVarianceGradient: gradients.vector, isTraining: true, smoothing: smoothing)
        let penalised = backward(
            layers, shape.activation, inputs: batch.inputs, work: work, outputGradient: work.last,
            gradients: gradients.stacks[0], penalty: penalty)
        let task = sum.loss / loss.normaliser(points: batch.inputs.rows, outputs: work.last.columns)
        return Objective(task: task, kl: 0, total: task + penalised, correct: sum.correct)
    }

    /// The last layer's outputs, at no more points than the workspace has room for.
    public func predict(_ inputs: Matrix<Scalar>) -> Matrix<Scalar> {
        let part = work.prefix(inputs.rows)
        forward(layers, shape.activation, inputs: inputs, into: part)
        return part.last
    }
}
