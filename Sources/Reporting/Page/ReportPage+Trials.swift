import Sweep
import Text

/// The list of trials with its parallel coordinates. The page's script makes both from the data here.
extension ReportPage {
    var trials: HTML {
        let trials = outcome.trials
        guard !trials.rows.isEmpty else { return .nothing }
        let isCut = trials.records > trials.rows.count
        let note: [HTML] = [
            "Drag along an axis to keep the trials with these values, and click it to keep all again. The list ",
            "below follows. Only the last layer is shown. ",
            isCut
                ? "\(groupedDigits(trials.rows.count)) evenly spaced trials of \(groupedDigits(trials.records)). "
                : "",
        ]
        return .line(
            "section", ["id": "trials"], .newline, .line("h2", "Trials"),
            .line("noscript", .paragraph("The list of trials needs JavaScript.")),
            .paragraph(note.joined(), class: "hint"),
            .line("div", ["id": "parallel"]), .line("div", ["id": "trial-list"]),
            HTML(markup: "<script type=\"application/json\" id=\"trial-data\">"),
            HTML(data: trials.json(text: valueText)), HTML(markup: "</script>\n"))
    }

    /// The page's script, as an element.
    var scriptElement: HTML { HTML(markup: "<script>\(ReportPage.guardedScript)</script>\n") }

    /// The content policy: the page's own script runs, as its digest shows, and nothing else. Nothing is loaded.
    static let contentPolicy =
        "default-src 'none'; style-src 'unsafe-inline'; "
        + "script-src 'sha256-\(Digest(of: guardedScript).base64)'; base-uri 'none'; form-action 'none'"

    /// In a CDATA section, so that the page is well-formed XML, too.
    private static let guardedScript =
        "//<![CDATA[\n\"use strict\";\n" + [tableScript, trialScript, figureScript].joined(separator: "\n")
        + "//]]>"
}

extension PageTrials {
    /// - Parameter text: returns the text of a value that isn't a number.
    fileprivate func json(text: (JSONValue) -> String) -> JSONValue {
        func shown(_ value: JSONValue) -> JSONValue {
            value.number == nil ? .string(HTML.visible(text(value))) : value
        }
        let rows = rows.map { row in
            JSONValue.array(
                [.string(String(row.trial.prefix(8))), .bool(row.isMeasured)] + row.axes.map(shown)
                    + row.numbers.map { $0.map { .number($0.rounded(toDigits: 6)) } ?? .null })
        }
        return .object([
            "axes": .array(paths.map(JSONValue.string)), "metrics": .array(metrics.map(JSONValue.string)),
            "rows": .array(rows),
        ])
    }
}
