import Experiments
import Learning
import LinearAlgebra
import Model

/// The images of a workload: real ones, or random bytes of the same size.
struct BenchImages {
    let bytes: UnsafeBufferPointer<UInt8>
    let labels: [Int32]
    /// The owner of the memory of `bytes`.
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

/// 784-200-200-200-10 (ReLU), cross-entropy, batch 128.
func measureMLP(_ options: Options) throws(BenchError) -> Measurement {
    let points = 128
    let shape = StackShape(units: [ImageSet.pixelsPerImage, 200, 200, 200, 10], activation: .relu)
    let model = MLP<Float>(shape, loss: .crossEntropy, points: points)
    model.initialise(RandomStreams(seed: 0))
    return try measureEpochs(
        model, products: products(training: shape, points: points), points: points, learningRate: 1e-3,
        options)
}

/// Alemi's VIB, encoder 784-width-width-2·bottleneck (ReLU), a linear decoder, β = 1e-3.
func measureVIB(
    _ options: Options, width: Int, bottleneck: Int, points: Int, learningRate: Double
) throws(BenchError) -> Measurement {
    let model = VIB<Float>(
        .stack(hidden: [ImageSet.pixelsPerImage, width, width], activation: .relu, bottleneck: bottleneck),
        outputs: 10,
        loss: .crossEntropy, beta: 1e-3, shift: -5, points: points)
    model.initialise(RandomStreams(seed: 0))
    return try measureEpochs(
        model,
        products: products(training: model.shapes[0], points: points)
            + products(training: model.decoderShape, points: points, inputGradient: true),
        points: points, learningRate: learningRate, options)
}

/// The network of sweeps/vit-mnist.yaml or sweeps/mixer-mnist.yaml, batch 128.
func measureTokens(
    _ options: Options,
    _ make: (TokenSizes) throws(ShapeFault) -> NetworkShape
) throws(BenchError) -> Measurement {
    let points = 128
    let sizes = TokenSizes(
        blocks: 2, width: 64, patch: 7, input: ImageSize(height: 28, width: 28, channels: 1), outputs: 10)
    guard let shape = try? make(sizes) else { preconditionFailure("patches that don't tile the images") }
    let model = Network<Float>(shape, loss: .crossEntropy, points: points)
    model.initialise(RandomStreams(seed: 0))
    return try measureEpochs(
        model, products: products(training: shape.plan, points: points), points: points, learningRate: 1e-3,
        options)
}

/// An epoch as a trial trains it: the order is drawn, each batch is gathered from bytes, each step uses Adam.
/// The loss is the objective's mean over the last 50 steps.
private func measureEpochs<M: TrainableNetwork>(
    _ model: M, products: [Product], points: Int, learningRate: Double, _ options: Options
) throws(BenchError) -> Measurement where M.Scalar == Float {
    let images = try BenchImages(options.data)
    let streams = RandomStreams(seed: 0)
    var trainer = Trainer(
        model,
        settings: OptimizerSettings(
            method: .adam(beta1: 0.9, beta2: 0.999, epsilon: 1e-8), learningRate: learningRate),
        streams: streams, points: points)
    var batch = Batch(
        inputs: Matrix<Float>(rows: points, columns: ImageSet.pixelsPerImage),
        labels: [Int32](repeating: 0, count: points))
    var order = EpochOrder(points: images.labels.count, streams)
    let perEpoch = images.labels.count / points
    let steps = min(options.steps ?? .max, perEpoch)
    let averaged = min(50, steps)
    var (epoch, loss) = (0, 0.0)
    var times = Times(products: products, steps: steps)
    for _ in 0...options.repeats {
        times.time {
            loss = 0
            for step in 0..<steps {
                let rows = order.batch(of: points, step: epoch * perEpoch + step)
                batch.inputs.gather(images.bytes, rows: rows, scale: 1 / 255, offset: 0)
                for (position, row) in rows.enumerated() { batch.labels[position] = images.labels[Int(row)] }
                let objective = trainer.train(batch).total
                if step >= steps - averaged { loss += objective / Double(averaged) }
            }
            epoch += 1
        }
    }
    return Measurement(times, details: ["loss": .number(loss)])
}
