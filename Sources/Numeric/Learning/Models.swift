import LinearAlgebra
import Model

/// The inputs and targets of some points. Classes use `labels`, regressions `targets`.
public struct Batch<Scalar: Real> {
    /// [points, inputs]
    public var inputs: Matrix<Scalar>
    public var labels: [Int32]
    /// [points, outputs]; empty for classes.
    public var targets: Matrix<Scalar>

    public init(inputs: Matrix<Scalar>, labels: [Int32]) {
        self.inputs = inputs
        self.labels = labels
        targets = Matrix(rows: inputs.rows, columns: 0)
    }

    public init(inputs: Matrix<Scalar>, targets: Matrix<Scalar>) {
        self.inputs = inputs
        self.targets = targets
        labels = []
    }
}

extension Loss {
    /// The loss's sum over the batch; `outputs` becomes its gradient, times 1 / normaliser. Of a training step, whose
    /// gradient counts and not the sum's last digits, it may be summed faster.
    @_specialize(where Scalar == Float)
    func evaluate<Scalar: Real>(
        _ outputs: Matrix<Scalar>, _ batch: Batch<Scalar>, logVariance: Matrix<Scalar>?,
        logVarianceGradient: Matrix<Scalar>?, isTraining: Bool = false
    ) -> LossSum {
        let scale = Scalar(1 / normaliser(points: outputs.rows, outputs: outputs.columns))
        if case .gaussianNLL = self, let logVariance, let logVarianceGradient {
            return outputs.gaussianNLL(
                batch.targets, logVariance: logVariance, gradient: logVarianceGradient, scale: scale,
                inOrder: !isTraining)
        }
        if case .crossEntropy = self { return outputs.crossEntropy(labels: batch.labels, scale: scale) }
        if case .logistic = self { return outputs.logistic(labels: batch.labels, scale: scale) }
        return outputs.squaredError(batch.targets, scale: scale)
    }
}

/// The value of an objective on a batch: task loss and KL (0 for an MLP), each a mean a point; the total is
/// task + β · KL, and a penalty on activations where there is one.
public struct Objective: Sendable, Equatable {
    public var task: Double
    public var kl: Double
    public var total: Double
    /// How many points were classified rightly.
    public var correct: Int
}

/// A network with an objective that a `Trainer` can lower.
public protocol TrainableNetwork<Scalar> {
    associatedtype Scalar: Real
    var parameters: Parameters<Scalar> { get }
    /// Random numbers that the objective takes for each point: 0, or the latent variables of a VIB.
    var noisePerPoint: Int { get }
    /// Sets `gradients` to the gradient of the objective's mean over the batch. Allocates nothing.
    func setGradients(
        _ gradients: Parameters<Scalar>, _ batch: Batch<Scalar>, noise: Matrix<Scalar>
    ) -> Objective
    /// The same gradient, of a network that stays as it was: for measures.
    func gradient(
        _ gradients: Parameters<Scalar>, _ batch: Batch<Scalar>, noise: Matrix<Scalar>
    ) -> Objective
    /// The weight matrices that measures are of, W_1 … W_L, among parameters or gradients of this shape.
    func weights(of parameters: Parameters<Scalar>) -> [Matrix<Scalar>]
    /// An empty gradient of the right shape.
    func makeGradients() -> Parameters<Scalar>
    /// The same network with parameters of its own; they start as a copy of these.
    func copy() -> Self
}

extension TrainableNetwork {
    public func gradient(
        _ gradients: Parameters<Scalar>, _ batch: Batch<Scalar>, noise: Matrix<Scalar>
    ) -> Objective {
        setGradients(gradients, batch, noise: noise)
    }

    public func weights(of parameters: Parameters<Scalar>) -> [Matrix<Scalar>] {
        parameters.stacks[0].map(\.weight)
    }
}

/// A multilayer perceptron.
public struct MLP<Scalar: Real>: TrainableNetwork {
    public let shape: StackShape
    public let loss: Loss
    public let parameters: Parameters<Scalar>
    /// The batch's workspace: `points` rows.
    public let work: StackWorkspace<Scalar>
    private let penalty: ActivationPenalty?
    public var noisePerPoint: Int { 0 }
    public var layers: [DenseLayer<Scalar>] { parameters.stacks[0] }

    /// - Parameters:
    ///   - logDet: what the objective says of hidden activations, beside the loss.
    ///   - other: a network of that shape whose workspace this one uses too, where their uses do not overlap;
    ///     of another shape it is passed over.
    public init(
        _ shape: StackShape, loss: Loss, points: Int, logDet: LogDetSettings? = nil,
        sharing other: MLP? = nil
    ) {
        self.shape = shape
        self.loss = loss
        penalty = logDet.map { ActivationPenalty($0, shape, points: points) }
        parameters = Parameters(
            stacks: [shape], vectors: loss == .gaussianNLL ? [shape.units[shape.depth]] : [])
        if let other, other.shape == shape, other.work.last.rows == points {
            work = other.work
        } else {
            work = StackWorkspace(shape, points: points)
        }
    }

    public func makeGradients() -> Parameters<Scalar> {
        Parameters(stacks: [shape], vectors: parameters.vectors.map(\.count))
    }

    public func initialise(_ streams: RandomStreams, _ kind: Initialisation = .heGlorot) {
        parameters.initialise([shape], streams, kind)
    }

    public func copy() -> MLP {
        let other = MLP(shape, loss: loss, points: work.last.rows, logDet: penalty?.settings)
        other.parameters.flat.assign(parameters.flat)
        return other
    }

    @_specialize(where Scalar == Float)
    public func setGradients(
        _ gradients: Parameters<Scalar>, _ batch: Batch<Scalar>, noise: Matrix<Scalar>
    ) -> Objective {
        forward(layers, shape.activation, inputs: batch.inputs, into: work)
        let sum = loss.evaluate(
            work.last, batch, logVariance: parameters.vector,
            logVarianceGradient: gradients.vector, isTraining: true)
        let penalised = backward(
            layers, shape.activation, inputs: batch.inputs, work: work, outputGradient: work.last,
            gradients: gradients.stacks[0], penalty: penalty)
        let task = sum.loss / loss.normaliser(points: batch.inputs.rows, outputs: work.last.columns)
        return Objective(task: task, kl: 0, total: task + penalised, correct: sum.correct)
    }

    /// The loss's sum over a batch of at most the workspace's points; parameters and gradients stay.
    public func evaluate(_ batch: Batch<Scalar>) -> LossSum {
        let part = work.prefix(batch.inputs.rows)
        forward(layers, shape.activation, inputs: batch.inputs, into: part)
        let unused = parameters.vector.map { Matrix<Scalar>(rows: 1, columns: $0.count) }
        return loss.evaluate(
            part.last, batch, logVariance: parameters.vector, logVarianceGradient: unused)
    }
}
