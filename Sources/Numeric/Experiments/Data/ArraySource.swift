import Learning
import LinearAlgebra
import Model
import Sweep

/// The points of the user's own files, in a new random order each epoch.
final class ArraySource: PointSource {
    private let set: ArraySet
    private let trainLabels: [Int32]
    private var order: EpochOrder
    let outputs: Int
    let classes: Int
    let losses: [Loss]
    var inputs: Int { self.set.train.numbers.size.count }
    var trainCount: Int? { self.set.train.learned.count }
    var testCount: Int { self.set.test.learned.count }
    var testLabels: [Int32] { self.set.test.learned.labels }

    static func make(_ description: ArrayData, for trial: TrialData) throws(ExperimentError) -> ArraySource {
        do throws(DataError) {
            return ArraySource(
                description, set: try trial.arrays.set(of: description), streams: trial.streams)
        } catch { throw .data(error) }
    }

    init(_ data: ArrayData, set: ArraySet, streams: RandomStreams) {
        self.set = set
        let facts = data.facts
        (outputs, classes, losses) = (facts.outputs, facts.classes, facts.losses)
        var learned = set.train.learned
        if let labels = data.training?.labels { learned.addNoise(labels, classes: classes, streams) }
        trainLabels = learned.labels
        order = EpochOrder(points: learned.count, streams)
    }

    func fill(_ batch: inout Batch<Float>, step: Int, anew: Bool) {
        for (row, point) in order.batch(of: batch.inputs.rows, step: step).enumerated() {
            set.train.write(Int(point), to: &batch, row: row, trainLabels)
        }
    }

    func fill(_ batch: inout Batch<Float>, _ part: DataPart, from start: Int, index: Int) {
        let isTest = part == .test
        for row in 0..<batch.inputs.rows {
            if isTest {
                set.test.write(start + row, to: &batch, row: row, testLabels)
            } else {
                set.train.write(start + row, to: &batch, row: row, trainLabels)
            }
        }
    }
}
