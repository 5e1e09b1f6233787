import Learning
import LinearAlgebra
import Model
import Sweep
import Text

/// Points that a network is measured at.
struct PointSample {
    /// [points, inputs]
    let inputs: Matrix<Float>
    /// Empty where the data have no classes.
    let labels: [Int32]
    /// Number of classes; 0 where the data have none.
    let classes: Int

    static var none: PointSample { PointSample(inputs: Matrix(rows: 0, columns: 0), labels: [], classes: 0) }
}

extension BatchSource {
    /// - Parameter points: n, the first n test points; or "all": every training point and then every test
    ///   point in the order of the data, or all points in the order of the data's own where it has one.
    func sample(_ points: JSONValue) -> PointSample {
        let wantsAll = points == .string("all")
        if wantsAll, let all = self.points.all { return all }
        let test = wantsAll ? testCount : min(testCount, Int(points.number ?? 0))
        let train = wantsAll ? self.points.trainCount ?? 0 : 0
        let inputs = Matrix<Float>(rows: train + test, columns: inputs)
        var labels: [Int32] = []
        let batch = makeBatch(points: evaluationPoints)
        for (part, count, first) in [(DataPart.train, train, 0), (.test, test, train)] {
            forEachBatch(of: part, upTo: count, whole: true, batch) { rows, start in
                let size = min(rows.inputs.rows, count - start)
                inputs.rows(first + start..<first + start + size).assign(rows.inputs.rows(0..<size))
                labels += rows.labels.prefix(isClasses ? size : 0)
            }
        }
        return PointSample(inputs: inputs, labels: labels, classes: self.points.classes)
    }
}

/// The outputs of a network's layers at some points.
struct LayerOutputs {
    /// [points, inputs]: h_0.
    let inputs: Matrix<Float>
    /// p_l = W_l h_{l−1} + b_l, [points, units].
    let preActivations: [Matrix<Float>]
    /// h_l = φ(p_l), [points, units]; for the last layer p_L.
    let activations: [Matrix<Float>]
    /// The last layer's inputs, [points, features].
    let features: Matrix<Float>
    let labels: [Int32]
    let classes: Int
    /// Whether the last layer is the network's output; a VIB's encoder ends in none.
    let endsInOutput: Bool

    /// - Parameter lastUnits: number of the last layer's outputs that are the representation: for a VIB μ,
    ///   the first half of its head.
    init(
        _ layers: [DenseLayer<Float>], _ activation: Activation, at sample: PointSample, lastUnits: Int
    ) {
        inputs = sample.inputs
        (labels, classes) = (sample.labels, sample.classes)
        endsInOutput = layers.last?.weight.rows == lastUnits
        let points = sample.inputs.rows
        var (before, after) = ([Matrix<Float>](), [Matrix<Float>]())
        for (number, layer) in layers.enumerated() {
            let isLast = number + 1 == layers.count
            let p = Matrix<Float>(rows: points, columns: layer.weight.rows)
            let below = after.last ?? inputs
            // `evaluationPoints` at once, as everywhere: bits depend on it.
            for start in stride(from: 0, to: points, by: evaluationPoints) {
                let rows = start..<min(points, start + evaluationPoints)
                p.rows(rows).setProduct(below.rows(rows), layer.weight, transposeB: true)
            }
            p.addBiasAndActivate(layer.bias, .linear)
            if isLast {
                let part = p.firstColumns(lastUnits)
                before.append(part)
                after.append(part)
            } else {
                let h = Matrix<Float>(rows: points, columns: p.columns)
                h.assign(p)
                h.addBiasAndActivate(Matrix(rows: 1, columns: p.columns), activation)
                before.append(p)
                after.append(h)
            }
        }
        preActivations = before
        activations = after
        features = after.count > 1 ? after[after.count - 2] : inputs
    }

    /// The outputs of a layer of which only its output is known, the features, and of the head above it.
    init(ofFeatures sample: PointSample, head: DenseLayer<Float>) {
        let logits = LayerOutputs([head], .linear, at: sample, lastUnits: head.weight.rows)
        inputs = sample.inputs
        features = sample.inputs
        (labels, classes) = (sample.labels, sample.classes)
        endsInOutput = true
        preActivations = [sample.inputs] + logits.preActivations
        activations = [sample.inputs] + logits.activations
    }

    var isFinite: Bool { preActivations.allSatisfy(\.isFinite) && activations.allSatisfy(\.isFinite) }
}

extension Matrix {
    /// A copy of the first columns; the matrix itself where it has no others.
    fileprivate func firstColumns(_ count: Int) -> Matrix {
        guard count < columns else { return self }
        let part = Matrix(rows: rows, columns: count)
        for row in 0..<rows {
            part.rows(row..<row + 1).assign(rows(row..<row + 1).prefix(rows: 1, columns: count))
        }
        return part
    }
}
