import Text

/// The names that a condition may use: the axes, with their values.
struct ConditionAxes {
    enum Values {
        case numbers(AxisValues)
        case texts([String])
        case other
    }
    let values: [String: Values]
    /// The file's own axes. A condition may name a value that `quick` or an override removed.
    private let ofFile: [String: Values]
    /// Axis paths in order, for suggestions.
    let paths: [String]

    init(_ axes: [Axis], ofFile: [Axis] = []) {
        paths = axes.map(\.path)
        var values: [String: Values] = [:]
        for axis in axes { values[axis.path] = ConditionAxes.type(of: axis) }
        self.values = values
        var before: [String: Values] = [:]
        for axis in ofFile { before[axis.path] = ConditionAxes.type(of: axis) }
        self.ofFile = before
    }

    /// Whether a constant is a value of the current axis.
    func isValue(_ constant: Condition.Operand, of path: String) -> Bool {
        ConditionAxes.has(constant, values[path])
    }

    /// Whether a constant is a value of an axis, either currently or in the file.
    func isKnown(_ constant: Condition.Operand, of path: String) -> Bool {
        ConditionAxes.has(constant, values[path]) || ConditionAxes.has(constant, ofFile[path])
    }

    private static func has(_ constant: Condition.Operand, _ values: Values?) -> Bool {
        switch (constant, values) {
        case (.number(let number), .numbers(let values)?): values.nearest(to: number) == number
        case (.text(let text), .texts(let texts)?): texts.contains(text)
        default: false
        }
    }

    private static func type(of axis: Axis) -> Values {
        guard case .list(let list) = axis.values else { return .numbers(axis.values) }
        if list.allSatisfy({ $0.number != nil }) { return .numbers(axis.values) }
        let texts = list.compactMap(conditionText)
        return texts.count == list.count ? .texts(texts) : .other
    }
}

/// The text that conditions compare for a value that isn't a number: a data set's or network's name, or 'true' or 'false'.
func conditionText(_ value: JSONValue) -> String? {
    value.string ?? value["name"]?.string ?? value.bool.map { $0 ? "true" : "false" }
}

/// Parses and checks one condition.
///
///     condition := term { "or" term }          term := factor { "and" factor }
///     factor := "not" factor | "(" condition ")" | operand sign operand
struct ConditionParser {
    struct Mistake: Error {
        /// In characters from the start of the text.
        var offset: Int
        var mistake: ConditionMistake
    }

    private struct Token {
        enum TokenType: Equatable {
            case word(String), quoted(String), number(Double), sign(Condition.Operator), open, close, end
        }
        var kind: TokenType
        var offset: Int
        var text: String
    }

    /// The most bytes in a condition. Conditions are trees, which recursion walks.
    private static let limit = 4096

    private let axes: ConditionAxes
    private var tokens: [Token] = []
    private var position = 0

    static func parse(_ text: String, axes: ConditionAxes) throws(Mistake) -> Condition {
        guard text.utf8.count <= limit else { throw Mistake(offset: 0, mistake: .tooLong(limit: limit)) }
        var parser = ConditionParser(axes: axes)
        parser.tokens = try tokens(of: text)
        guard parser.tokens.count > 1 else { throw Mistake(offset: 0, mistake: .empty) }
        let condition = try parser.alternatives(depth: 0)
        let rest = parser.tokens[parser.position]
        if case .sign = rest.kind { throw Mistake(offset: rest.offset, mistake: .chained) }
        guard rest.kind == .end else { throw parser.unexpected("'and', 'or' or the end") }
        return condition
    }

    private init(axes: ConditionAxes) { self.axes = axes }

    // MARK: Grammar

    private mutating func alternatives(depth: Int) throws(Mistake) -> Condition {
        var condition = try conjunction(depth: depth)
        while take(word: "or") { condition = .or(condition, try conjunction(depth: depth)) }
        return condition
    }

    private mutating func conjunction(depth: Int) throws(Mistake) -> Condition {
        var condition = try factor(depth: depth)
        while take(word: "and") { condition = .and(condition, try factor(depth: depth)) }
        return condition
    }

    private mutating func factor(depth: Int) throws(Mistake) -> Condition {
        guard depth < 32 else { throw Mistake(offset: tokens[position].offset, mistake: .tooDeep) }
        if take(word: "not") { return .not(try factor(depth: depth + 1)) }
        guard tokens[position].kind == .open else { return try comparison() }
        position += 1
        let inner = try alternatives(depth: depth + 1)
        guard tokens[position].kind == .close else { throw unexpected("')'") }
        position += 1
        return inner
    }

    private mutating func comparison() throws(Mistake) -> Condition {
        let left = try operandToken()
        guard case .sign(let sign) = tokens[position].kind else {
            throw unexpected("a comparison (< <= > >= == !=)")
        }
        position += 1
        let right = try operandToken()
        if case .sign = tokens[position].kind {
            throw Mistake(offset: tokens[position].offset, mistake: .chained)
        }
        return try checked(left, sign, right)
    }

    private mutating func operandToken() throws(Mistake) -> Token {
        let token = tokens[position]
        switch token.kind {
        case .word(let word) where !["and", "or", "not"].contains(word): break
        case .quoted, .number: break
        default: throw unexpected("an axis, a number or a text")
        }
        position += 1
        return token
    }

    private mutating func take(word: String) -> Bool {
        guard tokens[position].kind == .word(word) else { return false }
        position += 1
        return true
    }

    private func unexpected(_ due: String) -> Mistake {
        let token = tokens[position]
        let found = token.kind == .end ? "the end" : "'\(token.text)'"
        return Mistake(offset: token.offset, mistake: .unexpected(found, due: due))
    }

    // MARK: Meaning

    /// A comparison, checked. A word is an axis if an axis has this name. It is a text if the other side is
    /// an axis of texts.
    private func checked(
        _ left: Token, _ sign: Condition.Operator, _ right: Token
    ) throws(Mistake) -> Condition {
        let (leftAxis, rightAxis) = (axis(of: left), axis(of: right))
        guard leftAxis != nil || rightAxis != nil else {
            for token in [left, right] { if case .word(let word) = token.kind { throw unknown(word, token) } }
            throw Mistake(offset: left.offset, mistake: .noAxis)
        }
        let leftOperand = try operand(left, beside: rightAxis)
        let rightOperand = try operand(right, beside: leftAxis)
        for (path, token) in [(leftAxis, left), (rightAxis, right)] {
            if let path, case .other? = axes.values[path] {
                throw Mistake(offset: token.offset, mistake: .notComparable(path))
            }
        }
        guard isText(leftOperand) == isText(rightOperand) else {
            throw Mistake(offset: left.offset, mistake: .mixesTypes(leftOperand.text, rightOperand.text))
        }
        if isText(leftOperand), sign != .equal, sign != .notEqual {
            throw Mistake(offset: left.offset, mistake: .ordersText(leftAxis ?? rightAxis ?? ""))
        }
        if sign == .equal || sign == .notEqual {
            try checkIsValue(rightOperand, of: leftAxis, right)
            try checkIsValue(leftOperand, of: rightAxis, left)
        }
        return .comparison(leftOperand, sign, rightOperand)
    }

    /// Refuses comparisons for equality with a number that the axis never has. They would keep or drop all
    /// points: the number is mistyped or rounded.
    private func checkIsValue(
        _ operand: Condition.Operand, of path: String?, _ token: Token
    ) throws(Mistake) {
        guard let path, case .number(let number) = operand, !axes.isKnown(operand, of: path),
            case .numbers(let values)? = axes.values[path]
        else { return }
        throw Mistake(
            offset: token.offset,
            mistake: .unknownNumber(token.text, axis: path, nearest: numberText(values.nearest(to: number))))
    }

    private func axis(of token: Token) -> String? {
        if case .word(let word) = token.kind, axes.values[word] != nil { word } else { nil }
    }

    private func operand(_ token: Token, beside other: String?) throws(Mistake) -> Condition.Operand {
        switch token.kind {
        case .number(let number): return .number(number)
        case .quoted(let text), .word(let text):
            if let path = axis(of: token) { return .axis(path) }
            if let other, case .texts(let texts)? = axes.values[other] {
                if axes.isKnown(.text(text), of: other) { return .text(text) }
                if let answer = Alias.answer(to: text, isKnown: texts.contains) {
                    throw Mistake(offset: token.offset, mistake: .alias(text, answer))
                }
                let suggestion = nearestSpelling(to: text, among: texts)
                throw Mistake(
                    offset: token.offset, mistake: .unknownValue(text, axis: other, suggestion: suggestion))
            }
            if case .quoted = token.kind { return .text(text) }
            throw unknown(text, token)
        default: throw unexpected("an axis, a number or a text")
        }
    }

    private func unknown(_ word: String, _ token: Token) -> Mistake {
        if let answer = Alias.answer(to: word, isKnown: Setting.isName) {
            return Mistake(offset: token.offset, mistake: .alias(word, answer))
        }
        let suggestion = nearestSpelling(to: word, among: axes.paths)
        let mistake = ConditionMistake.unknownAxis(
            word, suggestion: suggestion, isSetting: Setting[path: word] != nil)
        return Mistake(offset: token.offset, mistake: mistake)
    }

    private func isText(_ operand: Condition.Operand) -> Bool {
        switch operand {
        case .number: false
        case .text: true
        case .axis(let path): if case .texts? = axes.values[path] { true } else { false }
        }
    }

    // MARK: Tokens

    private static func tokens(of text: String) throws(Mistake) -> [Token] {
        let characters = Array(text)
        var tokens: [Token] = []
        var index = 0
        while index < characters.count {
            let start = index
            let character = characters[index]
            if character == " " || character == "\t" || character == "\n" {
                index += 1
            } else if character == "'" || character == "\"" {
                guard let end = characters[(index + 1)...].firstIndex(of: character) else {
                    throw Mistake(offset: start, mistake: .unendedQuote)
                }
                index = end + 1
                let inner = String(characters[(start + 1)..<end])
                tokens.append(Token(kind: .quoted(inner), offset: start, text: inner))
            } else if character == "(" || character == ")" {
                index += 1
                tokens.append(
                    Token(kind: character == "(" ? .open : .close, offset: start, text: String(character)))
            } else if "<>=!".contains(character) {
                while index < characters.count, "<>=!".contains(characters[index]) { index += 1 }
                let text = String(characters[start..<index])
                guard let sign = Condition.Operator(rawValue: text) else {
                    throw Mistake(
                        offset: start,
                        mistake: .unexpected("'\(text)'", due: "a comparison (< <= > >= == !=)"))
                }
                tokens.append(Token(kind: .sign(sign), offset: start, text: text))
            } else {
                while index < characters.count, !" \t\n'\"()<>=!".contains(characters[index]) { index += 1 }
                tokens.append(try word(String(characters[start..<index]), offset: start))
            }
        }
        tokens.append(Token(kind: .end, offset: characters.count, text: ""))
        return tokens
    }

    private static func word(_ text: String, offset: Int) throws(Mistake) -> Token {
        if text.utf8.first.map({ (48...57).contains($0) || [43, 45, 46].contains($0) }) ?? false {
            let scalar = YAMLNode.Scalar(text: text, quoted: false, textColumn: nil)
            guard case .success(let number) = decimalNumber(scalar) else {
                throw Mistake(offset: offset, mistake: .unexpected("'\(text)'", due: "a decimal number"))
            }
            return Token(kind: .number(number), offset: offset, text: text)
        }
        return Token(kind: .word(text), offset: offset, text: text)
    }
}
