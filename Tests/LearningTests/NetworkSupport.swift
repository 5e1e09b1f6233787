import Model
import TestSupport
import Testing

@testable import Learning
@testable import LinearAlgebra

/// Small networks of every kind, and numbers for them.
enum Nets {
    static let points = 5

    static func network<T: Real>(
        _ shape: NetworkShape, loss: Loss = .crossEntropy, points: Int = points, seed: UInt64 = 3,
        logDet: LogDetSettings? = nil
    ) -> Network<T> {
        let network = Network<T>(shape, loss: loss, points: points, logDet: logDet)
        draw(network, seed: seed)
        return network
    }

    /// Draws all parameters and running averages.
    static func draw<T: Real>(_ network: Network<T>, seed: UInt64) {
        var draws = Draws(seed)
        network.parameters.flat.assign(draws.numbers(network.parameters.flat.count).map { T($0) })
        for node in network.shape.plan.nodes {
            guard let norm = node.operation as? NormalisationOperation else { continue }
            // Scales away from 0, and variances that are some.
            norm.gamma.of(network.parameters.flat).assign(
                draws.numbers(norm.gamma.columns, in: 0.5...1.5).map { T($0) })
            norm.running?.variance.of(network.numbers.states).assign(
                draws.numbers(norm.gamma.columns, in: 0.5...1.5).map { T($0) })
        }
    }

    static func batch<T: Real>(_ shape: NetworkShape, points: Int = points, seed: UInt64 = 4) -> Batch<T> {
        var draws = Draws(seed)
        let x: Matrix<T> = draws.matrix(rows: points, columns: shape.input.count, in: -2...2)
        var batch = Batch(
            inputs: x, targets: draws.matrix(rows: points, columns: shape.outputs, in: -2...2))
        batch.labels = (0..<points).map { _ in Int32(draws.next() % UInt64(shape.outputs)) }
        return batch
    }

    /// The normalisation that a network begins with.
    static func normalisation(_ shape: NetworkShape) throws -> NormalisationOperation {
        try #require(
            shape.plan.nodes.first.flatMap {
                $0.operation as? NormalisationOperation
            })
    }

    static let image = ImageSize(height: 6, width: 4, channels: 3)
    static let tanh = LayerSpec.activation(.tanh)

    /// One for each kind of layer, with something that bends before and behind it.
    static let kinds: [(name: String, input: ImageSize, layers: [LayerSpec])] = [
        ("dense", .vector(4), [.dense(5), tanh, .dense(3)]),
        ("dense without bias", .vector(4), [.dense(5, hasBias: false), tanh, .dense(3, hasBias: false)]),
        ("relu", .vector(4), [.dense(5), .activation(.relu), .dense(3)]),
        ("gelu", .vector(4), [.dense(5), .activation(.gelu), .dense(3)]),
        ("gelu_tanh", .vector(4), [.dense(5), .activation(.geluTanh), .dense(3)]),
        ("silu", .vector(4), [.dense(5), .activation(.silu), .dense(3)]),
        ("sigmoid", .vector(4), [.dense(5), .activation(.sigmoid), .dense(3)]),
        ("leaky_relu", .vector(4), [.dense(5), .activation(.leakyRelu), .dense(3)]),
        ("elu", .vector(4), [.dense(5), .activation(.elu), .dense(3)]),
        ("softplus", .vector(4), [.dense(5), .activation(.softplus), .dense(3)]),
        ("activation of an activation", .vector(4), [.dense(5), tanh, .activation(.relu), .dense(3)]),
        ("gelu around gelu", .vector(4), [.dense(5), .activation(.gelu), .activation(.gelu), .dense(3)]),
        (
            "gelu of a block", .vector(4),
            [
                .dense(5), .residual([.activation(.gelu), .dense(5)], .identity), .activation(.silu),
                .dense(3),
            ]
        ),
        ("activation of the input", .vector(4), [tanh, .dense(3)]),
        ("layer", .vector(4), [.dense(6), .normalisation(.layer), tanh, .dense(3)]),
        ("batch", .vector(4), [.dense(6), .normalisation(.batch), tanh, .dense(3)]),
        ("instance", .vector(4), [.dense(6), .normalisation(.instance), tanh, .dense(3)]),
        ("group", .vector(4), [.dense(6), .normalisation(.group(2)), tanh, .dense(3)]),
        ("normalised input", .vector(4), [.normalisation(.batch), .dense(3), .normalisation(.layer)]),
        ("layer of images", image, [.normalisation(.layer), tanh, .dense(3)]),
        ("batch of images", image, [.normalisation(.batch), tanh, .dense(3)]),
        ("instance of images", image, [.normalisation(.instance), tanh, .dense(3)]),
        (
            "group of images", ImageSize(height: 3, width: 2, channels: 4),
            [.normalisation(.group(2)), tanh, .dense(3)]
        ),
        ("convolution", image, [.convolution(channels: 2, kernel: 3), tanh, .dense(3)]),
        (
            "convolution, stride, padding, bias", image,
            [
                .convolution(channels: 4, kernel: 3, stride: 2, padding: 1, hasBias: true), tanh,
                .convolution(channels: 2, kernel: 2, stride: 1, padding: 1), tanh, .dense(3),
            ]
        ),
        (
            "pointwise", image,
            [
                .convolution(channels: 5, kernel: 1), tanh, .convolution(channels: 2, kernel: 1),
                tanh, .dense(3),
            ]
        ),
        (
            "thinned", image,
            [
                .convolution(channels: 5, kernel: 1), tanh,
                .convolution(channels: 2, kernel: 1, stride: 2), tanh, .dense(3),
            ]
        ),
        ("average pool", image, [.convolution(channels: 2, kernel: 1), tanh, .averagePool(2), .dense(3)]),
        (
            "maximum pool", image,
            [.convolution(channels: 2, kernel: 1), tanh, .maximumPool(2), tanh, .dense(3)]
        ),
        ("global pool", image, [.convolution(channels: 2, kernel: 1), tanh, .globalAveragePool, .dense(3)]),
        ("flatten", image, [.convolution(channels: 2, kernel: 1), tanh, .flatten, tanh, .dense(3)]),
        (
            "flatten of the input and of a block", image,
            [.residual([.flatten, tanh, .dense(72)], .projection(nil), name: "p"), .flatten, .dense(3)]
        ),
        ("fitting", .vector(4), [.residual([.dense(5), tanh], .fitting(.batch), name: "p"), .dense(3)]),
        ("identity", .vector(4), [.dense(5), tanh, .residual([.dense(5), tanh], .identity), .dense(3)]),
        (
            "identity behind a normalisation", .vector(4),
            [.dense(5), .residual([.normalisation(.batch), tanh, .dense(5)], .identity), tanh, .dense(3)]
        ),
        ("a block at the input", .vector(4), [.residual([.dense(4), tanh], .identity), .dense(3)]),
        ("an empty block", .vector(4), [.dense(5), tanh, .residual([], .identity), .dense(3)]),
        (
            "a block in a block", .vector(4),
            [
                .dense(5), .residual([.residual([tanh, .dense(5)], .identity), .dense(5)], .identity), tanh,
                .dense(3),
            ]
        ),
        (
            "padded", image,
            [
                .convolution(channels: 3, kernel: 3, padding: 1), tanh,
                .residual([.convolution(channels: 5, kernel: 3, stride: 2, padding: 1)], .padded), tanh,
                .globalAveragePool, .dense(3),
            ]
        ),
        (
            "projection", image,
            [
                .convolution(channels: 3, kernel: 3, padding: 1), tanh,
                .residual(
                    [.convolution(channels: 5, kernel: 3, stride: 2, padding: 1), .normalisation(.batch)],
                    .projection(.batch)), tanh, .globalAveragePool, .dense(3),
            ]
        ),
        ("token", image, [.convolution(channels: 5, kernel: 1), .normalisation(.token), tanh, .dense(3)]),
        ("pointwise dense", image, [.pointwise(5), tanh, .pointwise(2), tanh, .dense(3)]),
        (
            "transposed", image,
            [.transposed, tanh, .pointwise(5), tanh, .transposed, .pointwise(2), tanh, .dense(3)]
        ),
        ("first pixel", image, [.pointwise(4), tanh, .firstPixel, .dense(3)]),
        (
            "class token and positions", image,
            [.patches(2, channels: 4), .classToken(name: "c"), .positions(name: "p"), tanh, .dense(3)]
        ),
        ("positions of the input", image, [.positions(name: "p"), tanh, .dense(3)]),
        ("attention", image, [.pointwise(12), .attention(heads: 2), tanh, .dense(3)]),
        (
            "attention of the input", ImageSize(height: 5, width: 1, channels: 6),
            [.attention(heads: 1), tanh, .dense(3)]
        ),
        (
            "attention behind its input", image,
            [.pointwise(6), .residual([.attention(heads: 1), .pointwise(6)], .identity), .dense(3)]
        ),
        (
            "gate", image,
            [
                .pointwise(6),
                .gate([.normalisation(.token), .transposed, .pointwise(24), .transposed]), tanh, .dense(3),
            ]
        ),
        ("gate of the input", ImageSize(height: 3, width: 1, channels: 4), [.gate([tanh]), .dense(3)]),
        (
            "projection without normalisation", .vector(4),
            [.dense(5), tanh, .residual([.dense(7), tanh], .projection(nil)), .dense(3)]
        ),
    ]

    static func shape(_ kind: (name: String, input: ImageSize, layers: [LayerSpec])) throws -> NetworkShape {
        try NetworkShape(input: kind.input, layers: kind.layers)
    }

    /// Derivatives of `body` in each number of `w`, five points a number: error O(h⁴).
    static func differences(
        _ w: Matrix<Double>, step h: Double = 3e-4, _ body: () -> [Double]
    ) -> [[Double]] {
        (0..<w.columns).map { index in
            let before = w[0, index]
            func at(_ offset: Double) -> [Double] {
                w[0, index] = before + offset
                return body()
            }
            let (near, nearBelow, far, farBelow) = (at(h), at(-h), at(2 * h), at(-2 * h))
            w[0, index] = before
            return near.indices.map {
                (8 * (near[$0] - nearBelow[$0]) - (far[$0] - farBelow[$0])) / (12 * h)
            }
        }
    }
}
