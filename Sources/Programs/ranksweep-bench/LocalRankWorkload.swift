import Experiments
import Learning
import LinearAlgebra
import Measures
import Model
import Sweep
import Text

/// Local rank of every layer at 256 points, with a sweep file's default thresholds: what `ranksweep measure`
/// computes, without reading its files.
func measureLocalRank(_ options: Options) throws(BenchError) -> Measurement {
    let (shape, layers, inputs) = try rankedNetwork(options)
    let settings = LocalRankSettings(thresholds: [0.01, 0.1], relative: [0.01])
    var counted: LocalRankResult?
    let seconds = time(repeats: options.repeats) {
        var measure = LocalRank(shape, lastRows: shape.units[shape.depth], settings: settings)
        counted = measure.measure(layers, inputs: inputs)
    }
    func means(_ rows: [[PointStatistic]]) -> JSONValue { .array(rows.map { JSONValue($0.map(\.mean)) }) }
    let ranks = counted.map { ["absolute": means($0.absolute), "relative": means($0.relative)] }
    return Measurement(seconds: seconds, details: ranks ?? [:])
}

/// The given network at the first test images; without one, an untrained 784-200-200-200-10.
private func rankedNetwork(
    _ options: Options
) throws(BenchError) -> (StackShape, [DenseLayer<Float>], Matrix<Float>) {
    let points = 256
    if let weights = options.weights {
        guard let folder = options.data else { throw .weightsNeedData }
        let request = MeasureRequest(
            weights: weights, points: .dataset(.mnist, .unit), activation: options.activation,
            measures: [.localRank], rankPoints: points)
        do throws(DataError) {
            let network = try GivenNetwork(request, data: DataDirectory(data: folder, cache: nil))
            return (network.shape, network.layers, network.inputs)
        } catch { throw .data(error) }
    }
    let images = try BenchImages(options.data)
    let shape = StackShape(
        units: [ImageSet.pixelsPerImage, 200, 200, 200, 10], activation: options.activation)
    let model = MLP<Float>(shape, loss: .crossEntropy, points: 1)
    model.initialise(RandomStreams(seed: 0))
    let inputs = Matrix<Float>(rows: points, columns: shape.units[0])
    let rows = (0..<points).map { UInt32($0) }
    inputs.gather(images.bytes, rows: rows[...], scale: 1 / 255, offset: 0)
    return (shape, model.layers, inputs)
}
