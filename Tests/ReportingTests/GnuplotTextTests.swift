import Foundation
import Sweep
import Testing
import Text

@testable import Reporting

@Suite(.needsGnuplot)
struct GnuplotTextTests {
    private static let samples = [
        "second derivative f''(x)", "'", "''''", "it's \"so\"", "a\\", "\\n and \\", "`date`",
        "x_1^2 {a} @b &c ~d",
        "$HOME # no comment ; exit", "{ open", "} closed", "%g 100 %", "β ≥ σ₁ ‖x‖", "é'è", "-x", "\u{A0}",
    ]

    @Test(arguments: samples) func `Any title is drawn as it is`(title: String) throws {
        try withFolder { folder in
            let yaml = String(decoding: JSONValue.string(title).canonicalBytes, as: UTF8.self)
            let rates = try Rates("{name: f, title: \(yaml), x: training.learning_rate, y: train_loss}") {
                _, _ in
                metrics(["train_loss": 1])
            }
            let outcome = try rates.report(folder, formats: [.svg])
            #expect(outcome.drawing == .drawn && outcome.warnings == [])
            let svg = try text(of: folder + "/figures/f.svg")
            var plain = svg.split(separator: ">").compactMap { $0.split(separator: "<").first }.joined()
            for (escape, sign) in [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&amp;", "&")] {
                plain = plain.replacing(escape, with: sign)
            }
            #expect(plain.contains(title), "\(plain.suffix(200))")
        }
    }

    @Test(arguments: ["fig.1", "x-y", "a.b.c_d"])
    func `Figures may have any name that a sweep takes, in any folder`(name: String) throws {
        try withFolder { outer in
            let folder = outer + "/two''q \"a\" `b` $c \\n é"
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            let rates = try Rates("{name: \(name), x: training.learning_rate, y: train_loss}") { _, _ in
                metrics(["train_loss": 1])
            }
            let outcome = try rates.report(folder, formats: [.svg, .png, .pdf])
            #expect(outcome.drawing == .drawn && outcome.warnings == [])
            #expect(outcome.pictures == ["svg", "png", "pdf"].map { "figures/\(name).\($0)" })
            for picture in outcome.pictures { #expect(exists(folder + "/" + picture)) }
        }
    }

    @Test func `A script whose name begins with a hyphen is a file, not an option`() throws {
        try withFolder { folder in
            try Data("print 'ran'\n".utf8).write(to: URL(filePath: folder + "/-x.gp"))
            let gnuplot = GnuplotProcess(program: "gnuplot", milliseconds: 60_000)
            #expect(gnuplot.run(script: "-x.gp", setting: "a = 1", in: folder) == .done(warnings: "ran\n"))
            guard case .failed = gnuplot.run(script: "-x.gp", setting: "a = 1", in: folder + "/none") else {
                Issue.record("a folder that is not there")
                return
            }
        }
    }

    @Test(.enabled(if: isInstalled("fc-list"), "only fontconfig's fc-list tells"))
    func `Characters that no font has are named, and drawn as question marks`() throws {
        var glyphs = Glyphs()
        // No font has this character: its Unicode plane is empty.
        let strange = "\u{5FFFD}"
        #expect(glyphs.missing(in: strange) == ["\u{5FFFD}"])
        #expect(glyphs.missing(in: "plain").isEmpty)
        try withFolder { folder in
            let rates = try Rates(
                "{name: f, title: 'loss \(strange)', x: training.learning_rate, y: train_loss}"
            ) { _, _ in metrics(["train_loss": 1]) }
            let outcome = try rates.report(folder, formats: [.svg, .png])
            try #require(outcome.drawing == .drawn && outcome.warnings.count == 1)
            #expect(
                outcome.warnings[0].contains(
                    "figure f: no installed font has '\(strange)' (U+5FFFD): in PNG '?' stands"))
            #expect(try text(of: folder + "/figures/f.svg").contains(strange))
            // The script is the same wherever it is written.
            #expect(try text(of: folder + "/figures/f.gp").contains(strange))
            let left = try FileManager.default.contentsOfDirectory(atPath: folder + "/figures").sorted()
            #expect(left == ["f.gp", "f.png", "f.svg"])
        }
    }

    @Test func `No id of 30 panels stands twice in the page`() throws {
        try withFolder { folder in
            let rates = try Rates(
                "{name: f, x: training.learning_rate, y: train_loss, panels: depth}", seeds: 1,
                depths: "{range: [2, 32]}"
            ) { _, _ in metrics(["train_loss": 1]) }
            let outcome = try rates.report(folder, formats: [.svg])
            #expect(outcome.drawing == .drawn)
            let page = ReportPage(
                spec: rates.spec, outcome: outcome, provenance: nil, version: "1", commit: "x"
            ).html
            let ids = page.matches(of: /\sid=["']([^"']*)["']/).map { String($0.1) }
            #expect(ids.count > 3 && Set(ids).count == ids.count)
            let references = page.matches(of: /href='#([^']*)'/).map { String($0.1) }
            #expect(!references.isEmpty && Set(references).isSubset(of: Set(ids)))
        }
    }
}
