import Files
import Records
import Sweep
import Text

/// `report.html`: the page of a run, which needs no other file. Pure: equal inputs give equal bytes.
public struct ReportPage: Equatable, Sendable {
    /// The sweep that was run.
    public let spec: SweepSpec
    /// The report's outcome: the files written, and a summary of the points.
    public let outcome: ReportOutcome
    /// The machines and programs that ran the trials; nil where unknown.
    public let provenance: RunProvenance?
    /// The version of the program that writes the page.
    public let version: String
    /// The commit of the program that writes the page.
    public let commit: String

    /// Keeps the inputs; `html` makes the page from them.
    public init(
        spec: SweepSpec, outcome: ReportOutcome, provenance: RunProvenance?, version: String, commit: String
    ) {
        self.spec = spec
        self.outcome = outcome
        self.provenance = provenance
        self.version = version
        self.commit = commit
    }

    /// Writes the page, whole or not at all.
    public func write(to path: String) throws(FileError) { try writeFile(html.utf8, to: path) }

    /// The page's text.
    public var html: String {
        let head: [HTML] = [
            .void("meta", ["charset": "utf-8"]),
            .void("meta", ["name": "viewport", "content": "width=device-width, initial-scale=1"]),
            // Text in the page runs nothing and loads nothing, wherever it came from.
            .void(
                "meta",
                [
                    "http-equiv": "Content-Security-Policy",
                    "content": ReportPage.contentPolicy,
                ]),
            .void("meta", ["name": "generator", "content": "ranksweep \(version)"]),
            .void("meta", ["name": "color-scheme", "content": "light dark"]),
            .element("title", HTML("\(spec.name) – ranksweep")),
            .element("style", HTML(markup: ReportPage.style)),
        ]
        let main = [figures, claims, summary, trials, failures, sweep, provenanceSection, again]
        let document = HTML.element(
            "html", ["lang": "en"], .newline,
            .element("head", .newline, head.joined(separator: .newline), .newline), .newline,
            .element(
                "body", .newline, header, .element("main", .newline, main.joined()), .newline, footer,
                scriptElement),
            .newline)
        return "<!DOCTYPE html>\n\(document.source)\n"
    }

    // MARK: - Header

    var total: Int { spec.grid.count }
    var quarantined: Int { provenance?.quarantined ?? 0 }

    private var header: HTML {
        let done = outcome.records + quarantined
        let state =
            done >= total
            ? "all \(counted(total, "trial")) have their outcome"
            : "\(groupedDigits(done)) of \(counted(total, "trial")) have their outcome: a part of the sweep"
        var tiles = [tile(outcome.records - outcome.diverged, "measured", nil)]
        tiles.append(tile(outcome.diverged, "diverged", outcome.diverged > 0 ? "warn" : nil))
        if provenance != nil {
            tiles.append(tile(quarantined, "quarantined", quarantined > 0 ? "bad" : nil))
        }
        if done < total { tiles.append(tile(total - done, "without an outcome", "warn")) }
        if let conflicts = provenance?.conflicts, conflicts > 0 {
            tiles.append(tile(conflicts, conflicts == 1 ? "unequal duplicate" : "unequal duplicates", "bad"))
        }
        let sentence = "\(state.prefix(1).uppercased())\(state.dropFirst())"
        return .element(
            "header", .newline, .line("h1", HTML(spec.name)),
            .paragraph("\(sentence). Sweep digest ", .code(spec.digest)),
            .line("ul", ["class": "tiles"], tiles.joined()))
    }

    private func tile(_ count: Int, _ words: String, _ kind: String?) -> HTML {
        .element("li", ["class": kind], .element("b", HTML(groupedDigits(count))), " \(words)")
    }

    private var footer: HTML {
        var files = ["sweep.json", "records.ndjson"]
        if provenance != nil { files.append("provenance.ndjson") }
        return .line(
            "footer",
            .paragraph(
                "Written by ranksweep \(version), commit \(commit). Everything here is in the files beside ",
                "this page: ", files.map { .link($0, to: $0) }.joined(separator: ", "), "."))
    }

    // MARK: - Parts

    func section(_ id: String, _ title: String, _ content: HTML...) -> HTML {
        .line("section", ["id": id], .newline, .line("h2", HTML(title)), content.joined())
    }

    /// A table that scrolls horizontally where the page is narrow.
    ///
    /// - Parameters:
    ///   - numeric: index of the first column of numbers, which are right-aligned from there on.
    ///   - isSortable: whether the page's script adds sorting, filters and a search.
    func table(
        _ heads: [String], numeric: Int = .max, label: String, isSortable: Bool = false, _ rows: [[HTML]]
    ) -> HTML {
        let head = heads.enumerated().map { index, text in
            HTML.element("th", ["scope": "col", "class": index >= numeric ? "n" : nil], HTML(text))
        }
        let body = rows.map { row in
            let cells = row.enumerated().map { index, cell in
                HTML.element("td", ["class": index >= numeric ? "n" : nil], cell)
            }
            return HTML.line("tr", cells.joined())
        }
        let table = HTML.element(
            "table", .line("thead", .element("tr", head.joined())), .element("tbody", body.joined()))
        return .line(
            "div",
            [
                "class": isSortable ? "scroll sortable" : "scroll", "tabindex": "0", "role": "region",
                "aria-label": label, "data-numeric": isSortable ? String(numeric) : nil,
            ], table)
    }
}
