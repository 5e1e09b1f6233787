import Glibc
import Model
import TestSupport
import Testing

@testable import Learning
@testable import LinearAlgebra

/// Images of classes that differ by a smooth pattern, with noise.
private func images(_ size: ImageSize, classes: Int, points: Int) -> Batch<Float> {
    var draws = Draws(8)
    let templates: Matrix<Float> = draws.matrix(rows: classes, columns: size.count)
    let x: Matrix<Float> = draws.matrix(rows: points, columns: size.count)
    let labels = (0..<points).map { point -> Int32 in
        let label = point % classes
        for index in 0..<size.count { x[point, index] += templates[label, index] }
        return Int32(label)
    }
    return Batch(inputs: x, labels: labels)
}

private let small = ImageSize(height: 8, width: 8, channels: 3)

private func resnet(points: Int, normalisation: Normalisation = .batch) throws -> Network<Float> {
    let shape = try NetworkShape.resnet(depth: 8, width: 4, input: small, normalisation: normalisation)
    let network = Network<Float>(shape, loss: .crossEntropy, points: points)
    network.initialise(RandomStreams(seed: 1))
    return network
}

private let descent = OptimizerSettings(
    method: .sgd(momentum: 0.9), learningRate: 0.05, weightDecay: 1e-3, emaDecay: 0.8)

@Suite struct NetworkTrainingTests {
    @Test(arguments: [Normalisation.batch, .layer]) func `A small ResNet learns`(normalisation: Normalisation)
        throws
    {
        let batch = images(small, classes: 10, points: 40)
        let network = try resnet(points: 40, normalisation: normalisation)
        let run = Task.train(network, descent, batch: batch, steps: 60)
        let (first, last) = (run.objectives[0].total, run.objectives[59].total)
        #expect((1.5...5).contains(first))
        #expect(last < 0.1 * first)
        // Evaluation has learned it too: its running averages are those of what it sees.
        let sum = network.evaluate(batch)
        #expect(sum.correct == 40 && sum.loss / 40 < 0.2 * first)
    }

    @Test func `Training gives the same bits again`() throws {
        let batch = images(small, classes: 10, points: 20)
        let runs = try (0..<2).map { _ in
            Task.train(try resnet(points: 20), descent, batch: batch, steps: 5)
        }
        #expect(runs[0].bits == runs[1].bits && runs[0].objectives == runs[1].objectives)
        #expect(Set(runs[0].bits).count > 1000)
    }

    /// running ← 0.9 running + 0.1 of the batch, the variance without bias; optimisers leave it alone.
    @Test(arguments: [
        Optimizer.sgd(momentum: 0.9), .adam(beta1: 0.9, beta2: 0.999, epsilon: 1e-8),
    ])
    func `Running averages follow the batches alone`(method: Optimizer) throws {
        let shape = try NetworkShape(input: .vector(3), layers: [.normalisation(.batch), .dense(2)])
        let network = Network<Float>(shape, loss: .crossEntropy, points: 6)
        network.initialise(RandomStreams(seed: 2))
        let batch: Batch<Float> = Nets.batch(shape, points: 6)
        var mean = [Double](repeating: 0, count: 3)
        var variance = [Double](repeating: 1, count: 3)
        var trainer = Trainer(
            network,
            settings: OptimizerSettings(method: method, learningRate: 0.1, weightDecay: 0.1, emaDecay: 0.5),
            streams: RandomStreams(seed: 2), points: 6)
        for _ in 0..<7 {
            for unit in 0..<3 {
                let column = (0..<6).map { Double(batch.inputs[$0, unit]) }
                let middle = column.reduce(0, +) / 6
                let spread = column.reduce(0) { $0 + ($1 - middle) * ($1 - middle) } / 5
                mean[unit] = 0.9 * mean[unit] + 0.1 * middle
                variance[unit] = 0.9 * variance[unit] + 0.1 * spread
            }
            _ = trainer.train(batch)
        }
        let states = shape.plan.stateRange
        #expect(states.range.upperBound == network.parameters.flat.count)
        expectClose(states.of(network.parameters.flat).doubles, mean + variance, within: 1e-6)
        // The average of the parameters has an average of them, a copy the same.
        let averaged = states.of(trainer.evaluated.parameters.flat).doubles
        #expect(averaged != states.of(network.parameters.flat).doubles && averaged[3] > 0)
        let copy = trainer.evaluated.copy()
        #expect(copy.evaluate(batch) == trainer.evaluated.evaluate(batch))
        // Measuring moves nothing.
        let before = network.parameters.flat.values
        _ = network.gradient(network.makeGradients(), batch)
        _ = network.evaluate(batch)
        #expect(network.parameters.flat.values == before)
    }

    @Test func `Evaluation reads the running averages`() throws {
        let shape = try NetworkShape(input: .vector(3), layers: [.normalisation(.batch), .dense(2)])
        let network: Network<Double> = Nets.network(shape)
        let batch: Batch<Double> = Nets.batch(shape)
        let norm = try Nets.normalisation(shape)
        let (flat, states) = (network.parameters.flat, network.numbers.states)
        let running = try #require(norm.running)
        let x = Matrix<Double>(rows: Nets.points, columns: 3)
        for unit in 0..<3 {
            let scale =
                norm.gamma.of(flat)[0, unit] / (running.variance.of(states)[0, unit] + 1e-5).squareRoot()
            for point in 0..<Nets.points {
                x[point, unit] =
                    (batch.inputs[point, unit] - running.mean.of(states)[0, unit]) * scale
                    + norm.beta.of(flat)[0, unit]
            }
        }
        let plain = MLP<Double>(
            StackShape(units: [3, 2], activation: .tanh), loss: .crossEntropy, points: Nets.points)
        plain.parameters.flat.assign(Array(flat.values[6..<14]))
        var normalised = batch
        normalised.inputs = x
        expectClose([network.evaluate(batch).loss], [plain.evaluate(normalised).loss], within: 1e-13)
        // A point's outputs do not depend on its batch.
        let one = network.outputs(at: batch.inputs.rows(2..<3))[0].activation.values
        expectClose(network.outputs(at: batch.inputs)[0].activation.rows(2..<3).values, one, within: 1e-14)
    }

    @Test func `Weights are decayed and nothing else`() throws {
        let shape = try NetworkShape(
            input: small,
            layers: [
                .convolution(channels: 2, kernel: 3, hasBias: true), .normalisation(.batch),
                .activation(.tanh), .dense(3),
            ])
        let network = Network<Float>(shape, loss: .gaussianNLL, points: 2)
        let decayed = network.parameters.parts.filter(\.isWeight).map(\.range)
        #expect(decayed == [0..<54, 60..<276])
        #expect(network.parameters.parts.map(\.range.count).reduce(0, +) == network.parameters.flat.count)
        #expect(network.parameters.flat.count == 54 + 2 + 4 + 216 + 3 + 4 + 3)
    }
}

/// In a process of its own: other tests would allocate meanwhile.
@Suite(.enabled(if: Canaries.isPossible, Canaries.reason)) struct NetworkAllocationTests {
    @Test func `A training step of a ResNet allocates nothing`() async {
        await #expect(processExitsWith: .success) {
            BLAS.useOneThread()
            let batch = images(small, classes: 10, points: 4)
            var trainers = try [Normalisation.batch, .group(2)].map {
                Trainer(
                    try resnet(points: 4, normalisation: $0), settings: Task.adam,
                    streams: RandomStreams(seed: 1), points: 4)
            }
            var canaries = Canaries()
            for round in 0..<2 {
                canaries.plant()
                var sum = 0.0
                for _ in 0..<50 {
                    for index in trainers.indices { sum += trainers[index].train(batch).total }
                }
                if round == 1 { exit(canaries.allAlive && sum.isFinite ? 0 : 1) }
            }
        }
    }
}
