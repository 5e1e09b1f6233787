import Learning
import LinearAlgebra
import Model
import Sweep

/// Data labelled by a known network: inputs uniform on the unit sphere, one output.
final class TeacherSource: PointSource {
    /// Why no data could be drawn.
    enum Fault: Error, Equatable {
        /// Fewer candidates than asked for have margin 1.
        case tooFewMargins(candidates: Int, found: Int)
        /// No training target reaches 1; `largest` is the largest.
        case targetsTooSmall(largest: Double)
    }

    let settings: TeacherData
    let teacher: MLP<Float>
    private let train: Points
    private let test: Points
    private var order: EpochOrder
    var inputs: Int { settings.inputs }
    var outputs: Int { 1 }
    var classes: Int { settings.task == .classification ? 2 : 0 }
    var trainCount: Int? { settings.trainPoints }
    var testCount: Int { settings.testPoints }
    var losses: [Loss] { settings.task == .classification ? [.logistic] : [.meanSquaredError] }

    private struct Points {
        /// [points, inputs]
        let inputs: Matrix<Float>
        /// 0 or 1; empty in a regression.
        var labels: [Int32] = []
        /// [points, 1]: the teacher's output.
        let outputs: Matrix<Float>
    }

    /// Candidates drawn at once.
    private static let candidates = 1024
    /// Limit on the candidates drawn for each point asked for.
    private static let patience = 1000

    static func make(_ description: TeacherData, for trial: TrialData) throws(ExperimentError)
        -> TeacherSource
    {
        do {
            return try TeacherSource(description, streams: trial.streams)
        } catch { throw .settings(error.words(norm: description.norm)) }
    }

    init(_ settings: TeacherData, streams: RandomStreams) throws(Fault) {
        self.settings = settings
        teacher = TeacherSource.teacher(settings)
        train = try TeacherSource.points(
            settings.trainPoints, settings, teacher, streams, .teacherTrainingPoints)
        test = try TeacherSource.points(
            settings.testPoints, settings, teacher, streams, .teacherTestPoints)
        order = EpochOrder(points: settings.trainPoints, streams)
        // The theorem needs one point with |x| ≤ 1 and y ≥ 1; in a classification every point has |y| ≥ 1.
        let largest = train.outputs.values.max() ?? 0
        if settings.task == .regression, largest < 1 {
            throw .targetsTooSmall(largest: Double(largest))
        }
    }

    /// A ReLU network without biases. Its weights are normal, each matrix scaled to Frobenius norm B, or to
    /// the next smaller norm in single precision. The last layer's signs alternate in a classification, so
    /// that both classes occur. They are positive in a regression, so that no target is negative.
    static func teacher(_ settings: TeacherData) -> MLP<Float> {
        let units =
            [settings.inputs] + [Int](repeating: settings.width, count: settings.depth - 1) + [1]
        let shape = StackShape(units: units, activation: .relu, hasBiases: false)
        let model = MLP<Float>(shape, loss: .meanSquaredError, points: candidates)
        let streams = RandomStreams(seed: settings.seed)
        for (index, layer) in model.layers.enumerated() {
            streams.fillNormals(layer.weight, .teacherWeights, index: index)
            var weights = layer.weight.values.map { Double($0) }
            if index + 1 == settings.depth {
                for unit in weights.indices {
                    let isNegative = settings.task == .classification && unit % 2 == 1
                    weights[unit] = isNegative ? -abs(weights[unit]) : abs(weights[unit])
                }
            }
            let norm = weights.reduce(0) { $0 + $1 * $1 }.squareRoot()
            // Rounding moves the norm by at most one part in 2²⁴, so B stays an upper bound.
            let scale = settings.norm * (1 - 0x1p-23) / norm
            layer.weight.assign(weights.map { Float($0 * scale) })
        }
        return model
    }

    /// The first `count` candidates of a stream that have margin 1; in a regression, the first `count` of
    /// all.
    private static func points(
        _ count: Int, _ settings: TeacherData, _ teacher: MLP<Float>, _ streams: RandomStreams,
        _ purpose: RandomStreams.Purpose
    ) throws(Fault) -> Points {
        let inputs = Matrix<Float>(rows: count, columns: settings.inputs)
        let outputs = Matrix<Float>(rows: count, columns: 1)
        let draws = Matrix<Float>(rows: candidates, columns: settings.inputs)
        var found = 0
        var block = 0
        while found < count {
            guard block * candidates < max(candidates, count) * patience else {
                throw .tooFewMargins(candidates: block * candidates, found: found)
            }
            streams.fillNormals(draws, purpose, index: block)
            putOnSphere(draws)
            forward(teacher.layers, .relu, inputs: draws, into: teacher.work)
            for row in 0..<candidates where found < count {
                let output = teacher.work.last[row, 0]
                guard settings.task == .regression || abs(output) >= 1 else { continue }
                inputs.rows(found..<found + 1).assign(draws.rows(row..<row + 1))
                outputs[found, 0] = output
                found += 1
            }
            block += 1
        }
        let labels = settings.task == .classification ? outputs.values.map { Int32($0 > 0 ? 1 : 0) } : []
        return Points(inputs: inputs, labels: labels, outputs: outputs)
    }

    /// Scales rows to length 1, or to the next smaller length in single precision.
    private static func putOnSphere(_ matrix: Matrix<Float>) {
        for row in 0..<matrix.rows {
            let values = matrix.rows(row..<row + 1)
            let square = values.values.reduce(0.0) { $0 + Double($1) * Double($1) }
            guard square > 0 else { continue }
            let scale = (1 - 0x1p-23) / square.squareRoot()
            values.assign(values.values.map { Float(Double($0) * scale) })
        }
    }

    /// A batch of all points keeps their order, since its mean does not depend on it.
    func fill(_ batch: inout Batch<Float>, step: Int, anew: Bool) {
        let points = batch.inputs.rows
        if points == settings.trainPoints {
            if step == 0 || anew { copy(&batch, train, from: 0) }
            return
        }
        for (position, row) in order.batch(of: points, step: step).enumerated() {
            copy(&batch, train, row: Int(row), to: position)
        }
    }

    func fill(_ batch: inout Batch<Float>, _ part: DataPart, from start: Int, index: Int) {
        copy(&batch, part == .test ? test : train, from: start)
    }

    private func copy(_ batch: inout Batch<Float>, _ points: Points, from start: Int) {
        for position in 0..<batch.inputs.rows { copy(&batch, points, row: start + position, to: position) }
    }

    private func copy(_ batch: inout Batch<Float>, _ points: Points, row: Int, to position: Int) {
        batch.inputs.rows(position..<position + 1).assign(points.inputs.rows(row..<row + 1))
        if batch.targets.columns > 0 { batch.targets[position, 0] = points.outputs[row, 0] }
        if !points.labels.isEmpty { batch.labels[position] = points.labels[row] }
    }
}

extension TeacherSource.Fault {
    /// - Parameter norm: B.
    func words(norm: Double) -> String {
        switch self {
        case .tooFewMargins(let candidates, let found):
            "of \(candidates) points that the teacher labels, \(found) have margin 1: "
                + "take a dataset.norm above \(norm)"
        case .targetsTooSmall(let largest):
            "the teacher's largest target is \(largest), and the bound needs one of at least 1: "
                + "take a dataset.norm above \(norm), or more dataset.train_points"
        }
    }
}
