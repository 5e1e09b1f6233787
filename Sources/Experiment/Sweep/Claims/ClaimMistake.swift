import Text

/// Why a claim can't be decided.
public enum ClaimMistake: Equatable, Sendable {
    case repeatedText(first: SweepError.Location?)
    case noRelation
    case twoRelations(String, String)
    case cannotHave(String, with: String)
    case withinNotTwo
    case withinNotAscending(Double, Double)
    case badAmount(String)
    case badReference(String)
    case seedIsAveraged
    case unknownValue(String, axis: String, nearest: String)
    case otherVaries(String)
    case fixesAndFollows(String)
    case onlyNumbersForSlopes
    case noDirection

    var words: String {
        switch self {
        case .repeatedText: "two claims have the same text"
        case .noRelation:
            "expected what is claimed: one of \(listed(ClaimReader.relations, "or"))"
        case .twoRelations(let one, let other):
            "a claim says one thing: '\(one)' and '\(other)' are two; write two claims"
        case .cannotHave(let key, let relation): "'\(key)' has no meaning with '\(relation)'"
        case .withinNotTwo: "[low, high] is due, or {of: …, by: …}"
        case .withinNotAscending(let low, let high):
            "the low end \(numberText(low)) is above the high end \(numberText(high))"
        case .badAmount(let found):
            "expected a number of at least 0, or a percentage such as 5%, found \(found)"
        case .badReference(let found):
            "expected a number, theory, or another selection, such as {at: {depth: 2}}, found \(found)"
        case .seedIsAveraged: "seed cannot be used here: a claim is about all seeds"
        case .unknownValue(let text, let axis, let nearest):
            "\(text) is no value of \(axis); the nearest is \(nearest)"
        case .otherVaries(let path):
            "the other selection has several values of \(path), and this one doesn't vary with it: give one under 'at'"
        case .fixesAndFollows(let path): "\(path) cannot be both followed and given under 'at'"
        case .onlyNumbersForSlopes: "a slope is compared with numbers only"
        case .noDirection: "expected 'direction: rising' or 'direction: falling' beside 'monotone_in'"
        }
    }
}
