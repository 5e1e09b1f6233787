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
        self.init(
            weight: last.weight.widened, bias: last.bias.widened.values, classes: context.outputs.classes)
    }

    /// A head with a weight [outputs, features].
    init(weight: Matrix<Double>, bias: [Double], classes: Int) {
        let isSign = weight.rows == 1 && classes == 2
        guard isSign else {
            (self.weight, self.bias) = (weight, bias)
            return
        }
        self.weight = Matrix(rows: 2, columns: weight.columns)
        self.weight.assign([Double](repeating: 0, count: weight.columns) + weight.values)
        self.bias = [0] + bias
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
