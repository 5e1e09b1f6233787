import Learning
import LinearAlgebra
import Sweep

/// Where a trial's batches and evaluation points come from.
struct BatchSource {
    enum Source {
        case gaussian(GaussianSource)
        case images(ImageSource)
        case teacher(TeacherSource)
        case symmetric(SymmetricSource)
        case modular(ModularSource)
    }

    let kind: Source
    /// Whether classes come as targets of 0 and 1 too, for a squared error.
    var isOneHot = false

    var inputs: Int {
        switch kind {
        case .gaussian(let source): source.inputs
        case .images(let source): source.set.numbersPerImage
        case .teacher(let source): source.settings.inputs
        case .symmetric: SymmetricSet.bits
        case .modular(let source): 2 * source.settings.modulus
        }
    }

    var outputs: Int {
        switch kind {
        case .gaussian(let source): source.targets
        case .images: 10
        case .teacher: 1
        case .symmetric: SymmetricSource.classes
        case .modular(let source): source.settings.modulus
        }
    }

    /// Test points.
    var testCount: Int {
        switch kind {
        case .gaussian(let source): source.testPoints
        case .images(let source): source.testCount
        case .teacher(let source): source.settings.testPoints
        case .symmetric(let source): source.settings.testPoints
        case .modular(let source): source.settings.testPoints
        }
    }

    /// `train_loss` is measured on so many training points at most, the first ones.
    private static let measuredTrainingPoints = 10_000

    /// Training points that `train_loss` is measured on. Gaussian ones are drawn from the streams of the
    /// first training steps; no point is seen twice, so their loss differs from the test loss by chance
    /// alone.
    var trainCount: Int {
        switch kind {
        case .gaussian(let source): min(source.testPoints, BatchSource.measuredTrainingPoints)
        case .images(let source): min(source.trainCount, BatchSource.measuredTrainingPoints)
        case .teacher(let source): min(source.settings.trainPoints, BatchSource.measuredTrainingPoints)
        case .symmetric(let source): source.settings.trainPoints
        case .modular(let source): min(source.settings.trainPoints, BatchSource.measuredTrainingPoints)
        }
    }

    /// An empty batch of so many points.
    func makeBatch(points: Int) -> Batch<Float> {
        let inputs = Matrix<Float>(rows: points, columns: inputs)
        switch kind {
        case .gaussian: return Batch(inputs: inputs, targets: Matrix(rows: points, columns: outputs))
        case .images, .symmetric, .modular:
            var batch = Batch(inputs: inputs, labels: [Int32](repeating: 0, count: points))
            if isOneHot { batch.targets = Matrix(rows: points, columns: outputs) }
            return batch
        case .teacher:
            return isClasses
                ? Batch(inputs: inputs, labels: [Int32](repeating: 0, count: points))
                : Batch(inputs: inputs, targets: Matrix(rows: points, columns: outputs))
        }
    }
}

/// Jointly Gaussian points (x, y) = L g, L the Cholesky factor of the joint covariance, g standard normal: a
/// step's batch is a function of (seed, step).
struct GaussianSource {
    let inputs: Int
    let targets: Int
    let testPoints: Int
    private let streams: RandomStreams
    private let inputFactor: Matrix<Float>
    private let targetFactor: Matrix<Float>
    private let variates: Matrix<Float>

    /// - Parameters:
    ///   - targetMap: [targets, targets], gives T y in place of y.
    ///   - points: the most that one `fill` is asked for.
    init(
        _ settings: TrialSettings.Gaussian, targetMap: Matrix<Double>?, streams: RandomStreams, points: Int
    ) throws(FactorisationError) {
        let dimension = settings.covariance.count
        inputs = settings.inputs
        targets = dimension - settings.inputs
        testPoints = settings.testPoints
        self.streams = streams
        let factor = try Matrix<Double>(settings.covariance).choleskyFactor()
        let lower = factor.rows(inputs..<dimension)
        inputFactor = Matrix(rows: inputs, columns: dimension)
        inputFactor.assign(converting: factor.rows(0..<inputs))
        targetFactor = Matrix(rows: targets, columns: dimension)
        targetFactor.assign(converting: targetMap.map { Matrix.product($0, lower) } ?? lower)
        variates = Matrix(rows: points, columns: dimension)
    }

    func fill(_ batch: Batch<Float>, _ purpose: RandomStreams.Purpose, index: Int) {
        let part = variates.rows(0..<batch.inputs.rows)
        streams.fillNormals(part, purpose, index: index)
        batch.inputs.setProduct(part, inputFactor, transposeB: true)
        batch.targets.setProduct(part, targetFactor, transposeB: true)
    }
}

/// Images as a trial's data.
///
/// A reference, because the order of the epoch is kept between steps.
final class ImageSource {
    let set: ImageSet
    let trainCount: Int
    let testCount: Int
    private let scale: Float
    private let offset: Float
    private var order: EpochOrder

    init(_ settings: TrialSettings.Images, set: ImageSet, streams: RandomStreams) throws(DataError) {
        self.set = set
        trainCount = settings.trainPoints ?? set.train.count
        testCount = settings.testPoints ?? set.test.count
        for (asked, held) in [(trainCount, set.train.count), (testCount, set.test.count)] where asked > held {
            throw DataError(file: settings.name.rawValue, problem: .tooFewPoints(asked: asked, held: held))
        }
        (scale, offset) = settings.scale.affine
        order = EpochOrder(points: trainCount, streams: streams)
    }

    /// The batch of a step, steps counted from 0 over all epochs.
    func fill(_ batch: inout Batch<Float>, step: Int) {
        gather(&batch, set.train, order.batch(step: step, size: batch.inputs.rows))
    }

    /// Consecutive points, for evaluation.
    func fill(_ batch: inout Batch<Float>, _ part: ImageSet.Part, from start: Int) {
        let rows = (start..<start + batch.inputs.rows).map { UInt32($0) }
        gather(&batch, part, rows[...])
    }

    private func gather(_ batch: inout Batch<Float>, _ part: ImageSet.Part, _ rows: ArraySlice<UInt32>) {
        batch.inputs.gather(part.pixels, rows: rows, scale: scale, offset: offset)
        if batch.targets.columns > 0 { batch.targets.fill(0) }
        for (position, row) in rows.enumerated() {
            let label = part.labels[Int(row)]
            batch.labels[position] = label
            if batch.targets.columns > 0 { batch.targets[position, Int(label)] = 1 }
        }
    }
}

extension BatchSource {
    /// Calls `body` with all test (or measured training) points in batches of at most `points`: the batch, of
    /// as many rows as points are left, and the number of its first point.
    ///
    /// - Parameter whole: whether all training points are meant, not the measured ones alone; only of finite sets.
    func forEachBatch(
        of part: Part, upTo limit: Int = .max, whole: Bool = false, _ batch: Batch<Float>,
        _ body: (Batch<Float>, Int) -> Void
    ) {
        let points = batch.inputs.rows
        let train = whole ? finiteCount ?? trainCount : trainCount
        let held = part == .test ? testCount : train
        let count = min(limit, held)
        for start in stride(from: 0, to: count, by: points) {
            var rows = batch
            // Whole batches even where the caller wants fewer points: a batch's size decides its bits.
            let size = min(points, held - start)
            rows.inputs = batch.inputs.rows(0..<size)
            if batch.targets.columns > 0 { rows.targets = batch.targets.rows(0..<size) }
            switch kind {
            case .gaussian(let source):
                source.fill(rows, part == .test ? .evaluationData : .trainingData, index: start / points)
            case .images(let source):
                source.fill(&rows, part == .test ? source.set.test : source.set.train, from: start)
            case .teacher(let source): source.fill(&rows, part, from: start)
            case .symmetric(let source): source.fill(&rows, part, from: start)
            case .modular(let source): source.fill(&rows, part, from: start)
            }
            body(rows, start)
        }
    }

    enum Part { case test, train }
}
