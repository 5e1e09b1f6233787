import Foundation
import Records
import Testing
import Text

@testable import Sweep

/// The range that a trial's settings leave each of its metrics: records are held against it, and figures end there.
@Suite struct MetricRangesTests {
    private func spec(_ rest: String) throws -> SweepSpec {
        try SweepSpec(parsing: "name: s\n" + rest, file: "s.yaml")
    }

    private func range(
        _ key: String, layer: FigureSpec.Layer? = nil, in spec: SweepSpec, trial: Int = 0
    ) throws -> ClosedRange<Double> {
        let quantity = FigureSpec.Quantity(metric: try #require(Metric(key: key)), layer: layer)
        return TrialRanges(of: spec.grid[trial].settings).range(of: quantity)
    }

    private static let images = """
        model: mlp
        dataset: {name: mnist, test_points: 500}
        hidden: [40, 20]
        training: {steps: 10}
        measures:
          local_rank: {thresholds: [0.1]}
          weight_norms: true
          binned_information: {points: 300}
          effective_rank: {points: 30}
          independence_deficit: true
          component_rank: {channels: 2, side: 3, batch: 5}
        """

    @Test func `Ranks end at units, inputs and measured points`() throws {
        let spec = try spec(Self.images)
        let ranks: [(String, FigureSpec.Layer?, Double)] = [
            ("local_rank", .number(1), 40), ("local_rank", .last, 10), ("local_rank", .min, 10),
            ("local_rank", .hiddenMin, 20), ("effective_rank", .number(1), 30),
            ("effective_rank", .number(2), 20), ("active_units", .number(1), 40),
            ("stable_rank", .number(1), 40), ("mean_stable_rank", nil, 70.0 / 3),
            ("class_deciders", nil, 9), ("component_rank", nil, 18), ("component_dimension", nil, 5),
        ]
        for (key, layer, most) in ranks {
            #expect(try range(key, layer: layer, in: spec) == 0...most, "\(key)")
        }
        // ε = 1e-7 lets RankMe of 20 units be little more.
        let rankMe = try range("rankme", layer: .number(2), in: spec).upperBound
        #expect(rankMe > 20 && rankMe < 20.001)
        #expect(try range("class_determination", in: spec) == 0...1)
        #expect(try range("accuracy", in: spec) == 0...1)
        // A layer that is not there.
        #expect(try range("local_rank", layer: .number(4), in: spec) == -.infinity ... .infinity)
    }

    @Test func `Information ends at the entropy of the points and of their classes`() throws {
        let images = try spec(Self.images)
        #expect(abs(try range("i_xt_nats", layer: .last, in: images).upperBound - log(300)) < 1e-12)
        #expect(abs(try range("i_ty_bits", layer: .last, in: images).upperBound - log2(10)) < 1e-12)
        let symmetric = try spec(
            """
            model: mlp
            dataset: {name: symmetric, train_points: 3000}
            training: {steps: 10}
            measures: {local_rank: false, binned_information: true}
            """)
        #expect(abs(try range("i_xt_bits", in: symmetric).upperBound - 12) < 1e-12)
        #expect(abs(try range("i_ty_bits", in: symmetric).upperBound - 0.9991571208502711) < 1e-12)
        let gaussian = try spec(
            """
            model: vib
            dataset: {name: gaussian, correlations: [0.5]}
            beta: 0.1
            training: {steps: 10}
            """)
        #expect(try range("i_zy_nats", in: gaussian) == -.infinity ... .infinity)
        #expect(try range("test_loss", in: gaussian) == -.infinity ... .infinity)
    }

    @Test func `Records beyond are refused`() throws {
        let spec = try spec(
            """
            model: mlp
            dataset: {name: symmetric, train_points: 3000}
            width: 3
            depth: 1
            training: {steps: 10}
            measures: {local_rank: false, binned_information: true}
            """)
        func fault(_ bits: Double) throws -> String? {
            let nats = bits * log(2)
            let body: JSONValue = .object([
                "outcome": .string("measured"),
                "metrics": .object([
                    "accuracy": .number(1), "train_accuracy": .number(1), "test_loss": .number(0),
                    "train_loss": .number(0),
                    "i_xt_nats": JSONValue([1.0]), "i_xt_bits": JSONValue([1.4]),
                    "i_ty_nats": JSONValue([nats]), "i_ty_bits": JSONValue([bits]),
                ]),
            ])
            return RecordForm(of: spec.grid[0].settings).fault(
                in: try #require(CanonicalObject(body.canonicalBytes)))
        }
        #expect(try fault(0.9991571208502711) == nil)
        let found = try #require(try fault(1.01))
        #expect(found.hasPrefix("metrics.i_ty_bits: 1.01 is not within"))
    }

    @Test func `A record's axes say whose range it is, whatever its seed`() throws {
        let spec = try spec(
            """
            model: mlp
            dataset: {name: mnist}
            axes: {width: [5, 7], seed: {range: [0, 1000000]}}
            depth: 2
            training: {steps: 10}
            measures: {local_rank: {thresholds: [0.1]}}
            """)
        var ranges = MetricRanges(spec.grid)
        let quantity = FigureSpec.Quantity(metric: .localRank, threshold: 0.1, layer: .number(1))
        for (width, seed) in [(5, 3), (7, 999_999), (5, 12)] {
            let axes = ["width": JSONValue(width), "seed": JSONValue(seed), "dataset": .string("mnist")]
            #expect(ranges.ranges(of: axes)?.range(of: quantity) == 0...Double(width))
        }
        #expect(ranges.ranges(of: ["width": JSONValue(6), "seed": JSONValue(0)]) == nil)
    }
}
