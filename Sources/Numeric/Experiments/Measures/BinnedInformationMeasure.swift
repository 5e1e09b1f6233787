import Learning
import LinearAlgebra
import Measures
import Model
import Sweep
import Text

/// I(X;T) and I(T;Y) of each layer's binned activations, and whether I(X;T) falls along the training.
struct BinnedInformationMeasure: Measure {
    static let declaration = MeasureDeclaration.binnedInformation
    private let bins: Int
    private let delta: Double

    init(_ settings: MeasureSettings) {
        bins = settings.integer("bins")
        delta = settings.number("delta")
    }

    func metrics(_ context: MeasureContext) -> Metrics {
        let labels = context.outputs.labels
        let states = context.outputs.informationLayers.map { layer in
            // Where a block's input is added, even tanh has no bounds.
            if let range = layer.isSoftmax ? -1...1 : context.network == nil ? context.activation.range : nil
            {
                BinnedInformation(layer.activations, labels: labels, bins: bins, range: range)
            } else {
                BinnedInformation(layer.activations, labels: labels, width: 2 / Double(bins))
            }
        }
        let (inputs, targets) = (states.map(\.inputInformation), states.map(\.targetInformation))
        var metrics: Metrics = [
            .ixtNats: JSONValue(inputs), .ixtBits: JSONValue(inputs.map { $0 / naturalLogarithmOfTwo }),
            .ityNats: JSONValue(targets),
            .ityBits: JSONValue(targets.map { $0 / naturalLogarithmOfTwo }),
        ]
        if let points = context.trainCount {
            metrics[.generalisationBound] = JSONValue(
                inputs.map { generalisationBound(information: $0, points: points, delta: delta) })
        }
        return metrics
    }

    /// For each layer: the fall of I(X;T), the step at which it begins (null where there is none), whether
    /// there is one, and whether a rise comes before it. Empty for a trace shorter than five entries.
    func summary(_ training: MeasuredTraining) -> Metrics {
        let along = training.numbers(.ixtNats)
        guard along.count >= 5, let layers = along.first?.values.count else { return [:] }
        let reports = (0..<layers).compactMap { layer in
            CompressionReport(
                steps: along.map { Double($0.step) }, information: along.map { $0.values[layer] })
        }
        return [
            .ixtFallNats: JSONValue(reports.map(\.fall)),
            .ixtFallStep: .array(reports.map { $0.startStep.map(JSONValue.number) ?? .null }),
            .ixtFalls: JSONValue(reports.map { $0.falls ? 1 : 0 }),
            .twoPhases: JSONValue(reports.map { $0.rises && $0.falls ? 1 : 0 }),
        ]
    }
}

/// A layer's activations as the information plane uses them.
struct InformationLayer {
    /// [points, units]
    let activations: Matrix<Float>
    /// Whether the activations are probabilities.
    let isSoftmax: Bool
}

extension LayerOutputs {
    /// The hidden layers' activations, then the output layer's class probabilities, as in the public code of
    /// the information plane: softmax, or the logistic function of a single output. A VIB's μ is used as it
    /// is.
    var informationLayers: [InformationLayer] {
        activations.enumerated().map { number, layer in
            endsInOutput && number + 1 == activations.count
                ? InformationLayer(activations: LayerOutputs.probabilities(layer), isSoftmax: true)
                : InformationLayer(activations: layer, isSoftmax: false)
        }
    }

    private static func probabilities(_ outputs: Matrix<Float>) -> Matrix<Float> {
        let isOne = outputs.columns == 1
        // A single output z stands for the softmax of (0, z).
        let scores = Matrix<Float>(rows: outputs.rows, columns: max(2, outputs.columns))
        for row in 0..<outputs.rows {
            for column in 0..<outputs.columns {
                scores[row, column + (isOne ? 1 : 0)] = outputs[row, column]
            }
        }
        let shares = Matrix<Float>(rows: scores.rows, columns: scores.columns)
        scores.addSoftmax(to: shares)
        return shares
    }
}
