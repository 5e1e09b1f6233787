import Model
import TestSupport
import Testing

@testable import Learning
@testable import LinearAlgebra

/// A model whose gradient is written down: ½ Σ c_i (w_i − t_i)², so that an optimiser can be followed by
/// hand.
struct Bowl: TrainableNetwork {
    let parameters: Parameters<Float>
    let noisePerPoint = 0
    let loss = Loss.meanSquaredError
    let curvature: [Float]
    let target: [Float]
    static let shape = StackShape(units: [3, 4, 2], activation: .linear)

    init(seed: UInt64) {
        var draws = Draws(seed)
        parameters = Parameters(stacks: [Self.shape], vectors: [3])
        let count = parameters.flat.count
        curvature = draws.numbers(count, in: 0.1...3).map { Float($0) }
        target = draws.numbers(count).map { Float($0) }
        parameters.flat.assign(draws.numbers(count).map { Float($0) })
    }

    func makeGradients() -> Parameters<Float> { Parameters(stacks: [Self.shape], vectors: [3]) }

    func copy() -> Bowl {
        let other = Bowl(seed: 0)
        other.parameters.flat.assign(parameters.flat)
        return other
    }

    func setGradients(_ gradients: Parameters<Float>, _ batch: Batch<Float>, noise: Matrix<Float>)
        -> Objective
    {
        gradients.flat.assign(gradient(parameters.flat.doubles).map { Float($0) })
        return Objective(task: 0, kl: 0, total: 0, correct: 0)
    }

    func gradient(_ w: [Double]) -> [Double] {
        w.indices.map { Double(curvature[$0]) * (w[$0] - Double(target[$0])) }
    }

    /// 1 for weights, 0 for biases and vectors.
    var isWeight: [Double] {
        [Double](repeating: 1, count: 12) + [Double](repeating: 0, count: 4)
            + [Double](repeating: 1, count: 8) + [Double](repeating: 0, count: 2 + 3)
    }
}

private var noBatch: Batch<Float> { Batch(inputs: Matrix(rows: 1, columns: 3), labels: [0]) }
private let streams = RandomStreams(seed: 1)

@Suite struct OptimizerTests {
    /// Kingma & Ba 2015, algorithm 1, as printed there, in double.
    @Test(arguments: [0, 0.05], [0.9, 0.5]) func `Adam follows its algorithm for 50 steps`(
        decay: Double, beta1: Double
    ) {
        let model = Bowl(seed: 5)
        var w = model.parameters.flat.doubles
        var m = w.map { _ in 0.0 }
        var v = m
        let settings = OptimizerSettings(
            method: .adam(beta1: beta1, beta2: 0.999, epsilon: 1e-3), learningRate: 0.01, weightDecay: decay)
        var trainer = Trainer(model, settings: settings, streams: streams, points: 1)
        for step in 1...50 {
            _ = trainer.train(noBatch)
            let g = model.gradient(w)
            for i in w.indices {
                let gradient = g[i] + decay * model.isWeight[i] * w[i]
                m[i] = beta1 * m[i] + (1 - beta1) * gradient
                v[i] = 0.999 * v[i] + 0.001 * gradient * gradient
                let mean = m[i] / (1 - PlainMath.power(beta1, step))
                let square = v[i] / (1 - PlainMath.power(0.999, step))
                w[i] -= 0.01 * mean / (square.squareRoot() + 1e-3)
            }
            expectClose(model.parameters.flat.doubles, w, within: 1e-6, "step \(step)")
        }
        #expect(trainer.step == 50)
    }

    @Test(arguments: [0, 0.05], [0, 0.9]) func `Gradient descent follows its formula for 50 steps`(
        decay: Double, momentum: Double
    ) {
        let model = Bowl(seed: 6)
        var w = model.parameters.flat.doubles
        var v = w.map { _ in 0.0 }
        let settings = OptimizerSettings(
            method: .sgd(momentum: momentum), learningRate: 0.05, schedule: .decay(factor: 0.5, every: 20),
            weightDecay: decay)
        var trainer = Trainer(model, settings: settings, streams: streams, points: 1)
        for step in 0..<50 {
            _ = trainer.train(noBatch)
            let g = model.gradient(w)
            let rate = [0.05, 0.025, 0.0125][step / 20]
            for i in w.indices {
                v[i] = momentum * v[i] + g[i] + decay * model.isWeight[i] * w[i]
                w[i] -= rate * v[i]
            }
            expectClose(model.parameters.flat.doubles, w, within: 2e-6, "step \(step)")
        }
    }

    @Test func `The average follows its recurrence`() {
        let model = Bowl(seed: 7)
        var average = model.parameters.flat.doubles
        let settings = OptimizerSettings(method: .sgd(momentum: 0.9), learningRate: 0.1, emaDecay: 0.9)
        var trainer = Trainer(model, settings: settings, streams: streams, points: 1)
        #expect(trainer.evaluated.parameters.flat.doubles == average)
        for _ in 0..<30 {
            _ = trainer.train(noBatch)
            average = zip(average, model.parameters.flat.doubles).map { 0.9 * $0 + 0.1 * $1 }
            expectClose(trainer.evaluated.parameters.flat.doubles, average, within: 1e-6)
        }
        #expect(trainer.evaluated.parameters.flat.values != model.parameters.flat.values)
    }

    @Test func `Without an average the model itself is evaluated`() {
        let settings = OptimizerSettings(method: .sgd(momentum: 0), learningRate: 0.1)
        let trainer = Trainer(Bowl(seed: 7), settings: settings, streams: streams, points: 1)
        #expect(trainer.evaluated.parameters.flat.buffer === trainer.model.parameters.flat.buffer)
    }
}
