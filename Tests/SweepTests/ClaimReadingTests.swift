import Testing
import Text

@testable import Sweep

private func sweep(_ claims: String, quick: Bool = false, traces: String = "trace_at: log, ") throws
    -> SweepSpec
{
    try SweepSpec(
        parsing: """
            name: s
            model: vib
            dataset: {name: gaussian, correlations: [0.4, 0.9]}
            axes: {beta: {log: [0.01, 1], count: 4}, depth: [1, 2, 3], activation: [linear, tanh], seed: {range: [0, 5]}}
            training: {steps: 100}
            measures: {\(traces)local_rank: {thresholds: [0.1, 0.01], points: 8}}
            quick: {depth: [1, 2], seed: [0], beta: [0.1]}
            claims:
            \(claims)
            """, file: "s.yaml", quick: quick)
}

private func message(_ claim: String, traces: String = "trace_at: log, ") -> String {
    do {
        _ = try sweep("  - {text: t, \(claim)}", traces: traces)
        return "no error"
    } catch let error as SweepError { return error.message } catch { return "another error" }
}

struct `Claims in sweep files` {
    @Test(arguments: [
        ("metric: kl_nats", "claims: expected what is claimed: one of above, below, within, falls_along"),
        ("above: 3", "claims: missing: metric is required"),
        ("metric: kl_nats, abov: 3", "claims.abov: no such key (did you mean 'above'?)"),
        (
            "metric: kl_nats, above: 3, below: 2",
            "claims.below: a claim says one thing: 'above' and 'below' are two"
        ),
        ("metric: kl_nats, falls_along: step, above: 2", "'falls_along' and 'above' are two"),
        ("metric: kl, above: 3", "claims.metric: 'kl' is called 'kl_nats' here"),
        ("metric: kl_nats, above: x", "claims.above: expected a number, theory, or another selection"),
        (
            "metric: kl_nats, above: {of: 2, by: -1}",
            "claims.above.by: expected a number of at least 0, or a percentage"
        ),
        ("metric: kl_nats, above: {by: 1}", "claims.above: missing: of is required"),
        ("metric: kl_nats, within: 3", "claims.within: [low, high] is due"),
        ("metric: kl_nats, within: [3]", "claims.within: [low, high] is due"),
        ("metric: kl_nats, within: [3, 2]", "the low end 3 is above the high end 2"),
        ("metric: kl_nats, above: 3, by: 1", "claims.by: 'by' has no meaning with 'above'"),
        ("metric: kl_nats, at: {dept: 1}, above: 3", "claims.at.dept: no such axis (did you mean 'depth'?)"),
        (
            "metric: kl_nats, at: {width: 1}, above: 3",
            "claims.at.width: not an axis of this sweep but a setting"
        ),
        (
            "metric: kl_nats, at: {depth: 4}, above: 3",
            "claims.at.depth: '4' is no value of depth; the nearest is 3"
        ),
        (
            "metric: kl_nats, at: {activation: relu}, above: 3",
            "claims.at.activation: 'relu' is no value of activation"
        ),
        ("metric: kl_nats, at: {seed: 1}, above: 3", "claims.at: seed cannot be used here"),
        ("metric: kl_nats, at: 3, above: 3", "claims.at: expected a mapping"),
        ("metric: kl_nats, monotone_in: beta", "expected 'direction: rising' or 'direction: falling'"),
        (
            "metric: kl_nats, monotone_in: activation, direction: rising",
            "the values of activation are not numbers"
        ),
        (
            "metric: kl_nats, monotone_in: seed, direction: rising",
            "claims.monotone_in: seed cannot be used here"
        ),
        ("metric: kl_nats, slope_in: depth", "claims.slope_in: missing: above, below or within is required"),
        ("metric: kl_nats, slope_in: depth, above: theory", "a slope is compared with numbers only"),
        (
            "metric: kl_nats, at: {depth: 1}, monotone_in: depth, direction: rising",
            "depth cannot be both followed and given"
        ),
        ("metric: kl_nats, at: {step: last}, falls_along: step", "step cannot be both followed and given"),
        (
            "metric: kl_nats, at: {depth: 1}, above: {at: {depth: [2, 3]}}",
            "the other selection has several values of depth"
        ),
        ("metric: {name: local_rank, threshold: 0.5}, above: 3", "the threshold 0.5 is not measured"),
        (
            "metric: {name: local_rank, threshold: 0.1, layer: 2}, monotone_in: layer, direction: falling",
            "leave 'layer' out"
        ),
        ("metric: train_loss, above: theory", "claims.above: the theory has no train_loss"),
        ("metric: kl_nats, cells: some, above: 3", "claims.cells: 'some' must be one of all or any"),
    ]) func `A mistake is told with its place`(claim: String, part: String) {
        let found = message(claim)
        #expect(found.hasPrefix("s.yaml:9:") && found.contains(part), "\(found)")
    }

    @Test func `Without a trace nothing can be followed along training`() {
        #expect(
            message("metric: kl_nats, falls_along: step", traces: "").contains(
                "nothing is measured along training"))
        #expect(
            message("metric: kl_nats, at: {step: last}, above: 1", traces: "").contains(
                "nothing is measured along"))
    }

    @Test func `Two claims have two texts`() {
        #expect(throws: SweepError.self) {
            try sweep("  - {text: t, metric: kl_nats, above: 1}\n  - {text: t, metric: kl_nats, above: 2}")
        }
    }

    @Test func `Claims read back from a run's sweep, and change neither its digest nor its trials`() throws {
        let claims = [
            "metric: kl_nats, above: 3, cells: any", "metric: kl_nats, within: [1, 2]",
            "metric: kl_nats, at: {beta: 0.0464, activation: [linear, tanh]}, within: {of: theory, by: 5%}",
            "metric: {name: local_rank, threshold: 0.1, layer: each}, falls_along: step, by: 10%",
            "metric: {metric: local_rank, threshold: 0.1}, monotone_in: layer, direction: falling, tolerance: 0.5",
            "metric: kl_nats, slope_in: beta, log: xy, below: 0",
            "metric: kl_nats, at: {depth: 2, step: last}, below: {of: {at: {depth: 1}}, by: 2}",
            "metric: kl_nats, above: {metric: i_zy_nats}",
            "metric: kl_nats, at: {step: 10}, rises_along: depth",
        ]
        let spec = try sweep(
            claims.enumerated().map { "  - {text: claim \($0.offset), \($0.element)}" }.joined(
                separator: "\n"))
        #expect(spec.claims.count == claims.count)
        let again = try SweepSpec(parsing: spec.canonicalJSON.canonicalText, file: "sweep.json")
        #expect(again == spec)
        let bare = try sweep("  []")
        #expect(bare.digest == spec.digest && bare.gridJSON == spec.gridJSON && bare != spec)
    }

    /// beta has four values by a rule; 0.0464 is nearer than half a percent to the second.
    @Test func `A number by a rule is named by its first digits`() throws {
        let spec = try sweep("  - {text: t, metric: kl_nats, at: {beta: 0.0464}, above: 3}")
        #expect(spec.claims[0].selection.at.first?.labels == [spec.axes[0].label(at: 1)])
    }

    @Test func `What --quick leaves out is left out of claims`() throws {
        let claims = """
              - {text: gone, metric: kl_nats, at: {depth: 3}, above: 3}
              - {text: "gone, too", metric: kl_nats, at: {depth: 2}, above: {at: {depth: 3}}}
              - {text: less, metric: kl_nats, at: {depth: [2, 3]}, above: 3}
              - {text: whole, metric: kl_nats, above: 3}
            """
        #expect(try sweep(claims).claims.count == 4)
        let quick = try sweep(claims, quick: true)
        #expect(quick.claims.map(\.text) == ["less", "whole"])
        #expect(quick.claims[0].selection.at.first?.labels == [JSONValue(2)])
        #expect(try SweepSpec(parsing: quick.canonicalJSON.canonicalText, file: "sweep.json") == quick)
    }
}
