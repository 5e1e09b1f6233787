import Learning
import LinearAlgebra
import Measures
import Model
import Sweep

/// The points of a data set, as a trial reads them. It is a class because it holds working memory and the
/// order of the epoch.
protocol PointSource: AnyObject, SendableMetatype {
    /// The kind of data set that it reads.
    associatedtype Description: DatasetDescription

    /// The points of a data set in a trial.
    static func make(_ description: Description, for trial: TrialData) throws(ExperimentError) -> Self

    /// Number of inputs of a point.
    var inputs: Int { get }
    /// Number of outputs of a network that learns from the points.
    var outputs: Int { get }
    /// Number of classes; 0 in a regression.
    var classes: Int { get }
    /// Number of training points; nil where each is drawn anew.
    var trainCount: Int? { get }
    /// Number of test points.
    var testCount: Int { get }
    /// The losses that fit the targets.
    var losses: [Loss] { get }
    /// Every point in the data's own order; nil where that order is the training points, then the test
    /// points.
    var all: PointSample? { get }
    /// The test points' classes; empty where the source does not keep them.
    var testLabels: [Int32] { get }

    /// Fills the training batch of a step, steps counted from 0 over all epochs.
    ///
    /// - Parameter anew: whether the batch may hold anything; otherwise it is the batch of the step before.
    func fill(_ batch: inout Batch<Float>, step: Int, anew: Bool)

    /// Fills a batch with consecutive points, for evaluation.
    ///
    /// - Parameter index: index of the batch among the part's.
    func fill(_ batch: inout Batch<Float>, _ part: DataPart, from start: Int, index: Int)
}

extension PointSource {
    var all: PointSample? { nil }
    var testLabels: [Int32] { [] }
    /// The losses of a classification with an output for each class.
    var losses: [Loss] { [.crossEntropy, .meanSquaredError] }
}

/// The source of each kind of data set. A test finds a description without one.
let pointSources: [any PointSource.Type] = [
    GaussianSource.self,
    ImageSource.self,
    TeacherSource.self,
    SymmetricSource.self,
    ModularSource.self,
    ArraySource.self,
]

/// A trial as sources of points see it.
struct TrialData {
    let settings: TrialSettings
    /// The closed form of a VIB on Gaussian data; nil for any other trial.
    let theory: GaussianIB?
    let streams: RandomStreams
    /// The image sets that earlier trials opened.
    let images: ImageSets
    /// The arrays that earlier trials opened.
    let arrays: ArraySets
}

extension PointSource {
    /// The kind of data set that it has the points of.
    static var description: any DatasetDescription.Type { Description.self }

    /// The points of the trial's data set; nil where it is of another kind.
    fileprivate static func make(for trial: TrialData) throws(ExperimentError) -> (any PointSource)? {
        guard let description = trial.settings.dataset.description as? Description else { return nil }
        return try make(description, for: trial)
    }
}

/// Test points, which a network does not learn from, or training points.
enum DataPart { case test, train }

/// The source of a trial's batches and evaluation points.
struct BatchSource {
    let points: any PointSource
    /// Whether batches hold classes as targets of 0 and 1, too, for a squared error.
    let isOneHot: Bool

    init(_ points: any PointSource, isOneHot: Bool = false) {
        (self.points, self.isOneHot) = (points, isOneHot)
    }

    /// The points of a trial's data set.
    init(_ trial: TrialData) throws(ExperimentError) {
        for source in pointSources {
            guard let points = try source.make(for: trial) else { continue }
            self.init(points, isOneHot: trial.settings.training.loss == .meanSquaredError)
            return
        }
        throw .settings("the data set has no source of points")
    }

    var inputs: Int { points.inputs }
    var outputs: Int { points.outputs }
    var testCount: Int { points.testCount }
    var isClasses: Bool { points.classes > 0 }

    /// Limit on the training points that `train_loss` is measured on: the first ones.
    private static let measuredTrainingPoints = 10_000

    /// Number of training points that `train_loss` is measured on. Points that are drawn anew come from the
    /// streams of the first training steps. Training sees no point twice, so their loss differs from the test
    /// loss by chance alone.
    var trainCount: Int { min(points.trainCount ?? testCount, BatchSource.measuredTrainingPoints) }

    /// A batch of `points` points, all zeros.
    func makeBatch(points: Int) -> Batch<Float> {
        let inputs = Matrix<Float>(rows: points, columns: inputs)
        guard isClasses else {
            return Batch(inputs: inputs, targets: Matrix(rows: points, columns: outputs))
        }
        var batch = Batch(inputs: inputs, labels: [Int32](repeating: 0, count: points))
        if isOneHot { batch.targets = Matrix(rows: points, columns: outputs) }
        return batch
    }

    /// Fills the training batch of a step.
    ///
    /// - Parameter anew: whether the batch may hold anything; otherwise it is the batch of the step before.
    func fill(_ batch: inout Batch<Float>, step: Int, anew: Bool = false) {
        points.fill(&batch, step: step, anew: anew)
    }

    /// Calls `body` with all test (or measured training) points in batches of at most `points`: with the
    /// batch, which has as many rows as points are left, and with the index of its first point.
    ///
    /// - Parameter whole: whether to visit all training points instead of the measured ones; only for finite
    ///   sets.
    func forEachBatch(
        of part: DataPart, upTo limit: Int = .max, whole: Bool = false, _ batch: Batch<Float>,
        _ body: (Batch<Float>, Int) -> Void
    ) {
        let size = batch.inputs.rows
        let train = whole ? points.trainCount ?? trainCount : trainCount
        let held = part == .test ? testCount : train
        let count = min(limit, held)
        for start in stride(from: 0, to: count, by: size) {
            var rows = batch
            // Whole batches even where the caller wants fewer points: a batch's size decides its bits.
            let used = min(size, held - start)
            rows.inputs = batch.inputs.rows(0..<used)
            if batch.targets.columns > 0 { rows.targets = batch.targets.rows(0..<used) }
            points.fill(&rows, part, from: start, index: start / size)
            body(rows, start)
        }
    }
}

extension Batch {
    /// Sets a point's class, and its targets where a squared error needs them.
    mutating func set(label: Int32, at position: Int) {
        labels[position] = label
        for column in 0..<targets.columns { targets[position, column] = column == Int(label) ? 1 : 0 }
    }
}
