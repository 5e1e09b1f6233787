import Learning
import LinearAlgebra
import Measures
import Model
import Sweep
import Text

/// Number of points that are evaluated together. It is a constant because products of other sizes may have
/// other bits.
let evaluationPoints = 1024

/// Measures an MLP on a trial's test points.
struct MLPEvaluation {
    let model: MLP<Float>
    let source: BatchSource
    var ranks: RankMeasurement?
    var norms: TrialSettings.WeightNorms?
    let measures: MeasureSet

    mutating func metrics(_ parameters: Matrix<Float>, step: Int) -> Metrics {
        model.parameters.flat.assign(parameters)
        var metrics: Metrics = [:]
        source.addLosses(
            to: &metrics, model.loss, source.makeBatch(points: evaluationPoints), model.evaluate
        ) { [self] in outputs($0) }
        if ranks != nil, let inputs = rankInputs(source, ranks) {
            ranks?.add(to: &metrics, model.layers, inputs: inputs, sigma: nil)
        }
        norms?.add(to: &metrics, model.layers)
        measures.add(to: &metrics, model.layers, parameters: parameters, step: step)
        return metrics
    }

    private func outputs(_ rows: Batch<Float>) -> Matrix<Float> {
        let work = model.work.prefix(rows.inputs.rows)
        forward(model.layers, model.shape.activation, inputs: rows.inputs, into: work)
        return work.last
    }
}

extension BatchSource {
    /// Adds the losses on the test points and on the measured training points, and the accuracies of a
    /// classification. Where the sign of one output tells two classes, adds the smallest y · output over the
    /// training points, too, y = ±1.
    ///
    /// - Parameters:
    ///   - batch: memory for the points that are evaluated together.
    ///   - outputs: computes the last layer's outputs; called where `evaluate` does not tell enough.
    func addLosses(
        to metrics: inout Metrics, _ loss: Loss, _ batch: Batch<Float>,
        _ evaluate: (Batch<Float>) -> LossSum, outputs: (Batch<Float>) -> Matrix<Float>
    ) {
        var margin = Float.infinity
        for (part, lossMetric, accuracyMetric) in [
            (DataPart.test, Metric.testLoss, Metric.accuracy), (.train, .trainLoss, .trainAccuracy),
        ] {
            let count = part == .test ? testCount : trainCount
            var sum = LossSum()
            forEachBatch(of: part, batch) { rows, _ in
                let value = evaluate(rows)
                sum.loss += value.loss
                // A squared error does not count correct classes.
                sum.correct +=
                    isClasses && loss == .meanSquaredError
                    ? outputs(rows).countOfLargest(at: rows.labels) : value.correct
                if loss == .logistic, part == .train {
                    margin = BatchSource.smallestMargin(outputs(rows), rows.labels, margin)
                }
            }
            metrics[lossMetric] = .number(sum.loss / loss.normaliser(points: count, outputs: self.outputs))
            if isClasses { metrics[accuracyMetric] = .number(Double(sum.correct) / Double(count)) }
        }
        if loss == .logistic { metrics[.trainMargin] = .number(Double(margin)) }
    }

    /// The smallest margin among the known one and those of some points; a NaN stays.
    private static func smallestMargin(
        _ outputs: Matrix<Float>, _ labels: [Int32], _ known: Float
    ) -> Float {
        (0..<outputs.rows).reduce(known) { smallest, row in
            let margin = labels[row] == 1 ? outputs[row, 0] : -outputs[row, 0]
            return smallest.isNaN || margin >= smallest ? smallest : margin
        }
    }
}

/// Measures a VIB on a trial's test points: bounds on information, accuracies, ranks of the encoder.
struct VIBEvaluation {
    let model: VIB<Float>
    let source: BatchSource
    var ranks: RankMeasurement?
    var norms: TrialSettings.WeightNorms?
    let measures: MeasureSet
    let targets: TargetEntropy
    /// Samples of z per point.
    let samples: Int
    let streams: RandomStreams

    init(
        model: VIB<Float>, source: BatchSource, ranks: RankMeasurement?, norms: TrialSettings.WeightNorms?,
        measures: MeasureSet, targets: TargetEntropy, samples: Int, streams: RandomStreams
    ) {
        self.model = model
        self.source = source
        self.ranks = ranks
        self.norms = norms
        self.measures = measures
        self.targets = targets
        self.samples = samples
        self.streams = streams
    }

    mutating func metrics(_ parameters: Matrix<Float>, step: Int) -> Metrics {
        model.parameters.flat.assign(parameters)
        let batch = source.makeBatch(points: evaluationPoints)
        let (test, train) = (sums(.test, batch), sums(.train, batch))
        let points = Double(source.testCount)
        let (trainLoss, testLoss) = (loss(train, source.trainCount), loss(test, source.testCount))
        let (kl, information) = (test.kl / points, targets.information(loss: testLoss))
        let nat = 1 / naturalLogarithmOfTwo
        var metrics: Metrics = [
            .trainLoss: .number(trainLoss), .testLoss: .number(testLoss), .klNats: .number(kl),
            .klBits: .number(kl * nat), .izyNats: .number(information),
            .izyBits: .number(information * nat),
        ]
        if source.isClasses {
            metrics[.trainAccuracy] = .number(Double(train.correctAtMean) / Double(source.trainCount))
            metrics[.accuracy] = .number(Double(test.correctAtMean) / points)
            metrics[.accuracyOneSample] = .number(Double(test.correctOneSample) / points)
            metrics[.accuracySampled] = .number(Double(test.correctSampled) / points)
        }
        if ranks != nil, let inputs = rankInputs(source, ranks) {
            addRanks(to: &metrics, inputs)
        }
        norms?.add(to: &metrics, model.encoder)
        measures.add(to: &metrics, model.encoder, parameters: parameters, step: step)
        return metrics
    }

    /// The task loss over `points` points, for y as the data give it.
    private func loss(_ sums: LatentSums, _ points: Int) -> Double {
        let normaliser = model.loss.normaliser(points: points, outputs: source.outputs)
        return sums.loss / (normaliser * Double(samples)) + targets.shift
    }

    private mutating func addRanks(to metrics: inout Metrics, _ inputs: Matrix<Float>) {
        ranks?.add(to: &metrics, model.encoder, inputs: inputs, sigma: model.deviations(at: inputs))
    }

    private func sums(_ part: DataPart, _ batch: Batch<Float>) -> LatentSums {
        var sums = LatentSums(model, samples: samples, streams: streams)
        source.forEachBatch(of: part, batch) { rows, start in
            // The training set has noise streams of its own, after those of the test set's samples.
            sums.add(model, rows, start: start, firstStream: part == .test ? 0 : samples)
        }
        return sums
    }
}

/// The sums that a VIB's losses and accuracies at some points are computed from.
struct LatentSums {
    private(set) var kl = 0.0
    /// The sum of task losses over all samples.
    private(set) var loss = 0.0
    private(set) var correctAtMean = 0
    private(set) var correctOneSample = 0
    private(set) var correctSampled = 0
    private let samples: Int
    private let streams: RandomStreams
    private let noise: Matrix<Float>
    private let probabilities: Matrix<Float>

    init(_ model: VIB<Float>, samples: Int, streams: RandomStreams) {
        self.samples = samples
        self.streams = streams
        noise = Matrix(rows: evaluationPoints, columns: model.bottleneck)
        probabilities = Matrix(rows: evaluationPoints, columns: model.decoderShape.units[1])
    }

    /// Adds some points that are evaluated together and follow `start` others.
    ///
    /// - Parameter needsTask: whether to compute losses and accuracies beside the KL.
    mutating func add(
        _ model: VIB<Float>, _ rows: Batch<Float>, start: Int, firstStream: Int, needsTask: Bool = true
    ) {
        let count = rows.inputs.rows
        let isClasses = model.loss == .crossEntropy
        let draws = noise.rows(0..<count)
        draws.fill(0)
        let encoded = model.encode(rows.inputs, noise: draws)
        kl += encoded.kl
        guard needsTask else { return }
        if isClasses { correctAtMean += model.taskLoss(model.decode(encoded.z), rows).correct }
        let average = probabilities.rows(0..<count)
        average.fill(0)
        for sample in 0..<samples {
            streams.fillNormals(
                draws, .evaluationNoise, index: firstStream + sample, block: start * model.bottleneck / 4)
            let z = model.resample(noise: draws)
            if isClasses { model.decode(z).addSoftmax(to: average) }
            let value = model.taskLoss(model.decode(z), rows)
            loss += value.loss
            if sample == 0 { correctOneSample += value.correct }
        }
        if isClasses { correctSampled += average.countOfLargest(at: rows.labels) }
    }
}

extension VIB where Scalar == Float {
    /// σ(x) at points, [points, K].
    func deviations(at inputs: Matrix<Float>) -> Matrix<Float> {
        let sigma = Matrix<Float>(rows: inputs.rows, columns: bottleneck)
        let noise = Matrix<Float>(rows: evaluationPoints, columns: bottleneck)
        for start in stride(from: 0, to: inputs.rows, by: evaluationPoints) {
            let rows = start..<min(inputs.rows, start + evaluationPoints)
            let encoded = encode(inputs.rows(rows), noise: noise.rows(0..<rows.count))
            sigma.rows(rows).assign(encoded.sigma)
        }
        return sigma
    }
}

/// The information I(Z; Y) that a VIB's task loss implies.
struct TargetEntropy {
    /// H(Y), nats: the entropy of the test labels, or the differential entropy of Gaussian targets.
    private let entropy: Double
    private let outputs: Int
    private let loss: Loss
    /// −ln p(y) − (−ln p(T y)), nats: added to a loss for targets T y, it gives the loss for y.
    let shift: Double

    init(_ source: BatchSource, _ theory: GaussianIB?, _ loss: Loss) {
        self.loss = loss
        outputs = source.outputs
        shift = loss == .gaussianNLL ? 0.5 * (theory?.targetLogDeterminant ?? 0) : 0
        // VIBs learn from Gaussian data and images alone.
        entropy = theory?.targetEntropy ?? labelEntropy(source.points.testLabels)
    }

    /// H(Y) − CE ≤ I(Z; Y), nats. For a mean squared error, CE is that of a decoder whose one variance,
    /// shared by all outputs, is that error: ½ d ln(2πe · error).
    func information(loss value: Double) -> Double {
        guard loss == .meanSquaredError else { return entropy - value }
        return entropy - 0.5 * Double(outputs) * (1 + naturalLogarithm(2 * .pi * value))
    }
}

let naturalLogarithmOfTwo = 0.6931471805599453

/// The test points at which Jacobians are measured: the first ones.
private func rankInputs(_ source: BatchSource, _ ranks: RankMeasurement?) -> Matrix<Float>? {
    guard let ranks else { return nil }
    let count = min(ranks.points, source.testCount)
    let inputs = Matrix<Float>(rows: count, columns: source.inputs)
    let batch = source.makeBatch(points: evaluationPoints)
    source.forEachBatch(of: .test, upTo: count, batch) { rows, start in
        let part = start..<min(count, start + rows.inputs.rows)
        inputs.rows(part).assign(rows.inputs.rows(0..<part.count))
    }
    return inputs
}

/// Measures local ranks and adds them to a record's metrics.
struct RankMeasurement {
    let points: Int
    private let settings: TrialSettings.LocalRank
    private var measure: LocalRank

    init(_ settings: TrialSettings.LocalRank, shape: StackShape, lastRows: Int) {
        points = settings.points
        self.settings = settings
        measure = LocalRank(
            shape, lastRows: lastRows,
            settings: LocalRankSettings(
                thresholds: settings.thresholds, relative: settings.relative, noise: settings.noise))
    }

    mutating func add(
        to metrics: inout Metrics, _ layers: [DenseLayer<Float>], inputs: Matrix<Float>,
        sigma: Matrix<Float>?
    ) {
        guard layers.allSatisfy({ $0.weight.isFinite && $0.bias.isFinite }) else {
            // LAPACK may not return from a NaN; the caller sees the NaN here and records a divergence.
            metrics[.localRank] = .number(.nan)
            return
        }
        settings.add(measure.measure(layers, inputs: inputs, sigma: sigma), to: &metrics)
    }
}

extension TrialSettings.LocalRank {
    /// Adds local ranks to metrics, in a record's form.
    func add(_ result: LocalRankResult, to metrics: inout Metrics) {
        metrics[.localRank] = table(thresholds, result.absolute)
        if !relative.isEmpty {
            metrics[.localRankRelative] = table(relative, result.relative)
        }
        if !result.noise.isEmpty {
            metrics[.localRankNoise] = table(noise, result.noise.map { [$0] })
        }
        if let directions = result.informativeDirections {
            metrics[.informativeDirections] = .object([
                "mean": .number(directions.mean), "stderr": .number(directions.standardError),
            ])
        }
        if !result.activeUnits.isEmpty { metrics[.activeUnits] = statistics(result.activeUnits) }
    }

    private func table(_ thresholds: [Double], _ rows: [[PointStatistic]]) -> JSONValue {
        .object(
            Dictionary(
                zip(thresholds.map { JSONValue.text(of: $0) }, rows.map(statistics)),
                uniquingKeysWith: { first, _ in first }))
    }

    private func statistics(_ layers: [PointStatistic]) -> JSONValue {
        .object(["mean": JSONValue(layers.map(\.mean)), "stderr": JSONValue(layers.map(\.standardError))])
    }
}
