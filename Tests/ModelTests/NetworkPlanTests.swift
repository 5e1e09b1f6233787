import Testing

@testable import Model

@Suite struct NetworkPlanTests {
    private static func names(_ shape: NetworkShape) -> [String] {
        shape.plan.tensors.map { "\($0.name) \($0.shape)" }
    }

    @Test func `A perceptron's tensors are named layer by layer`() throws {
        let plain = try NetworkShape.mlp(units: [3, 5, 2], activation: .relu, stem: "encoder")
        #expect(
            Self.names(plain) == [
                "encoder.0.weight [5, 3]", "encoder.0.bias [5]", "encoder.1.weight [2, 5]",
                "encoder.1.bias [2]",
            ])
        let bare = try NetworkShape.mlp(units: [3, 5, 2], activation: .relu, hasBiases: false)
        #expect(Self.names(bare) == ["layers.0.weight [5, 3]", "layers.1.weight [2, 5]"])
        // A vector's instance is the whole vector, with one scale.
        let normalised = try NetworkShape.mlp(units: [3, 5, 2], activation: .tanh, normalisation: .instance)
        #expect(
            Self.names(normalised) == [
                "layers.0.weight [5, 3]", "layers.0.bias [5]", "norms.0.weight [1]", "norms.0.bias [1]",
                "layers.1.weight [2, 5]", "layers.1.bias [2]",
            ])
    }

    @Test func `A convolutional network ends in its classifier and averages`() throws {
        let shape = try NetworkShape.cnn(
            channels: [4, 6], activation: .relu, classes: 10,
            input: ImageSize(height: 5, width: 5, channels: 3), normalisation: .batch, hasBiases: false)
        #expect(
            Self.names(shape) == [
                "convolutions.0.weight [4, 3, 3, 3]", "norms.0.weight [4]", "norms.0.bias [4]",
                "convolutions.1.weight [6, 3, 3, 4]", "norms.1.weight [6]", "norms.1.bias [6]",
                "classifier.weight [10, 6]", "classifier.bias [10]", "norms.0.running_mean [4]",
                "norms.0.running_var [4]", "norms.1.running_mean [6]", "norms.1.running_var [6]",
            ])
        #expect(shape.plan.weights.map(\.name) == ["convolutions.0", "convolutions.1", "classifier"])
        #expect(shape.plan.weights.map(\.size.pixels) == [25, 9, 1])
    }

    @Test func `A residual network's tensors are named stage by stage`() throws {
        let shape = try NetworkShape.resnet(depth: 8, width: 2, normalisation: nil)
        let weights = shape.plan.weights
        #expect(
            weights.map(\.name) == ["convolution"]
                + (0..<3).flatMap { ["stages.\($0).0.convolution1", "stages.\($0).0.convolution2"] }
                + ["classifier"])
        #expect(weights.map(\.size.pixels) == [1024, 1024, 1024, 256, 256, 64, 64, 1])
        #expect(weights.map(\.size.channels) == [2, 2, 2, 4, 4, 8, 8, 10])
        #expect(Self.names(shape).first == "convolution.weight [2, 3, 3, 3]")
        #expect(Self.names(shape)[1] == "convolution.bias [2]")
        let normalised = try NetworkShape.resnet(depth: 8, width: 2)
        #expect(Self.names(normalised)[4] == "stages.0.0.norm1.weight [2]")
        #expect(Self.names(normalised).last == "stages.2.0.norm2.running_var [8]")
    }

    @Test func `A rearrangement of too many numbers is refused before its indices are listed`() {
        let input = ImageSize(height: 1 << 16, width: 1 << 16, channels: 2)
        for layer in [LayerSpec.transposed, .firstPixel, .zeroPixelFirst, .channels(part: 0, of: 2)] {
            #expect(throws: ShapeFault.tooManyNumbers(1 << 33)) {
                try NetworkShape(input: input, layers: [layer, .dense(1)])
            }
        }
    }

    @Test func `Networks on patches are no larger than those of lists may be`() {
        func vit(patch: Int) throws -> NetworkShape {
            try .vit(
                TokenSizes(
                    blocks: 1000, width: 4096, patch: patch,
                    input: ImageSize(height: 28, width: 28, channels: 1), outputs: 10),
                heads: 4, hasClassToken: false)
        }
        // Six blocks of 12 · 4096² weights, 9 · 4096 biases and 4 · 4096 numbers of normalisations; 49 patches of 16 pixels.
        #expect(throws: ShapeFault.tooManyParameters(1_208_549_376)) { try vit(patch: 4) }
        // Five blocks of 18 values of 196 × 4096 numbers, and four softmaxes of 196 × 196.
        #expect(throws: ShapeFault.tooManyNumbers(74_628_176)) { try vit(patch: 2) }
    }

    /// Each number of the flat buffer belongs to one tensor, in order.
    @Test func `Tensors lie side by side`() throws {
        let shape = try NetworkShape.resnet(depth: 14, width: 4, shortcut: .projection(.batch))
        var end = 0
        for tensor in shape.plan.tensors {
            #expect(tensor.range.lowerBound == end && tensor.range.count == tensor.shape.reduce(1, *))
            end = tensor.range.upperBound
        }
        #expect(end == shape.plan.parameterCount + shape.plan.stateCount)
        #expect(Set(shape.plan.tensors.map(\.name)).count == shape.plan.tensors.count)
    }

    @Test func `Layers that do not fit are refused`() {
        func fault(_ body: () throws(ShapeFault) -> NetworkShape) -> ShapeFault? {
            do throws(ShapeFault) {
                _ = try body()
                return nil
            } catch { return error }
        }
        let small = ImageSize(height: 2, width: 2, channels: 3)
        func network(_ layers: [LayerSpec]) throws(ShapeFault) -> NetworkShape {
            try NetworkShape(input: small, layers: layers)
        }
        #expect(fault { () throws(ShapeFault) in try network([]) } == .noWeights)
        #expect(fault { () throws(ShapeFault) in try network([.dense(0)]) } == .notPositive)
        #expect(
            fault { () throws(ShapeFault) in try network([.convolution(channels: 1, kernel: 3)]) }
                == .windowDoesNotFit(kernel: 3, padding: 0, small))
        #expect(
            fault { () throws(ShapeFault) in try network([.averagePool(3), .dense(1)]) }
                == .poolDoesNotFit(window: 3, small))
        #expect(
            fault { () throws(ShapeFault) in try network([.normalisation(.group(2)), .dense(1)]) }
                == .groupsDoNotDivide(2, channels: 3))
        #expect(
            fault { () throws(ShapeFault) in try network([.residual([.dense(3)], .identity)]) }
                == .shortcutDoesNotFit(.identity, from: small, to: .vector(3)))
        #expect(fault { () throws(ShapeFault) in try NetworkShape.resnet(depth: 18) } == .depth(18))
        #expect(
            fault { () throws(ShapeFault) in try network([.pointwise(12), .attention(heads: 3), .dense(1)]) }
                == .headsDoNotDivide(3, channels: 4))
        #expect(
            fault { () throws(ShapeFault) in try network([.pointwise(5), .attention(heads: 1)]) }
                == .headsDoNotDivide(1, channels: 1))
        #expect(
            fault { () throws(ShapeFault) in try network([.patches(3, channels: 2), .dense(1)]) }
                == .poolDoesNotFit(window: 3, small))
        #expect(
            fault { () throws(ShapeFault) in try network([.gate([]), .dense(1)]) }
                == .groupsDoNotDivide(2, channels: 3))
        #expect(
            fault { () throws(ShapeFault) in try network([.pointwise(4), .gate([.pointwise(3)]), .dense(1)]) }
                == .shortcutDoesNotFit(
                    .identity, from: ImageSize(height: 2, width: 2, channels: 2),
                    to: ImageSize(height: 2, width: 2, channels: 3)))
    }

    @Test func `Networks on patches have timm's names`() throws {
        let sizes = TokenSizes(
            blocks: 1, width: 4, patch: 2, input: ImageSize(height: 4, width: 4, channels: 3), outputs: 2)
        #expect(
            Self.names(try .vit(sizes, heads: 2)) == [
                "patch_embed.proj.weight [4, 2, 2, 3]", "patch_embed.proj.bias [4]", "cls_token [1, 1, 4]",
                "pos_embed [1, 5, 4]", "blocks.0.norm1.weight [4]", "blocks.0.norm1.bias [4]",
                "blocks.0.attn.qkv.weight [12, 4]", "blocks.0.attn.qkv.bias [12]",
                "blocks.0.attn.proj.weight [4, 4]", "blocks.0.attn.proj.bias [4]",
                "blocks.0.norm2.weight [4]",
                "blocks.0.norm2.bias [4]", "blocks.0.mlp.fc1.weight [16, 4]", "blocks.0.mlp.fc1.bias [16]",
                "blocks.0.mlp.fc2.weight [4, 16]", "blocks.0.mlp.fc2.bias [4]", "norm.weight [4]",
                "norm.bias [4]", "head.weight [2, 4]", "head.bias [2]",
            ])
        #expect(
            Self.names(try .mixer(sizes)).contains("blocks.0.mlp_tokens.fc2.weight [4, 2]"))
        #expect(
            Self.names(try .gmlp(sizes)).contains("blocks.0.mlp_channels.gate.proj.weight [4, 4]"))
        let plan = try NetworkShape.vit(sizes, heads: 2).plan
        #expect(plan.layers.map(\.depth) == [1, 5, 6])
        #expect(plan.layerNames == ["tokens", "blocks.0", "head"])
        let resnet = try NetworkShape.resnet(depth: 8, width: 2, shortcut: .projection(.batch)).plan
        #expect(resnet.layers.count == 8 && resnet.layerNames.count == 8 && resnet.weights.count == 10)
    }
}
