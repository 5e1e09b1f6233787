import Model
import TestSupport
import Testing

@testable import Learning
@testable import LinearAlgebra

/// Two classes of points on either side of a plane, and targets that are linear in the inputs.
enum Task {
    static func blobs(points: Int, inputs: Int = 6, seed: UInt64 = 9) -> Batch<Float> {
        var draws = Draws(seed)
        let x: Matrix<Float> = draws.matrix(rows: points, columns: inputs)
        let labels = (0..<points).map { point -> Int32 in
            let label = Int32(point % 2)
            x[point, 0] += label == 1 ? 2 : -2
            return label
        }
        return Batch(inputs: x, labels: labels)
    }

    static func plane(points: Int, inputs: Int = 6, outputs: Int = 2, seed: UInt64 = 9) -> Batch<Float> {
        var draws = Draws(seed)
        let x: Matrix<Float> = draws.matrix(rows: points, columns: inputs)
        let teacher: Matrix<Float> = draws.matrix(rows: outputs, columns: inputs)
        return Batch(inputs: x, targets: Matrix.product(x, teacher, transposeB: true))
    }

    static func mlp(_ activation: Activation = .relu, points: Int = 32) -> MLP<Float> {
        let model = MLP<Float>(
            StackShape(units: [6, 13, 9, 2], activation: activation), loss: .crossEntropy, points: points)
        model.initialise(RandomStreams(seed: 1))
        return model
    }

    static func vib(_ loss: Loss = .crossEntropy, beta: Double = 1e-3, points: Int = 32) -> VIB<Float> {
        let model = VIB<Float>(
            .stack(hidden: [6, 17], activation: .relu, bottleneck: 3), outputs: 2, loss: loss, beta: beta,
            shift: 0,
            points: points)
        model.initialise(RandomStreams(seed: 1))
        return model
    }

    static let adam = OptimizerSettings(
        method: .adam(beta1: 0.9, beta2: 0.999, epsilon: 1e-8), learningRate: 0.01,
        schedule: .cosine, weightDecay: 1e-4, emaDecay: 0.95)

    /// The bits of the parameters and of their average after `steps` steps, and the objectives on the way.
    static func train<M: TrainableNetwork<Float>>(
        _ model: M, _ settings: OptimizerSettings = adam, batch: Batch<Float>, steps: Int,
        length: TrainingLength = TrainingLength(steps: 200), seed: UInt64 = 1, between: () -> Void = {}
    ) -> (bits: [UInt32], objectives: [Objective]) {
        var trainer = Trainer(
            model, settings: settings, length: length, streams: RandomStreams(seed: seed),
            points: batch.inputs.rows)
        let objectives = (0..<steps).map { _ in
            between()
            return trainer.train(batch)
        }
        let values = trainer.model.parameters.flat.values + trainer.evaluated.parameters.flat.values
        return (values.map(\.bitPattern), objectives)
    }
}

@Suite struct TrainingTests {
    @Test(arguments: GradientTests.activations) func `An MLP learns to separate two classes`(
        activation: Activation
    ) {
        let batch = Task.blobs(points: 32)
        let (_, objectives) = Task.train(Task.mlp(activation), batch: batch, steps: 200)
        #expect(objectives[0].task > 0.3)
        #expect(objectives[199].task < 0.02 && objectives[199].correct == 32)
    }

    @Test func `Linear regression finds its teacher`() {
        let batch = Task.plane(points: 64)
        let model = MLP<Float>(
            StackShape(units: [6, 2], activation: .linear), loss: .meanSquaredError, points: 64)
        model.initialise(RandomStreams(seed: 1))
        let settings = OptimizerSettings(method: .sgd(momentum: 0.9), learningRate: 0.1)
        let (_, objectives) = Task.train(model, settings, batch: batch, steps: 300)
        #expect(objectives[0].task > 0.1 && objectives[299].task < 1e-9)
    }

    @Test func `The learned variance is that of the residuals`() {
        // No inputs to speak of: the best mean is the targets' mean and the best e^v their variance.
        var draws = Draws(12)
        let targets: Matrix<Float> = draws.matrix(rows: 64, columns: 1, in: -3...5)
        let batch = Batch(inputs: Matrix<Float>(rows: 64, columns: 1), targets: targets)
        let model = MLP<Float>(
            StackShape(units: [1, 1], activation: .linear), loss: .gaussianNLL, points: 64)
        let settings = OptimizerSettings(
            method: .adam(beta1: 0.9, beta2: 0.999, epsilon: 1e-8), learningRate: 0.1,
            schedule: .cosine)
        _ = Task.train(model, settings, batch: batch, steps: 400, length: TrainingLength(steps: 400))
        let mean = targets.doubles.reduce(0, +) / 64
        let variance = targets.doubles.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 64
        expectClose([Double(model.layers[0].bias[0, 0])], [mean], within: 1e-4)
        expectClose([Double(model.parameters.vectors[0][0, 0])], [PlainMath.ln(variance)], within: 1e-4)
    }

    @Test func `A VIB learns and the weight of its KL bounds the KL`() {
        let batch = Task.blobs(points: 32)
        let weak = Task.train(Task.vib(beta: 1e-4), batch: batch, steps: 200).objectives
        let strong = Task.train(Task.vib(beta: 10), batch: batch, steps: 200).objectives
        #expect(weak[199].task < 0.1 && weak[199].task < weak[0].task && weak[199].correct == 32)
        #expect(strong[199].kl < 0.05 && weak[199].kl > 1)
        let regression = Task.train(
            Task.vib(.gaussianNLL), batch: Task.plane(points: 32), steps: 200
        ).objectives
        #expect(regression[199].total < regression[0].total - 0.5)
    }

    /// Hidden units that overflow meet weights of both signs: ∞ − ∞ must not become a 0 on the way out.
    @Test(arguments: [Activation.linear, .relu]) func `A loss of overflowing units is not finite`(
        activation: Activation
    ) {
        let batch = Task.blobs(points: 8)
        let model = Task.mlp(activation, points: 8)
        for layer in model.layers {
            let weight = layer.weight
            weight.assign((0..<weight.count).map { $0 % 2 == 0 ? 3e38 : -3e38 })
        }
        for point in 0..<8 { batch.inputs[point, 0] = 1e3 }
        let objective = model.setGradients(model.makeGradients(), batch, noise: Matrix(rows: 8, columns: 0))
        #expect(!objective.total.isFinite)
        #expect(!model.evaluate(batch).loss.isFinite)
    }

    @Test(arguments: [Activation.linear, .relu]) func `A training that diverges shows it`(
        activation: Activation
    ) {
        let settings = OptimizerSettings(method: .sgd(momentum: 0), learningRate: 1e25)
        let (_, objectives) = Task.train(
            Task.mlp(activation), settings, batch: Task.blobs(points: 32), steps: 12)
        let first = objectives.firstIndex { !$0.total.isFinite } ?? objectives.count
        #expect(first < objectives.count)
        #expect(objectives[first...].allSatisfy { !$0.total.isFinite }, "it does not seem to recover")
    }
}

@Suite struct DeterminismTests {
    @Test func `Training twice gives the same bytes`() {
        let batch = Task.blobs(points: 32)
        #expect(
            Task.train(Task.mlp(), batch: batch, steps: 40) == Task.train(Task.mlp(), batch: batch, steps: 40)
        )
        let first = Task.train(Task.vib(), batch: batch, steps: 40)
        #expect(first == Task.train(Task.vib(), batch: batch, steps: 40))
        #expect(
            first.bits != Task.train(Task.vib(), batch: batch, steps: 40, seed: 2).bits, "noise has the seed")
    }

    @Test func `Other work in the process changes nothing`() {
        let batch = Task.blobs(points: 32)
        let alone = Task.train(Task.vib(), batch: batch, steps: 40)
        let other = Task.vib(.gaussianNLL, beta: 1, points: 7)
        var trainer = Trainer(other, settings: Task.adam, streams: RandomStreams(seed: 77), points: 7)
        let otherBatch = Task.plane(points: 7)
        let beside = Task.train(Task.vib(), batch: batch, steps: 40) { _ = trainer.train(otherBatch) }
        #expect(alone == beside)
        #expect(trainer.step == 40)
    }

    @Test func `A step's noise depends on its number alone`() {
        let batch = Task.blobs(points: 32)
        let model = Task.vib()
        let still = OptimizerSettings(method: .sgd(momentum: 0), learningRate: 0)
        let (_, objectives) = Task.train(model, still, batch: batch, steps: 3)
        // With a rate of 0 only the noise changes from step to step.
        #expect(objectives[0].kl == objectives[1].kl && objectives[0].task != objectives[1].task)
        let noise = Matrix<Float>(rows: 32, columns: 3)
        for (step, objective) in objectives.enumerated() {
            RandomStreams(seed: 1).fillNormals(noise, .latentNoise, index: step)
            #expect(model.setGradients(model.makeGradients(), batch, noise: noise) == objective)
        }
    }
}
