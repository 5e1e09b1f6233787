import Text

/// The form of a JSON value in a record.
indirect enum ValueForm: Equatable, Sendable {
    case number(ClosedRange<Double>, orNull: Bool)
    case flag
    /// A text, without the quotes, as JSON writes it.
    case word(String)
    /// Values of one form; the range bounds their number.
    case list(ClosedRange<Int>, ValueForm)
    /// One value for each of these forms.
    case tuple([ValueForm])
    /// Members sorted by key.
    case object([Member])
    /// Objects in ascending order of their member `step`. Where `steps` is known, the entries have all of
    /// these steps, or the first few.
    case trace(steps: [Int]?, counts: ClosedRange<Int>, entry: ValueForm)
    /// The step of a trace's entry.
    case step

    struct Member: Equatable, Sendable {
        let key: [UInt8]
        let form: ValueForm
        let isRequired: Bool
    }

    /// An object with these members.
    ///
    /// - Parameter optional: keys that may be missing.
    static func object(_ members: [String: ValueForm], optional: Set<String> = []) -> ValueForm {
        .object(
            members.map { Member(key: Array($0.utf8), form: $1, isRequired: !optional.contains($0)) }
                .sorted { $0.key.lexicographicallyPrecedes($1.key) })
    }

    /// Any text.
    static func text(_ text: String) -> ValueForm {
        .word(String(JSONValue.string(text).canonicalText.dropFirst().dropLast()))
    }

    static let anyNumber = ValueForm.number(
        -Double.greatestFiniteMagnitude...Double.greatestFiniteMagnitude, orNull: false)

    /// The largest size in bytes of a value of this form as canonical JSON.
    var maxBytes: Int {
        switch self {
        // As long as "-1.2345678901234567e-308".
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

    /// A bound on sizes in bytes that no record comes close to; it avoids overflow.
    private static let ceiling = 1 << 40

    private static func sum(_ a: Int, _ b: Int) -> Int { min(ceiling, a + b) }

    private static func product(_ a: Int, _ b: Int) -> Int {
        let (product, overflow) = a.multipliedReportingOverflow(by: b)
        return overflow ? ceiling : min(ceiling, product)
    }
}
