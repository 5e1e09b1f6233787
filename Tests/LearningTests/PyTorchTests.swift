import Model
import Testing

@testable import Learning
@testable import LinearAlgebra

/// Trainings beside PyTorch's, step by step from the same weights and points: docs/benchmarks/check_training.py made the
/// answers, in float64, and trains whole networks in the same way.
@Suite struct PyTorchTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var name: String
        var method: Optimizer
        var rate = 0.01
        var decay = 0.0
        var schedule = Schedule.constant
        var warmup = 0
        var clipNorm: Double?
        var smoothing = 0.0
        var testDescription: String { name }
    }

    static let cases = [
        Case(
            name: "sgd, momentum 0.9, weight decay 0.05", method: .sgd(momentum: 0.9), rate: 0.125,
            decay: 0.05),
        Case(name: "sgd, momentum 0.99999", method: .sgd(momentum: 0.99999)),
        Case(name: "adam", method: .adam(beta1: 0.9, beta2: 0.999, epsilon: 1e-8)),
        Case(name: "adam, beta2 0.99999", method: .adam(beta1: 0.9, beta2: 0.99999, epsilon: 1e-8)),
        Case(name: "adam, beta2 0.9999999", method: .adam(beta1: 0.9, beta2: 0.9999999, epsilon: 1e-8)),
        Case(
            name: "adam, weight decay 0.05", method: .adam(beta1: 0.9, beta2: 0.999, epsilon: 1e-3),
            decay: 0.05),
        Case(
            name: "adamw, weight decay 0.5", method: .adamW(beta1: 0.9, beta2: 0.999, epsilon: 1e-8),
            decay: 0.5),
        Case(
            name: "sgd, momentum 0.9, clip 0.125, warm-up 8", method: .sgd(momentum: 0.9), rate: 0.125,
            warmup: 8, clipNorm: 0.125),
        Case(
            name: "adam, clip 0.25, milestones 10 and 20, smoothing 0.2",
            method: .adam(beta1: 0.9, beta2: 0.999, epsilon: 1e-8), decay: 0.05,
            schedule: .milestones([10, 20], factor: 0.1), clipNorm: 0.25, smoothing: 0.2),
    ]

    private static func number(_ n: Int) -> Float { Float((n * 37 + 11) % 101 - 50) / 64 }

    @Test(arguments: cases) func `Thirty steps end where PyTorch's do`(of training: Case) throws {
        let due = try #require(pyTorchAnswers[training.name])
        let model = MLP<Float>(
            StackShape(units: [3, 4, 2], activation: .tanh), loss: .crossEntropy, points: 6,
            smoothing: training.smoothing)
        let start = (0..<26).map(Self.number)
        model.parameters.flat.assign(start)
        let inputs = Matrix<Float>(rows: 6, columns: 3)
        inputs.assign((0..<18).map { Self.number($0 + 40) })
        let batch = Batch(inputs: inputs, labels: [0, 1, 0, 1, 0, 1])
        var settings = OptimizerSettings(
            method: training.method, learningRate: training.rate, schedule: training.schedule,
            weightDecay: training.decay)
        (settings.warmup, settings.clipNorm) = (training.warmup, training.clipNorm)
        var trainer = Trainer(model, settings: settings, streams: RandomStreams(seed: 0), points: 6)
        for _ in 0..<30 { _ = trainer.train(batch) }
        let found = model.parameters.flat.doubles
        #expect(found.count == due.count)
        // In parts of how far the weights moved.
        let moved = zip(due, start).reduce(0) { $0 + ($1.0 - Double($1.1)) * ($1.0 - Double($1.1)) }
        let off = zip(due, found).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
        let error = (off / moved).squareRoot()
        print("\(training.name): \(error) of the way from PyTorch's weights in float64")
        #expect(error < 2e-6)
    }
}
