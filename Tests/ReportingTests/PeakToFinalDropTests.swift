import Foundation
import Sweep
import Testing

@testable import Reporting

private func trace(_ values: [Double]) -> [Double: Double] {
    Dictionary(uniqueKeysWithValues: values.enumerated().map { (Double($0.offset + 1), $0.element) })
}

@Test func `A plain fall is the maximum minus the end`() throws {
    let fall = try #require(
        PeakToFinalDrop([trace([50, 90, 60, 40]), trace([52, 92, 58, 40]), trace([54, 94, 56, 46])]))
    #expect(fall.maximum == 92 && fall.step == 2 && fall.final == 42)
    // 50, 52, 48: mean 50, standard error 2/√3, t(0.975, 2) = 4.30265.
    #expect(fall.differences.count == 3 && fall.differences.mean == 50)
    let low = try #require(fall.differences.confidenceInterval).low
    #expect(abs(low - (50 - 4.302652729911275 * 2 / 3.0.squareRoot())) < 1e-9)
    #expect(fall.isCertain)
}

@Test func `A rise or a constant has no fall`() throws {
    let rise = try #require(PeakToFinalDrop([trace([1, 2, 3]), trace([2, 3, 5])]))
    #expect(rise.maximum == 4 && rise.step == 3 && rise.differences.mean == 0 && !rise.isCertain)
    // The first step of equal means counts.
    let flat = try #require(PeakToFinalDrop([trace([7, 7, 7]), trace([7, 7, 7])]))
    #expect(flat.step == 1 && flat.differences.mean == 0 && !flat.isCertain)
}

@Test func `Noise alone is no fall`() throws {
    // Every seed's own maximum is 2 above its end, and where the seeds' mean is largest they are above it too.
    let fall = try #require(
        PeakToFinalDrop([trace([2, 0, 0, 0]), trace([0, 2, 0, 0]), trace([0, 0, 2, 0])]))
    #expect(fall.maximum > 0.6 && fall.differences.mean == 0 && !fall.isCertain)
}

@Test func `Noisy constants seldom seem to fall`() throws {
    var state: UInt64 = 1
    func uniform() -> Double {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Double(state >> 11) / 9_007_199_254_740_992
    }
    let certain = (0..<1000).filter { _ in
        let traces = (0..<5).map { _ in trace((0..<40).map { _ in uniform() + uniform() + uniform() }) }
        return PeakToFinalDrop(traces)?.isCertain ?? false
    }
    // One side of a 95 % interval is 2.5 %.
    #expect(certain.count < 60, "\(certain.count) of 1000")
}

@Test func `One seed has a fall without an interval`() throws {
    let fall = try #require(PeakToFinalDrop([trace([1, 5, 2])]))
    #expect(fall.differences.mean == 3 && fall.differences.confidenceInterval == nil && !fall.isCertain)
    #expect(PeakToFinalDrop([]) == nil)
    #expect(PeakToFinalDrop([trace([1])]) == nil)
}

@Test func `Steps that some seed lacks do not count`() throws {
    let fall = try #require(PeakToFinalDrop([[1: 4, 2: 9, 3: 1, 4: 0], [1: 4, 3: 1]]))
    #expect(fall.maximum == 4 && fall.step == 1 && fall.final == 1)
    #expect(PeakToFinalDrop([[1: 4, 2: 9], [1: 4, 3: 1]]) == nil)
}

@Test func `A figure of ranks along training has a table of falls and marks them`() throws {
    try withFolder { folder in
        let spec = try SweepSpec.small(
            figures: """
                {name: t, x: step, y: [{metric: local_rank, threshold: 0.1, layer: each}, train_loss], \
                panels: beta}, {name: t-fall, x: beta, y: kl_nats}
                """,
            more: "measures: {trace_at: log}")
        let outcome = try report(SyntheticRecords(spec: spec), in: folder)
        // A figure has the name that the table would have.
        #expect(
            outcome.tables == [
                "tables/trials.csv", "tables/traces.csv", "tables/traces-layers.csv", "tables/t.dat",
                "tables/t-fall-all.dat", "tables/t-fall.dat", "tables/summary.dat",
            ]
        )
        let table = try text(of: folder + "/tables/t-fall-all.dat")
        #expect(
            try columns(of: table) == [
                "beta", "depth", "metric", "threshold", "layer", "max", "max_step", "final", "fall:mean",
                "fall:stderr", "fall:ci95_low", "fall:ci95_high", "n", "diverged", "failed",
            ])
        // Layer 1 of depth 2 falls from 1.5 above layer 2 to 0.5 above it; the loss has no row.
        let rows = rows(of: table)
        #expect(rows.count == 6)
        let falling = try #require(rows.first { $0[0] == "0.1" && $0[1] == "2" && $0[4] == "1" })
        #expect(falling.prefix(3) == ["0.1", "2", "\"local_rank\""] && falling[6] == "1")
        #expect(Double(falling[8]) == 1 && falling.suffix(3) == ["3", "0", "0"])
        let last = try #require(rows.first { $0[0] == "0.1" && $0[1] == "2" && $0[4] == "2" })
        #expect(Double(last[8]) == 0)
        let script = try text(of: folder + "/figures/t.gp")
        #expect(script.components(separatedBy: "point pt 11").count == 1 + 2)
        #expect(script.contains("set label \"\" at 1,"))
        #expect(script.contains("▼ maximum"))
    }
}

@Test func `Layers have their colours and all else has dashes`() throws {
    try withFolder { folder in
        let spec = try SweepSpec.small(
            figures: "{name: t, x: step, y: [{metric: local_rank, threshold: 0.1, layer: each}, train_loss]}",
            axes: ", activation: [linear, relu]", more: "where: [depth == 2]\nmeasures: {trace_at: log}")
        try report(SyntheticRecords(spec: spec), in: folder)
        let lines = try text(of: folder + "/figures/t.gp").split(separator: "\n").filter {
            $0.contains("layer 2")
        }.filter { $0.hasPrefix("set style") }
        #expect(lines.count == 4)
        #expect(lines.allSatisfy { $0.contains("#D55E00") })
        #expect(Set(lines.map { $0.contains(" dt ") }).count == 2)
    }
}

@Test func `Twelve layers have twelve looks`() throws {
    try withFolder { folder in
        let spec = try SweepSpec.small(
            figures: "{name: t, x: step, y: {metric: local_rank, threshold: 0.1, layer: each}}",
            more: "measures: {trace_at: log}", depths: "[12]")
        try report(SyntheticRecords(spec: spec), in: folder)
        let styles = try text(of: folder + "/figures/t.gp").split(separator: "\n").filter {
            $0.hasPrefix("set style line") && $0.contains("layer ")
        }.map { line in
            let words = line.split(separator: " ")
            return words.firstIndex(of: "dt").map { "\(words[6]) \(words[$0 + 1])" } ?? "\(words[6])"
        }
        // Two β each.
        #expect(styles.count == 24 && Set(styles).count == 24)
    }
    let looks = (0..<35).map { CurveStyle($0, filled: true, dash: CurveStyle.round($0)) }
    #expect(Set(looks.map { "\($0.colour) \($0.dash)" }).count == 35)
}
