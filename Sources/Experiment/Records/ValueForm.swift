/// The form of a JSON value: what a record may hold at a place.
indirect enum ValueForm: Equatable, Sendable {
    case number(ClosedRange<Double>, orNull: Bool)
    case flag
    case word(String)
    /// So many values of one form.
    case list(ClosedRange<Int>, ValueForm)
    /// One value for each of these forms.
    case tuple([ValueForm])
    /// Sorted by key.
    case object([Member])
    /// Objects, ascending by their member `step`, which is one of `steps` where these are known: all of the steps, or the
    /// first ones.
    case trace(steps: [Int]?, counts: ClosedRange<Int>, entry: ValueForm)
    /// The step of a trace's entry.
    case step

    struct Member: Equatable, Sendable {
        let key: [UInt8]
        let form: ValueForm
        let isRequired: Bool
    }

    /// - Parameter optional: keys that may be missing.
    static func object(_ members: [String: ValueForm], optional: Set<String> = []) -> ValueForm {
        .object(
            members.map { Member(key: Array($0.utf8), form: $1, isRequired: !optional.contains($0)) }
                .sorted { $0.key.lexicographicallyPrecedes($1.key) })
    }

    static let anyNumber = ValueForm.number(
        -Double.greatestFiniteMagnitude...Double.greatestFiniteMagnitude, orNull: false)

    /// The most bytes that a value of the form has as canonical JSON.
    var maxBytes: Int {
        switch self {
        // "-1.2345678901234567e-308"
        case .number, .step: 24
        case .flag: 5
        case .word(let word): word.utf8.count + 2
        case .list(let counts, let form):
            2 + ValueForm.product(counts.upperBound, form.maxBytes + 1)
        case .tuple(let forms): 2 + forms.reduce(0) { ValueForm.sum($0, $1.maxBytes + 1) }
        case .object(let members):
            2 + members.reduce(0) { ValueForm.sum($0, $1.key.count + 4 + $1.form.maxBytes) }
        case .trace(_, let counts, let entry):
            2 + ValueForm.product(counts.upperBound, entry.maxBytes + 1)
        }
    }

    /// No record comes near this many bytes.
    private static let ceiling = 1 << 40

    private static func sum(_ a: Int, _ b: Int) -> Int { min(ceiling, a + b) }

    private static func product(_ a: Int, _ b: Int) -> Int {
        let (product, overflow) = a.multipliedReportingOverflow(by: b)
        return overflow ? ceiling : min(ceiling, product)
    }
}
