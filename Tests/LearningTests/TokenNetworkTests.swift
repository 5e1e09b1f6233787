import Glibc
import Model
import TestSupport
import Testing

@testable import Learning
@testable import LinearAlgebra

/// Vision transformers, mixers and gMLPs: their layers against plain loops, their gradients and tangents against
/// differences, their sizes against published ones.
@Suite struct TokenNetworkTests {
    private static let sizes = TokenSizes(
        blocks: 2, width: 4, patch: 2, input: ImageSize(height: 6, width: 4, channels: 3), outputs: 3)

    struct Kind: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let shape: @Sendable () throws -> NetworkShape
    }

    static let kinds = [
        Kind(testDescription: "vit") { try .vit(sizes, heads: 2, mlpRatio: 1.5) },
        Kind(testDescription: "vit, mean") { try .vit(sizes, heads: 1, mlpRatio: 2, hasClassToken: false) },
        Kind(testDescription: "mixer") { try .mixer(sizes, tokenRatio: 0.75, mlpRatio: 1.5) },
        Kind(testDescription: "gmlp") { try .gmlp(sizes, mlpRatio: 2.5) },
    ]

    @Test(arguments: kinds) func `A network's gradient is its objective's derivative`(kind: Kind) throws {
        NetworkGradientTests.check(
            try kind.shape(), loss: .crossEntropy, points: 3, kind.testDescription)
    }

    @Test func `The numbers that attention keeps for each point are those that plans count`() throws {
        let operations = try Self.kinds[0].shape().plan.nodes.compactMap {
            $0.operation as? AttentionOperation
        }
        #expect(operations.count == 2)
        for attention in operations {
            let kept = attention.keptSizes(points: 3).reduce(0) { $0 + $1.rows * $1.columns }
            #expect(kept == 3 * attention.keptNumbers)
        }
    }

    @Test(arguments: kinds) func `Gradients in float are those in double`(kind: Kind) throws {
        let shape = try kind.shape()
        let single: Network<Float> = Nets.network(shape)
        let double = Network<Double>(converting: single, points: Nets.points)
        let batch: Batch<Float> = Nets.batch(shape)
        var exact: Batch<Double> = Nets.batch(shape)
        exact.inputs.assign(converting: batch.inputs)
        exact.labels = batch.labels
        let gradients = (single.makeGradients(), double.makeGradients())
        let objectives = (single.gradient(gradients.0, batch), double.gradient(gradients.1, exact))
        expectClose([objectives.0.total], [objectives.1.total], within: 1e-5)
        let largest = gradients.1.flat.values.reduce(0) { max($0, abs($1)) }
        expectClose(
            gradients.0.flat.doubles, gradients.1.flat.values, within: 2e-5, floor: largest,
            kind.testDescription)
    }

    /// Forward from all inputs at once or from a few, and backward from each unit.
    @Test(arguments: kinds) func `Tangents and the backward pass give the same Jacobians`(kind: Kind) throws {
        let network: Network<Double> = Nets.network(try kind.shape())
        let point = (Nets.batch(network.shape, points: 1) as Batch<Double>).inputs
        let values = network.layers.map { $0.value(.activation) }
        #expect(values.count == 4)
        let some = [30, 2, 31]
        var (all, part) = ([Int: Matrix<Double>](), [Int: Matrix<Double>]())
        NetworkTangents(network, of: values).forEachJacobian(at: point) { all[$0.value] = $0.whole.copied }
        NetworkTangents(network, of: values, inputs: some).forEachJacobian(at: point) {
            part[$0.value] = $0.whole.copied
        }
        for (layer, value) in zip(network.layers, values) {
            let jacobian = NetworkJacobian(network, of: layer).jacobian(at: point)
            let (whole, few) = (try #require(all[value]), try #require(part[value]))
            for row in 0..<jacobian.rows {
                let name = "\(kind) \(value) \(row)"
                expectClose(
                    (0..<whole.rows).map { whole[$0, row] }, jacobian.rows(row..<row + 1).values,
                    within: 1e-10, floor: 1e-3, name)
                expectClose(
                    few.rows == 3 ? (0..<3).map { few[$0, row] } : [], some.map { jacobian[row, $0] },
                    within: 1e-10, floor: 1e-3, name)
            }
        }
    }

    @Test func `Attention is the plain loop`() throws {
        let (tokens, width, heads) = (5, 6, 3)
        let shape = try NetworkShape(
            input: ImageSize(height: tokens, width: 1, channels: 3 * width),
            layers: [.attention(heads: heads), .measured("a"), .dense(1)])
        let network: Network<Double> = Nets.network(shape, points: 2)
        let x = (Nets.batch(shape, points: 2) as Batch<Double>).inputs
        let y = network.outputs(at: x)[0].activation
        var expected: [Double] = []
        for point in 0..<2 {
            func qkv(_ token: Int, _ part: Int, _ channel: Int) -> Double {
                x[point, token * 3 * width + part * width + channel]
            }
            for token in 0..<tokens {
                for channel in 0..<width {
                    let head = channel / 2 * 2..<channel / 2 * 2 + 2
                    let scores = (0..<tokens).map { other in
                        exp(head.reduce(0) { $0 + qkv(token, 0, $1) * qkv(other, 1, $1) } / 2.squareRoot())
                    }
                    let sum = scores.reduce(0, +)
                    expected.append(
                        (0..<tokens).reduce(0) { $0 + scores[$1] / sum * qkv($1, 2, channel) })
                }
            }
        }
        expectClose(y.values, expected, within: 1e-13)
    }

    /// Scores whose exponential no float holds.
    @Test func `A softmax of large scores is one of its largest`() {
        let x = Matrix<Float>([[3000, 1000, 3000], [-.infinity, 0, -1e30], [0, .nan, 1]])
        x.becomeSoftmax(scale: 2)
        // Exponentials end at e⁻⁸⁷.
        #expect(x.values.prefix(6).map { $0 < 1e-37 ? 0 : $0 } == [0.5, 0, 0.5, 0, 1, 0])
        #expect(x.values.suffix(3).allSatisfy { $0.isNaN })
    }

    @Test func `Tokens are numbered patch by patch, behind the class token`() throws {
        let size = ImageSize(height: 4, width: 4, channels: 1)
        let shape = try NetworkShape(
            input: size,
            layers: [
                .patches(2, channels: 1, name: "p"), .classToken(name: "c"), .positions(name: "q"),
                .measured("a"),
                .transposed, .measured("b"), .transposed, .firstPixel, .dense(1),
            ])
        let network = Network<Double>(shape, loss: .meanSquaredError, points: 1)
        for (tensor, values) in zip(
            shape.plan.parameters, [[1, 0, 0, 0], [0.5], [10], [0, 1, 2, 3, 4]] as [[Double]])
        {
            Matrix(
                network.parameters.flat.buffer, offset: tensor.range.lowerBound, rows: 1,
                columns: values.count
            ).assign(values)
        }
        let x = Matrix<Double>([(0..<16).map { Double($0) }])
        let layers = network.outputs(at: x)
        // The corners 0, 2, 8, 10 of the patches, plus 0.5 and their position.
        #expect(layers[0].activation.values == [10, 1.5, 4.5, 11.5, 14.5])
        #expect(layers[1].activation.values == [10, 1.5, 4.5, 11.5, 14.5])
        #expect(shape.plan.values[shape.plan.layers[1].activation].size.channels == 5)
    }

    /// Numbers of parameters of timm's networks: vit_tiny_patch16_224, mixer_s16_224 and gmlp_s16_224.
    @Test func `Networks have the published number of parameters`() throws {
        func sizes(_ blocks: Int, _ width: Int) -> TokenSizes {
            TokenSizes(
                blocks: blocks, width: width, patch: 16,
                input: ImageSize(height: 224, width: 224, channels: 3),
                outputs: 1000)
        }
        #expect(try NetworkShape.vit(sizes(12, 192), heads: 3).plan.parameterCount == 5_717_416)
        #expect(try NetworkShape.mixer(sizes(8, 512)).plan.parameterCount == 18_528_264)
        #expect(try NetworkShape.gmlp(sizes(30, 256)).plan.parameterCount == 19_422_656)
    }

    @Test func `Dropout zeroes its share and scales the rest, in training alone`() throws {
        let shape = try NetworkShape(
            input: .vector(2000), layers: [.dropout(0.3), .measured("a"), .dropout(0.01), .dense(1)])
        let network = Network<Double>(shape, loss: .meanSquaredError, points: 3)
        #expect(network.noisePerPoint == 4000)
        let x = Matrix<Double>(rows: 3, columns: 2000)
        x.fill(7)
        #expect(network.outputs(at: x)[0].activation.values.allSatisfy { $0 == 7 })
        let noise = Matrix<Double>(rows: 3, columns: 4000)
        let draws = Matrix<Float>(rows: 3, columns: 4000)
        RandomStreams(seed: 4).fillNormals(draws, .latentNoise, index: 9)
        noise.assign(converting: draws)
        let work = NetworkWorkspace<Double>(shape.plan, nil, points: 3, values: .separate)
        network.numbers.forward(
            x, work, .training(movesAverages: false), upTo: shape.plan.last, noise: noise)
        for (value, rate, input) in [(1, 0.3, x), (2, 0.01, work.values[1])] {
            let numbers = work.values[value].values
            let dropped = zip(numbers, input.values).filter { $0 == 0 && $1 != 0 }.count
            let left = input.values.count { $0 != 0 }
            // Four standard deviations of a binomial variable.
            let deviation = (Double(left) * rate * (1 - rate)).squareRoot()
            #expect(abs(Double(dropped) - rate * Double(left)) < 4 * deviation, "\(rate)")
            #expect(
                zip(numbers, input.values).allSatisfy { $0 == 0 || abs($0 - $1 / (1 - rate)) < 1e-13 * $0 })
        }
        // Points and operations have noise of their own.
        let rows = (0..<3).map { work.values[1].rows($0..<$0 + 1).values }
        #expect(rows[0] != rows[1] && rows[1] != rows[2])
    }

    @Test(arguments: kinds.indices) func `With dropout, a gradient is its objective's derivative`(
        index: Int
    ) throws {
        var sizes = Self.sizes
        (sizes.dropout, sizes.blocks) = (0.4, 1)
        let shape =
            switch index {
            case 0: try NetworkShape.vit(sizes, heads: 2)
            case 1: try NetworkShape.vit(sizes, heads: 2, hasClassToken: false)
            case 2: try NetworkShape.mixer(sizes)
            default: try NetworkShape.gmlp(sizes)
            }
        let network: Network<Double> = Nets.network(shape, points: 2)
        let batch: Batch<Double> = Nets.batch(shape, points: 2)
        var draws = Draws(8)
        let noise: Matrix<Double> = draws.matrix(rows: 2, columns: network.noisePerPoint, in: -2...2)
        let (gradients, others) = (network.makeGradients(), network.makeGradients())
        let objective = network.gradient(gradients, batch, noise: noise)
        #expect(objective.total != network.gradient(others, batch).total)
        let differences = Nets.differences(network.parameters.flat) {
            [network.gradient(others, batch, noise: noise).total]
        }
        expectClose(gradients.flat.values, differences.flatMap { $0 }, within: 1e-6, floor: 1e-3)
    }

    /// Sample deviations of some hundred numbers.
    @Test func `Embeddings and gates are drawn with their own deviations`() throws {
        var sizes = Self.sizes
        (sizes.width, sizes.blocks) = (64, 1)
        func drawn(_ shape: NetworkShape) -> [String: [Double]] {
            let network = Network<Double>(shape, loss: .crossEntropy, points: 1)
            network.initialise(RandomStreams(seed: 5))
            let flat = network.parameters.flat.values
            return Dictionary(
                uniqueKeysWithValues: shape.plan.parameters.map { ($0.name, Array(flat[$0.range])) })
        }
        func deviation(_ numbers: [Double]?) -> Double {
            guard let numbers else { return .nan }
            return (numbers.reduce(0) { $0 + $1 * $1 } / Double(numbers.count)).squareRoot()
        }
        let vit = drawn(try .vit(sizes, heads: 2))
        #expect(abs(deviation(vit["pos_embed"]) / 0.02 - 1) < 0.15)
        #expect(abs(deviation(vit["cls_token"]) / 0.02 - 1) < 0.3)
        #expect(vit["pos_embed"]?.prefix(64) != vit["cls_token"]?[...])
        // He's before the GELU, Glorot's elsewhere.
        #expect(abs(deviation(vit["blocks.0.mlp.fc1.weight"]) / (2.0 / 64).squareRoot() - 1) < 0.05)
        #expect(abs(deviation(vit["blocks.0.attn.qkv.weight"]) / (2.0 / 256).squareRoot() - 1) < 0.05)
        let gmlp = drawn(try .gmlp(sizes))
        let gate = "blocks.0.mlp_channels.gate"
        #expect(gmlp["\(gate).proj.bias"]?.allSatisfy { $0 == 1 } == true)
        #expect((1e-7...2e-6).contains(deviation(gmlp["\(gate).proj.weight"])))
        #expect(gmlp["\(gate).norm.weight"]?.allSatisfy { $0 == 1 } == true)
    }
}

extension Matrix {
    fileprivate var copied: Matrix {
        let copy = Matrix(rows: rows, columns: columns)
        copy.assign(self)
        return copy
    }
}
