import Foundation
import Records
import Sweep
import TestSupport
import Testing
import Text

@testable import Reporting

/// A sweep with a claim, and what synthetic records say of it.
struct SyntheticClaim {
    var axes = "depth: [1, 2], seed: {range: [0, 5]}"
    var measures = "trace_at: log, local_rank: {thresholds: [0.1], points: 8}"
    var claim: String

    func spec() throws -> SweepSpec {
        try SweepSpec(
            parsing: """
                name: s
                model: vib
                dataset: {name: gaussian, correlations: [0.4, 0.9]}
                \(axes.contains("beta") ? "" : "beta: 0.1")
                axes: {\(axes)}
                training: {steps: 100}
                measures: {\(measures)}
                claims:
                  - {text: a statement, \(claim)}
                """, file: "s.yaml")
    }

    /// - Parameter body: gives a trial's members `metrics`, `theory` and `trace`; nil: the trial has no record.
    func outcome(_ body: (_ axes: [String: JSONValue]) -> [String: JSONValue]?) throws -> ClaimOutcome {
        let spec = try spec()
        var collector = ClaimCollector([spec])
        for index in 0..<spec.grid.count {
            let trial = spec.grid[index]
            guard var members = body(trial.axesObject.object ?? [:]) else { continue }
            members["outcome"] = .string("measured")
            let line = recordLine(trial: trial, sweepDigest: spec.digest, body: .object(members))
            collector.add(try Record(parsing: Array(line.utf8)))
        }
        return try #require(collector.outcomes.first)
    }

    /// The outcome where the KL of a trial is a function of its depth and seed.
    func outcome(kl: (_ depth: Double, _ seed: Double) -> Double?) throws -> ClaimOutcome {
        try outcome { axes in
            let number = kl(axes["depth"]?.number ?? 0, axes["seed"]?.number ?? 0)
            return number.map { ["metrics": .object(["kl_nats": .number($0)])] }
        }
    }
}

/// Noise with mean 0 over five seeds: −2 to 2, whose 95 % interval is ±1.963.
private func noise(_ seed: Double) -> Double { seed - 2 }

struct `Claims about one number` {
    @Test(arguments: [
        ("above: 8", "holds"), ("above: 8.1", "undecided"), ("above: 12", "does not hold"),
        ("below: 12", "holds"), ("below: 11.9", "undecided"), ("below: 8", "does not hold"),
        ("within: [8, 12]", "holds"), ("within: [9, 12]", "undecided"), ("within: [0, 8]", "does not hold"),
        ("within: {of: 10, by: 2}", "holds"), ("within: {of: 10, by: 20%}", "holds"),
        ("within: {of: 10, by: 19%}", "undecided"), ("within: {of: 14, by: 1}", "does not hold"),
        ("above: {of: 7, by: 1}", "holds"), ("above: {of: 10, by: 50%}", "does not hold"),
    ]) func `The interval decides`(relation: String, verdict: String) throws {
        let claim = SyntheticClaim(axes: "seed: {range: [0, 5]}", claim: "metric: kl_nats, \(relation)")
        let outcome = try claim.outcome { _, seed in 10 + noise(seed) }
        #expect(outcome.verdict.rawValue == verdict)
        let cell = try #require(outcome.cells.first)
        // t(0.975, 4) = 2.7764; the standard error is √(2.5 / 5).
        #expect(outcome.cells.count == 1 && cell.mean == 10 && cell.seeds == 5)
        #expect(abs((cell.low ?? 0) - (10 - 2.776445105 * 0.5.squareRoot())) < 1e-8)
        #expect(abs((cell.high ?? 0) - (10 + 2.776445105 * 0.5.squareRoot())) < 1e-8)
    }

    @Test func `One seed decides nothing, and no record covers nothing`() throws {
        let one = SyntheticClaim(axes: "seed: [0]", claim: "metric: kl_nats, above: 8")
        let outcome = try one.outcome { _, _ in 10 }
        #expect(outcome.verdict == .undecided && outcome.cells[0].low == nil && outcome.cells[0].seeds == 1)
        let none = try one.outcome { _, _ in nil }
        #expect(none.verdict == .undecided && none.cells.isEmpty && none.decisive == nil)
        #expect(none.reason == "no record has this number")
    }

    @Test(arguments: [
        ("above: 9.99", Verdict.holds), ("above: 10", .doesNotHold), ("below: 10", .doesNotHold),
        ("within: [10, 11]", .holds), ("within: [10.5, 11]", .doesNotHold),
    ]) func `Seeds that agree are compared themselves`(relation: String, verdict: Verdict) throws {
        let claim = SyntheticClaim(axes: "seed: {range: [0, 5]}", claim: "metric: kl_nats, \(relation)")
        #expect(try claim.outcome { _, _ in 10 }.verdict == verdict)
    }

    @Test func `Seeds without a record are left out`() throws {
        let claim = SyntheticClaim(axes: "seed: {range: [0, 5]}", claim: "metric: kl_nats, above: 8")
        let outcome = try claim.outcome { _, seed in seed == 4 ? nil : 10 + seed }
        #expect(outcome.cells[0].seeds == 4 && outcome.cells[0].mean == 11.5)
    }

    @Test func `Each combination of free axes is a cell, and all must hold`() throws {
        let claim = SyntheticClaim(claim: "metric: kl_nats, above: 8")
        let all = try claim.outcome { depth, seed in 10 * depth + noise(seed) }
        #expect(all.verdict == .holds && all.cells.count == 2 && all.count(.holds) == 2)
        #expect(all.decisive == 0 && all.cells[0].placeText == "depth 1")
        let some = try claim.outcome { depth, seed in 15 - 10 * (depth - 1) + noise(seed) }
        #expect(some.verdict == .doesNotHold && some.decisive == 1 && some.count(.doesNotHold) == 1)
        let any = SyntheticClaim(claim: "metric: kl_nats, above: 8, cells: any")
        let one = try any.outcome { depth, seed in 15 - 10 * (depth - 1) + noise(seed) }
        #expect(one.verdict == .holds && one.decisive == 0)
        #expect(try any.outcome { _, seed in 3 + noise(seed) }.verdict == .doesNotHold)
        let fixed = SyntheticClaim(claim: "metric: kl_nats, at: {depth: 2}, above: 8")
        let second = try fixed.outcome { depth, seed in 10 * (depth - 1) + noise(seed) }
        #expect(second.verdict == .holds && second.cells.count == 1 && second.cells[0].placeText == "")
    }

    /// At 95 % the interval of one cell excludes the claim; with ten cells that is too little.
    @Test func `More cells need a wider interval to refute`() throws {
        let claim = SyntheticClaim(
            axes: "depth: {range: [1, 11]}, seed: {range: [0, 5]}", claim: "metric: kl_nats, above: 8")
        let outcome = try claim.outcome { depth, seed in (depth == 3 ? 5.9 : 20) + noise(seed) }
        #expect(outcome.count(.doesNotHold) == 1 && outcome.verdict == .undecided && outcome.decisive == 2)
        #expect(
            try claim.outcome { depth, seed in (depth == 3 ? 1 : 20) + noise(seed) }.verdict == .doesNotHold)
    }

    @Test func `Layers are cells`() throws {
        let claim = SyntheticClaim(
            axes: "seed: {range: [0, 3]}",
            claim: "metric: {name: local_rank, threshold: 0.1, layer: each}, above: 4")
        let outcome = try claim.outcome { _ in
            let ranks = JSONValue.object(["mean": JSONValue([9.0, 3.0])])
            return ["metrics": .object(["local_rank": .object(["0.1": ranks])])]
        }
        #expect(outcome.cells.map(\.placeText) == ["layer 1", "layer 2"] && outcome.verdict == .doesNotHold)
    }
}

struct `Claims against another selection and theory` {
    /// Seeds differ by far more than the depths do.
    @Test func `Selections that share seeds are compared pair by pair`() throws {
        let claim = SyntheticClaim(claim: "metric: kl_nats, at: {depth: 2}, above: {at: {depth: 1}}")
        let outcome = try claim.outcome { depth, seed in 100 * seed + depth + 0.1 * noise(seed) * (depth - 1)
        }
        #expect(
            outcome.verdict == .holds && abs(outcome.cells[0].mean - 1) < 1e-12 && outcome.cells[0].seeds == 5
        )
        let by = SyntheticClaim(
            claim: "metric: kl_nats, at: {depth: 2}, above: {of: {at: {depth: 1}}, by: 3}")
        #expect(
            try by.outcome { depth, seed in 100 * seed + depth + 0.1 * noise(seed) * (depth - 1) }.verdict
                == .doesNotHold)
    }

    @Test func `A cell is compared with the other selection's cell of the same axes`() throws {
        let claim = SyntheticClaim(
            axes: "depth: [1, 2, 3], beta: [0.1, 0.2], seed: {range: [0, 5]}",
            claim: "metric: kl_nats, at: {depth: [2, 3]}, above: {at: {depth: 1}}")
        let outcome = try claim.outcome { axes in
            let (depth, beta) = (axes["depth"]?.number ?? 0, axes["beta"]?.number ?? 0)
            let number = 10 * beta + depth + noise(axes["seed"]?.number ?? 0)
            return ["metrics": .object(["kl_nats": .number(number)])]
        }
        #expect(outcome.cells.count == 4 && outcome.verdict == .holds)
        #expect(outcome.cells.map { $0.mean.rounded() } == [1, 1, 2, 2])
    }

    @Test func `Another metric may be the other selection`() throws {
        let claim = SyntheticClaim(
            axes: "seed: {range: [0, 5]}", claim: "metric: kl_nats, above: {metric: i_zy_nats}")
        let outcome = try claim.outcome { axes in
            let number = noise(axes["seed"]?.number ?? 0)
            return ["metrics": .object(["kl_nats": .number(3 + number), "i_zy_nats": .number(2 + number)])]
        }
        #expect(outcome.verdict == .holds && outcome.cells[0].mean == 1)
    }

    @Test(arguments: [
        ("within: {of: theory, by: 2}", Verdict.holds), ("within: {of: theory, by: 10%}", .undecided),
        ("above: theory", .undecided), ("above: {of: theory, by: 5}", .doesNotHold),
    ])
    func `Theory is each record's own`(relation: String, verdict: Verdict) throws {
        let claim = SyntheticClaim(axes: "seed: {range: [0, 5]}", claim: "metric: kl_nats, \(relation)")
        let outcome = try claim.outcome { axes in
            let number = JSONValue.number(10 + noise(axes["seed"]?.number ?? 0))
            return ["metrics": .object(["kl_nats": number]), "theory": .object(["kl_nats": .number(10)])]
        }
        #expect(outcome.verdict == verdict)
    }
}

struct `Claims along steps, layers and axes` {
    private func traced(_ relation: String, _ value: (_ step: Double, _ seed: Double) -> Double) throws
        -> Verdict
    {
        let claim = SyntheticClaim(axes: "seed: {range: [0, 5]}", claim: "metric: kl_nats, \(relation)")
        return try claim.outcome { axes in
            let trace = [1.0, 10, 100].map { step in
                JSONValue.object([
                    "step": .number(step), "kl_nats": .number(value(step, axes["seed"]?.number ?? 0)),
                ])
            }
            return ["metrics": .object(["kl_nats": .number(1)]), "trace": .array(trace)]
        }.verdict
    }

    @Test func `Falls are after the maximum, and rises after the minimum`() throws {
        func peak(_ step: Double, _ seed: Double) -> Double {
            (step == 10 ? 20 : 10) + 0.1 * noise(seed) * step / 10
        }
        #expect(try traced("falls_along: step", peak) == .holds)
        #expect(try traced("falls_along: step, by: 5", peak) == .holds)
        #expect(try traced("falls_along: step, by: 25%", peak) == .holds)
        #expect(try traced("falls_along: step, by: 15", peak) == .doesNotHold)
        #expect(try traced("rises_along: step") { 30 - peak($0, $1) } == .holds)
        #expect(try traced("falls_along: step") { step, _ in step } == .doesNotHold)
        #expect(try traced("falls_along: step") { $1 == 0 && $0 == 10 ? 11 : 10 + 0 * $1 } == .doesNotHold)
        #expect(try traced("falls_along: step") { 10 - (($1 - 1) * ($0 == 100 ? 3 : 0)) } == .undecided)
    }

    @Test func `A step of the trace may be chosen`() throws {
        #expect(try traced("at: {step: 10}, within: [10, 10]") { step, _ in step } == .holds)
        #expect(try traced("at: {step: last}, within: [100, 100]") { step, _ in step } == .holds)
        #expect(
            try traced("at: {step: last}, above: {at: {step: first}}") { step, seed in step + noise(seed) }
                == .holds)
    }

    @Test func `Monotone series may be flat, and one step the other way refutes them`() throws {
        let falling = "monotone_in: step, direction: falling"
        #expect(try traced(falling) { step, seed in seed - step } == .holds)
        #expect(try traced(falling) { _, seed in seed } == .holds)
        #expect(try traced(falling) { step, seed in seed + step } == .doesNotHold)
        #expect(try traced(falling) { step, seed in step == 10 ? noise(seed) : 0 } == .undecided)
        #expect(
            try traced(falling + ", tolerance: 3") { step, seed in step == 10 ? noise(seed) : 0 } == .holds)
        #expect(try traced("monotone_in: step, direction: rising") { step, seed in seed + step } == .holds)
    }

    @Test func `A slope is fitted to each seed's points`() throws {
        let claim = SyntheticClaim(
            axes: "depth: [1, 2, 4], seed: {range: [0, 5]}",
            claim: "metric: kl_nats, slope_in: depth, within: [1.9, 2.1]")
        #expect(try claim.outcome { depth, seed in 100 * seed + 2 * depth }.verdict == .holds)
        let power = SyntheticClaim(
            axes: "depth: [1, 2, 4], seed: {range: [0, 5]}",
            claim: "metric: kl_nats, slope_in: depth, log: xy, below: -0.9")
        let outcome = try power.outcome { depth, seed in (seed + 1) / depth }
        #expect(outcome.verdict == .holds && abs(outcome.cells[0].mean + 1) < 1e-12)
        let exponential = SyntheticClaim(
            axes: "depth: [1, 2, 4], seed: {range: [0, 5]}",
            claim: "metric: kl_nats, slope_in: depth, log: y, above: 0.5")
        #expect(try exponential.outcome { depth, seed in (seed + 1) * exp(depth) }.verdict == .holds)
    }

    @Test func `Layers may be followed`() throws {
        let claim = SyntheticClaim(
            axes: "depth: [3], seed: {range: [0, 3]}",
            claim: "metric: {name: local_rank, threshold: 0.1}, monotone_in: layer, direction: falling")
        func outcome(_ ranks: [Double]) throws -> ClaimOutcome {
            try claim.outcome { _ in
                let ranks = JSONValue.object(["mean": JSONValue(ranks)])
                return ["metrics": .object(["local_rank": .object(["0.1": ranks])])]
            }
        }
        #expect(try outcome([9, 5, 5]).verdict == .holds)
        let rise = try outcome([9, 5, 6])
        #expect(
            rise.verdict == .doesNotHold && rise.cells[0].placeText == "from 2 to 3" && rise.cells.count == 1)
    }
}

struct `Tables of claims` {
    @Test func `Verdicts and cells are tables, and part of the page`() throws {
        try withFolder { folder in
            let claim = SyntheticClaim(claim: "metric: kl_nats, above: -1000, cells: any")
            let spec = try claim.spec()
            let outcome = try report(SyntheticRecords(spec: spec), in: folder)
            #expect(outcome.claims.map(\.verdict) == [.holds])
            #expect(outcome.tables.contains("tables/claims.csv"))
            let rows = try text(of: folder + "/tables/claims.csv").split(separator: "\n")
            #expect(
                rows[0]
                    == "claim,text,verdict,cells,holds,does_not_hold,undecided,n,mean,ci95_low,ci95_high,limit,cell"
            )
            #expect(rows.count == 2 && rows[1].hasPrefix("1,a statement,holds,2,2,0,0,5,"))
            #expect(try text(of: folder + "/tables/claims-cells.csv").split(separator: "\n").count == 3)
            let page = ReportPage(spec: spec, outcome: outcome, provenance: nil, version: "1", commit: "c")
            #expect(page.html.contains("a statement") && page.html.contains("1 holds, 0 do not hold"))
            let again = try Reports.claims(
                of: ReportSource(spec: spec, recordsAt: folder + "/records.ndjson"))
            #expect(again == outcome.claims)
        }
    }
}
