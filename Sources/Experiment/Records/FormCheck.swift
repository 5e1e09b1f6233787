import Text

/// Where and why a value doesn't match its form.
struct FormFault: Error {
    /// The keys and indices to the value, outermost first.
    var path: [String] = []
    var why: String

    /// The path and the reason, as in "metrics.local_rank.0.1.mean: 999 numbers, and 2 are due".
    var text: String { path.isEmpty ? why : "\(path.joined(separator: ".")): \(why)" }
}

/// Checks canonical JSON against a form without creating its values. The recursion is never deeper than the
/// form, whatever the text.
struct FormCheck {
    private let bytes: [UInt8]
    private var position = 0
    /// The step that the trace's next entry must have; nil: any step after the last one.
    private var dueStep: Int?
    private var lastStep = -1
    /// Numbers that are known already, in order, and the index of the next.
    private let fractions: [(range: Range<Int>, number: Double)]
    private var nextFraction = 0

    /// - Parameter bytes: canonical JSON.
    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        fractions = []
    }

    /// A check of a whole object, whose numbers aren't parsed again.
    init(_ object: CanonicalObject) {
        bytes = object.bytes
        fractions = object.fractions
    }

    /// Why the whole text doesn't match the form; nil where it does.
    mutating func fault(_ form: ValueForm) -> String? {
        do throws(FormFault) {
            try check(form)
            guard position == bytes.count else { throw FormFault(why: "more text after the value") }
            return nil
        } catch { return error.text }
    }

    private mutating func check(_ form: ValueForm) throws(FormFault) {
        switch form {
        case .number(let range, let orNull):
            if orNull, take(word: "null") { return }
            let number = try number()
            guard range.contains(number) else {
                throw FormFault(
                    why: "\(JSONValue.text(of: number)) is not within \(FormCheck.text(of: range))")
            }
        case .flag:
            guard take(word: "true") || take(word: "false") else {
                throw FormFault(why: "expected true or false")
            }
        case .word(let word):
            guard take(quote), take(word: word), take(quote) else {
                throw FormFault(why: "expected '\(word)'")
            }
        case .list(let counts, let form):
            let count = try list { (check, index) throws(FormFault) in
                guard index < counts.upperBound else { throw FormCheck.tooMany(counts) }
                try check.check(form)
            }
            guard counts.contains(count) else { throw FormCheck.tooFew(count, counts) }
        case .tuple(let forms):
            let due = forms.count...forms.count
            let count = try list { (check, index) throws(FormFault) in
                guard index < forms.count else { throw FormCheck.tooMany(due) }
                try check.check(forms[index])
            }
            guard count == forms.count else { throw FormCheck.tooFew(count, due) }
        case .object(let members): try object(members)
        case .trace(let steps, let counts, let entry): try trace(steps, counts, entry)
        case .step: try step()
        }
    }

    // MARK: - Traces

    private mutating func trace(
        _ steps: [Int]?, _ counts: ClosedRange<Int>, _ entry: ValueForm
    ) throws(FormFault) {
        lastStep = -1
        let count = try list { (check, index) throws(FormFault) in
            guard index < counts.upperBound else { throw FormCheck.tooMany(counts) }
            check.dueStep = steps.map { $0[index] }
            try check.check(entry)
        }
        guard counts.contains(count) else { throw FormCheck.tooFew(count, counts) }
    }

    private mutating func step() throws(FormFault) {
        guard let step = Int(exactly: try number()), step >= 0 else {
            throw FormFault(why: "expected a whole number of steps")
        }
        if let dueStep, step != dueStep { throw FormFault(why: "expected step \(dueStep), found \(step)") }
        guard step > lastStep else { throw FormFault(why: "\(step) comes after step \(lastStep)") }
        lastStep = step
    }

    // MARK: - Objects and lists

    private mutating func object(_ members: [ValueForm.Member]) throws(FormFault) {
        guard take(UInt8(ascii: "{")) else { throw FormFault(why: "expected an object") }
        var index = 0
        func missing(_ member: ValueForm.Member) -> FormFault {
            FormFault(why: "'\(String(decoding: member.key, as: UTF8.self))' is missing")
        }
        if !take(UInt8(ascii: "}")) {
            repeat {
                let key = try key()
                while index < members.count, !bytes[key].elementsEqual(members[index].key) {
                    guard bytes[key].lexicographicallyPrecedes(members[index].key) == false else { break }
                    if members[index].isRequired { throw missing(members[index]) }
                    index += 1
                }
                guard index < members.count, bytes[key].elementsEqual(members[index].key) else {
                    throw FormFault(why: "'\(FormCheck.shown(bytes[key]))' is not one of this trial's keys")
                }
                do throws(FormFault) { try check(members[index].form) } catch {
                    var fault = error
                    fault.path.insert(String(decoding: members[index].key, as: UTF8.self), at: 0)
                    throw fault
                }
                index += 1
            } while take(UInt8(ascii: ","))
            guard take(UInt8(ascii: "}")) else { throw FormFault(why: "an object breaks off") }
        }
        while index < members.count {
            if members[index].isRequired { throw missing(members[index]) }
            index += 1
        }
    }

    /// Passes over a list: `element` passes over each element. Returns the number of elements.
    private mutating func list(
        _ element: (inout FormCheck, Int) throws(FormFault) -> Void
    ) throws(FormFault) -> Int {
        guard take(UInt8(ascii: "[")) else { throw FormFault(why: "expected a list") }
        if take(UInt8(ascii: "]")) { return 0 }
        var count = 0
        repeat {
            try element(&self, count)
            count += 1
        } while take(UInt8(ascii: ","))
        guard take(UInt8(ascii: "]")) else { throw FormFault(why: "a list breaks off") }
        return count
    }

    /// Passes over an object's next key and its colon. Returns the key's range. Keys in our canonical JSON
    /// have no escapes.
    private mutating func key() throws(FormFault) -> Range<Int> {
        guard take(quote) else { throw FormFault(why: "expected a key") }
        let start = position
        while position < bytes.count, bytes[position] != quote { position += 1 }
        let key = start..<position
        guard take(quote), take(UInt8(ascii: ":")) else {
            throw FormFault(why: "an object breaks off")
        }
        return key
    }

    // MARK: - Tokens

    private mutating func take(_ byte: UInt8) -> Bool {
        guard position < bytes.count, bytes[position] == byte else { return false }
        position += 1
        return true
    }

    private mutating func take(word: String) -> Bool {
        guard bytes[position...].starts(with: word.utf8) else { return false }
        position += word.utf8.count
        return true
    }

    private mutating func number() throws(FormFault) -> Double {
        let start = position
        if nextFraction < fractions.count, fractions[nextFraction].range.lowerBound == start {
            defer { nextFraction += 1 }
            position = fractions[nextFraction].range.upperBound
            return fractions[nextFraction].number
        }
        while position < bytes.count, FormCheck.isOfNumber(bytes[position]), position - start < 32 {
            position += 1
        }
        let digits = bytes[start..<position]
        // Fast path: most numbers are small and whole.
        if (1...15).contains(digits.count), digits.allSatisfy({ (0x30...0x39).contains($0) }) {
            return Double(digits.reduce(0) { 10 * $0 + Int($1 - 0x30) })
        }
        guard let number = Double(String(decoding: digits, as: UTF8.self)), number.isFinite else {
            throw FormFault(why: "expected a number")
        }
        return number
    }

    private static func isOfNumber(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, UInt8(ascii: "."), UInt8(ascii: "e"), UInt8(ascii: "+"), UInt8(ascii: "-"): true
        default: false
        }
    }

    // MARK: - Wording

    private static func text(of range: ClosedRange<Double>) -> String {
        let largest = Double.greatestFiniteMagnitude
        return "\(range.lowerBound == -largest ? "−∞" : JSONValue.text(of: range.lowerBound)) … "
            + (range.upperBound == largest ? "∞" : JSONValue.text(of: range.upperBound))
    }

    private static func tooMany(_ counts: ClosedRange<Int>) -> FormFault {
        FormFault(why: "more than \(counts.upperBound) \(counts.upperBound == 1 ? "value" : "values")")
    }

    private static func tooFew(_ count: Int, _ counts: ClosedRange<Int>) -> FormFault {
        FormFault(
            why:
                "expected \(counts.lowerBound) \(counts.lowerBound == 1 ? "value" : "values"), found \(count)"
        )
    }

    /// The start of a peer's text, for messages.
    private static func shown(_ bytes: ArraySlice<UInt8>) -> String {
        String(decoding: bytes.prefix(40), as: UTF8.self) + (bytes.count > 40 ? "…" : "")
    }
}

private let quote = UInt8(ascii: "\"")
