import Learning
import LinearAlgebra
import Model
import Sweep
import Text

/// Computes the metrics that its declaration in Sweep's `MeasureCatalogue` lists. docs/extending.md shows how
/// to add one.
protocol Measure {
    static var declaration: MeasureDeclaration { get }

    init(_ settings: MeasureSettings)

    /// The metrics of a network at one step. Weights and activations are finite. Where a metric is NaN or
    /// infinite, the caller records a divergence.
    func metrics(_ context: MeasureContext) throws(FactorisationError) -> Metrics

    /// Metrics of a whole training that has ended well, from its trace: those that the declaration marks
    /// `isOfTraining`. They are added to the last step's.
    ///
    /// Measures earlier in the catalogue have added theirs to `training.metrics` already.
    func summary(_ training: MeasuredTraining) -> Metrics

    /// Metrics of the trace's steps that need the whole training: one object for each entry of
    /// `training.weights`, which is added to the trace's entry of the same step. Called before `summary`.
    func hindsight(_ training: MeasuredTraining) -> [Metrics]
}

extension Measure {
    func summary(_ training: MeasuredTraining) -> Metrics { [:] }
    func hindsight(_ training: MeasuredTraining) -> [Metrics] { [] }
}

/// The table of the measures that the catalogue lists, in any order.
var measureTable: [any Measure.Type] {
    [
        EffectiveRankMeasure.self,
        GradientNoiseMeasure.self,
        WeightDisplacementMeasure.self,
        BinnedInformationMeasure.self,
        KernelInformationMeasure.self,
        GaussianBoundMeasure.self,
        StepsToLossMeasure.self,
        ActivationRankMeasure.self,
        FeatureDimensionMeasure.self,
        IntrinsicDimensionMeasure.self,
        PartialRankMeasure.self,
        ClassificationDimensionMeasure.self,
        IndependenceDeficitMeasure.self,
        NeuralCollapseMeasure.self,
        ComponentsMeasure.self,
        WeightProductMeasure.self,
        RankStabilityMeasure.self,
        ComponentRankMeasure.self,
        TruncationMeasure.self,
    ]
}

/// A measure's settings by key, complete and checked by the sweep's reader.
struct MeasureSettings {
    let values: [String: JSONValue]

    func number(_ key: String) -> Double {
        guard let number = values[key]?.number else { preconditionFailure("no number \(key)") }
        return number
    }

    func integer(_ key: String) -> Int { Int(number(key)) }

    func numbers(_ key: String) -> [Double] {
        guard let list = values[key]?.array else { preconditionFailure("no numbers \(key)") }
        return list.compactMap(\.number)
    }

    func flag(_ key: String) -> Bool { values[key]?.bool ?? false }

    func word(_ key: String) -> String { values[key]?.string ?? "" }
}

/// The data that a measure reads of a network at one step. Fields that its declaration does not need are
/// empty.
struct MeasureContext {
    /// The layers; for a VIB the encoder's, with its head of 2K outputs last. For a network that is not a
    /// stack of dense layers, each weight matrix with its bias: a convolution's is [channels, numbers under
    /// its window].
    let layers: [DenseLayer<Float>]
    /// The network, where it is not a stack of dense layers; for a VIB the encoder, whose output is μ; else nil.
    let network: Network<Float>?
    let activation: Activation
    /// The layers' outputs at the measure's points.
    let outputs: LayerOutputs
    /// W_l before the first step.
    let initialWeights: [Matrix<Float>]
    let gradients: WeightGradients?
    let streams: RandomStreams
    /// Number of training steps done; 0 for a network trained elsewhere.
    let step: Int
    /// Number of training points; nil where they are drawn anew, or the network was trained elsewhere.
    let trainCount: Int?
}

/// A training that has ended well, as its measures saw it.
struct MeasuredTraining {
    /// Ascending by `step`; empty where the sweep measures only at the end.
    let trace: [TraceEntry]
    /// The metrics at the end.
    let metrics: Metrics
    /// W_l at the trace's steps, where a measure's declaration needs `weightHistory`.
    let weights: [(step: Int, layers: [Matrix<Float>])]
    /// Number of the training's steps.
    let steps: Int

    /// A metric with a number for each layer, along the trace: the step and the numbers at each step that has
    /// it.
    func numbers(_ metric: Metric) -> [(step: Int, values: [Double])] {
        trace.compactMap { entry in
            entry.metrics[metric]?.array.map { (entry.step, $0.compactMap(\.number)) }
        }
    }

    /// `numbers` with nil where the trace has null.
    func numbersOrNull(_ metric: Metric) -> [(step: Int, values: [Double?])] {
        trace.compactMap { entry in
            entry.metrics[metric]?.array.map { (entry.step, $0.map(\.number)) }
        }
    }

    /// A metric of one layer, counted from 0, at the steps that have it.
    func series(_ metric: Metric, layer: Int) -> [(step: Double, value: Double)] {
        numbersOrNull(metric).compactMap { entry in
            guard entry.values.indices.contains(layer), let value = entry.values[layer] else { return nil }
            return (Double(entry.step), value)
        }
    }
}

extension JSONValue {
    /// A list of numbers with null for nil.
    init(orNull numbers: [Double?]) {
        self = .array(numbers.map { $0.map(JSONValue.number) ?? .null })
    }
}
