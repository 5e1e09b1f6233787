import Foundation
import Records
import Sweep
import Testing
import Text

@testable import Reporting

/// Two penalties and three seeds of networks of ten classes.
private func spec(
    _ figure: String, dataset: String = "mnist", style: String = "", classes: String = "[0, 4, 7]"
) throws -> SweepSpec {
    try SweepSpec(
        parsing: """
            name: deficit
            model: mlp
            dataset: \(dataset)
            axes: {measures.independence_deficit.penalty: [2, 20], seed: {range: [0, 3]}}
            training: {steps: 10}
            measures: {independence_deficit: {classes: \(classes)}}
            style: {\(style)}
            figures: [{name: f, style: star, \(figure)}]
            """, file: "s.yaml")
}

private let byPenalty = "curves: measures.independence_deficit.penalty"

/// The weights of the classes in the centre, for a penalty and a seed.
private typealias Weights = (_ penalty: Double, _ seed: Double) -> [String: [Double]]

/// Class 4 is 0.5 z_1 − 0.25 z_9 and, for penalty 2 alone, 0.125 z_8; seeds differ by 0.1 in the first.
private func simple(_ penalty: Double, _ seed: Double) -> [String: [Double]] {
    var four = [Double](repeating: 0, count: 10)
    (four[1], four[9]) = (0.4 + 0.1 * seed, -0.25)
    if penalty == 2 { four[8] = 0.125 }
    var seven = [Double](repeating: 0, count: 10)
    seven[0] = 1
    return ["0": [Double](repeating: 0, count: 10), "4": four, "7": seven]
}

private func write(
    _ spec: SweepSpec, _ weights: Weights = simple, to folder: String, count: Int = 10, trials: Int? = nil
) throws {
    let lines = (0..<(trials ?? spec.grid.count)).map { index -> String in
        let trial = spec.grid[index]
        let axes = trial.axesObject
        let penalty = axes["measures.independence_deficit.penalty"]?.number ?? 0
        // Class 4 is determined best.
        let shares = (0..<count).map { $0 == 4 ? (penalty == 2 ? 0.96 : 0.8) : 0.5 }
        let body: [String: JSONValue] = [
            "outcome": .string("measured"),
            "metrics": .object([
                "class_determination": JSONValue(shares),
                "decider_weights": .object(
                    weights(penalty, axes["seed"]?.number ?? 0).mapValues { .object(["mean": JSONValue($0)]) }
                ),
            ]),
        ]
        return recordLine(trial: trial, sweepDigest: spec.digest, body: .object(body)) + "\n"
    }
    try Data(lines.joined().utf8).write(to: URL(filePath: folder + "/records.ndjson"))
}

private func report(
    _ spec: SweepSpec, _ weights: Weights = simple, count: Int = 10, trials: Int? = nil,
    formats: [FigureFormat] = [], _ check: (_ folder: String, _ outcome: ReportOutcome) throws -> Void
) throws {
    try withFolder { folder in
        try write(spec, weights, to: folder, count: count, trials: trials)
        let outcome = try Reports.write(
            spec: spec, recordsAt: folder + "/records.ndjson", to: folder, formats: formats)
        try check(folder, outcome)
    }
}

@Suite struct StarTests {
    @Test func `The class that the others determine best is drawn if none is named`() throws {
        try report(spec(byPenalty)) { folder, _ in
            let table = try text(of: folder + "/tables/f.dat")
            let names = try columns(of: table)
            #expect(names.first == "entry" && names[1] == "decider_weights_4:mean")
            #expect(names[6] == "class_determination:mean" && !names.contains("decider_weights_7:mean"))
            // Class 1 has the mean of 0.4, 0.5 and 0.6, whose standard error is 0.1/√3.
            let row = try #require(rows(of: table).first { $0[0] == "1" }).compactMap(Double.init)
            #expect(abs(row[1] - 0.5) < 1e-12 && abs(row[2] - 0.1 / 3.0.squareRoot()) < 1e-12 && row[5] == 3)
            let script = try text(of: folder + "/figures/f.gp")
            #expect(script.contains("class 4: best determined by the others"))
            #expect(script.contains("# class 4 (R²\u{A0}0.96,\u{A0}0.8)"))
        }
    }

    @Test func `Classes with a weight have spokes in their order, solid above 0 and dotted below`() throws {
        try report(spec("classes: 4, \(byPenalty)")) { folder, _ in
            let script = try text(of: folder + "/figures/f.gp")
            #expect(
                script.contains(
                    "slot(class) = class == 1 ? 1 : class == 8 ? 2 : class == 9 ? 3 : NaN\n"))
            #expect(script.contains("slots = 4\n"))
            // Both curves have weights on both sides of 0: filled circles and squares, open ones below 0.
            for (index, filled, open) in [(0, 7, 6), (1, 5, 4)] {
                let table = "table index \(index) using (across($2, "
                let shift = "turn($1, \(index == 0 ? "-0.18" : "0.18"))"
                for (side, shape) in [("above", filled), ("below", open)] {
                    let turn = "\(side)($2, \(shift))"
                    #expect(
                        script.contains(
                            "\(table)\(turn))):(up($2, \(turn))) with points ls \(index + 1) pt \(shape) notitle"
                        ))
                }
                #expect(
                    script.contains(
                        "below($2, \(shift)))) with vectors nohead ls \(index + 1) lw 1.4 dt 3 notitle"))
            }
            #expect(script.contains("set label '{/:Bold 4}' at 0,0 center"))
            #expect(!script.contains("best determined"))
        }
    }

    @Test func `Lengths are between the hub and the rim, and the largest weight and its interval fit`() throws
    {
        try report(spec("classes: [4, 7], interval: range, \(byPenalty)")) { folder, _ in
            let script = try text(of: folder + "/figures/f.gp")
            let match = try #require(
                script.firstMatch(of: #/hub = ([\d.]+); rim = ([\d.]+); largest = ([\d.]+)/#))
            let numbers = try [match.output.1, match.output.2, match.output.3].map {
                try #require(Double($0))
            }
            #expect(0 < numbers[0] && numbers[0] < numbers[1])
            // The weight 1 of class 7 has no spread.
            #expect((1.0...1.2).contains(numbers[2]))
            // Radii of the rings 0.5 and 1 are linear in the weight.
            let radii = script.matches(of: #/using \(([\d.]+) \* cos\(\$1\)\)/#).compactMap {
                Double($0.output.1)
            }
            let due = [0.5, 1].map { numbers[0] + (numbers[1] - numbers[0]) * $0 / numbers[2] }
            for radius in due { #expect(radii.contains { abs($0 - radius) < 1e-2 }, "\(radii) \(due)") }
            #expect(script.contains("kept($") && script.contains("with vectors heads"))
        }
    }

    @Test func `Two seeds are dots, each seed is one where seeds are asked for, and nothing has no bars`()
        throws
    {
        func script(_ interval: String, trials: Int? = nil) throws -> String {
            var found = ""
            try report(spec("classes: 4, interval: \(interval)", classes: "[4]"), trials: trials) {
                folder, outcome in
                found = try text(of: folder + "/figures/f.gp")
                #expect(outcome.tables.contains("tables/f-seeds.dat") == (interval == "seeds"))
            }
            return found
        }
        #expect(try script("ci95").contains("bars: 95 % interval") && !script("ci95").contains("pt 7 ps 0.3"))
        let two = try script("ci95", trials: 2)
        #expect(
            two.contains("dots: both") && two.contains("kept($2 - $3, $2)") && !two.contains("heads size"))
        let seeds = try script("seeds")
        #expect(seeds.contains("seeds index 0 using (across($3, above($3, ") && seeds.contains("pt 6 ps 0.3"))
        #expect(try script("stderr").contains("kept($2 - $3, $2)"))
        #expect(!(try script("none")).contains("heads size"))
    }

    @Test(arguments: [("seeds", 3, 0.9), ("ci95", 2, 0.8)])
    func `Seeds beyond the means are within the rim`(interval: String, trials: Int, largest: Double) throws {
        // Class 1 has the weights 0.2, 0.8 and −0.9.
        let weights: Weights = { _, seed in
            var list = [Double](repeating: 0, count: 10)
            (list[1], list[2]) = (seed == 2 ? -0.9 : 0.2 + 0.6 * seed, 0.25)
            return ["4": list]
        }
        try report(spec("classes: 4, interval: \(interval)", classes: "[4]"), weights, trials: trials) {
            folder, _ in
            let script = try text(of: folder + "/figures/f.gp")
            let match = try #require(script.firstMatch(of: #/largest = ([\d.]+)/#))
            let found = try #require(Double(match.output.1))
            #expect((largest...1.2 * largest).contains(found), "\(found)")
        }
    }

    @Test func `A class that no other decides has no spokes, and the notes say so`() throws {
        try report(spec("classes: [0, 4]")) { folder, outcome in
            let script = try text(of: folder + "/figures/f.gp")
            #expect(script.contains("no class decides class 0") && script.contains("slot(class) = NaN\n"))
            #expect(outcome.unmeasured == [])
        }
    }

    @Test func `Where more classes decide than there is room for, the largest weights have spokes`() throws {
        let spec = try spec(
            "classes: 4, size: column", dataset: "{name: modular-addition, modulus: 97}", classes: "[4]")
        // Class k has the weight k/100, and class 96 that of class 0.
        let weights = (0..<97).map { (label: Int) -> Double in
            label == 4 ? 0 : label == 96 ? 0.001 : Double(label + 1) / 100
        }
        try report(
            spec, { _, _ in ["4": weights] },
            count: 97
        ) { folder, _ in
            let script = try text(of: folder + "/figures/f.gp")
            let note = try #require(script.firstMatch(of: #/class 4: (\d+) largest of 96 weights/#))
            let count = try #require(Int(note.output.1))
            #expect((10..<60).contains(count))
            #expect(script.contains("slot(class) = class == \(96 - count) ? 1 : "))
            #expect(script.contains("class == 95 ? \(count) : NaN") && !script.contains("class == 96 ?"))
        }
    }

    @Test(arguments: ["size: column", "size: [1.5, 1.5]", "size: [2, 1.2], font_size: 12"])
    func `Spokes have some length where labels are wide and stars small`(size: String) throws {
        let spec = try spec(
            "classes: 111, panels: measures.independence_deficit.penalty, columns: 2, \(size)",
            dataset: "{name: modular-addition, modulus: 113}", classes: "[111]")
        let weights = (0..<113).map { $0 > 105 && $0 != 111 ? 0.5 : 0 }
        try report(spec, { _, _ in ["111": weights] }, count: 113) { folder, _ in
            let script = try text(of: folder + "/figures/f.gp")
            let match = try #require(script.firstMatch(of: #/hub = ([\d.]+); rim = ([\d.]+);/#))
            let (hub, rim) = (try #require(Double(match.output.1)), try #require(Double(match.output.2)))
            #expect(0 < hub && hub <= 0.61 * rim, "\(hub) \(rim)")
        }
    }

    @Test func `Several runs have a curve each`() throws {
        try withFolder { folder in
            let spec = try spec("classes: 4", classes: "[4]")
            for run in ["one", "two"] {
                try FileManager.default.createDirectory(
                    atPath: folder + "/" + run, withIntermediateDirectories: true)
                try write(spec, to: folder + "/" + run)
            }
            let sources = ["one", "two"].map { (run: String) in
                ReportSource(spec: spec, recordsAt: folder + "/\(run)/records.ndjson", run: run)
            }
            _ = try Reports.write(sources, to: folder, formats: [])
            let table = try text(of: folder + "/tables/f.dat")
            #expect(table.contains("# index 3: "), "two runs and two penalties")
        }
    }

    @Test(
        .needsGnuplot,
        arguments: [
            "size: column", "size: page", "size: slide", "size: [3, 3.5], font_size: 6", "size: screen",
        ],
        ["classes: 4", "classes: [4, 7], \(byPenalty)", "panels: measures.independence_deficit.penalty"])
    func `Texts of a star are readable at any size`(style: String, figure: String) throws {
        try report(spec(figure, style: style), formats: [.svg]) { _, outcome in
            #expect(outcome.drawing == .drawn && outcome.warnings == [])
            try expectReadableTexts(try #require(outcome.svgs["f"]))
        }
    }

    @Test(.needsGnuplot) func `A star is drawn in every format without a warning, and its script redraws it`()
        throws
    {
        try report(spec("classes: [4, 7], interval: seeds"), formats: [.svg, .png, .pdf, .latex]) {
            folder, outcome in
            #expect(outcome.drawing == .drawn && outcome.warnings == [])
            #expect(outcome.pictures.count == 5 && outcome.figureData["f"] == nil)
            let svg = try text(of: folder + "/figures/f.svg")
            #expect(svg.contains("class 7"))
            // Each circle has its colour.
            let rings = try text(of: folder + "/figures/f.gp").matches(of: #/'\+' using .* "#e6e6e6"/#).count
            #expect(rings > 3 && svg.matches(of: #/stroke="rgb\(230, 230, 230\)"/#).count >= rings)
            #expect(!svg.contains("stroke='#FFFFFF'"))
            #expect(try text(of: folder + "/figures/f-latex.tex").contains("R$^2$"))
            try FileManager.default.removeItem(atPath: folder + "/figures/f.svg")
            let process = Process()
            process.executableURL = URL(filePath: "/usr/bin/env")
            process.arguments = ["gnuplot", "f.gp"]
            process.currentDirectoryURL = URL(filePath: folder + "/figures")
            try process.run()
            process.waitUntilExit()
            #expect(process.terminationStatus == 0)
            #expect(try text(of: folder + "/figures/f.svg") == svg)
        }
    }
}
