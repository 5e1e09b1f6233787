import Sweep
import Text

/// The verdicts on the sweep's claims.
extension ReportPage {
    /// Nothing where the sweep has no claims.
    var claims: HTML {
        guard !outcome.claims.isEmpty else { return .nothing }
        let rows = outcome.claims.map { claim -> [HTML] in
            let kind: String? =
                switch claim.verdict {
                case .holds: nil
                case .doesNotHold: "bad"
                case .undecided: "warn"
                }
            return [
                HTML(String(claim.number)), HTML(claim.text),
                .element("b", ["class": kind], HTML(claim.verdict.rawValue)),
                HTML("\(claim.count(.holds)) of \(claim.cells.count)"), HTML(claim.reason),
            ]
        }
        let table = table(
            ["", "claim", "verdict", "cells that hold", "decided by"], label: "Claims", isSortable: false,
            rows)
        return section(
            "claims", "Claims",
            .paragraph(
                "By 95 % intervals over seeds: \(outcome.claims.summary). All cells are in ",
                .link("claims-cells.csv", to: "tables/claims-cells.csv"), "."), table)
    }
}
