import Learning
import LinearAlgebra

/// Gradients of the objective over mini-batches, at parameters of which none is moved.
struct WeightGradients {
    /// Batches, parameters, step, body.
    private let visit: (Int, Matrix<Float>, Int, ([Matrix<Float>]) -> Void) -> Void
    private let parameters: Matrix<Float>?
    private let step: Int

    /// - Parameters:
    ///   - model: of the training's batch; a copy of it is used.
    ///   - points: in a batch.
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
                // A batch of its own for each: a source may count on what it filled before.
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

    /// At these parameters, after so many steps.
    func at(_ parameters: Matrix<Float>, step: Int) -> WeightGradients {
        WeightGradients(self, parameters: parameters, step: step)
    }

    /// Calls `body` with the gradient in W_1 … W_L over each of the training's next `batches` mini-batches,
    /// with the noise of their steps; the matrices are overwritten by the next. Those of a training that ends
    /// before go on in the order that it would have.
    func forEach(batches: Int, _ body: ([Matrix<Float>]) -> Void) {
        guard let parameters else { return }
        visit(batches, parameters, step, body)
    }
}
