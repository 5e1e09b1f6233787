import Learning
import LinearAlgebra
import Model
import Sweep

/// Addition modulo p as classification: the table's p² pairs (a, b), some of which, chosen by the trial's
/// seed, train while the others test. An input is two vectors of p zeros with a single one each; its class is
/// (a + b) mod p. Power et al. (2022) saw such tables generalise long after they were fitted.
final class ModularSource: PointSource {
    let settings: ModularData
    /// The training pairs a · p + b, ascending.
    let train: [Int]
    let test: [Int]
    private var order: EpochOrder
    var inputs: Int { 2 * settings.modulus }
    var outputs: Int { classes }
    var classes: Int { settings.modulus }
    var trainCount: Int? { train.count }
    var testCount: Int { test.count }

    static func make(_ description: ModularData, for trial: TrialData) -> ModularSource {
        ModularSource(description, streams: trial.streams)
    }

    init(_ settings: ModularData, streams: RandomStreams) {
        self.settings = settings
        var numbers = [UInt32](repeating: 0, count: settings.modulus * settings.modulus)
        streams.shuffle(&numbers, .trainingPart, index: 0)
        train = numbers.prefix(settings.trainPoints).map { Int($0) }.sorted()
        test = numbers.dropFirst(settings.trainPoints).map { Int($0) }.sorted()
        order = EpochOrder(points: settings.trainPoints, streams)
    }

    /// A batch of all points keeps their order, since its mean does not depend on it.
    func fill(_ batch: inout Batch<Float>, step: Int, anew: Bool) {
        let points = batch.inputs.rows
        if points == train.count {
            if step == 0 || anew { fill(&batch, .train, from: 0, index: 0) }
            return
        }
        batch.inputs.fill(0)
        for (position, index) in order.batch(of: points, step: step).enumerated() {
            write(&batch, pair: train[Int(index)], to: position)
        }
    }

    func fill(_ batch: inout Batch<Float>, _ part: DataPart, from start: Int, index: Int) {
        let pairs = part == .test ? test : train
        batch.inputs.fill(0)
        for position in 0..<batch.inputs.rows { write(&batch, pair: pairs[start + position], to: position) }
    }

    /// Writes a pair into a row of zeros.
    private func write(_ batch: inout Batch<Float>, pair: Int, to position: Int) {
        let p = settings.modulus
        let (a, b) = (pair / p, pair % p)
        batch.inputs[position, a] = 1
        batch.inputs[position, p + b] = 1
        batch.set(label: Int32((a + b) % p), at: position)
    }
}
