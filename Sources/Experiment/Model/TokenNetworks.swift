/// The sizes that networks on the patches of an image have in common.
public struct TokenSizes: Sendable {
    /// Number of blocks.
    public var blocks: Int
    /// Number of channels of a patch's token.
    public var width: Int
    /// Side of a patch in pixels.
    public var patch: Int
    /// The function within a block.
    public var activation: Activation
    /// Share of numbers that dropout sets to 0 in training.
    public var dropout: Double
    /// The size of a point.
    public var input: ImageSize
    /// Number of the network's outputs.
    public var outputs: Int

    /// Sizes of a network.
    public init(
        blocks: Int, width: Int, patch: Int, activation: Activation = .gelu, dropout: Double = 0,
        input: ImageSize, outputs: Int
    ) {
        (self.blocks, self.width, self.patch, self.activation) = (blocks, width, patch, activation)
        (self.dropout, self.input, self.outputs) = (dropout, input, outputs)
    }

    /// Number of patches; 0 where they don't tile the image.
    var patches: Int { patch > 0 ? input.height / patch * (input.width / patch) : 0 }

    /// A number of units, as a part of `width`.
    func units(_ ratio: Double) -> Int { Int(ratio * Double(width)) }

    /// Normalises each token, and appends `body`, with its input added.
    func block(_ norm: String, _ body: [LayerSpec]) -> LayerSpec {
        .residual([.normalisation(.token, name: norm)] + body, .identity)
    }

    /// A dense layer, the activation, and another dense layer of `outputs` units, on each pixel.
    func mlp(_ name: String, units: Int, outputs: Int) -> [LayerSpec] {
        [
            .pointwise(units, name: "\(name).fc1"), .activation(activation), .dropout(dropout),
            .pointwise(outputs, name: "\(name).fc2"), .dropout(dropout),
        ]
    }

    /// The network around its blocks: patches and what follows them, and the classifier. Measures see each block's
    /// output as a layer. Networks of more numbers than `NetworkPlan` allows are refused.
    func network(
        _ stem: [LayerSpec], _ blocks: [[LayerSpec]], _ pool: LayerSpec
    ) throws(ShapeFault) -> NetworkShape {
        try NetworkShape(
            input: input,
            layers: stem + [.measured("tokens"), .sizeCheck]
                + blocks.enumerated().flatMap { $1 + [.measured("blocks.\($0)"), .sizeCheck] }
                + [.normalisation(.token, name: "norm"), pool, .dense(outputs, name: "head")])
    }
}

// Names of parameters are those of timm's networks.
extension NetworkShape {
    /// A vision transformer (Dosovitskiy et al. 2021) with normalisation before each part of a block.
    ///
    /// - Parameters:
    ///   - heads: number of attention heads, which divides the width.
    ///   - mlpRatio: units of a block's dense layer, as a multiple of the width.
    ///   - hasClassToken: whether the classifier reads a learned token, and not the mean over all tokens.
    public static func vit(
        _ sizes: TokenSizes, heads: Int, mlpRatio: Double = 4, hasClassToken: Bool = true
    ) throws(ShapeFault) -> NetworkShape {
        let width = sizes.width
        let stem: [LayerSpec] =
            [.patches(sizes.patch, channels: width, name: "patch_embed.proj")]
            + (hasClassToken ? [.classToken(name: "cls_token")] : [])
            + [.positions(name: "pos_embed"), .dropout(sizes.dropout)]
        let blocks = (0..<sizes.blocks).map { index in
            let name = "blocks.\(index)"
            return [
                sizes.block(
                    "\(name).norm1",
                    [
                        .pointwise(3 * width, name: "\(name).attn.qkv"), .attention(heads: heads),
                        .pointwise(width, name: "\(name).attn.proj"), .dropout(sizes.dropout),
                    ]),
                sizes.block(
                    "\(name).norm2",
                    sizes.mlp("\(name).mlp", units: sizes.units(mlpRatio), outputs: width)),
            ]
        }
        return try sizes.network(stem, blocks, hasClassToken ? .firstPixel : .globalAveragePool)
    }

    /// An MLP-Mixer (Tolstikhin et al. 2021): each block mixes the tokens of a channel, then the channels of a token.
    ///
    /// - Parameters:
    ///   - tokenRatio: units of the dense layer that mixes tokens, as a multiple of the width.
    ///   - mlpRatio: units of the one that mixes channels.
    public static func mixer(
        _ sizes: TokenSizes, tokenRatio: Double = 0.5, mlpRatio: Double = 4
    ) throws(ShapeFault) -> NetworkShape {
        let blocks = (0..<sizes.blocks).map { index in
            let name = "blocks.\(index)"
            let tokens = sizes.mlp(
                "\(name).mlp_tokens", units: sizes.units(tokenRatio), outputs: sizes.patches)
            return [
                sizes.block("\(name).norm1", [.transposed] + tokens + [.transposed]),
                sizes.block(
                    "\(name).norm2",
                    sizes.mlp("\(name).mlp_channels", units: sizes.units(mlpRatio), outputs: sizes.width)),
            ]
        }
        return try sizes.network(
            [.patches(sizes.patch, channels: sizes.width, name: "stem.proj")], blocks, .globalAveragePool)
    }

    /// A gMLP (Liu et al. 2021): each block multiplies half of its units by the other half, mixed over the tokens. That
    /// product begins near 1.
    ///
    /// - Parameter mlpRatio: units of a block's dense layer, as a multiple of the width; an odd number is made even.
    public static func gmlp(
        _ sizes: TokenSizes, mlpRatio: Double = 6
    ) throws(ShapeFault) -> NetworkShape {
        let blocks = (0..<sizes.blocks).map { index in
            let name = "blocks.\(index)"
            let part = "\(name).mlp_channels"
            let mixing: [LayerSpec] = [
                .normalisation(.token, name: "\(part).gate.norm"), .transposed,
                .pointwise(sizes.patches, name: "\(part).gate.proj", deviation: 1e-6, initialBias: 1),
                .transposed,
            ]
            return [
                sizes.block(
                    "\(name).norm",
                    [
                        .pointwise(sizes.units(mlpRatio) / 2 * 2, name: "\(part).fc1"),
                        .activation(sizes.activation), .dropout(sizes.dropout), .gate(mixing),
                        .pointwise(sizes.width, name: "\(part).fc2"), .dropout(sizes.dropout),
                    ])
            ]
        }
        return try sizes.network(
            [.patches(sizes.patch, channels: sizes.width, name: "stem.proj")], blocks, .globalAveragePool)
    }
}
