import Files
import LinearAlgebra
import Model
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
    /// - Parameters:
    ///   - declared: the sizes of a point that the network's file states.
    ///   - count: the number of points to keep, from the first; nil: all, or the only one that is asked for.
    init(_ request: MeasureRequest, declared: [Int?]?, first count: Int?) throws(DataError) {
        guard case .array(let path, let labelsPath) = request.points else {
            throw DataError(file: request.weights, problem: .graph("needs --inputs X.npy"))
        }
        let file = try ArrayFile(opening: path)
        guard file.shape.count >= 2, !file.shape.contains(0) else {
            throw file.fault(.dimensions(file.shape, expected: "(points, …)"))
        }
        let held = file.shape[0]
        let kept = request.point.map { $0..<$0 + 1 } ?? 0..<(count ?? held)
        guard kept.upperBound <= held else {
            throw DataError(file: path, problem: .tooFewMeasured(asked: kept.upperBound, held: held))
        }
        let way = request.preprocessing
        let sizes = Array(file.shape.dropFirst())
        guard !way.channelsAreLast || sizes.count == 3 else {
            throw file.fault(
                .dimensions(file.shape, expected: "(points, height, width, channels) for --layout nhwc"))
        }
        let layout = PointLayout(sizes: sizes, channelsAreLast: way.channelsAreLast)
        hasChannelsLast = layout.staysLast(for: declared)
        let areMoved = way.channelsAreLast && !hasChannelsLast
        shape = layout.shape(for: declared)
        let channels = way.channelsAreLast ? sizes[2] : sizes[0]
        for list in [way.mean, way.deviation] where !list.isEmpty && list.count != 1 && list.count != channels
        {
            throw file.fault(
                .dimensions(file.shape, expected: "\(list.count) channels, as --mean and --std have"))
        }
        let numbers = sizes.reduce(1, *)
        let inputs = Matrix<Float>(rows: kept.count, columns: numbers)
        let plane = numbers / channels
        var (index, bad) = (0, Int?.none)
        let buffer = inputs.buffer
        let range = kept.lowerBound * numbers..<kept.upperBound * numbers
        try file.forEach(in: range) { number in
            defer { index += 1 }
            let (point, within) = (index / numbers, index % numbers)
            let channel = way.channelsAreLast ? within % channels : within / plane
            var value = number * way.scale
            if !way.mean.isEmpty { value -= way.mean[way.mean.count == 1 ? 0 : channel] }
            if !way.deviation.isEmpty { value /= way.deviation[way.deviation.count == 1 ? 0 : channel] }
            if !Float(value).isFinite, bad == nil { bad = point }
            let target = areMoved ? channel * plane + within / channels : within
            buffer[point * numbers + target] = Float(value)
        }
        if let bad { throw file.fault(.notFinite(row: kept.lowerBound + bad)) }
        self.inputs = inputs
        labels = try MeasuredPoints.labels(labelsPath, points: held).map { Array($0[kept]) }
    }
}
