/// The first word of the command lines by which shells ask the programs for candidates.
package let completionWord = "--complete"

/// The words that may stand at the cursor of a command line, for a shell that completes it.
package struct Completion: Equatable {
    /// A word, with what a shell may show beside it.
    package struct Candidate: Equatable {
        package var word: String
        package var description: String

        package init(_ word: String, _ description: String = "") {
            self.word = word
            self.description = description
        }
    }

    /// Names that the shell itself completes.
    package enum Names: String { case files, folders }

    package var candidates: [Candidate]
    package var names: Names?

    package init(_ candidates: [Candidate] = [], names: Names? = nil) {
        self.candidates = candidates
        self.names = names
    }

    /// The candidates that begin with `partial`.
    package func beginning(with partial: String) -> Completion {
        Completion(candidates.filter { $0.word.hasPrefix(partial) }, names: names)
    }

    /// The lines that `completionScript` reads: a word and its description, separated by a tab, or the kind of
    /// names after a colon.
    package var text: String {
        let lines = candidates.map { $0.description.isEmpty ? $0.word : "\($0.word)\t\($0.description)" }
        return (lines + (names.map { [":\($0.rawValue)"] } ?? [])).joined(separator: "\n")
    }
}

extension CommandSpec {
    /// The words that may replace the last one; they follow the command's name.
    ///
    /// - Parameter known: the words that a placeholder such as SWEEP stands for.
    package func completion(
        of words: [String], known: (String) -> [Completion.Candidate] = { _ in [] }
    ) -> Completion {
        var line = CommandLineState(self)
        for word in words.dropLast() { line.read(word) }
        var partial = words.last ?? ""
        var isValue = line.isAfterEquals
        if partial == "=" {
            (partial, isValue) = ("", true)
        } else if line.isAtOption(partial), let equals = partial.firstIndex(of: "=") {
            // Zsh and fish pass `--out=DIR` as one word.
            line.read(String(partial[..<equals]))
            (partial, isValue) = (String(partial[equals...].dropFirst()), true)
        }
        // The value of a setting, which nothing is known of, or of what is no option with a value.
        if isValue, line.pending == nil { return Completion() }
        guard let placeholder = line.pending?.value ?? line.operand, !line.isAtOption(partial) else {
            return Completion(options(besides: line.given)).beginning(with: partial)
        }
        return values(of: placeholder, known).beginning(with: partial)
    }

    private func options(besides given: [String]) -> [Completion.Candidate] {
        visibleOptions.filter { $0.isRepeatable || !given.contains($0.name) }
            .map { Completion.Candidate($0.name, $0.help) } + [Completion.Candidate("--help", "this text")]
    }

    private func values(
        of placeholder: String, _ known: (String) -> [Completion.Candidate]
    ) -> Completion {
        var completion = Completion()
        for part in placeholder.split(whereSeparator: { "[]…|".contains($0) }).map(String.init) {
            completion.candidates += known(part)
            if part.allSatisfy({ $0.isLowercase || $0 == "-" }) {
                completion.candidates.append(Completion.Candidate(part))
            } else if ["FILE", "SWEEP", "CLUSTER"].contains(where: part.hasPrefix) {
                completion.names = .files
            } else if ["DIR", "FOLDER"].contains(part), completion.names == nil {
                completion.names = .folders
            }
        }
        return completion
    }
}

/// The state that the words before the cursor leave.
private struct CommandLineState {
    private let command: CommandSpec
    private var operands = 0
    private var isPastDashes = false
    private var last = ""
    /// The option whose value is next.
    var pending: OptionSpec?
    var given: [String] = []

    init(_ command: CommandSpec) { self.command = command }

    /// Bash passes the words of `--out=DIR` and of `--set PATH=VALUE` as three, one of which is "=".
    mutating func read(_ word: String) {
        defer { last = word }
        if word == "=" || isAfterEquals && pending == nil { return }
        if pending != nil {
            pending = nil
        } else if word == "--" {
            isPastDashes = true
        } else if isAtOption(word), word != "-" {
            let name = String(word.prefix { $0 != "=" })
            given.append(name)
            let option = command.options.first { $0.name == name }
            pending = option?.value == nil || word.contains("=") ? nil : option
        } else {
            operands += 1
        }
    }

    func isAtOption(_ word: String) -> Bool { pending == nil && !isPastDashes && word.hasPrefix("-") }

    var isAfterEquals: Bool { last == "=" }

    /// The placeholder of the next operand; nil if there is none.
    var operand: String? {
        if operands < command.operands.count { return command.operands[operands] }
        return command.operands.last.flatMap { $0.hasSuffix("…") ? $0 : nil }
    }
}
