import Learning
import LinearAlgebra

/// Gradients of the objective over mini-batches, at fixed parameters.
struct WeightGradients {
    /// Arguments: number of batches, parameters, step, body.
    private let visit: (Int, Matrix<Float>, Int, ([Matrix<Float>]) -> Void) -> Void
    private let parameters: Matrix<Float>?
    private let step: Int

    /// - Parameters:
    ///   - model: a model for the training's batches; a copy of it is used.
    ///   - points: points in a batch.
    init<M: TrainableNetwork>(
        _ model: M, _ source: BatchSource, _ streams: RandomStreams, points: Int
    ) where M.Scalar == Float {
        let model = model.copy()
        let gradients = model.makeGradients()
        let noise = Matrix<Float>(rows: points, columns: model.noisePerPoint)
        let weights = model.weights(of: gradients)
        visit = { count, parameters, first, body in
            model.parameters.flat.assign(parameters)
            for step in first..<first + count {
                // Each step has a batch of its own: a source may rely on what it filled before.
                var batch = source.makeBatch(points: points)
                source.fill(&batch, step: step, anew: true)
                if noise.count > 0 { streams.fillNormals(noise, .latentNoise, index: step) }
                _ = model.gradient(gradients, batch, noise: noise)
                body(weights)
            }
        }
        parameters = nil
        step = 0
    }

    private init(_ other: WeightGradients, parameters: Matrix<Float>, step: Int) {
        visit = other.visit
        self.parameters = parameters
        self.step = step
    }

    /// The gradients at these parameters, after `step` steps.
    func at(_ parameters: Matrix<Float>, step: Int) -> WeightGradients {
        WeightGradients(self, parameters: parameters, step: step)
    }

    /// Calls `body` with the gradient with respect to W_1 … W_L over each of the training's next `batches`
    /// mini-batches, with the noise of their steps. Each call overwrites the matrices of the one before. Past
    /// the training's end, batches continue in the order that a longer training would have.
    func forEach(batches: Int, _ body: ([Matrix<Float>]) -> Void) {
        guard let parameters else { return }
        visit(batches, parameters, step, body)
    }
}
