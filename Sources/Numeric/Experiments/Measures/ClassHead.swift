import LinearAlgebra
import Text

/// The part of a network above a hidden layer, as what classifies that layer's activations.
struct ClassHead {
    /// [classes, features], in double: of the last hidden layer's head.
    let weight: Matrix<Double>
    let bias: [Double]

    /// Of one output that tells two classes, the first has the logit 0.
    init(_ context: MeasureContext) {
        let last = context.layers[context.layers.count - 1]
        let isSign = last.weight.rows == 1 && context.outputs.classes == 2
        let values = last.weight.values.map(Double.init)
        weight = Matrix(rows: isSign ? 2 : last.weight.rows, columns: last.weight.columns)
        weight.assign(isSign ? [Double](repeating: 0, count: last.weight.columns) + values : values)
        bias = (isSign ? [0] : []) + last.bias.values.map(Double.init)
    }

    /// Of the last hidden layer's activations, or of whatever stands for them.
    func logits(_ features: Matrix<Double>) -> Matrix<Double> {
        let logits = Matrix.product(features, weight, transposeB: true)
        logits.addBiasAndActivate(Matrix([bias]), .linear)
        return logits
    }
}

extension MeasureContext {
    /// What the last layer is given: the activations of the last hidden one, or the inputs.
    var features: Matrix<Float> {
        let activations = outputs.activations
        return activations.count > 1 ? activations[activations.count - 2] : outputs.inputs
    }

    /// The logits at the points, of one output two columns.
    var logits: Matrix<Double> { ClassHead(self).logits(features.widened) }

    /// The class that each point is given, the first of equal ones.
    var predictions: [Int32] {
        let logits = logits
        return (0..<logits.rows).map { row in
            let values = logits.rows(row..<row + 1).values
            var best = 0
            for index in values.indices where values[index] > values[best] { best = index }
            return Int32(best)
        }
    }
}

extension Matrix {
    var widened: Matrix<Double> {
        let wide = Matrix<Double>(rows: rows, columns: columns)
        wide.assign(widening: self)
        return wide
    }
}
