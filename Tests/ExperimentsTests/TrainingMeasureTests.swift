import Foundation
import Learning
import LinearAlgebra
import Measures
import Model
import Testing
import Text

@testable import Experiments
@testable import Sweep

private func settings(_ text: String) throws -> TrialSettings {
    try SweepSpec(parsing: "name: s\n" + text, file: "s.yaml").grid[0].settings
}

private func isClose(_ a: Double?, _ b: Double, _ tolerance: Double) -> Bool {
    a.map { abs($0 - b) <= tolerance * max(1, abs(b)) } ?? false
}

private func training(
    _ trace: [[String: JSONValue]], metrics: [String: JSONValue] = [:],
    weights: [(step: Int, layers: [Matrix<Float>])] = []
) throws -> MeasuredTraining {
    try MeasuredTraining(trace: trace, metrics: metrics, weights: weights, steps: 1000)
}

private func trace(_ key: String, _ entries: [(step: Double, values: [Double?])]) -> [[String: JSONValue]] {
    entries.map { ["step": .number($0.step), key: JSONValue(orNull: $0.values)] }
}

/// By the definition, in two passes, from gradients of a model of our own at the weights that the trial kept.
@Test func `Gradient SNR is that of the next mini-batches at the weights of the step`() throws {
    let trial = try settings(
        "model: mlp\ndataset: {name: teacher, inputs: 6, norm: 8, train_points: 40, test_points: 30}\n"
            + "hidden: [5, 4]\ntraining: {steps: 13, batch_size: 8, learning_rate: 1e-2}\n"
            + "measures: {gradient_noise: {batches: 7}, local_rank: false}\n")
    var runner = TrialRunner(data: DataDirectory(data: "/nowhere", cache: nil))
    let result = try runner.run(trial, keeping: .final)
    let streams = RandomStreams(seed: 0)
    let teacher = try #require(trial.dataset.description as? TeacherData)
    let source = BatchSource(try TeacherSource(teacher, streams: streams))
    let shape = StackShape(units: [6, 5, 4, 1], activation: .relu, hasBiases: trial.network[Setting.biases])
    let model = MLP<Float>(shape, loss: .logistic, points: 8)
    model.parameters.flat.assign(try #require(result.kept.first).values)
    let gradients = model.makeGradients()
    var found: [[[Double]]] = []
    for step in 13..<20 {
        var batch = source.makeBatch(points: 8)
        source.fill(&batch, step: step, anew: true)
        _ = model.setGradients(gradients, batch, noise: Matrix(rows: 8, columns: 0))
        found.append(gradients.stacks[0].map { $0.weight.values.map(Double.init) })
    }
    for layer in 0..<3 {
        var (meanSquare, variance) = (0.0, 0.0)
        for weight in found[0][layer].indices {
            let values = found.map { $0[layer][weight] }
            let mean = values.reduce(0, +) / 7
            meanSquare += mean * mean
            variance += values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 7
        }
        let metrics = result.body["metrics"]
        let (mean, deviation) = (meanSquare.squareRoot(), variance.squareRoot())
        #expect(isClose(metrics?["gradient_mean"]?.array?[layer].number, mean, 1e-12))
        #expect(isClose(metrics?["gradient_deviation"]?.array?[layer].number, deviation, 1e-12))
        #expect(isClose(metrics?["gradient_snr"]?.array?[layer].number, mean / deviation, 1e-9))
    }
    #expect(result.body["metrics"]?["phase_change_step"] == nil)
}

@Test
func `The phase change is where a layer's SNR falls steepest against the logarithm of the step`() throws {
    let steps = (0...10).map { pow(2, Double($0)) }
    // Layer 1 falls from 9 to 1 between 16 and 64; layer 2 never; layer 3 is measured too seldom.
    let entries = steps.enumerated().map { index, step in
        let fall = [9, 9, 9, 9, 9, 5, 1, 1, 1, 1, 1][index] as Double
        return (step: step, values: [fall, 1 + step, index < 2 ? 1 : nil] as [Double?])
    }
    let measure = GradientNoiseMeasure(
        MeasureSettings(values: [
            "batches": JSONValue(20), "window": JSONValue(3), "scale": .string("linear"),
        ]))
    let summary = measure.summary(try training(trace("gradient_snr", entries))).byKey
    let changes = try #require(summary["phase_change_step"]?.array)
    #expect(isClose(changes[0].number, 32, 1e-12) && changes[1] == .null && changes[2] == .null)
    let ratios = try #require(summary["phase_change_ratio"]?.array)
    #expect(ratios[0] == .number(9) && ratios[1] == .null)
    #expect(measure.summary(try training([])).isEmpty)
    // The steepest fall of the logarithm is the steepest relative fall: from 0.1 to 0.001, not from 9 to 5.
    let late = [9, 9, 5, 5, 5, 0.1, 0.001, 0.001] as [Double]
    let relative = GradientNoiseMeasure(
        MeasureSettings(values: ["batches": JSONValue(20), "window": JSONValue(2), "scale": .string("log")]))
    let other = relative.summary(
        try training(trace("gradient_snr", zip(steps, late).map { ($0, [$1]) }))
    ).byKey
    #expect(isClose(other["phase_change_step"]?.array?[0].number, 32 * 2.0.squareRoot(), 1e-12))
}

/// A layer of one weight: ½ ln(1 + w*² / (δw² + r)).
@Test
func `The Gaussian bound takes the measured weights nearest to each layer's phase change for w*`()
    throws
{
    func layer(_ weight: Float) -> Matrix<Float> {
        let matrix = Matrix<Float>(rows: 1, columns: 1)
        matrix.assign([weight])
        return matrix
    }
    let weights: [(step: Int, layers: [Matrix<Float>])] = [
        (1, [layer(1), layer(1), layer(1)]), (10, [layer(2), layer(1.5), layer(1)]),
        (100, [layer(2.5), layer(3), layer(1)]),
    ]
    let given = try training(
        trace("gradient_snr", [(1, []), (10, []), (100, [])]),
        metrics: ["phase_change_step": .array([.number(12), .number(90), .null])], weights: weights)
    let measure = GaussianBoundMeasure(
        MeasureSettings(values: ["noise_ratio": .number(1e-3), "eigenvalues": JSONValue([1.0])]))
    let found = try measure.hindsight(given).map { try #require($0[.gaussianBound]?.array) }
    func bound(_ reference: Double, _ moved: Double) -> Double {
        0.5 * log(1 + reference * reference / (moved * moved + 1e-3))
    }
    #expect(found[0] == [.null, .null, .null])
    #expect(isClose(found[1][0].number, bound(2, 0), 1e-12) && found[1][1] == .null)
    #expect(isClose(found[2][0].number, bound(2, 0.5), 1e-12))
    #expect(isClose(found[2][1].number, bound(3, 0), 1e-12) && found[2][2] == .null)
    let eigenvalues = try measure.hindsight(given).map {
        try #require($0[.displacementEigenvalue]?["1"]?.array)
    }
    #expect(eigenvalues[0] == [.null, .null, .null] && eigenvalues[1][0] == .number(0))
    #expect(isClose(eigenvalues[2][0].number, 0.25, 1e-12) && eigenvalues[2][1] == .number(0))
}

/// δW = diag(2 τ^½, τ^¼): eigenvalues 4 τ and τ^½.
@Test func `The eigenvalues of the displacement grow with the powers that fit them`() throws {
    func layer(_ time: Double) -> Matrix<Float> {
        let matrix = Matrix<Float>(rows: 2, columns: 2)
        matrix.assign([Float(1 + 2 * pow(time, 0.5)), 0, 0, Float(1 + pow(time, 0.25))])
        return matrix
    }
    let steps = [10, 11, 14, 26, 91]
    let weights = steps.map { (step: $0, layers: [layer(Double($0 - 10))]) }
    let bare = try training(
        trace("gradient_snr", steps.map { (step: Double($0), values: [Double?]()) }),
        metrics: ["phase_change_step": .array([.number(10)])], weights: weights)
    let measure = GaussianBoundMeasure(
        MeasureSettings(values: ["noise_ratio": .number(1), "eigenvalues": JSONValue([1.0, 2, 3])]))
    var entries = bare.trace
    for (index, found) in measure.hindsight(bare).enumerated() {
        entries[index].metrics.merge(found) { $1 }
    }
    let whole = MeasuredTraining(
        trace: entries, metrics: bare.metrics, weights: weights, steps: bare.steps)
    let summary = measure.summary(whole)
    let exponents = try #require(summary[.displacementExponent])
    #expect(isClose(exponents["1"]?.array?[0].number, 1, 1e-6))
    #expect(isClose(exponents["2"]?.array?[0].number, 0.5, 1e-6))
    // A layer of two units has no third.
    #expect(exponents["3"]?.array == [JSONValue.null])
    #expect(isClose(summary[.displacementEigenvalue]?["1"]?.array?[0].number, 4 * 81, 1e-4))
}

@Test
func `In a training the bound joins the trace, falls as weights move, and its last is the end's`()
    throws
{
    var runner = TrialRunner(data: DataDirectory(data: "/nowhere", cache: nil))
    let body = try runner.run(
        try settings(
            "model: mlp\ndataset: {name: teacher, inputs: 6, norm: 8, train_points: 40, test_points: 30}\n"
                + "hidden: [5]\ntraining: {steps: 300, batch_size: 8, learning_rate: 1e-2}\n"
                + "measures: {gradient_noise: {window: 3}, gaussian_bound: true, local_rank: false, "
                + "trace_at: {log: 12}}\n"))
    let trace = try #require(body["trace"]?.array)
    let bounds = try trace.map { try #require($0["gaussian_bound"]?.array) }
    #expect(body["metrics"]?["gaussian_bound"] == .array(try #require(bounds.last)))
    for layer in 0..<2 {
        let change = try #require(body["metrics"]?["phase_change_step"]?.array?[layer].number)
        let numbers = bounds.map { $0[layer].number }
        let first = try #require(numbers.firstIndex { $0 != nil })
        let step = try #require(trace[first]["step"]?.number)
        #expect(max(step / change, change / step) < 2 && numbers[first...].allSatisfy { $0 != nil })
        // At w* itself nothing has moved: the bound is largest there.
        #expect(numbers.compactMap { $0 }.max() == numbers[first])
        #expect(try #require(numbers.last ?? nil) < 0.9 * (try #require(numbers[first])))
    }
}

@Test func `Steps to a loss lie between steps of the trace, on a power of the step`() throws {
    func found(
        _ losses: [(Double, Double)], target: Double, _ loss: String = "train"
    ) throws -> [String: JSONValue] {
        let measure = StepsToLossMeasure(
            MeasureSettings(values: ["target": .number(target), "loss": .string(loss)]))
        let entries: [[String: JSONValue]] = losses.map {
            ["step": .number($0.0), "train_loss": .number($0.1), "test_loss": .number(2 * $0.1)]
        }
        return measure.summary(try training(entries)).byKey
    }
    // loss = 1/step: exact wherever the trace is.
    let power = [1.0, 10, 200, 1000].map { ($0, 1 / $0) }
    for target in [0.5, 0.02, 0.004] {
        let summary = try found(power, target: target)
        #expect(summary["reached_loss"] == .number(1))
        #expect(isClose(summary["steps_to_loss"]?.number, 1 / target, 1e-12))
    }
    #expect(isClose(try found(power, target: 0.02, "test")["steps_to_loss"]?.number, 100, 1e-12))
    // Not below the target from the start on; at it; from step 0, in the numbers themselves.
    #expect(try found(power, target: 5)["steps_to_loss"] == .number(1))
    #expect(isClose(try found(power, target: 0.1)["steps_to_loss"]?.number, 10, 1e-12))
    #expect(isClose(try found([(0, 3), (8, 1)], target: 2)["steps_to_loss"]?.number, 4, 1e-12))
    // Never there: no step. Of a loss that comes and goes the first time.
    #expect(try found(power, target: 1e-4) == ["reached_loss": .number(0)])
    #expect(
        isClose(try found([(1, 4), (2, 1), (4, 4), (8, 1)], target: 1)["steps_to_loss"]?.number, 2, 1e-12))
    #expect(try found([], target: 1).isEmpty)
}

@Test func `Displacement has an exponent before the phase change and one after it`() throws {
    let steps = (0...12).map { pow(2, Double($0)) }
    // t until 64, then √t.
    let entries = steps.map { (step: $0, values: [$0 <= 64 ? $0 : 8 * $0.squareRoot(), 1] as [Double?]) }
    let measure = WeightDisplacementMeasure(MeasureSettings(values: [:]))
    let given = trace("weight_displacement", [(step: 0, values: [0, 0])] + entries)
    let summary = measure.summary(
        try training(given, metrics: ["phase_change_step": .array([.number(64), .null])])
    ).byKey
    #expect(isClose(summary["diffusion_exponent_before"]?.array?[0].number, 1, 1e-12))
    #expect(isClose(summary["diffusion_exponent_after"]?.array?[0].number, 0.5, 1e-12))
    #expect(summary["diffusion_exponent_after"]?.array?[1] == .null)
    let whole = try #require(summary["diffusion_exponent"]?.array?[0].number)
    #expect(whole > 0.5 && whole < 1)
    #expect(Array(measure.summary(try training(given)).keys) == [.diffusionExponent])
}

extension MeasuredTraining {
    /// From entries and metrics as records have them.
    init(
        trace: [[String: JSONValue]], metrics: [String: JSONValue] = [:],
        weights: [(step: Int, layers: [Matrix<Float>])] = [], steps: Int
    ) throws {
        self.init(
            trace: try trace.map { try #require(TraceEntry(.object($0))) },
            metrics: Dictionary(
                uniqueKeysWithValues: try metrics.map { (try #require(Metric(key: $0.key)), $0.value) }),
            weights: weights, steps: steps)
    }
}
