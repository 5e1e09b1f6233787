import Model
import Testing

@testable import Learning
@testable import LinearAlgebra

@Suite struct RandomStreamTests {
    private static func normals(
        _ seed: UInt64, _ purpose: RandomStreams.Purpose, index: Int = 0, block: Int = 0, count: Int = 64
    ) -> [Float] {
        let matrix = Matrix<Float>(rows: 1, columns: count)
        RandomStreams(seed: seed).fillNormals(matrix, purpose, index: index, block: block)
        return matrix.values
    }

    private static func order(_ count: Int, index: Int, seed: UInt64 = 3) -> [UInt32] {
        // The earlier order does not matter.
        var order = [UInt32](repeating: 9, count: count)
        RandomStreams(seed: seed).shuffle(&order, .batchOrder, index: index)
        return order
    }

    @Test func `Every seed purpose and index has a stream of its own`() {
        let purposes: [RandomStreams.Purpose] = [
            .initialisation, .batchOrder, .latentNoise, .trainingData, .evaluationData, .evaluationNoise,
        ]
        var seen: Set<[Float]> = []
        for seed in [0, 1, UInt64.max] {
            for purpose in purposes {
                for index in [0, 1, 2, 65536, 0xFFFF_FFFF_FFFF] {
                    #expect(seen.insert(Self.normals(seed, purpose, index: index)).inserted)
                }
            }
        }
        #expect(seen.count == 3 * 6 * 5)
    }

    @Test func `A stream gives the same numbers again`() {
        let first = Self.normals(4, .latentNoise, index: 17)
        _ = Self.normals(4, .latentNoise, index: 16)
        #expect(Self.normals(4, .latentNoise, index: 17) == first)
    }

    @Test func `A block starts four values on`() {
        let whole = Self.normals(4, .evaluationData, count: 400)
        for block in [1, 2, 16, 50, 99] {
            let part = Self.normals(4, .evaluationData, block: block, count: 400 - 4 * block)
            #expect(part == Array(whole[(4 * block)...]))
        }
    }

    @Test(arguments: [0, 1, 2, 3, 10, 1000]) func `A shuffle is a permutation`(count: Int) {
        #expect(Self.order(count, index: 0).sorted() == (0..<UInt32(count)).map { $0 })
    }

    @Test func `Every epoch and seed has an order of its own`() {
        let orders = (0..<20).map { Self.order(100, index: $0) } + [Self.order(100, index: 0, seed: 4)]
        #expect(Set(orders).count == 21)
        #expect(Self.order(100, index: 7) == orders[7])
    }

    /// 4800 orders of 4: each of the 24 is expected 200 times, with a standard deviation of 14.
    @Test func `All orders are equally likely`() {
        var counts: [[UInt32]: Int] = [:]
        for epoch in 0..<4800 { counts[Self.order(4, index: epoch), default: 0] += 1 }
        #expect(counts.count == 24)
        let chiSquare = counts.values.reduce(0.0) { $0 + Double(($1 - 200) * ($1 - 200)) / 200 }
        // 23 degrees of freedom: mean 23, standard deviation 6.8; 49.7 is the 99.9th percentile.
        #expect(chiSquare > 7.5 && chiSquare < 49.7)
    }
}

@Suite struct InitialisationTests {
    /// The variance of n normal variates has a standard error of √(2/n) of it; a bound is 4 of them.
    private static func check(_ layer: DenseLayer<Float>, variance: Double) {
        let weights = layer.weight.doubles
        let n = Double(weights.count)
        let mean = weights.reduce(0, +) / n
        let square = weights.reduce(0) { $0 + $1 * $1 } / n
        #expect(abs(mean) < 4 * (variance / n).squareRoot())
        #expect(abs(square / variance - 1) < 4 * (2 / n).squareRoot(), "\(square) is not \(variance)")
        #expect(layer.bias.values.allSatisfy { $0 == 0 })
    }

    @Test(arguments: [Activation.relu, .tanh, .linear])
    func `Weights have the variance that keeps signals alive`(activation: Activation) {
        let model = MLP<Float>(
            StackShape(units: [300, 200, 100, 50], activation: activation), loss: .gaussianNLL, points: 1)
        model.parameters.flat.fill(5)
        model.initialise(RandomStreams(seed: 2))
        let isReLU = activation == .relu
        Self.check(model.layers[0], variance: isReLU ? 2.0 / 300 : 2.0 / 500)
        Self.check(model.layers[1], variance: isReLU ? 2.0 / 200 : 2.0 / 300)
        Self.check(model.layers[2], variance: 2.0 / 150)
        #expect(model.parameters.vectors[0].values.allSatisfy { $0 == 0 })
    }

    @Test func `Every layer of every stack draws its own numbers`() {
        let model = VIB<Float>(
            .stack(hidden: [8, 8], activation: .tanh, bottleneck: 8), outputs: 8, loss: .crossEntropy,
            beta: 1,
            shift: 0, points: 1)
        model.initialise(RandomStreams(seed: 2))
        let layers = (model.denseLayers + model.decoder).map { layer in
            let deviation = (2 / Double(layer.weight.rows + layer.weight.columns)).squareRoot()
            return layer.weight.doubles.prefix(64).map { Int(($0 / deviation * 1000).rounded()) }
        }
        #expect(Set(layers).count == 3)
        let other = model.copy()
        other.initialise(RandomStreams(seed: 3))
        #expect(other.parameters.flat.values != model.parameters.flat.values)
        other.initialise(RandomStreams(seed: 2))
        #expect(other.parameters.flat.values == model.parameters.flat.values)
    }

    /// The same weights to the last bit of Float, so that a gradient check starts where training does.
    @Test func `Double networks start with the float networks' weights`() {
        let shape = StackShape(units: [7, 5, 3], activation: .relu)
        let float = MLP<Float>(shape, loss: .crossEntropy, points: 1)
        let double = MLP<Double>(shape, loss: .crossEntropy, points: 1)
        float.initialise(RandomStreams(seed: 2))
        double.initialise(RandomStreams(seed: 2))
        #expect(float.parameters.flat.doubles == double.parameters.flat.values)
    }
}
