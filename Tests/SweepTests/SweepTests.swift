import Testing
import Text

@testable import Sweep

private let vib = """
    name: gaussian-vib
    experiment: vib                        # mlp | vib | …
    dataset: {name: gaussian, correlations: [0.4, 0.5, 0.9, 0.92, 0.95]}
    axes:
      beta:  {log: [1e-3, 1.0], count: 40}
      depth: [1, 2]
      seed:  {range: [0, 5]}
    training: {optimizer: adam, learningRate: 1e-2, schedule: cosine, batch: 256, steps: 20000}
    measures:
      localRank: {thresholds: [0.01, 0.1], points: 256, every: log}
    """

@Test func aSweepFileGivesItsTrials() throws {
    let spec = try SweepSpec(parsing: vib, file: "vib.yaml")
    #expect(spec.grid.count == 400)
    let trial = spec.grid[0]
    #expect(trial.axesObject.canonicalText == #"{"beta":0.001,"dataset":"gaussian","depth":1,"seed":0}"#)
    print(spec.canonicalJSON.canonicalText, spec.digest, trial.settings.json.canonicalText, trial.id)
    let again = try SweepSpec(parsing: spec.canonicalJSON.canonicalText, file: "sweep.json")
    #expect(again == spec)
    #expect(again.digest == spec.digest)
    print((0..<40).map { spec.grid[$0 * 10].axesObject["beta"]!.canonicalText })
}
