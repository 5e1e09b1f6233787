import LinearAlgebra
import Model

/// Minimises a model's objective step by step. All its memory is allocated when it is created.
///
/// A step is a function of (parameters, optimiser state, batch, seed, step number). No step depends on a
/// clock or on what ran before it.
public struct Trainer<M: TrainableNetwork> where M.Scalar == Float {
    /// The network that is trained.
    public let model: M
    /// The optimiser, its learning rate and weight decay.
    public let settings: OptimizerSettings
    private let length: TrainingLength
    /// Number of steps done.
    public private(set) var step = 0
    private let streams: RandomStreams
    private let gradients: Parameters<Float>
    private let first: Matrix<Float>
    private let second: Matrix<Float>
    private let averaged: M?
    private let noise: Matrix<Float>

    /// - Parameters:
    ///   - length: the training's length, which the learning rate's schedule uses; irrelevant where it is
    ///     constant.
    ///   - points: points in a batch; every step's batch has as many.
    public init(
        _ model: M, settings: OptimizerSettings, length: TrainingLength = TrainingLength(steps: 1),
        streams: RandomStreams, points: Int
    ) {
        self.model = model
        self.settings = settings
        self.length = length
        self.streams = streams
        gradients = model.makeGradients()
        let count = model.parameters.flat.count
        first = Matrix(rows: 1, columns: count)
        second =
            switch settings.method {
            case .sgd: Matrix(rows: 1, columns: 0)
            case .adam, .adamW: Matrix(rows: 1, columns: count)
            }
        averaged = settings.emaDecay == nil ? nil : model.copy()
        noise = Matrix(rows: points, columns: model.noisePerPoint)
    }

    /// The whole state that later steps depend on, beside `step` and the streams: parameters, moments,
    /// average. The matrices are views of the trainer's own memory, always in this order.
    public var memory: [Matrix<Float>] {
        [model.parameters.flat, first, second] + (averaged.map { [$0.parameters.flat] } ?? [])
    }

    /// Resumes after `steps` steps; `memory` must have been set to its state at that step.
    public mutating func resume(after steps: Int) { step = steps }

    /// The network that measures should read: the averaged one where there is one.
    public var evaluated: M { averaged ?? model }

    /// Performs one step and returns the objective before it. Where it is not finite, the training has
    /// diverged and the parameters are of no further use.
    public mutating func train(_ batch: Batch<Float>) -> Objective {
        if noise.count > 0 { streams.fillNormals(noise, .latentNoise, index: step) }
        return train(batch, noise: noise)
    }

    /// Performs a step with the latent noise given, [points, noisePerPoint]: trainings with one seed share
    /// it.
    @_specialize(where M == MLP<Float>)
    @_specialize(where M == VIB<Float>)
    public mutating func train(_ batch: Batch<Float>, noise: Matrix<Float>) -> Objective {
        let objective = model.setGradients(gradients, batch, noise: noise)
        if let norm = settings.clipNorm { gradients.flat.clip(toNorm: norm) }
        descend()
        if let averaged, let keep = settings.emaDecay {
            averaged.parameters.flat.moveAverage(towards: model.parameters.flat, keep: keep)
        }
        step += 1
        return objective
    }

    private func descend() {
        let rate = settings.rate(at: step, of: length)
        if settings.weightDecay == 0 {
            descend(0..<model.parameters.flat.count, rate: rate, decay: 0)
        } else {
            let isDecoupled = if case .adamW = settings.method { true } else { false }
            for part in model.parameters.parts {
                let decay = part.isWeight ? settings.weightDecay : 0
                if isDecoupled, decay > 0 { shrink(part.range, by: rate * decay) }
                descend(part.range, rate: rate, decay: isDecoupled ? 0 : decay)
            }
        }
    }

    private func shrink(_ range: Range<Int>, by share: Double) {
        Matrix<Float>(
            model.parameters.flat.buffer, offset: range.lowerBound, rows: 1, columns: range.count
        ).shrink(by: share)
    }

    private func descend(_ range: Range<Int>, rate: Double, decay: Double) {
        func part(_ flat: Matrix<Float>) -> Matrix<Float> {
            Matrix(flat.buffer, offset: range.lowerBound, rows: 1, columns: range.count)
        }
        switch settings.method {
        case .sgd(let momentum):
            part(model.parameters.flat).momentumStep(
                gradient: part(gradients.flat), velocity: part(first), rate: rate, momentum: momentum,
                decay: decay)
        case .adam(let beta1, let beta2, let epsilon), .adamW(let beta1, let beta2, let epsilon):
            // m̂ / (√v̂ + ε) = (c₂ / c₁) m / (√v + c₂ ε) with c₁ = 1 − β₁ᵗ, c₂ = √(1 − β₂ᵗ).
            let c1 = 1 - power(beta1, step + 1)
            let c2 = (1 - power(beta2, step + 1)).squareRoot()
            part(model.parameters.flat).adamStep(
                gradient: part(gradients.flat), first: part(first), second: part(second),
                rate: rate * c2 / c1, beta1: beta1, beta2: beta2, epsilon: epsilon * c2, decay: decay)
        }
    }
}
