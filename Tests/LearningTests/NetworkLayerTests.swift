import Model
import TestSupport
import Testing

@testable import Learning
@testable import LinearAlgebra

/// Layers against plain loops.
@Suite struct NetworkLayerTests {
    /// Outputs of the last layer, in evaluation.
    private func outputs<T: Real>(_ network: Network<T>, _ x: Matrix<T>) -> Matrix<T> {
        let results = network.outputs(at: x)
        return results[results.count - 1].activation
    }

    @Test(arguments: [(1, 1, 0), (1, 2, 0), (2, 1, 1), (3, 1, 0), (3, 1, 1), (3, 2, 1), (3, 3, 2), (5, 2, 4)])
    func `A convolution is the plain loop`(kernel: Int, stride: Int, padding: Int) throws {
        let size = ImageSize(height: 7, width: 5, channels: 3)
        let (channels, points) = (4, 3)
        let shape = try NetworkShape(
            input: size,
            layers: [
                .convolution(
                    channels: channels, kernel: kernel, stride: stride, padding: padding, hasBias: true)
            ])
        let network: Network<Double> = Nets.network(shape, points: points)
        let batch: Batch<Double> = Nets.batch(shape, points: points)
        let y = outputs(network, batch.inputs)
        let weight = network.weights[0]
        let bias = Array(network.parameters.flat.values[weight.count...])
        let (height, width) = (
            (size.height + 2 * padding - kernel) / stride + 1,
            (size.width + 2 * padding - kernel) / stride + 1
        )
        #expect(y.columns == height * width * channels)
        var expected: [Double] = []
        for point in 0..<points {
            for row in 0..<height {
                for column in 0..<width {
                    for channel in 0..<channels {
                        var sum = bias[channel]
                        for ky in 0..<kernel {
                            for kx in 0..<kernel {
                                let (r, c) = (row * stride + ky - padding, column * stride + kx - padding)
                                guard (0..<size.height).contains(r), (0..<size.width).contains(c) else {
                                    continue
                                }
                                for input in 0..<3 {
                                    sum +=
                                        weight[channel, (ky * kernel + kx) * 3 + input]
                                        * batch.inputs[point, (r * size.width + c) * 3 + input]
                                }
                            }
                        }
                        expected.append(sum)
                    }
                }
            }
        }
        expectClose(y.values, expected, within: 1e-13)
    }

    /// Windows of more points than are gathered at once.
    @Test func `A convolution of many points is that of each`() throws {
        let shape = try NetworkShape(
            input: ImageSize(height: 32, width: 32, channels: 8),
            layers: [.convolution(channels: 3, kernel: 3, padding: 1)])
        let network: Network<Double> = Nets.network(shape, points: 7)
        let one: Network<Double> = Nets.network(shape, points: 1)
        let batch: Batch<Double> = Nets.batch(shape, points: 7)
        let all = outputs(network, batch.inputs)
        for point in 0..<7 {
            let y = outputs(one, batch.inputs.rows(point..<point + 1))
            expectClose(all.rows(point..<point + 1).values, y.values, within: 1e-13)
        }
    }

    /// Which numbers have a mean together: point and group of channel.
    private func key(_ kind: Normalisation, _ size: ImageSize, point: Int, index: Int) -> [Int] {
        let channel = index % size.channels
        return switch kind {
        case .layer: [point]
        case .batch: [channel]
        case .instance: size.pixels == 1 ? [point] : [point, channel]
        case .group(let groups): [point, channel / (size.channels / groups)]
        case .token: [point, index / size.channels]
        }
    }

    @Test(arguments: [
        (Normalisation.layer, ImageSize.vector(37)), (.batch, .vector(37)), (.instance, .vector(37)),
        (.group(3), .vector(39)), (.layer, ImageSize(height: 9, width: 8, channels: 4)),
        (.batch, ImageSize(height: 9, width: 8, channels: 4)),
        (.batch, ImageSize(height: 9, width: 9, channels: 67)),
        (.instance, ImageSize(height: 9, width: 8, channels: 4)),
        (.group(2), ImageSize(height: 16, width: 16, channels: 8)),
        (.token, ImageSize(height: 5, width: 3, channels: 67)), (.token, .vector(37)),
    ])
    func `A normalisation is the plain formula`(kind: Normalisation, size: ImageSize) throws {
        let points = 6
        let shape = try NetworkShape(input: size, layers: [.normalisation(kind), .dense(1)])
        let network: Network<Double> = Nets.network(shape, points: points)
        let batch: Batch<Double> = Nets.batch(shape, points: points)
        let work = NetworkWorkspace<Double>(shape.plan, nil, points: points)
        network.numbers.forward(batch.inputs, work, .training(movesAverages: false), upTo: 1)
        let norm = try Nets.normalisation(shape)
        let (gamma, beta) = (
            norm.gamma.of(network.parameters.flat).values, norm.beta.of(network.parameters.flat).values
        )
        var groups: [[Int]: [Double]] = [:]
        for point in 0..<points {
            for index in 0..<size.count {
                let key = key(kind, size, point: point, index: index)
                groups[key, default: []].append(batch.inputs[point, index])
            }
        }
        let moments = groups.mapValues { numbers in
            let mean = numbers.reduce(0, +) / Double(numbers.count)
            return (mean, numbers.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(numbers.count))
        }
        var expected: [Double] = []
        for point in 0..<points {
            for index in 0..<size.count {
                let channel = index % size.channels
                let (mean, variance) = try #require(moments[key(kind, size, point: point, index: index)])
                let position = gamma.count == 1 ? 0 : channel
                expected.append(
                    gamma[position] * (batch.inputs[point, index] - mean) / (variance + 1e-5).squareRoot()
                        + beta[position])
            }
        }
        expectClose(work.values[1].values, expected, within: 1e-12)
    }

    @Test func `Pools take means and maxima of windows`() throws {
        let size = ImageSize(height: 4, width: 6, channels: 2)
        let batch: Batch<Double> = Nets.batch(
            try NetworkShape(input: size, layers: [.dense(1)]), points: 2)
        for isMaximum in [false, true] {
            let pool = try #require(
                ImagePool(image: size, windowHeight: 2, windowWidth: 3, isMaximum: isMaximum))
            let y = Matrix<Double>(rows: 2, columns: pool.result.count)
            y.setPool(of: batch.inputs, pool)
            var expected: [Double] = []
            for point in 0..<2 {
                for (row, column) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
                    for channel in 0..<2 {
                        let window = (0..<6).map { position in
                            let (r, c) = (row * 2 + position / 3, column * 3 + position % 3)
                            return batch.inputs[point, (r * 6 + c) * 2 + channel]
                        }
                        expected.append(isMaximum ? window.max() ?? 0 : window.reduce(0, +) / 6)
                    }
                }
            }
            expectClose(y.values, expected, within: 1e-15)
        }
    }

    @Test func `A padded shortcut takes every second pixel and adds zeros`() throws {
        let subsample = try #require(
            ImageSubsample(image: ImageSize(height: 3, width: 4, channels: 1), stride: 2, channels: 2))
        let x = Matrix<Double>([(0..<12).map { Double($0) }])
        let y = Matrix<Double>(rows: 1, columns: 8)
        y.setSubsample(of: x, subsample)
        #expect(y.values == [0, 0, 2, 0, 8, 0, 10, 0])
    }

    /// Layers as measures see them, of which each is computed from the one before by hand.
    @Test func `Outputs of layers follow each other`() throws {
        let shape = try NetworkShape.mlp(
            units: [4, 5, 5, 3], activation: .tanh, normalisation: .batch, isResidual: true)
        let network: Network<Double> = Nets.network(shape, points: 2)
        let x = (Nets.batch(shape, points: 5) as Batch<Double>).inputs
        let layers = network.outputs(at: x)
        #expect(layers.map(\.layer.depth) == [1, 2, 3])
        #expect(layers.map(\.layer.size.count) == [5, 5, 3])
        let first = layers[0].preActivation.values.map { PlainMath.tangent($0) }
        expectClose(layers[0].activation.values, first, within: 1e-15)
        let second = zip(first, layers[1].preActivation.values).map { $0 + PlainMath.tangent($1) }
        expectClose(layers[1].activation.values, second, within: 1e-14)
        let last = Matrix.product(layers[1].activation, network.weights[2], transposeB: true)
        let bias = network.parameters.flat.values[
            (shape.plan.parameterCount - 3)..<shape.plan.parameterCount]
        for point in 0..<5 {
            for (unit, b) in bias.enumerated() { last[point, unit] += b }
        }
        expectClose(layers[2].activation.values, last.values, within: 1e-14)
        let only = network.outputs(of: [network.layers[1]], at: x)
        #expect(only.count == 1 && only[0].activation.values == layers[1].activation.values)
    }

    /// Idelbayev's table of CIFAR-10 ResNets with shortcuts without parameters: 0.27 M for ResNet-20, 0.46 M
    /// for ResNet-32; the paper's table 6 gives the same.
    @Test func `ResNets have the published number of parameters`() throws {
        let counts = try [20, 32, 56].map { try NetworkShape.resnet(depth: $0).plan.parameterCount }
        #expect(counts == [269_722, 464_154, 853_018])
        let shape = try NetworkShape.resnet(depth: 32)
        #expect(shape.networkLayers.count == 32 && shape.networkLayers.last?.depth == 32)
        #expect(shape.networkLayers.map(\.size.count).max() == 16_384)
    }
}
