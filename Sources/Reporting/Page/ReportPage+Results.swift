import Sweep
import Text

/// The results: figures, means over seeds, failures.
extension ReportPage {
    var figures: HTML {
        guard !spec.figures.isEmpty else {
            return section("figures", "Figures", .paragraph("The sweep has no figures."))
        }
        var content = HTML.nothing
        if outcome.drawing == .gnuplotMissing {
            content += .paragraph(
                "Not drawn: gnuplot was not installed (Debian: ", .code("apt install gnuplot-nox"),
                "); then ", .code("ranksweep figures ."), " in this page’s folder draws them.", class: "note")
        }
        content += spec.figures.map(figure).joined()
        return section("figures", "Figures", content)
    }

    private func figure(_ figure: FigureSpec) -> HTML {
        let title = figure.title ?? figure.name
        var links: [HTML] = []
        for format in FigureFormat.allCases {
            for ending in format.endings {
                let path = "figures/\(figure.name)\(ending)"
                let label = format == .latex ? String(ending.dropFirst()) : format.rawValue.uppercased()
                if outcome.pictures.contains(path) { links.append(.link(label, to: path)) }
            }
        }
        links.append(.link("table", to: "tables/\(figure.name).dat"))
        for (ending, label) in [("-seeds", "seeds"), ("-fall", "falls"), ("-phases", "phases")] {
            let name = figure.name + ending
            if outcome.tables.contains("tables/\(name).dat"),
                !spec.figures.contains(where: { $0.name == name })
            {
                links.append(.link(label, to: "tables/\(name).dat"))
            }
        }
        links.append(.link("gnuplot script", to: "figures/\(figure.name).gp"))
        // The picture has the title.
        let isDrawn = outcome.svgs[figure.name] != nil
        let caption = HTML.line(
            "figcaption", isDrawn ? .nothing : .element("h3", HTML(title)),
            .element("span", ["class": "links"], links.joined(separator: " · ")))
        return .line(
            "figure", ["id": "figure-\(figure.name)"], .newline, picture(figure, title), caption)
    }

    private func picture(_ figure: FigureSpec, _ title: String) -> HTML {
        let svg = outcome.svgs[figure.name].flatMap {
            InlineSVG($0, prefix: "\(figure.name)--", label: title)
        }
        if let svg {
            return .line(
                "div",
                [
                    "class": "picture", "tabindex": "0", "role": "region", "aria-label": title,
                    "style": svg.width.map { "--width:\($0)px" },
                ], HTML(markup: svg.markup),
                outcome.figureData[figure.name].map {
                    HTML(markup: "<script type=\"application/json\" class=\"figure-data\">")
                        + HTML(data: $0) + HTML(markup: "</script>")
                } ?? .nothing)
        }
        if case .failed(let failures) = outcome.drawing,
            let failure = failures.first(where: { $0.figure == figure.name })
        {
            return .paragraph("Not drawn: \(failure.why)", class: "note")
        }
        if outcome.drawing == .gnuplotMissing { return .nothing }
        return .paragraph("Not drawn: no record has a number for it yet.", class: "note")
    }

    var summary: HTML {
        let table = outcome.summary
        guard !table.rows.isEmpty else {
            return section("summary", "Means over seeds", .paragraph("There are no records yet."))
        }
        let cut = table.points > table.rows.count
        let note: [HTML] = [
            "Each cell is a mean over seeds ± the half width of its 95 % interval (Student’s t), rounded to ",
            "what that supports. One seed has no interval; n is shown if fewer seeds have a number. Only the last ",
            "layer is shown. ",
            cut
                ? "The first \(table.rows.count) of \(counted(table.points, "point")); all, with all layers: "
                : "All layers, and all digits: ",
            .link(outcome.summaryPath, to: outcome.summaryPath), ".",
        ]
        // An axis with one value doesn't distinguish rows; the list below shows it.
        let kept = table.paths.indices.filter { index in
            spec.axes.contains { $0.path == table.paths[index] }
                || Set(table.rows.map { $0.axes[index].canonicalText }).count > 1
        }
        let columns = kept.map { index in axisTexts(table.rows.map { $0.axes[index] }) }
        let hasDiverged = table.rows.contains { $0.diverged > 0 }
        let hasFailed = table.rows.contains { $0.failed > 0 }
        let rows = table.rows.enumerated().map { position, row -> [HTML] in
            var cells = columns.map { $0[position] }
            cells += row.samples.map { sample in
                guard let sample, let text = sample.pageText else { return "–" }
                return sample.count < row.measured ? "\(text), n = \(sample.count)" : text
            }
            cells.append(groupedDigits(row.measured))
            if hasDiverged { cells.append(groupedDigits(row.diverged)) }
            if hasFailed { cells.append(groupedDigits(row.failed)) }
            return cells.map { HTML($0) }
        }
        let heads =
            kept.map { table.paths[$0] } + table.metrics + ["seeds"] + (hasDiverged ? ["diverged"] : [])
            + (hasFailed ? ["failed"] : [])
        return section(
            "summary", "Means over seeds", .paragraph(note.joined()),
            self.table(heads, numeric: kept.count, label: "Means over seeds", isSortable: true, rows))
    }

    /// An axis's values: numbers to four digits, where these distinguish them.
    private func axisTexts(_ values: [JSONValue]) -> [String] {
        let exact = values.map { valueText($0) }
        let short = values.map { shortText($0) }
        return Set(exact).count == Set(short).count ? short : exact
    }

    func shortText(_ value: JSONValue) -> String { value.number.map(fourDigits) ?? valueText(value) }

    var failures: HTML {
        guard let provenance, provenance.failures + provenance.conflicts > 0 else { return .nothing }
        var content = HTML.paragraph(
            "\(counted(provenance.failures, "attempt")) failed. A trial is tried again; one that keeps ",
            "failing is quarantined.")
        if provenance.quarantined > 0 {
            content += .paragraph(
                "To try those again, in this page’s folder: ",
                .code("ranksweep resume . --retry quarantined"))
        }
        let causes = provenance.causes
        if !causes.isEmpty {
            let rows = causes.prefix(50).map { cause -> [HTML] in
                let trial = cause.trial.map { "trial \($0)" } ?? "a trial"
                let host = cause.host.isEmpty ? "" : " on \(cause.host)"
                let axes = (cause.axes.object ?? [:]).sorted { $0.key < $1.key }.map {
                    "\($0.key) \(shortText($0.value))"
                }
                return [
                    HTML(groupedDigits(cause.count)), .element("span", ["class": "long"], HTML(cause.text)),
                    .element(
                        "div", ["class": "long"], "\(trial)\(host)", .void("br", [:]),
                        .element("small", HTML(axes.joined(separator: ", "))),
                        cause.log.isEmpty
                            ? .nothing
                            : .line(
                                "pre", ["class": "scroll", "tabindex": "0"],
                                .code(cause.log.joined(separator: "\n")))),
                ]
            }
            content += table(["attempts", "message", "for one"], label: "Failures by message", rows)
            if causes.count > 50 {
                content += .paragraph("And \(counted(causes.count - 50, "other message")).")
            }
        }
        if provenance.conflicts > 0 {
            content += .paragraph(
                "\(counted(provenance.conflicts, "attempt")) brought another record than the one that was ",
                "there, which stays: look for workers with different processors or programs.", class: "note")
        }
        return section("failures", "Failures", content)
    }

    /// A value in readable form: texts without quotes.
    func valueText(_ value: JSONValue) -> String {
        switch value {
        case .number(let number): JSONValue.text(of: number)
        case .string(let text): text
        case .null: "–"
        case .array: value.indentedText()
        default: value.canonicalText
        }
    }
}
