import Experiments
import Learning
import LinearAlgebra

/// The images of a workload: real ones, or random bytes of the same size.
struct BenchImages {
    let bytes: UnsafeBufferPointer<UInt8>
    let labels: [Int32]
    /// Whoever owns `bytes`.
    private let owner: ImageSet?

    init(_ folder: String?) throws(BenchError) {
        if let folder {
            do throws(DataError) {
                let set = try ImageSet.open(.mnist, in: DataDirectory(data: folder, cache: nil))
                (owner, bytes, labels) = (set, set.train.pixels, set.train.labels)
            } catch { throw .data(error) }
        } else {
            let count = 60_000
            let words = Philox.words(key: 1, stream: 0, first: 0, count: count * ImageSet.pixelsPerImage)
            // Lives as long as the process.
            let memory = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: words.count)
            _ = memory.initialize(from: words.lazy.map { UInt8(truncatingIfNeeded: $0) })
            (owner, bytes) = (nil, UnsafeBufferPointer(memory))
            labels = Philox.words(key: 2, stream: 0, first: 0, count: count).map { Int32($0 % 10) }
        }
    }
}

/// An epoch as a trial trains it: the order drawn, each batch gathered from bytes, each step with Adam.
func measureMLP(_ options: Options) throws(BenchError) -> Measurement {
    let images = try BenchImages(options.data)
    let points = 128
    let shape = StackShape(units: [ImageSet.pixelsPerImage, 200, 200, 200, 10], activation: .relu)
    let streams = RandomStreams(seed: 0)
    let model = MLP<Float>(shape, loss: .crossEntropy, points: points)
    model.initialise(streams)
    var trainer = Trainer(
        model,
        settings: OptimizerSettings(
            method: .adam(beta1: 0.9, beta2: 0.999, epsilon: 1e-8), learningRate: 1e-3),
        streams: streams, points: points)
    var batch = Batch(
        inputs: Matrix<Float>(rows: points, columns: shape.units[0]),
        labels: [Int32](repeating: 0, count: points))
    var order = [UInt32](repeating: 0, count: images.labels.count)
    let steps = order.count / points
    var epoch = 0
    let seconds = time(repeats: options.repeats) {
        streams.shuffle(&order, .batchOrder, index: epoch)
        for step in 0..<steps {
            let rows = order[step * points..<(step + 1) * points]
            batch.inputs.gather(images.bytes, rows: rows, scale: 1 / 255, offset: 0)
            for (position, row) in rows.enumerated() { batch.labels[position] = images.labels[Int(row)] }
            _ = trainer.train(batch)
        }
        epoch += 1
    }
    return Measurement(
        workload: .mlp, seconds: seconds, operations: operations(of: shape) * Double(steps * points))
}

/// Of one point's forward and backward products: the first layer has no gradient in its inputs.
private func operations(of shape: StackShape) -> Double {
    zip(shape.units, shape.units.dropFirst()).enumerated().reduce(0) { sum, layer in
        sum + Double(layer.element.0 * layer.element.1) * (layer.offset == 0 ? 4 : 6)
    }
}
