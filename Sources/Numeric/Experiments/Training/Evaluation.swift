import Learning
import LinearAlgebra
import Measures
import Model
import Sweep
import Text

/// Number of points that are evaluated together. It is a constant because products of other sizes may have
/// other bits.
let evaluationPoints = 1024

/// Measures an MLP, or a network of any layers, on a trial's test points.
struct NetworkEvaluation<Model: PredictingNetwork> where Model.Scalar == Float {
    let model: Model
    let source: BatchSource
    let measures: TrialMeasures

    func metrics(_ parameters: Matrix<Float>, step: Int) -> Metrics {
        model.parameters.flat.assign(parameters)
        var metrics: Metrics = [:]
        source.addLosses(to: &metrics, model)
        measures.add(to: &metrics, model, step: step)
        return metrics
    }
}

/// The measures that a trial takes beside losses: local ranks, norms of weights, and those of the catalogue.
struct TrialMeasures {
    let settings: TrialSettings.Measures
    /// Counts the local ranks of the network that is evaluated; nil where they aren't measured.
    let ranks: (() -> LocalRankResult)?
    let set: MeasureSet

    func add<Model: TrainableNetwork>(to metrics: inout Metrics, _ model: Model, step: Int)
    where Model.Scalar == Float {
        let layers = model.denseLayers
        if let ranks { settings.localRank?.add(ranks(), to: &metrics) }
        settings.weightNorms?.add(to: &metrics, layers)
        set.add(
            to: &metrics, layers, parameters: model.parameters.flat, step: step,
            network: model.network)
    }
}

extension BatchSource {
    /// Adds the losses on the test points and on the measured training points, and the accuracies of a
    /// classification. Where the sign of one output tells two classes, adds the smallest y · output over the
    /// training points, too, y = ±1.
    func addLosses<Model: PredictingNetwork>(to metrics: inout Metrics, _ model: Model)
    where Model.Scalar == Float {
        let (loss, batch) = (model.loss, makeBatch(points: model.points))
        var margin = Float.infinity
        for (part, lossMetric, accuracyMetric) in [
            (DataPart.test, Metric.testLoss, Metric.accuracy), (.train, .trainLoss, .trainAccuracy),
        ] {
            let count = part == .test ? testCount : trainCount
            var sum = LossSum()
            forEachBatch(of: part, batch) { rows, _ in
                let outputs = model.predict(rows.inputs)
                if loss == .logistic, part == .train {
                    margin = BatchSource.smallestMargin(outputs, rows.labels, margin)
                }
                let value = model.taskLoss(outputs, rows)
                sum.loss += value.loss
                sum.correct += value.correct
            }
            metrics[lossMetric] = .number(sum.loss / loss.normaliser(points: count, outputs: outputs))
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
    let measures: TrialMeasures
    let targets: TargetEntropy
    /// Samples of z per point.
    let samples: Int
    let streams: RandomStreams

    func metrics(_ parameters: Matrix<Float>, step: Int) -> Metrics {
        model.parameters.flat.assign(parameters)
        let batch = source.makeBatch(points: model.points)
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
        measures.add(to: &metrics, model, step: step)
        return metrics
    }

    /// The task loss over `points` points, for y as the data give it.
    private func loss(_ sums: LatentSums, _ points: Int) -> Double {
        let normaliser = model.loss.normaliser(points: points, outputs: source.outputs)
        return sums.loss / (normaliser * Double(samples)) + targets.shift
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
        noise = Matrix(rows: model.points, columns: model.bottleneck)
        probabilities = Matrix(rows: model.points, columns: model.decoderShape.units[1])
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

extension LocalRank {
    /// - Parameter lastRows: number of the last layer's outputs that are the representation.
    init(_ settings: TrialSettings.LocalRank, shape: StackShape, lastRows: Int) {
        self.init(
            shape, lastRows: lastRows,
            settings: LocalRankSettings(
                thresholds: settings.thresholds, relative: settings.relative, noise: settings.noise))
    }
}

extension TrialSettings.LocalRank {
    /// Adds local ranks to metrics, in a record's form.
    ///
    /// - Parameter hasMaximum: whether the largest rank at a point is added, which no record has.
    func add(_ result: LocalRankResult, to metrics: inout Metrics, hasMaximum: Bool = false) {
        metrics[.localRank] = table(thresholds, result.absolute, hasMaximum)
        if !relative.isEmpty {
            metrics[.localRankRelative] = table(relative, result.relative, hasMaximum)
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

    private func table(
        _ thresholds: [Double], _ rows: [[PointStatistic]], _ hasMaximum: Bool = false
    ) -> JSONValue {
        .object(
            Dictionary(
                zip(
                    thresholds.map { JSONValue.text(of: $0) },
                    rows.map { statistics($0, hasMaximum: hasMaximum) }),
                uniquingKeysWith: { first, _ in first }))
    }

    private func statistics(_ layers: [PointStatistic], hasMaximum: Bool = false) -> JSONValue {
        var members = [
            "mean": JSONValue(layers.map(\.mean)), "stderr": JSONValue(layers.map(\.standardError)),
        ]
        if hasMaximum { members["max"] = JSONValue(layers.map(\.maximum)) }
        return .object(members)
    }
}
