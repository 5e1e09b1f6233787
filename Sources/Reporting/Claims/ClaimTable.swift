import Files
import Text

/// Writes `claims.csv` with a row for each claim, and `claims-cells.csv` with a row for each of its cells.
enum ClaimTable {
    static let names = ["claims.csv", "claims-cells.csv"]

    static func write(_ claims: [ClaimOutcome], in folder: String) throws(FileError) {
        let numbers = ["n", "mean", "ci95_low", "ci95_high", "limit", "cell"]
        let whole = try CSVFile(
            "\(folder)/\(names[0])",
            columns: ["claim", "text", "verdict", "cells", "holds", "does_not_hold", "undecided"] + numbers)
        let single = try CSVFile("\(folder)/\(names[1])", columns: ["claim", "verdict"] + numbers)
        for claim in claims {
            let number = JSONValue(claim.number)
            let counts = [Verdict.holds, .doesNotHold, .undecided].map { JSONValue(claim.count($0)) }
            let head: [JSONValue?] = [
                number, .string(claim.text), .string(claim.verdict.rawValue), JSONValue(claim.cells.count),
            ]
            let decisive = claim.decisive.map { cells(claim.cells[$0]) } ?? numbers.map { _ in nil }
            try whole.write(head + counts + decisive)
            for cell in claim.cells {
                try single.write([number, .string(cell.verdict.rawValue)] + cells(cell))
            }
        }
        try whole.commit()
        try single.commit()
    }

    private static func cells(_ cell: ClaimOutcome.Cell) -> [JSONValue?] {
        [
            JSONValue(cell.seeds), .number(cell.mean), cell.low.map(JSONValue.number),
            cell.high.map(JSONValue.number), .string(cell.limit),
            cell.placeText.isEmpty ? nil : .string(cell.placeText),
        ]
    }
}

extension [ClaimOutcome] {
    /// "3 hold, 1 does not hold, 1 is undecided".
    public var summary: String {
        func count(_ verdict: Verdict) -> Int { self.count { $0.verdict == verdict } }
        let (holds, fails, open) = (count(.holds), count(.doesNotHold), count(.undecided))
        return "\(holds) \(holds == 1 ? "holds" : "hold"), \(fails) \(fails == 1 ? "does" : "do") not hold, "
            + "\(open) \(open == 1 ? "is" : "are") undecided"
    }

    /// All claims as JSON, for programs.
    public var json: JSONValue {
        .array(
            map { claim in
                var members: [String: JSONValue] = [
                    "claim": JSONValue(claim.number), "text": .string(claim.text),
                    "verdict": .string(claim.verdict.rawValue), "reason": .string(claim.reason),
                ]
                members["cells"] = .array(
                    claim.cells.map { cell in
                        var members: [String: JSONValue] = [
                            "axes": .object(
                                Dictionary(cell.place.map { ($0.path, $0.value) }) { first, _ in first }),
                            "n": JSONValue(cell.seeds), "mean": .number(cell.mean),
                            "limit": .string(cell.limit), "verdict": .string(cell.verdict.rawValue),
                        ]
                        members["ci95_low"] = cell.low.map(JSONValue.number)
                        members["ci95_high"] = cell.high.map(JSONValue.number)
                        return .object(members)
                    })
                return .object(members)
            })
    }
}
