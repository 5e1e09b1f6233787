import Learning
import LinearAlgebra
import Model
import Sweep

/// A network that was trained elsewhere and the points to measure it at, read from their files: for callers
/// that measure by themselves, such as benchmarks.
public struct GivenNetwork {
    /// The sizes of the layers and the activation.
    public let shape: StackShape
    /// The layers, from the input on.
    public let layers: [DenseLayer<Float>]
    /// [points, inputs]
    public let inputs: Matrix<Float>

    /// Reads the files of a request. Throws where one can't be read, or the network doesn't take the points.
    public init(_ request: MeasureRequest, data: DataDirectory) throws(DataError) {
        let network = try TrainedNetwork(
            try WeightsFile(opening: request.weights), activation: request.activation ?? .relu)
        let points = try MeasuredPoints(request.points, data)
        guard points.inputs.columns == network.shape.units[0] else {
            throw DataError(
                file: points.inputsFile,
                problem: .inputsDisagree(
                    features: points.inputs.columns, network: request.weights, network.shape.units[0]))
        }
        (shape, layers) = (network.shape, network.layers)
        inputs = points.inputs.rows(0..<min(points.inputs.rows, request.rankPoints ?? points.inputs.rows))
    }
}
