import Learning
import LinearAlgebra
import Sweep

/// The symmetric set as a trial's data: the patterns that the seed chooses train, the others test.
///
/// A reference, because the order of the epoch is kept between steps.
final class SymmetricSource {
    static let classes = 2

    let settings: TrialSettings.Symmetric
    /// Every pattern, in the order of their numbers.
    let all: PointSample
    /// Numbers of patterns, ascending.
    let train: [Int]
    let test: [Int]
    private var order: EpochOrder

    init(_ settings: TrialSettings.Symmetric, streams: RandomStreams) {
        self.settings = settings
        all = PointSample(
            inputs: SymmetricSet.inputs(settings.scale), labels: SymmetricSet.labels,
            classes: SymmetricSource.classes)
        var numbers = [UInt32](repeating: 0, count: SymmetricSet.patterns)
        streams.shuffle(&numbers, .symmetricSplit, index: 0)
        train = numbers.prefix(settings.trainPoints).map { Int($0) }.sorted()
        test = numbers.dropFirst(settings.trainPoints).map { Int($0) }.sorted()
        order = EpochOrder(points: settings.trainPoints, streams: streams)
    }

    /// The batch of a step, steps counted from 0 over all epochs.
    func fill(_ batch: inout Batch<Float>, step: Int) {
        for (position, place) in order.batch(step: step, size: batch.inputs.rows).enumerated() {
            copy(&batch, pattern: train[Int(place)], to: position)
        }
    }

    /// Consecutive points, for evaluation.
    func fill(_ batch: inout Batch<Float>, _ part: BatchSource.Part, from start: Int) {
        let numbers = part == .test ? test : train
        for position in 0..<batch.inputs.rows {
            copy(&batch, pattern: numbers[start + position], to: position)
        }
    }

    private func copy(_ batch: inout Batch<Float>, pattern: Int, to position: Int) {
        for bit in 0..<SymmetricSet.bits { batch.inputs[position, bit] = all.inputs[pattern, bit] }
        let label = all.labels[pattern]
        batch.labels[position] = label
        guard batch.targets.columns > 0 else { return }
        for column in 0..<SymmetricSource.classes {
            batch.targets[position, column] = column == Int(label) ? 1 : 0
        }
    }
}
