/// input + learned numbers that are the same at every point, for the first numbers of a point.
public struct ShiftOperation: NetworkOperation {
    /// The learned numbers, one row.
    public let shifts: NetworkPlan.Region
}

extension LayerSpec {
    /// The deviation of embeddings before the first step, as in DeiT and timm.
    private static let deviation = 0.02

    /// Cuts an image into square patches, and maps each to a pixel with this number of channels: a convolution whose
    /// stride is its kernel. The result has one column, the patches row by row (Dosovitskiy et al. 2021).
    public static func patches(_ side: Int, channels: Int, name: String? = nil) -> LayerSpec {
        LayerSpec { (plan, value) throws(ShapeFault) in
            let size = plan.values[value].size
            guard channels > 0 else { throw .notPositive }
            guard side > 0, size.height % side == 0, size.width % side == 0,
                let window = ImageWindow(image: size, kernel: side, stride: side, padding: 0)
            else { throw .poolDoesNotFit(window: side, size) }
            let result = ImageSize(height: window.positions, width: 1, channels: channels)
            let (weight, bias) = plan.takeLayer(
                plan.name(name, kind: "convolutions"), [side, side, size.channels], hasBias: true, to: result)
            return plan.add(
                ConvolutionOperation(window: window, weight: weight, bias: bias), value, result)
        }
    }

    /// Puts a learned pixel, the class token, before the first.
    public static func classToken(name: String) -> LayerSpec {
        LayerSpec { (plan, value) throws(ShapeFault) in
            let channels = plan.values[value].size.channels
            let longer = try plan.append([.zeroPixelFirst], after: value)
            let token = plan.takeVector(channels, name, shape: [1, 1, channels], deviation: deviation)
            return plan.add(ShiftOperation(shifts: token), longer, plan.values[longer].size)
        }
    }

    /// Adds a learned number to each number: position embeddings.
    public static func positions(name: String) -> LayerSpec {
        LayerSpec { (plan, value) in
            let size = plan.values[value].size
            let shifts = plan.takeVector(
                size.count, name, shape: [1, size.pixels, size.channels], deviation: deviation)
            return plan.add(ShiftOperation(shifts: shifts), value, size)
        }
    }
}
