import Learning
import LinearAlgebra
import Model
import Sweep

/// The symmetric set as a trial's data: patterns chosen by the seed train, the others test.
final class SymmetricSource: PointSource {
    let settings: SymmetricData
    /// Every pattern, in the order of their indices.
    let all: PointSample?
    private let points: PointSample
    /// Indices of the training patterns, ascending.
    let train: [Int]
    let test: [Int]
    private var order: EpochOrder
    var inputs: Int { SymmetricSet.bits }
    var outputs: Int { classes }
    var classes: Int { points.classes }
    var trainCount: Int? { train.count }
    var testCount: Int { test.count }

    static func make(_ description: SymmetricData, for trial: TrialData) -> SymmetricSource {
        SymmetricSource(description, streams: trial.streams)
    }

    init(_ settings: SymmetricData, streams: RandomStreams) {
        self.settings = settings
        points = PointSample(
            inputs: SymmetricSet.inputs(settings.scale), labels: SymmetricSet.labels,
            classes: 2)
        all = points
        var numbers = [UInt32](repeating: 0, count: SymmetricSet.patterns)
        streams.shuffle(&numbers, .symmetricSplit, index: 0)
        train = numbers.prefix(settings.trainPoints).map { Int($0) }.sorted()
        test = numbers.dropFirst(settings.trainPoints).map { Int($0) }.sorted()
        order = EpochOrder(points: settings.trainPoints, streams)
    }

    func fill(_ batch: inout Batch<Float>, step: Int, anew: Bool) {
        for (position, index) in order.batch(of: batch.inputs.rows, step: step).enumerated() {
            copy(&batch, pattern: train[Int(index)], to: position)
        }
    }

    func fill(_ batch: inout Batch<Float>, _ part: DataPart, from start: Int, index: Int) {
        let numbers = part == .test ? test : train
        for position in 0..<batch.inputs.rows {
            copy(&batch, pattern: numbers[start + position], to: position)
        }
    }

    private func copy(_ batch: inout Batch<Float>, pattern: Int, to position: Int) {
        for bit in 0..<SymmetricSet.bits { batch.inputs[position, bit] = points.inputs[pattern, bit] }
        batch.set(label: points.labels[pattern], at: position)
    }
}
