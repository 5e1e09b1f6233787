import LinearAlgebra
import ONNX
import Sweep

/// The points that a graph is measured at, from a .npy file, in the order of the network's input.
struct GraphPoints {
    /// The shape of one point as the network takes it.
    let shape: [Int]
    /// [points, numbers]; nil where only the shape is known.
    let inputs: Matrix<Float>
    /// Whether the network takes images with their channels last, as the points have them.
    let hasChannelsLast: Bool
    let labels: [Int32]?

    /// Reads the files, and preprocesses the inputs. Channels that are last stay there where the network takes
    /// them so.
    ///
    /// - Parameter count: the number of points to keep, from the first; nil: all.
    init(_ request: MeasureRequest, of model: ONNXModel, first count: Int?) throws(DataError) {
        guard case .array(let path, let labelsPath) = request.points else {
            throw DataError(file: request.weights, problem: .graph("needs --inputs X.npy"))
        }
        let file = try ArrayFile(opening: path)
        guard file.shape.count >= 2, !file.shape.contains(0) else {
            throw file.fault(.dimensions(file.shape, expected: "(points, …)"))
        }
        let held = file.shape[0]
        if let count, count > held {
            throw DataError(file: path, problem: .tooFewMeasured(asked: count, held: held))
        }
        let way = request.preprocessing
        let sizes = Array(file.shape.dropFirst())
        guard !way.channelsAreLast || sizes.count == 3 else {
            throw file.fault(
                .dimensions(file.shape, expected: "(points, height, width, channels) for --layout nhwc"))
        }
        hasChannelsLast = way.channelsAreLast && model.graph.inputs.first?.fits(sizes) == true
        let areMoved = way.channelsAreLast && !hasChannelsLast
        shape = areMoved ? [sizes[2], sizes[0], sizes[1]] : sizes
        let channels = way.channelsAreLast ? sizes[2] : sizes[0]
        for list in [way.mean, way.deviation] where !list.isEmpty && list.count != 1 && list.count != channels
        {
            throw file.fault(
                .dimensions(file.shape, expected: "\(list.count) channels, as --mean and --std have"))
        }
        let rows = count ?? held
        let numbers = sizes.reduce(1, *)
        let inputs = Matrix<Float>(rows: rows, columns: numbers)
        let plane = numbers / channels
        var (index, bad) = (0, Int?.none)
        let buffer = inputs.buffer
        try file.forEach { number in
            defer { index += 1 }
            guard index < rows * numbers else { return }
            let (point, within) = (index / numbers, index % numbers)
            let channel = way.channelsAreLast ? within % channels : within / plane
            var value = number * way.scale
            if !way.mean.isEmpty { value -= way.mean[way.mean.count == 1 ? 0 : channel] }
            if !way.deviation.isEmpty { value /= way.deviation[way.deviation.count == 1 ? 0 : channel] }
            if !Float(value).isFinite, bad == nil { bad = point }
            let target = areMoved ? channel * plane + within / channels : within
            buffer[point * numbers + target] = Float(value)
        }
        if let bad { throw file.fault(.notFinite(row: bad)) }
        self.inputs = inputs
        labels = try MeasuredPoints.labels(labelsPath, points: held).map { Array($0.prefix(rows)) }
    }
}

extension ONNXModel.ValueInfo {
    /// Whether points of this shape are inputs of the network; the first dimension is left out.
    fileprivate func fits(_ sizes: [Int]) -> Bool {
        guard let shape, shape.count == sizes.count + 1 else { return false }
        return zip(shape.dropFirst(), sizes).allSatisfy { dimension, size in
            if case .size(let own) = dimension { own == size } else { true }
        }
    }
}
