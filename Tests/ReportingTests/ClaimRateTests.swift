import Foundation
import Sweep
import TestSupport
import Testing
import Text

@testable import Reporting

/// How often verdicts are wrong: claims that are true or false by nothing, judged from normal noise. The rates are those
/// of docs/claims.md; the draws are the same each time, so the counts are exact.
struct `Rates of false verdicts` {
    private static let runs = 2000

    /// A number with a standard normal distribution (Box and Muller 1958).
    private struct Normal {
        var draws: Draws
        mutating func next() -> Double {
            let (u, v) = (draws.uniform(0x1p-53...1), draws.uniform(0...1))
            return (-2 * log(u)).squareRoot() * cos(2 * .pi * v)
        }
    }

    /// How many of the runs end in each verdict.
    ///
    /// - Parameter number: the number of a cell (depth) and an x, without its noise of size 1.
    private func counts(
        _ claim: String, cells: Int = 1, points: [Double] = [0], pairedOffset: Double? = nil,
        number: (_ cell: Int, _ x: Double) -> Double = { _, _ in 0 }
    ) throws -> (holds: Int, fails: Int) {
        let axes = "depth: {range: [1, \(max(cells, 2) + 1)]}, seed: {range: [0, 5]}"
        let spec = try SyntheticClaim(axes: axes, claim: "metric: kl_nats, \(claim)").spec()
        let judge = ClaimJudge(claim: spec.claims[0], number: 1)
        var normal = Normal(draws: Draws(18))
        var (holds, fails) = (0, 0)
        for _ in 0..<Self.runs {
            var own = ClaimSamples(spec.claims[0].selection, along: spec.claims[0].relation.along, of: spec)
            var other = own
            for cell in 0..<cells {
                for seed in 0..<5 {
                    let (values, seed) = ([JSONValue(cell + 1)], Double(seed))
                    own.insert(
                        points.map { ($0, number(cell, $0) + normal.next()) }, seed: seed, values: values)
                    if pairedOffset != nil { other.insert([(0, normal.next())], seed: seed, values: values) }
                }
            }
            switch judge.outcome(own, pairedOffset == nil ? nil : other).verdict {
            case .holds: holds += 1
            case .doesNotHold: fails += 1
            case .undecided: break
            }
        }
        return (holds, fails)
    }

    @Test func `A number at its limit`() throws {
        let found = try counts("above: 0")
        #expect(found == (45, 49), "\(found)")
    }

    @Test func `Two selections of equal means, pair by pair`() throws {
        let found = try counts("above: {metric: i_zy_nats}", pairedOffset: 0)
        #expect(found == (45, 48), "\(found)")
    }

    @Test func `Ten cells at their limit, all of which must hold`() throws {
        let found = try counts("above: 0", cells: 10)
        #expect(found == (0, 44), "\(found)")
    }

    @Test func `Ten cells at their limit, one of which must hold`() throws {
        let found = try counts("above: 0, cells: any", cells: 10)
        #expect(found == (38, 0), "\(found)")
    }

    @Test func `A constant of ten steps is not said to rise or fall`() throws {
        let found = try counts("monotone_in: step, direction: falling", points: (1...10).map(Double.init))
        #expect(found == (0, 40), "\(found)")
    }

    @Test func `A constant of twenty steps has no fall`() throws {
        let found = try counts("falls_along: step", points: (1...20).map(Double.init))
        #expect(found == (99, 88), "\(found)")
    }

    @Test func `A constant of ten steps has no slope`() throws {
        let found = try counts("slope_in: step, above: 0", points: (1...10).map(Double.init))
        #expect(found == (61, 56), "\(found)")
    }
}
