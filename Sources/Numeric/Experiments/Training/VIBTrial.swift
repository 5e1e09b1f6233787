import Learning
import LinearAlgebra
import Measures
import Model
import Sweep

extension VIB where Scalar == Float {
    /// The VIB of a description. Throws where the encoder's layers don't fit together.
    init(
        _ description: NetworkDescription, points: Int, logDet: LogDetSettings? = nil, smoothing: Double = 0,
        sharing other: VIB? = nil
    ) throws(ShapeFault) {
        guard case .vib(let beta, let bottleneck, let shift, let architecture) = description.model else {
            preconditionFailure("a \(description.name) is no vib")
        }
        let network = description.network
        let encoder: EncoderShape
        if let architecture {
            encoder = .network(try description.shape(of: architecture))
        } else {
            encoder = .stack(
                hidden: [description.inputs] + network.hidden, activation: network.activation,
                hasBiases: network[Setting.biases], bottleneck: bottleneck)
        }
        self.init(
            encoder, outputs: description.outputs, loss: description.loss, beta: beta, shift: shift,
            points: points, logDet: logDet, smoothing: smoothing, sharing: other)
    }

    /// A function that counts the local ranks of the encoder's layers at points.
    func localRanks(
        _ settings: TrialSettings.LocalRank, _ description: NetworkDescription
    ) -> (Matrix<Float>) -> LocalRankResult {
        if let network {
            var ranks = NetworkLocalRank(
                settings, network.shape, image: description.input, hasReLU: description.hasActiveUnits)
            return { ranks.measure(network, points: $0, sigma: deviations(at: $0)) }
        }
        var ranks = LocalRank(settings, shape: shapes[0], lastRows: bottleneck)
        return { ranks.measure(denseLayers, inputs: $0, sigma: deviations(at: $0)) }
    }

    /// σ(x) at points, [points, K].
    private func deviations(at inputs: Matrix<Float>) -> Matrix<Float> {
        let sigma = Matrix<Float>(rows: inputs.rows, columns: bottleneck)
        let noise = Matrix<Float>(rows: points, columns: bottleneck)
        for start in stride(from: 0, to: inputs.rows, by: points) {
            let rows = start..<min(inputs.rows, start + points)
            let encoded = encode(inputs.rows(rows), noise: noise.rows(0..<rows.count))
            sigma.rows(rows).assign(encoded.sigma)
        }
        return sigma
    }
}
