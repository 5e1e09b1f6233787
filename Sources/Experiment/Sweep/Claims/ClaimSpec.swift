import Text

/// A statement about a sweep's records that the program decides: `claims` in a sweep file (docs/claims.md).
public struct ClaimSpec: Equatable, Sendable {
    /// A number for each seed in each cell.
    public struct Selection: Equatable, Sendable {
        /// The number in the records.
        public let quantity: FigureSpec.Quantity
        /// The axes that are restricted, with the labels of the values that count; sorted by path.
        public let at: [Restriction]
        /// The entry of the trace; nil: the end of the training.
        public let step: Step?
    }

    /// The values of an axis that a selection has.
    public struct Restriction: Equatable, Sendable {
        /// The axis.
        public let path: String
        /// The labels of its values, as in records; at least one.
        public let labels: [JSONValue]
    }

    /// An entry of the trace.
    public enum Step: Equatable, Sendable {
        case first
        case last
        /// The entry of this step.
        case number(Int)
    }

    /// The direction in which a number is followed.
    public enum Along: Equatable, Sendable {
        case axis(String)
        /// Steps of the training.
        case step
        /// Layers, from 1.
        case layer
    }

    /// The other side of a comparison.
    public enum Reference: Equatable, Sendable {
        case number(Double)
        /// The closed form, or the bound.
        case theory
        case selection(Selection)
    }

    /// An amount beyond or around a reference.
    public enum Amount: Equatable, Sendable {
        case number(Double)
        /// A share of the reference's size: 0.05 for 5 %.
        case share(Double)
    }

    /// The side of a reference on which a number is claimed to be.
    public enum Comparison: Equatable, Sendable {
        /// Greater than the reference plus an amount.
        case above(Reference, by: Amount)
        /// Less than the reference minus an amount.
        case below(Reference, by: Amount)
        /// No further from the reference than an amount.
        case near(Reference, by: Amount)
        /// In a closed range.
        case within(Double, Double)
    }

    /// The logarithms in which a line is fitted.
    public enum Logarithms: String, CaseIterable, Sendable {
        case none, x, y, xy

        /// Whether it is the logarithm of x.
        public var hasX: Bool { self == .x || self == .xy }
        /// Whether it is the logarithm of y.
        public var hasY: Bool { self == .y || self == .xy }
    }

    /// The statement in terms of the number.
    public enum Relation: Equatable, Sendable {
        case compares(Comparison)
        /// The number falls after its maximum by more than an amount.
        case falls(Along, by: Amount)
        /// The number rises after its minimum by more than an amount.
        case rises(Along, by: Amount)
        /// From each point to the next, the number changes in no other direction by more than a tolerance.
        case monotone(Along, isRising: Bool, tolerance: Double)
        /// The slope of a line fitted to each seed's points.
        case slope(Along, Logarithms, Comparison)

        /// The direction in which the number is followed; nil where it isn't.
        public var along: Along? {
            switch self {
            case .compares: nil
            case .falls(let along, _), .rises(let along, _), .monotone(let along, _, _),
                .slope(let along, _, _):
                along
            }
        }
    }

    /// How many cells must hold.
    public enum Cells: String, CaseIterable, Sendable { case all, any }

    /// The statement, for people. Unique in the sweep.
    public let text: String
    /// The number that the claim is about.
    public let selection: Selection
    /// The statement about it.
    public let relation: Relation
    /// How many cells must hold.
    public let cells: Cells
}

extension ClaimSpec {
    /// The claim as in a sweep file. It reads back as an equal claim.
    var json: JSONValue {
        var members = selection.json
        members["text"] = .string(text)
        if cells == .any { members["cells"] = .string("any") }
        switch relation {
        case .compares(let comparison): members.merge(comparison.json) { $1 }
        case .falls(let along, let amount):
            members["falls_along"] = along.json
            if amount != .number(0) { members["by"] = amount.json }
        case .rises(let along, let amount):
            members["rises_along"] = along.json
            if amount != .number(0) { members["by"] = amount.json }
        case .monotone(let along, let isRising, let tolerance):
            members["monotone_in"] = along.json
            members["direction"] = .string(isRising ? "rising" : "falling")
            if tolerance != 0 { members["tolerance"] = .number(tolerance) }
        case .slope(let along, let logarithms, let comparison):
            members["slope_in"] = along.json
            if logarithms != .none { members["log"] = .string(logarithms.rawValue) }
            members.merge(comparison.json) { $1 }
        }
        return .object(members)
    }
}

extension ClaimSpec.Selection {
    fileprivate var json: [String: JSONValue] {
        var restrictions = Dictionary(uniqueKeysWithValues: at.map { ($0.path, JSONValue.array($0.labels)) })
        switch step {
        case .first?: restrictions["step"] = .string("first")
        case .last?: restrictions["step"] = .string("last")
        case .number(let number)?: restrictions["step"] = JSONValue(number)
        case nil: break
        }
        var members = ["metric": quantity.json]
        if !restrictions.isEmpty { members["at"] = .object(restrictions) }
        return members
    }
}

extension ClaimSpec.Along {
    /// The word in a sweep file, which is also the name of a table's column.
    public var word: String {
        switch self {
        case .axis(let path): path
        case .step: "step"
        case .layer: "layer"
        }
    }

    fileprivate var json: JSONValue { .string(word) }
}

extension ClaimSpec.Amount {
    fileprivate var json: JSONValue {
        switch self {
        case .number(let number): .number(number)
        case .share(let share): .string("\(JSONValue.text(of: 100 * share))%")
        }
    }
}

extension ClaimSpec.Reference {
    fileprivate var json: JSONValue {
        switch self {
        case .number(let number): .number(number)
        case .theory: .string("theory")
        case .selection(let selection): .object(selection.json)
        }
    }
}

extension ClaimSpec.Comparison {
    fileprivate var json: [String: JSONValue] {
        func value(_ reference: ClaimSpec.Reference, _ amount: ClaimSpec.Amount) -> JSONValue {
            amount == .number(0) ? reference.json : .object(["of": reference.json, "by": amount.json])
        }
        return switch self {
        case .above(let reference, let amount): ["above": value(reference, amount)]
        case .below(let reference, let amount): ["below": value(reference, amount)]
        case .near(let reference, let amount):
            ["within": .object(["of": reference.json, "by": amount.json])]
        case .within(let low, let high): ["within": JSONValue([low, high])]
        }
    }
}
