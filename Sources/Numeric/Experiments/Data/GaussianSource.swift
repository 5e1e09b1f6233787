import Learning
import LinearAlgebra
import Model
import Sweep

/// Jointly Gaussian points (x, y) = L g, where L is the Cholesky factor of the joint covariance and g is
/// standard normal. A step's batch is a function of (seed, step).
final class GaussianSource: PointSource {
    let inputs: Int
    let outputs: Int
    let testCount: Int
    var classes: Int { 0 }
    var trainCount: Int? { nil }
    var losses: [Loss] { [.meanSquaredError, .gaussianNLL] }
    private let streams: RandomStreams
    private let inputFactor: Matrix<Float>
    private let targetFactor: Matrix<Float>
    private let variates: Matrix<Float>

    static func make(_ description: GaussianData, for trial: TrialData) throws(ExperimentError)
        -> GaussianSource
    {
        // A decoder of diagonal variance loses nothing only where its targets are y's canonical
        // variables. The decoder of a squared error has no variance, and keeps y.
        let training = trial.settings.training
        let targetMap = training.loss == .gaussianNLL ? trial.theory?.canonicalTargets : nil
        do {
            return try GaussianSource(
                description, targetMap: targetMap, streams: trial.streams,
                points: max(training.batchSize, evaluationPoints))
        } catch { throw .settings("the joint covariance is not positive definite") }
    }

    /// - Parameters:
    ///   - targetMap: T, [targets, targets]; targets are T y in place of y.
    ///   - points: the largest batch that `fill` is asked for.
    init(
        _ settings: GaussianData, targetMap: Matrix<Double>?, streams: RandomStreams, points: Int
    ) throws(FactorisationError) {
        let dimension = settings.covariance.count
        inputs = settings.inputs
        outputs = dimension - settings.inputs
        testCount = settings.testPoints
        self.streams = streams
        let factor = try Matrix<Double>(settings.covariance).choleskyFactor()
        let lower = factor.rows(inputs..<dimension)
        inputFactor = Matrix(rows: inputs, columns: dimension)
        inputFactor.assign(converting: factor.rows(0..<inputs))
        targetFactor = Matrix(rows: outputs, columns: dimension)
        targetFactor.assign(converting: targetMap.map { Matrix.product($0, lower) } ?? lower)
        variates = Matrix(rows: points, columns: dimension)
    }

    func fill(_ batch: inout Batch<Float>, step: Int, anew: Bool) {
        draw(batch, .trainingData, index: step)
    }

    func fill(_ batch: inout Batch<Float>, _ part: DataPart, from start: Int, index: Int) {
        draw(batch, part == .test ? .evaluationData : .trainingData, index: index)
    }

    private func draw(_ batch: Batch<Float>, _ purpose: RandomStreams.Purpose, index: Int) {
        let part = variates.rows(0..<batch.inputs.rows)
        streams.fillNormals(part, purpose, index: index)
        batch.inputs.setProduct(part, inputFactor, transposeB: true)
        batch.targets.setProduct(part, targetFactor, transposeB: true)
    }
}
