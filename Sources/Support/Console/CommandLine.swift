import Text

/// An option of a command: `--out DIR`.
public struct OptionSpec: Sendable {
    /// The option with its dashes: "--out".
    public var name: String
    /// The placeholder for its value in help; nil for a flag.
    public var value: String?
    /// A description for `--help`.
    public var help: String
    /// Whether the option may be given more than once.
    public var isRepeatable: Bool
    /// Whether help leaves the option out: only our own processes pass it.
    public var isHidden: Bool

    /// Creates an option that takes a value.
    public init(
        _ name: String, _ value: String, _ help: String, isRepeatable: Bool = false, isHidden: Bool = false
    ) {
        self.name = name
        self.value = value
        self.help = help
        self.isRepeatable = isRepeatable
        self.isHidden = isHidden
    }

    /// Creates an option without a value.
    public init(flag name: String, _ help: String, isHidden: Bool = false) {
        self.name = name
        self.help = help
        isRepeatable = false
        self.isHidden = isHidden
    }
}

/// A command's name, operands and options, with what help says about them.
public struct CommandSpec: Sendable {
    /// The full name: "ranksweep run".
    public var name: String
    /// A description of the command in one line.
    public var summary: String
    /// Names of the arguments that are not options: "SWEEP". Brackets mark a last one that may be omitted:
    /// "[NAME]". A last one that ends with "…" may be repeated.
    public var operands: [String]
    /// The options that the command takes, in the order of its help.
    public var options: [OptionSpec]
    /// Paragraphs that help shows after the options.
    public var details: String
    /// Command lines that help shows at its end.
    public var examples: [String]

    /// Creates the description of a command.
    public init(
        _ name: String, _ summary: String, operands: [String] = [], options: [OptionSpec] = [],
        details: String = "", examples: [String] = []
    ) {
        self.name = name
        self.summary = summary
        self.operands = operands
        self.options = options
        self.details = details
        self.examples = examples
    }
}

/// A command line that cannot be carried out. The program ends with exit code 2.
public struct UsageError: Error, Equatable, Sendable {
    /// The error message.
    public var message: String

    /// Creates an error with this message.
    public init(_ message: String) { self.message = message }
}

/// The operands and options of a command line, parsed by the rules of its command.
public struct Arguments: Equatable, Sendable {
    /// The arguments that are not options, in order.
    public private(set) var operands: [String] = []
    private var values: [String: [String]] = [:]
    /// Whether `--help` or `-h` is given; nothing after it is read.
    public private(set) var wantsHelp = false

    /// Parses the words of a command line.
    ///
    /// - Throws: `UsageError`, with a suggestion if a word is nearly right.
    public init(_ words: [String], for command: CommandSpec) throws(UsageError) {
        var rest = words[...]
        while let word = rest.popFirst() {
            if word == "--" {
                operands += rest
                break
            }
            if word == "--help" || word == "-h" {
                wantsHelp = true
                return
            }
            guard word.hasPrefix("-"), word != "-" else {
                operands.append(word)
                continue
            }
            let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            try readOption(String(parts[0]), parts.count > 1 ? String(parts[1]) : nil, &rest, command)
        }
        try checkOperands(command)
    }

    /// Whether the option is given.
    public func has(_ option: String) -> Bool { values[option] != nil }

    /// The option's value: the last one if it is given more than once.
    public subscript(option: String) -> String? { values[option]?.last }

    /// All values of the option, in order.
    public func all(_ option: String) -> [String] { values[option] ?? [] }

    private mutating func readOption(
        _ name: String, _ joined: String?, _ rest: inout ArraySlice<String>, _ command: CommandSpec
    ) throws(UsageError) {
        guard let option = command.options.first(where: { $0.name == name }) else {
            throw UsageError("\(command.name): \(command.unknownOption(name, joined ?? rest.first))")
        }
        if values[name] != nil, !option.isRepeatable {
            throw UsageError("\(command.name): \(name) is given twice")
        }
        guard let placeholder = option.value else {
            guard joined == nil else { throw UsageError("\(command.name): \(name) takes no value") }
            values[name] = []
            return
        }
        guard let value = joined ?? rest.popFirst(), !value.isEmpty, joined != nil || !value.hasPrefix("--")
        else {
            throw UsageError("\(command.name): \(name) needs a value: \(name) \(placeholder)")
        }
        // `--set training.lr 0.1`
        if name == command.assignment, !value.contains("="), let next = rest.first, Double(next) != nil {
            throw UsageError(
                "\(command.name): \(name) takes one word: \(name) \(command.assigned(value, next))")
        }
        values[name, default: []].append(value)
    }

    private func checkOperands(_ command: CommandSpec) throws(UsageError) {
        if operands.count < command.operands.count, !command.operands[operands.count].hasPrefix("[") {
            throw UsageError("\(command.name): \(command.operands[operands.count]) is missing")
        }
        let mayBeMore = command.operands.last?.hasSuffix("…") ?? false
        if operands.count > command.operands.count, !mayBeMore {
            throw UsageError("\(command.name): \(command.surplus(operands[command.operands.count]))")
        }
    }

    /// The option's value as a whole number, or nil if the option is not given.
    ///
    /// - Throws: `UsageError` if the value is not a whole number within `range`.
    public func integer(_ option: String, in range: ClosedRange<Int>) throws(UsageError) -> Int? {
        guard let text = self[option] else { return nil }
        guard let number = Int(text), range.contains(number) else {
            throw UsageError(
                "\(option) must be a whole number from \(range.lowerBound) to \(range.upperBound), not '\(text)'"
            )
        }
        return number
    }
}

extension CommandSpec {
    /// The option that sets a sweep's settings: `--set PATH=V1,V2`.
    fileprivate var assignment: String? { options.first { $0.value?.hasPrefix("PATH=") ?? false }?.name }

    /// "training.learning_rate=0.1" for "lr" and "0.1".
    fileprivate func assigned(_ word: String, _ value: String) -> String {
        "\(Alias.setting(for: word) ?? word)=\(value)"
    }

    /// The message about an operand that is one too many.
    fileprivate func surplus(_ operand: String) -> String {
        let message = "'\(operand)' is one argument too many"
        guard let assignment else { return message }
        // A file's name is no foreign word, whatever its ending.
        if !operand.contains("."), let answer = answer(to: operand) { return answer.message(for: operand) }
        if Double(operand) != nil {
            return message + "; several values are one word: \(assignment) PATH=V1,V2"
        }
        // Hydra's `training.lr=0.1`, `+lr=0.1`.
        let parts = operand.drop { $0 == "+" }.split(separator: "=", maxSplits: 1).map(String.init)
        guard parts.count == 2 else { return message }
        return message + "; to change a setting: \(assignment) \(assigned(parts[0], parts[1]))"
    }

    /// The message about an option that the command does not have.
    fileprivate func unknownOption(_ name: String, _ value: String?) -> String {
        for word in [name, "\(self.name) \(name)"] {
            if let answer = answer(to: word) { return answer.message(for: word) }
        }
        // argparse's `--lr 0.1`
        if let assignment, let path = Alias.setting(for: name) {
            let value = value.map { $0.hasPrefix("-") && Double($0) == nil ? "VALUE" : $0 } ?? "VALUE"
            return "no option '\(name)'; to change a setting: \(assignment) \(path)=\(value)"
        }
        let visible = options.filter { !$0.isHidden }.map(\.name) + ["--help"]
        let near = nearestSpelling(to: name, among: visible).map { "; did you mean '\($0)'?" }
        return "no option '\(name)'\(near ?? "")"
    }

    private func answer(to word: String) -> Alias.Answer? {
        Alias.answer(to: word) { known in
            options.contains { $0.name == known } || known.hasPrefix("ranksweep ")
        }
    }
}
