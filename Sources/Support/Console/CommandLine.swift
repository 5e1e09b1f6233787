import Text

/// An option of a command: `--out DIR`.
public struct OptionSpec: Sendable {
    public var name: String
    /// What stands for its value in help; nil of a flag.
    public var value: String?
    public var help: String
    public var isRepeatable: Bool
    /// For our own processes: not in the help.
    public var isHidden: Bool

    public init(
        _ name: String, _ value: String, _ help: String, isRepeatable: Bool = false, isHidden: Bool = false
    ) {
        self.name = name
        self.value = value
        self.help = help
        self.isRepeatable = isRepeatable
        self.isHidden = isHidden
    }

    public init(flag name: String, _ help: String, isHidden: Bool = false) {
        self.name = name
        self.help = help
        isRepeatable = false
        self.isHidden = isHidden
    }
}

/// A command as it is typed and explained.
public struct CommandSpec: Sendable {
    /// "ranksweep run"
    public var name: String
    public var summary: String
    /// Names of what follows without an option: "SWEEP"; the last may be left out where it is in brackets:
    /// "[NAME]"; there may be more of the last where it ends with "…".
    public var operands: [String]
    public var options: [OptionSpec]
    /// Paragraphs after the options.
    public var details: String
    public var examples: [String]

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

/// A command line that says something impossible. Exit code 2.
public struct UsageError: Error, Equatable, Sendable {
    public var message: String

    public init(_ message: String) { self.message = message }
}

/// A command line, read by its command's rules.
public struct Arguments: Equatable, Sendable {
    public private(set) var operands: [String] = []
    private var values: [String: [String]] = [:]
    public private(set) var wantsHelp = false

    /// - Throws: `UsageError`, with a suggestion where a word is nearly right.
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

    public func has(_ option: String) -> Bool { values[option] != nil }

    /// The option's value: the last where it was given more than once.
    public subscript(option: String) -> String? { values[option]?.last }

    public func all(_ option: String) -> [String] { values[option] ?? [] }

    private mutating func readOption(
        _ name: String, _ joined: String?, _ rest: inout ArraySlice<String>, _ command: CommandSpec
    ) throws(UsageError) {
        guard let option = command.options.first(where: { $0.name == name }) else {
            let names = command.options.map(\.name)
            for old in [name, "\(command.name) \(name)"] {
                let new = RenamedName.newName(for: old) { names.contains($0) || $0.hasPrefix("ranksweep ") }
                if let new { throw UsageError("\(command.name): \(RenamedName.words(old, new))") }
            }
            let visible = command.options.filter { !$0.isHidden }.map(\.name) + ["--help"]
            let near = nearestSpelling(to: name, among: visible).map { "; did you mean '\($0)'?" }
            throw UsageError("\(command.name): no option '\(name)'\(near ?? "")")
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
        values[name, default: []].append(value)
    }

    private func checkOperands(_ command: CommandSpec) throws(UsageError) {
        if operands.count < command.operands.count, !command.operands[operands.count].hasPrefix("[") {
            throw UsageError("\(command.name): \(command.operands[operands.count]) is missing")
        }
        let mayBeMore = command.operands.last?.hasSuffix("…") ?? false
        if operands.count > command.operands.count, !mayBeMore {
            throw UsageError(
                "\(command.name): '\(operands[command.operands.count])' is one argument too many")
        }
    }

    /// A whole number within bounds, or nil where the option was not given.
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
    /// What `--help` shows, within 100 columns.
    public var help: String {
        var lines = ["\(name) - \(summary)", ""]
        let visible = options.filter { !$0.isHidden }
        lines.append(
            "usage: " + ([name] + operands + (visible.isEmpty ? [] : ["[options]"])).joined(separator: " "))
        if !visible.isEmpty {
            lines += ["", "options:"]
            let heads = visible.map { $0.name + ($0.value.map { " \($0)" } ?? "") }
            let width = min(26, heads.map(\.count).max() ?? 0)
            for (head, option) in zip(heads, visible) {
                lines += columns(head, wrap(option.help, 96 - width), width: width)
            }
            lines += columns("--help", ["this text"], width: width)
        }
        if !details.isEmpty { lines += ["", details] }
        if !examples.isEmpty { lines += ["", "examples:"] + examples.map { "  \($0)" } }
        return lines.joined(separator: "\n")
    }

    private func columns(_ head: String, _ text: [String], width: Int) -> [String] {
        let space = String(repeating: " ", count: width + 4)
        var lines = text.map { space + $0 }
        if head.count <= width, let first = text.first {
            lines[0] = "  " + head + String(repeating: " ", count: width - head.count + 2) + first
        } else {
            lines.insert("  " + head, at: 0)
        }
        return lines
    }
}

/// Breaks text at spaces into lines of at most `width` characters, where its words allow.
func wrap(_ text: String, _ width: Int) -> [String] {
    var lines: [String] = []
    var line = ""
    for word in text.split(separator: " ") {
        if !line.isEmpty, line.count + 1 + word.count > width {
            lines.append(line)
            line = ""
        }
        line += (line.isEmpty ? "" : " ") + word
    }
    return lines + [line]
}
