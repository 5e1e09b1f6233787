import Model
import TestSupport
import Testing

@testable import Learning
@testable import LinearAlgebra

/// A model whose gradients are given, step by step, whatever its weights are: so that trainings in float32 and in
/// double stay on one path.
private struct Given: TrainableNetwork {
    let parameters = Parameters<Float>(stacks: [Bowl.shape], vectors: [3])
    let noisePerPoint = 0
    let loss = Loss.meanSquaredError

    func makeGradients() -> Parameters<Float> { Parameters(stacks: [Bowl.shape], vectors: [3]) }
    func copy() -> Given {
        let other = Given()
        other.parameters.flat.assign(parameters.flat)
        return other
    }

    /// The gradients are the batch's inputs.
    func setGradients(_ gradients: Parameters<Float>, _ batch: Batch<Float>, noise: Matrix<Float>)
        -> Objective
    {
        gradients.flat.assign(batch.inputs.values)
        return Objective(task: 0, kl: 0, total: 0, correct: 0)
    }
}

/// An epoch's steps against the algorithms in double: constants such as 1 − β₂ keep their digits.
@Suite struct OptimizerPrecisionTests {
    private static let steps = 400
    /// A power of two: a constant step then adds up without rounding.
    private static let rate = 0x1p-10

    /// Trains on the same random gradients, some of them small and some always 0, and gives each step's.
    private static func train(
        _ method: Optimizer, scale: Double = 1, average: Double? = nil,
        start: [Double]? = nil, each: (_ gradient: [Double]) -> Void
    ) -> Trainer<Given> {
        let model = Given()
        let count = model.parameters.flat.count
        var draws = Draws(12)
        if let start { model.parameters.flat.assign(start.map { Float($0) }) }
        let settings = OptimizerSettings(method: method, learningRate: Self.rate, emaDecay: average)
        var trainer = Trainer(model, settings: settings, streams: RandomStreams(seed: 1), points: 1)
        for _ in 0..<steps {
            var gradient = draws.numbers(count).enumerated().map { index, number in
                Float(scale * (index % 7 == 3 ? 0 : index % 7 == 5 ? 1e-4 * number : number + 0.2))
            }
            gradient[0] = Float(scale)
            let inputs = Matrix<Float>(rows: 1, columns: count)
            inputs.assign(gradient)
            each(gradient.map { Double($0) })
            _ = trainer.train(Batch(inputs: inputs, labels: [0]))
        }
        return trainer
    }

    @Test(arguments: [0, 0.5, 0.98, 0.999, 0.99999, 0.9999999], [0, 0.9, 0.99999])
    func `Adam keeps to doubles for an epoch`(beta2: Double, beta1: Double) {
        let count = Given().parameters.flat.count
        var (w, m, v) = (
            [Double](repeating: 0, count: count), [Double](repeating: 0, count: count),
            [Double](repeating: 0, count: count)
        )
        var step = 0
        let trainer = Self.train(.adam(beta1: beta1, beta2: beta2, epsilon: 1e-8)) { g in
            step += 1
            let c1 = 1 - PlainMath.power(beta1, step)
            let c2 = 1 - PlainMath.power(beta2, step)
            for i in g.indices {
                m[i] = beta1 * m[i] + (1 - beta1) * g[i]
                v[i] = beta2 * v[i] + (1 - beta2) * g[i] * g[i]
                w[i] -= Self.rate * (m[i] / c1) / ((v[i] / c2).squareRoot() + 1e-8)
            }
        }
        // Sums of 400 rounded steps.
        expectClose(
            trainer.model.parameters.flat.doubles, w, within: 2e-6, floor: 0.1, "β₁ \(beta1), β₂ \(beta2)")
        // This gradient is always 1, and so is Adam's ratio: each step is the rate.
        let way = -Self.rate * Double(Self.steps)
        #expect(abs(trainer.model.parameters.flat.doubles[0] / way - 1) < 1e-6)
    }

    @Test(arguments: [0, 0.9, 0.999, 0.99999]) func `Momentum keeps to doubles for an epoch`(momentum: Double)
    {
        let count = Given().parameters.flat.count
        var (w, v) = ([Double](repeating: 0, count: count), [Double](repeating: 0, count: count))
        let trainer = Self.train(.sgd(momentum: momentum)) { g in
            for i in g.indices {
                v[i] = momentum * v[i] + g[i]
                w[i] -= Self.rate * v[i]
            }
        }
        expectClose(trainer.model.parameters.flat.doubles, w, within: 2e-6, floor: 0.1, "\(momentum)")
    }

    /// From weights of 0, whose average is all of what the steps added.
    @Test(arguments: [0.9, 0.999, 0.99999, 0.999999])
    func `The average keeps to doubles for an epoch`(keep: Double) {
        let count = Given().parameters.flat.count
        var (w, average) = ([Double](repeating: 0, count: count), [Double](repeating: 0, count: count))
        let trainer = Self.train(.sgd(momentum: 0), average: keep) { g in
            for i in g.indices {
                w[i] -= Self.rate * g[i]
                average[i] = keep * average[i] + (1 - keep) * w[i]
            }
        }
        let largest = average.map { abs($0) }.max() ?? 1
        expectClose(
            trainer.evaluated.parameters.flat.doubles.map { $0 / largest }, average.map { $0 / largest },
            within: 3e-6, "\(keep)")
    }

    /// The smallest ε that sweeps may have, with the β₂ nearest 1: where squares of gradients underflow, ε divides.
    @Test(arguments: [1, 1e-10, 1e-17, 1e-19, 1e-25, 1e-37])
    func `No step is longer than the rate whatever underflows`(scale: Double) {
        for beta2 in [0.999, 0.9999999] {
            let trainer = Self.train(.adam(beta1: 0.9, beta2: beta2, epsilon: 1e-15), scale: scale) { _ in }
            let weights = trainer.model.parameters.flat.doubles
            let bound = Self.rate * Double(Self.steps) * 1.2
            #expect(weights.allSatisfy { $0.isFinite && abs($0) <= bound }, "\(scale) \(beta2)")
        }
    }
}
