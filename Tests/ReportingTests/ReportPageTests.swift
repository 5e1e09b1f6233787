import Foundation
import FoundationXML
import Records
import Sweep
import Testing
import Text

@testable import Reporting

@Suite struct ReportPageTests {
    @Test func `Words from sweeps and workers are shown, not obeyed`() throws {
        let evil = "<script>alert('x')</script> & \"quoted\" \u{1B}[31m\u{202E}"
        let escaped = "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt; &amp; &quot;quoted&quot; ·[31m·"
        var provenance = RunProvenance()
        provenance.add(
            attempt(0, "failed", cause: evil, host: "h\(evil)", cpu: "c\(evil)", kernel: "k\(evil)"))
        let figure = "{name: f, title: '<script>1</script>', x: beta, y: kl_nats}"
        let html = try page(figure, provenance: provenance, svg: picture).html
        // The trials' data and the page's own script.
        #expect(html.components(separatedBy: "<script").count == 3)
        #expect(!html.contains("\u{1B}") && !html.contains("\u{202E}"))
        for start in ["", "h", "c", "k"] { #expect(html.contains(start + escaped)) }
        #expect(html.contains("&lt;script&gt;1&lt;/script&gt;"))
        #expect(!html.contains("--blas-kernel"))
        try checkForm(html)
    }

    @Test func `The page has each figure once, with links, and ids that are its own`() throws {
        let names = ["one", "two"]
        let html = try page(
            names.map { "{name: \($0), title: 'Figure \($0)', x: beta, y: kl_nats}" }.joined(separator: ", "),
            svg: picture
        ).html
        for name in names {
            #expect(html.components(separatedBy: "<figure id=\"figure-\(name)\">").count == 2)
            // The picture has its title.
            #expect(!html.contains("<h3>Figure \(name)</h3>"))
            #expect(html.contains("<svg role=\"img\" aria-label=\"Figure \(name)\""))
            #expect(html.contains("style=\"--width:751px\""))
            #expect(html.contains("href=\"tables/\(name).dat\""))
            for ending in [".pdf", "-latex.tex", "-latex.pdf"] {
                #expect(html.contains("href=\"figures/\(name)\(ending)\""))
            }
            #expect(html.contains("<path id='\(name)--gpPt1'"))
            #expect(html.contains("<use xlink:href='#\(name)--gpPt1' fill='url(#\(name)--shade)'/>"))
        }
        #expect(html.components(separatedBy: "<svg").count == 3)
        // Text that is shown is not changed.
        #expect(html.contains("<text>see id='x' and url(#y)</text>"))
        #expect(!html.contains("<title>gnuplot</title>") && html.contains("<title>depth 1</title>"))
        try checkForm(html)
    }

    @Test func `The page is the same for the same inputs, and loads nothing`() throws {
        let figure = "{name: f, x: beta, y: kl_nats}"
        var provenance = RunProvenance()
        provenance.add(attempt(0, "measured"))
        let html = try page(figure, provenance: provenance, svg: picture).html
        #expect(try page(figure, provenance: provenance, svg: picture).html == html)
        #expect(html.contains("default-src &#39;none&#39;"))
        for match in html.matches(of: /(src|href|action)=["']([^"']*)["']/) {
            #expect(!match.output.2.contains(":") && !match.output.2.hasPrefix("/"), "\(match.output.0)")
        }
        #expect(!html.contains("@import") && !html.contains("url(h"))
    }

    @Test func `The content policy lets the page's own script run, and no other`() throws {
        let html = try page("{name: f, x: beta, y: kl_nats}").html
        let scripts = html.matches(of: /(?s)<script>(.*?)<\/script>/).map { String($0.output.1) }
        #expect(scripts.count == 1)
        for script in scripts { #expect(html.contains("sha256-\(Digest(of: script).base64)")) }
        #expect(!html.contains("script-src &#39;unsafe"))
        // FIPS 180-4's example, as RFC 4648 writes it.
        #expect(Digest(of: "abc").base64 == "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=")
    }

    @Test func `The page lists the trials as data that no text can end`() throws {
        let spec = try SweepSpec(
            parsing: """
                {name: evil, model: vib, dataset: {name: gaussian, correlations: [0.5]},
                 axes: {beta: [0.25, 0.5], seed: [0, 1]}, training: {steps: 1}}
                """, file: "evil.yaml")
        let html = try page(SyntheticRecords(spec: spec, diverged: [1])).html
        let element = try #require(
            html.firstMatch(of: /(?s)<script type="application\/json" id="trial-data">(.*?)<\/script>/))
        let data = try JSONValue(parsing: element.output.1.utf8)
        #expect(data["axes"] == .array([.string("beta"), .string("seed")]))
        let rows = try #require(data["rows"]?.array)
        #expect(rows.count == 4)
        #expect(rows.map { $0.array?[1] } == [true, false, true, true].map { .bool($0) })
        #expect(rows.map { $0.array?[2].number } == [0.25, 0.25, 0.5, 0.5])
        let width = 4 + (data["metrics"]?.array?.count ?? 0)
        #expect(width > 4 && rows.allSatisfy { $0.array?.count == width })
        #expect(HTML(data: .string("</script>&")).source == #""\u003c/script\u003e\u0026""#)
    }

    @Test(.needsGnuplot)
    func `A drawn figure comes with a style for each element that gnuplot draws, and with its points`() throws
    {
        let figures = "{name: f, x: beta, y: [kl_nats, train_loss], curves: depth, theory: true}"
        let records = SyntheticRecords(spec: try .small(figures: figures))
        try withFolder { folder in
            let outcome = try report(records, in: folder, formats: [.svg])
            let svg = try #require(outcome.svgs["f"])
            let data = try #require(outcome.figureData["f"])
            let styles = try #require(data["elements"]?.array)
            #expect(styles.count == svg.matches(of: /id="f_plot_/).count)
            let names = try #require(data["names"]?.array).compactMap { $0.string }
            let depth = try #require(records.spec.axes.first { $0.path == "depth" })
            #expect(names == (0..<depth.count).map { "depth \(depth.values[$0].canonicalText)" })
            // The key's entry, and the marks and bars of two panels.
            for style in names.indices { #expect(styles.filter { $0 == JSONValue(style) }.count >= 5) }
            let panels = try #require(data["panels"]?.array)
            #expect(panels.count == 2)
            let point = try #require(panels[0]["curves"]?.array?.first?["points"]?.array?.first?.array)
            let row = try #require(
                try String(contentsOfFile: folder + "/tables/f.dat", encoding: .utf8)
                    .split(separator: "\n").first { !$0.hasPrefix("#") }?.split(separator: " "))
            #expect(point.first?.number == Double(row[0]))
            let html = page(records.spec, outcome).html
            #expect(html.contains("class=\"figure-data\""))
            try checkForm(html)
        }
    }

    @Test(.needsGnuplot)
    func `Points of bars are where their bars stand, and say their own x`() throws {
        let figures = "{name: f, x: depth, y: kl_nats, curves: beta, style: bars}"
        let records = SyntheticRecords(spec: try .small(figures: figures, depths: "[4, 16]"))
        try withFolder { folder in
            let data = try #require(try report(records, in: folder, formats: [.svg]).figureData["f"])
            let panel = try #require(data["panels"]?.array?.first)
            let points = try #require(panel["curves"]?.array).map { curve in
                (curve["points"]?.array ?? []).map { $0.array?.prefix(2).map(\.number) }
            }
            #expect(points == [[[4, -0.2], [16, 0.8]], [[4, 0.2], [16, 1.2]]])
            #expect(panel["x"]?.array?.prefix(2).map(\.number) == [-0.6, 1.6])
        }
    }

    @Test func `Single seeds are linked`() throws {
        let html = try page("{name: f, x: beta, y: kl_nats, interval: seeds}").html
        #expect(html.contains("href=\"tables/f-seeds.dat\""))
    }

    @Test func `A page of many trials has evenly spaced ones`() throws {
        let spec = try SweepSpec(
            parsing: """
                {name: many, model: vib, dataset: {name: gaussian, correlations: [0.5]},
                 axes: {beta: {linear: [0.1, 0.9], count: 100}}, training: {steps: 1}}
                """, file: "many.yaml")
        func shown(maxRows: Int, maxNumbers: Int) throws -> PageTrials {
            var collector = PageTrialCollector(
                of: ReportScope(spec), maxRows: maxRows, maxNumbers: maxNumbers)
            try withFolder { folder in
                let path = folder + "/records.ndjson"
                try SyntheticRecords(spec: spec).write(to: path)
                try readRecords(at: path) { collector.add($0) }
            }
            return collector.trials(squaredLoss: false)
        }
        let ids = (0..<100).map { spec.grid[$0].id.text }
        #expect(try shown(maxRows: 100, maxNumbers: 100_000).rows.map(\.trial) == ids)
        let fourths = stride(from: 0, to: 100, by: 4).map { ids[$0] }
        #expect(try shown(maxRows: 40, maxNumbers: 100_000).rows.map(\.trial) == fourths)
        let few = try shown(maxRows: 100, maxNumbers: 500)
        #expect(few.records == 100 && few.rows.count == 50)
    }

    @Test func `A run without records, figures, axes or attempts has a page`() throws {
        let spec = try SweepSpec(
            parsing: """
                {name: bare, model: mlp, dataset: {name: gaussian, correlations: [0.5]},
                 training: {steps: 1}}
                """, file: "bare.yaml")
        for provenance in [nil, RunProvenance()] {
            let html = try page(SyntheticRecords(spec: spec, missing: [0]), provenance: provenance).html
            #expect(html.contains("There are no records yet"))
            #expect(html.contains("0 of 1 trial have"))
            #expect(html.contains("id=\"provenance\"") == (provenance != nil))
            #expect(!html.contains("id=\"failures\""))
            try checkForm(html)
        }
    }

    @Test func `Figures that are not drawn say why`() throws {
        let figure = "{name: f, x: beta, y: kl_nats}"
        let records = SyntheticRecords(spec: try .small(figures: figure))
        for (gnuplot, words) in [("no-such-gnuplot", "apt install gnuplot-nox"), ("false", "Not drawn: ")] {
            let html = try withFolder { folder in
                page(records.spec, try report(records, in: folder, formats: [.svg], gnuplot: gnuplot)).html
            }
            #expect(html.contains(words))
            try checkForm(html)
        }
        #expect(try page(figure).html.contains("no record has a number for it yet"))
    }

    @Test(.needsGnuplot) func `The page has a drawing also where only a PDF is asked for`() throws {
        let records = SyntheticRecords(spec: try .small(figures: "{name: f, x: beta, y: kl_nats}"))
        try withFolder { folder in
            let outcome = try report(records, in: folder, formats: [.pdf])
            #expect(outcome.drawing == .drawn)
            #expect(outcome.pictures == ["figures/f.pdf"])
            #expect(!exists(folder + "/figures/f.svg") && !exists(folder + "/figures/.f.partial.svg"))
            let html = page(records.spec, outcome).html
            #expect(html.contains("<svg") && !html.contains("figures/f.svg"))
            try checkForm(html)
        }
    }

    @Test func `The head counts trials by what became of them`() throws {
        let spec = try SweepSpec.small(figures: "{name: f, x: beta, y: kl_nats}")
        var provenance = RunProvenance()
        provenance.add(attempt(3, "quarantined", cause: "no data"))
        provenance.add(attempt(4, "failed", cause: "no data"))
        let records = SyntheticRecords(spec: spec, diverged: [0], missing: [3, 11])
        let html = try page(records, provenance: provenance).html
        #expect(html.contains("11 of 12 trials have their outcome"))
        for tile in ["9</b> measured", "1</b> diverged", "1</b> quarantined", "1</b> without an outcome"] {
            #expect(html.contains(tile))
        }
        #expect(html.contains("2 attempts failed") && html.contains("trial 3 on node1"))
    }

    @Test func `The table of means ends after 200 points and says where the others are`() throws {
        let spec = try SweepSpec(
            parsing: """
                name: many
                model: vib
                dataset: {name: gaussian, correlations: [0.4, 0.9]}
                axes: {beta: {linear: [0.1, 0.9], count: 230}}
                training: {steps: 10}
                """, file: "many.yaml")
        let page = try page(SyntheticRecords(spec: spec))
        #expect(page.outcome.summary.rows.count == 200 && page.outcome.summary.points == 230)
        #expect(page.html.contains("The first 200 of 230 points"))
        #expect(page.html.contains("href=\"tables/summary.dat\""))
    }

    @Test func `A mean has the digits that its interval supports`() {
        // The mean of two numbers a and b: (a + b) / 2 ± 12.706 |b − a| / 2.
        func text(_ mean: Double, _ half: Double) -> String? {
            let step = half / 12.706204736432095
            return Sample([mean - step, mean + step]).pageText
        }
        #expect(text(12.7345, 0.283) == "12.73 ± 0.28")
        #expect(text(0.5, 0.0996) == "0.50 ± 0.10")
        #expect(text(12345, 1234) == "12300 ± 1200")
        #expect(text(-0.3651, 1.44) == "−0.4 ± 1.4")
        #expect(text(3e-12, 4.2e-13) == "3.00e−12 ± 4.2e−13")
        #expect(Sample([5, 5, 5]).pageText == "5 ± 0")
        #expect(Sample([0.123456]).pageText == "0.1235")
        #expect(Sample([3.5]).pageText == "3.5")
        #expect(Sample([123456.7]).pageText == "123457")
        #expect(Sample().pageText == nil)
    }

    @Test func `Times are of the Gregorian calendar, in UTC`() {
        #expect(utcText(unixMilliseconds: 0) == "1970-01-01 00:00:00 UTC")
        #expect(utcText(unixMilliseconds: 951_827_696_789) == "2000-02-29 12:34:56 UTC")
        #expect(utcText(unixMilliseconds: 1_795_252_027_000) == "2026-11-21 09:07:07 UTC")
        #expect(utcText(unixMilliseconds: .max) == nil)
    }

    @Test func `The page says of which commits the workers were, and warns where these are several`() throws {
        var provenance = RunProvenance()
        provenance.add(attempt(0, "measured"))
        func html() throws -> String {
            try page("{name: f, x: beta, y: kl_nats}", provenance: provenance).html
        }
        #expect(try provenance.commits.isEmpty && !html().contains("<dt>workers</dt>"))
        provenance.add(attempt(1, "measured", commit: "00c9"))
        #expect(try html().contains("<dt>workers</dt><dd>commit 00c9</dd>"))
        #expect(try !html().contains("Workers of several commits"))
        provenance.add(attempt(2, "measured", commit: "<b>"))
        #expect(
            try html().contains("<dd>commit 00c9, &lt;b&gt;</dd>")
                && html().contains("Workers of several commits"))
    }

    @Test func `Attempts add up by machine and by cause; what is no attempt is counted`() {
        var provenance = RunProvenance()
        provenance.add(attempt(0, "quarantined", cause: "a"))
        provenance.add(attempt(0, "measured"))
        provenance.add(attempt(1, "failed", cause: "b"))
        provenance.add(attempt(1, "quarantined", cause: "b", host: "node2"))
        provenance.add(Array("{\"half\":".utf8))
        provenance.add(Array("{\"outcome\":\"measured\",\"seconds\":-1e300,\"start_unix_ms\":1e300}".utf8))
        #expect(provenance.quarantined == 1 && provenance.failures == 3 && provenance.unreadable == 1)
        #expect(provenance.causes.map(\.text) == ["b", "a"])
        #expect(provenance.machines.map(\.attempts) == [3, 1])
        #expect(provenance.seconds == 8 && provenance.peakMemoryBytes == 3e6)
        #expect(provenance.measuringSeconds == 0 && provenance.trainingSeconds == 0)
        // The commit of an attempt that does not say it is unknown.
        provenance.add(attempt(2, "measured", measuring: 0.5))
        provenance.add(attempt(3, "measured", measuring: 1e300))
        #expect(provenance.measuringSeconds == 2.5 && provenance.trainingSeconds == 1.5)
        #expect(provenance.firstStartMilliseconds == 1000 && provenance.lastEndMilliseconds == 3000)
    }
}

// MARK: - Pages

private let picture = """
    <?xml version="1.0" encoding="utf-8"  standalone="no"?>
    <svg
     width="751" height="632" viewBox="0 0 751 632"
     xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"
    >

    <title>gnuplot</title>
    <desc>Produced by GNUPLOT</desc>
    <g id="canvas"><title>depth 1</title><path id='gpPt1' d='M0,0'/>
    <use xlink:href='#gpPt1' fill='url(#shade)'/><text>see id='x' and url(#y)</text></g>
    </svg>

    """

private func attempt(
    _ index: Int, _ outcome: String, cause: String? = nil, host: String = "node1", cpu: String = "CPU",
    kernel: String = "Haswell", measuring: Double? = nil, commit: String? = nil
) -> [UInt8] {
    var members: [String: JSONValue] = [
        "index": JSONValue(index), "outcome": .string(outcome), "host": .string(host), "cpu": .string(cpu),
        "blas_kernel": .string(kernel), "seconds": JSONValue(2), "start_unix_ms": JSONValue(1000),
        "peak_memory_bytes": JSONValue(3_000_000), "axes": .object(["beta": .number(0.1)]),
    ]
    if let commit { members["commit"] = .string(commit) }
    if let cause { members["cause"] = .string(cause) }
    if let measuring { members["measuring_seconds"] = .number(measuring) }
    return Array(JSONValue.object(members).canonicalText.utf8)
}

private func page(_ spec: SweepSpec, _ outcome: ReportOutcome, _ provenance: RunProvenance? = nil)
    -> ReportPage
{
    ReportPage(spec: spec, outcome: outcome, provenance: provenance, version: "1.2", commit: "abc")
}

private func page(_ records: SyntheticRecords, provenance: RunProvenance? = nil, svg: String? = nil) throws
    -> ReportPage
{
    let outcome = try withFolder { try report(records, in: $0) }
    let names = svg == nil ? [] : records.spec.figures.map(\.name)
    let drawn = ReportOutcome(
        records: outcome.records, diverged: outcome.diverged, tables: outcome.tables,
        scripts: outcome.scripts,
        pictures: names.flatMap { name in
            [".pdf", "-latex.tex", "-latex.pdf"].map { "figures/\(name)\($0)" }
        }, drawing: .nothingToDraw,
        svgs: Dictionary(uniqueKeysWithValues: names.map { ($0, svg ?? "") }),
        figureData: outcome.figureData, summary: outcome.summary,
        trials: outcome.trials)
    return page(records.spec, drawn, provenance)
}

private func page(_ figures: String, provenance: RunProvenance? = nil, svg: String? = nil) throws
    -> ReportPage
{
    try page(SyntheticRecords(spec: .small(figures: figures)), provenance: provenance, svg: svg)
}

/// Well-formed as XML, ids unique, and only void elements empty without an end tag, which HTML would not see.
private func checkForm(_ html: String, _ location: SourceLocation = #_sourceLocation) throws {
    final class Reader: NSObject, XMLParserDelegate {
        var ids: [String] = []
        var open: [String] = []
        func parser(
            _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
            attributes: [String: String] = [:]
        ) {
            open.append(name)
            if let id = attributes["id"] { ids.append(id) }
        }
    }
    let reader = Reader()
    let parser = XMLParser(data: Data(html.utf8))
    parser.delegate = reader
    #expect(
        parser.parse(), "line \(parser.lineNumber): \(parser.parserError as Any)", sourceLocation: location)
    #expect(reader.open.first == "html" && reader.open.contains("footer"), sourceLocation: location)
    #expect(Set(reader.ids).count == reader.ids.count, "\(reader.ids)", sourceLocation: location)
    let outside = html.replacing(/(?s)<svg.*?<\/svg>/, with: "")
    for match in outside.matches(of: /<([a-z0-9]+)[^<>]*\/>/) {
        #expect(["meta", "br"].contains(match.output.1), sourceLocation: location)
    }
}
