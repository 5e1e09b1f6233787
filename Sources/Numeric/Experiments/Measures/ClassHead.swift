import LinearAlgebra
import Text

/// The last layer of a network, as the classifier of the last hidden layer's activations.
struct ClassHead {
    /// [classes, features], in double precision.
    let weight: Matrix<Double>
    let bias: [Double]

    /// The head of a network. Where one output tells two classes, the first class has the logit 0.
    init(_ context: MeasureContext) {
        let last = context.layers[context.layers.count - 1]
        let isSign = last.weight.rows == 1 && context.outputs.classes == 2
        let values = last.weight.values.map(Double.init)
        weight = Matrix(rows: isSign ? 2 : last.weight.rows, columns: last.weight.columns)
        weight.assign(isSign ? [Double](repeating: 0, count: last.weight.columns) + values : values)
        bias = (isSign ? [0] : []) + last.bias.values.map(Double.init)
    }

    /// The logits [points, classes] for the last hidden layer's activations, or for numbers in their place.
    func logits(_ features: Matrix<Double>) -> Matrix<Double> {
        let logits = Matrix.product(features, weight, transposeB: true)
        logits.addBiasAndActivate(Matrix([bias]), .linear)
        return logits
    }
}

extension MeasureContext {
    /// The logits at the points; two columns where there is one output.
    var logits: Matrix<Double> { ClassHead(self).logits(outputs.features.widened) }

    /// The class predicted for each point; the first where several have equal logits.
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
