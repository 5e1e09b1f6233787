import Model
import TestSupport
import Testing

@testable import Learning
@testable import LinearAlgebra

/// VIBs whose encoder is a network of other layers than a stack's.
@Suite struct VIBEncoderTests {
    private static let latent = 3
    private static let tanh = LayerSpec.activation(.tanh)

    /// Each ends in 2K outputs.
    static let kinds: [(name: String, input: ImageSize, layers: [LayerSpec])] = [
        (
            "convolutions", Nets.image,
            [
                .convolution(channels: 4, kernel: 3, stride: 2, padding: 1, hasBias: true), tanh,
                .convolution(channels: 3, kernel: 2, padding: 1), tanh, .globalAveragePool, .dense(6),
            ]
        ),
        (
            "attention", Nets.image,
            [
                .patches(2, channels: 4), .classToken(name: "c"), .positions(name: "p"),
                .residual(
                    [.normalisation(.token), .pointwise(12), .attention(heads: 2), .pointwise(4)], .identity),
                .firstPixel, .dense(6),
            ]
        ),
        (
            "batch normalisation and dropout", Nets.image,
            [
                .convolution(channels: 4, kernel: 3, padding: 1), .normalisation(.batch), tanh, .dropout(0.3),
                .dense(5), .normalisation(.batch), tanh, .dropout(0.5), .dense(6),
            ]
        ),
    ]

    static func model<T: Real>(
        _ kind: (name: String, input: ImageSize, layers: [LayerSpec]), loss: Loss = .crossEntropy,
        logDet: LogDetSettings? = nil
    ) throws -> VIB<T> {
        let shape = NetworkShape(encoder: try NetworkShape(input: kind.input, layers: kind.layers))
        let model = VIB<T>(
            .network(shape), outputs: 4, loss: loss, beta: 0.1, shift: -0.5, points: Nets.points,
            logDet: logDet)
        var draws = Draws(9)
        model.parameters.flat.assign(draws.numbers(model.parameters.flat.count).map { T($0) })
        Nets.draw(try #require(model.network), seed: 3)
        return model
    }

    static func batch<T: Real>(_ model: VIB<T>) -> (batch: Batch<T>, noise: Matrix<T>) {
        var draws = Draws(4)
        let inputs: Matrix<T> = draws.matrix(rows: Nets.points, columns: Nets.image.count, in: -2...2)
        var batch = Batch(inputs: inputs, targets: draws.matrix(rows: Nets.points, columns: 4))
        batch.labels = [3, 1, 0, 2, 1]
        return (batch, draws.matrix(rows: Nets.points, columns: model.noisePerPoint, in: -2...2))
    }

    @Test(arguments: kinds.indices, [Loss.crossEntropy, .gaussianNLL])
    func `The gradient is the objective's derivative`(kind: Int, loss: Loss) throws {
        // A penalty on the first hidden layer, where there is one.
        let logDet = kind == 1 ? nil : LogDetSettings(weight: 0.01, epsilon: 0.1, layers: [1])
        let model: VIB<Double> = try Self.model(Self.kinds[kind], loss: loss, logDet: logDet)
        let (batch, noise) = Self.batch(model)
        let (gradients, others) = (model.makeGradients(), model.makeGradients())
        gradients.flat.fill(.nan)
        let before = model.parameters.flat.values
        let objective = model.gradient(gradients, batch, noise: noise)
        #expect(model.parameters.flat.values == before)
        let differences = Nets.differences(model.parameters.flat) {
            [model.gradient(others, batch, noise: noise).total]
        }
        #expect(objective.kl > 0 && objective.total.isFinite)
        expectClose(
            gradients.flat.values, differences.flatMap { $0 }, within: 1e-6, floor: 1e-3,
            Self.kinds[kind].name)
    }

    @Test
    func `A step moves the running averages, a measured gradient does not, and dropout takes its noise`()
        throws
    {
        let model: VIB<Double> = try Self.model(Self.kinds[2])
        let (batch, noise) = Self.batch(model)
        let plan = try #require(model.network).shape.plan
        // 24 pixels of 4 channels, and 5 units.
        #expect(model.noisePerPoint == Self.latent + 24 * 4 + 5)
        let before = model.parameters.flat.values
        let (gradients, others) = (model.makeGradients(), model.makeGradients())
        let measured = model.gradient(gradients, batch, noise: noise)
        #expect(model.setGradients(others, batch, noise: noise) == measured)
        #expect(gradients.flat.values == others.flat.values)
        let moved = model.parameters.flat.values.indices.filter {
            model.parameters.flat.values[$0] != before[$0]
        }
        #expect(moved == Array(plan.stateRange.range))
        // The variates of z come first; the others are dropout's.
        let other = Matrix<Double>(rows: noise.rows, columns: noise.columns)
        other.assign(noise)
        for index in Nets.points * Self.latent..<noise.count { other.buffer[other.offset + index] = 3 }
        let kept = model.gradient(others, batch, noise: other)
        #expect(kept.kl != measured.kl)
        other.buffer[other.offset] += 1
        let resampled = model.gradient(others, batch, noise: other)
        #expect(resampled.kl == kept.kl && resampled.task != kept.task)
    }

    /// The network alone gives (μ | s), and the formulas the rest.
    @Test(arguments: kinds.indices) func `Encoding is the network's evaluation`(kind: Int) throws {
        let model: VIB<Double> = try Self.model(Self.kinds[kind])
        let (batch, noise) = Self.batch(model)
        let alone: Network<Double> = Nets.network(
            try NetworkShape(input: Self.kinds[kind].input, layers: Self.kinds[kind].layers))
        let own = alone.parameters.flat
        own.assign(model.parameters.flat.prefix(rows: 1, columns: own.count))
        // Fewer points than there is room for.
        let inputs = batch.inputs.rows(0..<3)
        let latent = noise.prefix(rows: 3, columns: Self.latent)
        let code = model.encode(inputs, noise: latent)
        let head = alone.predict(inputs)
        #expect(code.head.values == head.values)
        var kl = 0.0
        for i in 0..<3 {
            for j in 0..<Self.latent {
                let sigma = PlainMath.softplus(head[i, Self.latent + j] - 0.5)
                kl += 0.5 * (head[i, j] * head[i, j] + sigma * sigma - 1) - PlainMath.ln(sigma)
                expectClose([code.z[i, j]], [head[i, j] + sigma * latent[i, j]], within: 1e-14)
            }
        }
        expectClose([code.kl], [kl], within: 1e-13)
        let z = code.z.values
        #expect(model.resample(noise: Matrix(rows: 3, columns: Self.latent)).values != z)
        #expect(model.resample(noise: latent).values == z)
        // Measures see μ as the last layer.
        let network = try #require(model.network)
        #expect(network.layers.last?.size == .vector(Self.latent))
        let means = try #require(network.outputs(at: inputs).last?.activation)
        #expect(means.nested == head.nested.map { Array($0.prefix(Self.latent)) })
    }

    /// The same weights, by other kernels: rounding grows along the training.
    @Test func `A network of dense layers trains as the stack does`() throws {
        let streams = RandomStreams(seed: 5)
        let shape = NetworkShape(encoder: try .mlp(units: [6, 17, 9, 6], activation: .relu))
        func trained(_ shape: EncoderShape) -> (start: [Float], losses: [Double], end: [Float]) {
            let model = VIB<Float>(
                shape, outputs: 2, loss: .crossEntropy, beta: 1e-3, shift: 0, points: 32)
            model.initialise(streams)
            let start = model.parameters.flat.values
            var trainer = Trainer(model, settings: Task.adam, streams: streams, points: 32)
            let batch = Task.blobs(points: 32)
            let losses = (0..<60).map { _ in trainer.train(batch).total }
            return (start, losses, model.parameters.flat.values)
        }
        let stack = trained(.stack(hidden: [6, 17, 9], activation: .relu, bottleneck: 3))
        let network = trained(.network(shape))
        #expect(stack.start == network.start && stack.losses[0] > stack.losses[59] + 0.1)
        expectClose(network.losses, stack.losses, within: 1e-5)
        expectClose(
            network.end.map { Double($0) }, stack.end.map { Double($0) }, within: 1e-4)
    }

    @Test func `Drawing the encoder draws the decoder after it, and a copy has memory of its own`() throws {
        let shape = NetworkShape(
            encoder: try .vit(
                TokenSizes(blocks: 1, width: 4, patch: 2, input: Nets.image, outputs: 6), heads: 2))
        let model = VIB<Float>(
            .network(shape), outputs: 4, loss: .gaussianNLL, beta: 1, shift: 0, points: 2)
        model.parameters.flat.fill(7)
        let streams = RandomStreams(seed: 1)
        model.initialise(streams)
        let network = Network<Float>(shape, loss: .crossEntropy, points: 2)
        network.initialise(streams)
        let count = network.parameters.flat.count
        #expect(Array(model.parameters.flat.values.prefix(count)) == network.parameters.flat.values)
        // Eight matrices, the class token and the positions.
        let draws = Matrix<Float>(rows: 4, columns: 3)
        streams.fillNormals(draws, .initialisation, index: network.weights.count + 2)
        let deviation = Float((2.0 / 7).squareRoot())
        #expect(model.decoder[0].weight.values == draws.values.map { $0 * deviation })
        #expect(model.parameters.flat.values.suffix(8) == ArraySlice(repeating: 0, count: 8))
        let copy = model.copy()
        #expect(copy.parameters.flat.values == model.parameters.flat.values)
        model.parameters.flat.fill(0)
        #expect(copy.network?.weights[0].values.contains { $0 != 0 } == true)
        #expect(copy.noisePerPoint == 3 && copy.points == 2)
    }

    @Test func `If an activation makes the outputs, they are one layer with the code`() throws {
        let plain = try NetworkShape(
            input: .vector(3),
            layers: [.dense(5, name: "a"), .activation(.relu), .dense(4, name: "b"), .activation(.relu)])
        let shape = NetworkShape(encoder: plain)
        #expect(shape.layers.map { shape.plan.values[$0.activation].size.count } == [5, 2])
        #expect(plain.layers.map { plain.plan.values[$0.activation].size.count } == [5, 4])
        #expect(shape.plan.layerNames == ["encoder.a", "encoder.b"])
    }

    @Test func `Names begin with the encoder's`() throws {
        let plain = try NetworkShape.cnn(
            channels: [4], activation: .relu, classes: 6, input: Nets.image, normalisation: .batch)
        let shape = NetworkShape(encoder: plain)
        #expect(shape.plan.tensors.map(\.name) == plain.plan.tensors.map { "encoder." + $0.name })
        #expect(shape.plan.layerNames == ["encoder.convolutions.0", "encoder.classifier"])
        #expect(shape.outputs == 3 && shape.head == plain.plan.last && plain.head == plain.plan.last)
        let blocks = NetworkShape(
            encoder: try .mixer(
                TokenSizes(blocks: 1, width: 4, patch: 2, input: Nets.image, outputs: 6)))
        #expect(
            blocks.plan.layerNames == ["encoder.tokens", "encoder.blocks.0", "encoder.head"])
    }
}
