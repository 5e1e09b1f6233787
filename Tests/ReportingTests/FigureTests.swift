import Foundation
import Sweep
import Testing

@testable import Reporting

private let figure =
    "{name: kl, title: \"What's _kept_\", x: beta, y: [kl_nats, informative_directions], "
    + "curves: depth, xscale: log, theory: true}"

@Test func `A script names axes with units and draws a common closed form once`() throws {
    try withFolder { folder in
        try report(SyntheticRecords(spec: .small(figures: figure)), in: folder)
        let script = try text(of: folder + "/figures/kl.gp")
        #expect(script.contains("set ylabel 'KL(q(z|x) ‖ r(z)) (nats)'"))
        #expect(script.contains("set xlabel 'β'"))
        // The key's plot takes the border away; the panels have it again.
        #expect(script.contains("set border 31"))
        #expect(script.contains(#""{/:Bold What's \\_kept\\_}""#))
        #expect(script.contains("small · mean of 3 seeds, bars: 95 % interval (Student’s t)"))
        #expect(script.components(separatedBy: "with lines ls 100 notitle").count == 2)
        #expect(script.components(separatedBy: "with steps ls 100 notitle").count == 2)
        #expect(!script.contains(folder))
    }
}

@Test func `Figures over beta have lines at the critical betas`() throws {
    try withFolder { folder in
        let inverse = "{name: ib, x: beta_ib, y: kl_nats, theory: true}"
        let plain = "{name: plain, x: beta, y: kl_nats}"
        try report(SyntheticRecords(spec: .small(figures: "\(figure), \(inverse), \(plain)")), in: folder)
        let script = try text(of: folder + "/figures/kl.gp")
        // The range 0.1 … 0.5 shows two of five critical betas, in each of two rows.
        #expect(script.components(separatedBy: "set arrow from 0.16, graph 0").count == 1 + 2)
        #expect(script.components(separatedBy: "nohead back").count == 1 + 4)
        #expect(script.contains("title 'critical β'"))
        #expect(try text(of: folder + "/figures/ib.gp").contains("set arrow from 6.25, graph 0"))
        #expect(try !text(of: folder + "/figures/plain.gp").contains("set arrow"))
    }
}

@Test func `Figures over beta read its inverse above the topmost panels`() throws {
    try withFolder { folder in
        let inverse = "{name: ib, x: beta_ib, y: kl_nats, xscale: linear}"
        let other = "{name: other, x: depth, y: kl_nats}"
        try report(SyntheticRecords(spec: .small(figures: "\(figure), \(inverse), \(other)")), in: folder)
        let script = try text(of: folder + "/figures/kl.gp")
        // Two rows of panels; only the upper one has it.
        #expect(script.components(separatedBy: "set x2label 'β_{IB} = 1/β'").count == 1 + 1)
        #expect(script.components(separatedBy: "unset x2tics; unset x2label").count == 1 + 1)
        // β is 0.1 and 0.5, and some room.
        #expect(script.contains("set x2tics ('10' 0.1, '5' 0.2, '2' 0.5)"))
        #expect(try text(of: folder + "/figures/ib.gp").contains("set x2label 'β = 1/β_{IB}'"))
        #expect(try !text(of: folder + "/figures/other.gp").contains("set x2tics"))
    }
}

@Test func `Ends of a range keep the digits that tell them apart`() throws {
    let close = try #require(FigureRange(x: [1, 1.0001], isLog: false))
    let ends = close.ends.split(separator: ":").compactMap { Double($0) }
    #expect(ends.count == 2 && ends[0] < 1 && ends[0] > 0.9999 && ends[1] > 1.0001 && ends[1] < 1.0002)
    #expect(try #require(FigureRange(x: [0, 123_456], isLog: false)).ends == "-4938:128400")
}

@Test func `Marks above are round numbers at their inverses`() throws {
    let decades = try #require(FigureRange(x: [1e-5, 1], isLog: true))
    #expect(decades.inverseMarks == [1e5, 1e4, 1e3, 100, 10, 1])
    let log = try #require(FigureRange(x: [0.02, 0.95], isLog: true))
    #expect(log.inverseMarks == [50, 20, 10, 5, 2, 1])
    // From 1/0.956 to 1/0.794: none of 1, 2, 5; equal steps instead.
    let short = try #require(FigureRange(x: [0.8, 0.95], isLog: false))
    #expect(short.inverseMarks == [1.25, 1.2, 1.15, 1.1, 1.05])
    // From below 0: what is 0 or less has no inverse to mark.
    let linear = try #require(FigureRange(x: [0, 1], isLog: false))
    #expect(linear.inverseMarks == [50, 10, 5, 2, 1])
    for range in [decades, log, short, linear] {
        #expect(range.inverseMarks.allSatisfy { (range.low...range.high).contains(1 / $0) })
    }
}

@Test(.needsGnuplot) func `gnuplot draws all formats without a warning`() throws {
    try withFolder { folder in
        var notes: [String] = []
        let outcome = try report(
            SyntheticRecords(spec: .small(figures: figure)), in: folder, formats: FigureFormat.allCases
        ) { notes.append($0) }
        #expect(outcome.drawing == .drawn)
        #expect(notes == ["drawing kl"])
        #expect(
            outcome.pictures == [
                "figures/kl.svg", "figures/kl.png", "figures/kl.pdf", "figures/kl-latex.tex",
                "figures/kl-latex.pdf",
            ])
        let left = try FileManager.default.contentsOfDirectory(atPath: folder + "/figures").sorted()
        #expect(
            left == ["kl-latex.gp", "kl-latex.pdf", "kl-latex.tex", "kl.gp", "kl.pdf", "kl.png", "kl.svg"])
    }
}

@Test(.needsGnuplot) func `A script alone redraws its figure`() throws {
    try withFolder { folder in
        try report(SyntheticRecords(spec: .small(figures: figure)), in: folder)
        let gnuplot = Process()
        gnuplot.executableURL = URL(filePath: "/usr/bin/env")
        gnuplot.arguments = ["gnuplot", "kl.gp"]
        gnuplot.currentDirectoryURL = URL(filePath: folder + "/figures")
        let errors = Pipe()
        gnuplot.standardError = errors
        try gnuplot.run()
        gnuplot.waitUntilExit()
        #expect(gnuplot.terminationStatus == 0)
        #expect(errors.fileHandleForReading.readDataToEndOfFile().isEmpty)
        let picture = try text(of: folder + "/figures/kl.svg")
        for words in ["depth 1", "depth 2", "closed form", "What's _kept_", "informative directions"] {
            #expect(picture.contains(words), "\(words)")
        }
        #expect(exists(folder + "/figures/kl.png"))
        #expect(exists(folder + "/figures/kl.pdf"))
    }
}

@Test(.needsGnuplot) func `Without a page nothing is made for one, and only the formats asked for are drawn`()
    throws
{
    try withFolder { folder in
        let spec = try SweepSpec.small(figures: figure)
        let path = folder + "/records.ndjson"
        try SyntheticRecords(spec: spec).write(to: path)
        let source = ReportSource(spec: spec, recordsAt: path)
        for format in [FigureFormat.png, .latex, .gif] {
            // Only a plane is an animation: here gnuplot has nothing to do.
            let outcome = try Reports.write(
                [source], to: folder, formats: [format], hasPage: false,
                gnuplot: format == .gif ? "false" : "gnuplot")
            #expect(outcome.drawing == .drawn && outcome.warnings.isEmpty)
            #expect(outcome.pictures == (format == .gif ? [] : format.endings.map { "figures/kl" + $0 }))
            #expect(outcome.svgs.isEmpty && outcome.figureData.isEmpty)
            #expect(outcome.summary.rows.isEmpty && outcome.trials.rows.isEmpty && outcome.records == 12)
        }
        #expect(!exists(folder + "/figures/kl.svg"))
    }
}

@Test func `Without gnuplot tables and scripts are written and the outcome says so`() throws {
    try withFolder { folder in
        let outcome = try report(
            SyntheticRecords(spec: .small(figures: figure)), in: folder, formats: [.svg],
            gnuplot: "no-such-gnuplot")
        #expect(outcome.drawing == .gnuplotMissing)
        #expect(outcome.pictures.isEmpty)
        for file in outcome.tables + outcome.scripts { #expect(exists("\(folder)/\(file)")) }
        #expect(outcome.tables == ["tables/trials.csv", "tables/kl.dat", "tables/summary.dat"])
    }
}

@Test func `A figure that gnuplot cannot draw is in the outcome`() throws {
    try withFolder { folder in
        let outcome = try report(
            SyntheticRecords(spec: .small(figures: figure)), in: folder, formats: [.svg], gnuplot: "false")
        #expect(outcome.drawing == .failed([ReportOutcome.Failure(figure: "kl", why: "exit status 1")]))
    }
}

@Test(.needsGnuplot) func `A format that gnuplot cannot draw leaves the others`() throws {
    try withFolder { folder in
        let program = folder + "/halting"
        let shell = "#!/bin/sh\ncase \"$*\" in *-latex.gp) exit 7;; esac\nexec gnuplot \"$@\"\n"
        try Data(shell.utf8).write(to: URL(filePath: program))
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: program)
        let outcome = try report(
            SyntheticRecords(spec: .small(figures: figure)), in: folder, formats: [.png, .latex],
            gnuplot: program)
        #expect(outcome.drawing == .failed([ReportOutcome.Failure(figure: "kl", why: "exit status 7")]))
        #expect(outcome.pictures == ["figures/kl.png"] && outcome.svgs["kl"] != nil)
        let left = try FileManager.default.contentsOfDirectory(atPath: folder + "/figures").sorted()
        #expect(left == ["kl-latex.gp", "kl.gp", "kl.png"])
    }
}

@Test func `A gnuplot that never ends is stopped`() throws {
    try withFolder { folder in
        let program = folder + "/slow"
        try Data("#!/bin/sh\nexec sleep 1000\n".utf8).write(to: URL(filePath: program))
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: program)
        let ending = GnuplotProcess(program: program, milliseconds: 20).run(
            script: "x.gp", setting: "", in: folder)
        #expect(ending == .failed("still drawing after 0.02 s, so it was stopped"))
    }
}

@Test func `Without records there are headers and nothing is drawn`() throws {
    try withFolder { folder in
        let spec = try SweepSpec.small(figures: figure)
        let outcome = try report(
            SyntheticRecords(spec: spec, missing: Set(0..<12)), in: folder, formats: [.svg])
        #expect(outcome.drawing == .nothingToDraw)
        #expect(rows(of: try text(of: folder + "/tables/kl.dat")).isEmpty)
        #expect(try text(of: folder + "/figures/kl.gp").hasSuffix("print 'kl: nothing is measured yet'\n"))
    }
}

@Test(.needsGnuplot, arguments: [1, 5, 11]) func `A part of the trials is drawn`(count: Int) throws {
    try withFolder { folder in
        let spec = try SweepSpec.small(figures: figure)
        let records = SyntheticRecords(spec: spec, diverged: [3], missing: Set(count..<12))
        var notes: [String] = []
        let outcome = try report(records, in: folder, formats: [.svg]) { notes.append($0) }
        #expect(outcome.drawing == .drawn)
        #expect(notes == ["drawing kl"])
    }
}

@Test func `Texts of the sweep cannot leave their quotes`() {
    #expect(quoted("plain, \"so\" to say: {`x`}") == "'plain, \"so\" to say: {`x`}'")
    #expect(quoted("it's\n'; system \"x\" `y`") == #""it's '; system \042x\042 \140y\140""#)
    #expect(quoted(#"ends in \"#) == #""ends in \\""#)
    #expect(quotedInBold("a_b{c}") == #""{/:Bold a\\_b\\{c\\}}""#)
    #expect(svgIdentifier("fig.1-é") == "fig_1__")
    #expect(comment("ends in \\") == "ends in ")
}

@Test func `Ranges have room and marks of short log axes are one two five`() throws {
    let range = try #require(FigureRange(x: [0.01, 0.1, 0.95], isLog: nil))
    #expect(range.isLog)
    #expect(range.low < 0.01 && range.high > 0.95)
    #expect(range.marks == [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1])
    #expect(try #require(FigureRange(x: [1, 2, 3], isLog: nil)).marks == [1, 2, 3])
    #expect(!(try #require(FigureRange(x: [0, 1], isLog: true)).low < 0))
    #expect(FigureRange(x: [], isLog: nil) == nil)
}

@Test func `An interval of two seeds does not flatten the curve`() throws {
    let range = try #require(
        FigureRange(means: [1, 2], intervals: [(-50, 60)], isLog: false, isCount: false))
    #expect(range.low >= -0.2)
    #expect(range.high < 3)
}
