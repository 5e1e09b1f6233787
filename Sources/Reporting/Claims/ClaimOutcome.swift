import Records
import Sweep
import Text

/// The verdict of the records on one claim.
public struct ClaimOutcome: Equatable, Sendable {
    /// Their verdict on it in one cell.
    public struct Cell: Equatable, Sendable {
        /// The values of the axes by which cells differ, the layer among them.
        public let place: [(path: String, value: JSONValue)]
        /// The points between which a number changes, for `monotone_in`: those that are the furthest from the claim.
        public let between: (from: Double, to: Double)?
        /// The number of seeds, or of pairs of them.
        public let seeds: Int
        /// The mean over seeds.
        public let mean: Double
        /// The low end of its 95 % interval; nil for fewer than two seeds.
        public let low: Double?
        /// The high end.
        public let high: Double?
        /// The limit for the mean, such as "> 0.975".
        public let limit: String
        /// The cell's verdict at 95 %.
        public let verdict: Verdict

        public static func == (left: Cell, right: Cell) -> Bool {
            left.place.elementsEqual(right.place, by: ==) && left.seeds == right.seeds
                && left.mean == right.mean && left.low == right.low && left.high == right.high
                && left.limit == right.limit && left.verdict == right.verdict
                && left.between?.from == right.between?.from && left.between?.to == right.between?.to
        }

        /// The place in words: "dataset mnist, layer 2"; empty if there is only one cell.
        public var placeText: String {
            var words = place.map { "\($0.path) \($0.value.string ?? $0.value.canonicalText)" }
            if let between {
                words.append("from \(JSONValue.text(of: between.from)) to \(JSONValue.text(of: between.to))")
            }
            return words.joined(separator: ", ")
        }

        /// The numbers in words: "0.981 [0.979, 0.983] > 0.975, 5 seeds".
        public var numbersText: String {
            var text = rounded(mean, digits: 4)
            if let low, let high { text += " [\(rounded(low, digits: 4)), \(rounded(high, digits: 4))]" }
            return "\(text), claimed \(limit), \(countText(seeds, "seed"))"
        }
    }

    /// The claim's number in the sweep file, from 1.
    public let number: Int
    /// The statement.
    public let text: String
    /// The verdict on all cells.
    public let verdict: Verdict
    /// All cells, in the grid's order.
    public let cells: [Cell]
    /// The index of the cell that is the furthest from the claim, or for `cells: any` the nearest; nil without cells.
    public let decisive: Int?

    /// The number of cells with a verdict, each at 95 %.
    public func count(_ verdict: Verdict) -> Int { cells.count { $0.verdict == verdict } }

    /// The decisive cell in words; says so where no record has the number.
    public var reason: String {
        guard let decisive else { return "no record has this number" }
        let cell = cells[decisive]
        guard cells.count > 1 || !cell.placeText.isEmpty else { return cell.numbersText }
        let share = cells.count > 1 ? "; holds in \(count(.holds)) of \(cells.count) cells" : ""
        return "\(cell.numbersText) (\(cell.placeText)\(share))"
    }
}

/// The numbers of a sweep's claims, collected record by record.
struct ClaimCollector {
    private var claims: [(spec: ClaimSpec, own: ClaimSamples, other: ClaimSamples?)]

    /// - Parameter specs: the sweep, or none.
    init(_ specs: [SweepSpec]) {
        claims = specs.flatMap { spec in spec.claims.map { (spec, $0) } }.map { spec, claim in
            let (reference, along) = (claim.reference, claim.relation.along)
            var other: ClaimSamples?
            if case .selection(let selection)? = reference {
                other = ClaimSamples(selection, along: along, of: spec)
            }
            let own = ClaimSamples(
                claim.selection, along: along, needsTheory: reference == .theory, of: spec)
            return (claim, own, other)
        }
    }

    mutating func add(_ record: Record) {
        for index in claims.indices {
            claims[index].own.add(record)
            claims[index].other?.add(record)
        }
    }

    var outcomes: [ClaimOutcome] {
        claims.enumerated().map { index, claim in
            ClaimJudge(claim: claim.spec, number: index + 1).outcome(claim.own, claim.other)
        }
    }
}

extension ClaimSpec {
    /// The other side of its comparison; nil where there is none.
    fileprivate var reference: Reference? {
        guard case .compares(let comparison) = relation else { return nil }
        return comparison.reference
    }
}

extension ClaimSpec.Comparison {
    var reference: ClaimSpec.Reference? {
        switch self {
        case .above(let reference, _), .below(let reference, _), .near(let reference, _): reference
        case .within: nil
        }
    }
}
