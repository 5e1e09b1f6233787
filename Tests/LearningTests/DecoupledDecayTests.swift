import Model
import Testing

@testable import Learning
@testable import LinearAlgebra

@Test func `AdamW shrinks weights beside the step, and leaves biases and moments alone`() {
    func trainer(_ decay: Double) -> Trainer<Bowl> {
        Trainer(
            Bowl(seed: 4),
            settings: OptimizerSettings(
                method: .adamW(beta1: 0.9, beta2: 0.99, epsilon: 1e-8), learningRate: 0.02,
                weightDecay: decay),
            streams: RandomStreams(seed: 0), points: 1)
    }
    let batch = Batch<Float>(inputs: Matrix(rows: 1, columns: 3), labels: [0])
    var plain = trainer(0), decayed = trainer(0.5)
    let start = plain.model.parameters.flat.values
    _ = plain.train(batch)
    _ = decayed.train(batch)
    for part in plain.model.parameters.parts {
        for index in part.range {
            let shrink = part.isWeight ? 0.02 * 0.5 * start[index] : 0
            let due = plain.model.parameters.flat[0, index] - shrink
            #expect(abs(decayed.model.parameters.flat[0, index] - due) < 1e-6)
        }
    }
    // The first gradient is the same, so the moments are.
    #expect(plain.memory[1].values == decayed.memory[1].values)
    #expect(plain.memory[2].values == decayed.memory[2].values)
}
