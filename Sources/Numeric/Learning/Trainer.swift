import LinearAlgebra
import Model

/// Lowers a model's objective, step by step. All its memory is allocated when it is made.
///
/// A step is a function of (parameters, optimiser state, batch, seed, step number): no step looks at a clock
/// or at what ran before it.
public struct Trainer<M: TrainableNetwork> where M.Scalar == Float {
    public let model: M
    public let settings: OptimizerSettings
    private let length: TrainingLength
    public private(set) var step = 0
    private let streams: RandomStreams
    private let gradients: Parameters<Float>
    private let first: Matrix<Float>
    private let second: Matrix<Float>
    private let averaged: M?
    private let noise: Matrix<Float>

    /// - Parameters:
    ///   - length: what the learning rate's schedule goes by; nothing where it is constant.
    ///   - points: points a batch; each step's batch has as many.
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

    /// All that later steps depend on, beside `step` and the streams: parameters, moments, average. Windows on the
    /// trainer's own memory, always in this order.
    public var memory: [Matrix<Float>] {
        [model.parameters.flat, first, second] + (averaged.map { [$0.parameters.flat] } ?? [])
    }

    /// Goes on after so many steps, now that `memory` has been set to what it was then.
    public mutating func resume(after steps: Int) { step = steps }

    /// The network that measures should read: the averaged one where there is one.
    public var evaluated: M { averaged ?? model }

    /// One step; returns the objective before it. Not finite: the training diverged, and the parameters are
    /// no longer of use.
    public mutating func train(_ batch: Batch<Float>) -> Objective {
        if noise.count > 0 { streams.fillNormals(noise, .latentNoise, index: step) }
        return train(batch, noise: noise)
    }

    /// The same with this step's latent noise, [points, noisePerPoint], which trainings of one seed share.
    @_specialize(where M == MLP<Float>)
    @_specialize(where M == VIB<Float>)
    public mutating func train(_ batch: Batch<Float>, noise: Matrix<Float>) -> Objective {
        let objective = model.setGradients(gradients, batch, noise: noise)
        descend()
        if let averaged, let keep = settings.emaDecay {
            averaged.parameters.flat.moveAverage(towards: model.parameters.flat, keep: keep)
        }
        step += 1
        return objective
    }

    private func descend() {
        let rate = settings.learningRate * settings.schedule.factor(at: step, of: length)
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
