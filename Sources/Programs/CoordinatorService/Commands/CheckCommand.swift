import Console
import Text

let checkCommand = Command(
    "check", "verifies everything in a run directory",
    operands: ["DIR"],
    options: [jsonOption],
    details: """
        Checks the sweep, the journal and each record in it, the files written from it, kept weights, and
        what crashes left behind. Each finding is a line that begins with ok, note or wrong. Nothing is
        changed; the run may be running. Exit code 0: nothing is wrong; 1: something is; 2: no run
        directory, or one that you may not read.
        """,
    examples: ["ranksweep check runs/demo", "ranksweep check runs/demo --json | jq .wrong"],
    run: runCheck)

private func runCheck(_ arguments: Arguments) throws(CommandFailure) -> ExitCode {
    var check = try RunCheck(arguments.operands[0])
    try check.perform()
    printOut(arguments.has("--json") ? check.json.canonicalText : check.text)
    return check.wrong > 0 ? .incomplete : .done
}

/// One result of `check`.
struct Finding: Equatable {
    enum Level: String {
        case ok
        /// Nothing is wrong, but the operator may want to know.
        case note
        case wrong
    }

    var level: Level
    /// The reaction of `resume` to a finding that is wrong.
    enum Resume {
        case mends
        /// Reports it and repairs what it can.
        case tells
        /// Reports it and starts nothing.
        case stops
    }

    var resume = Resume.stops
    /// The file, relative to the run directory.
    var what: String
    var text: String
    /// Advice to the operator.
    var remedy: String?

    var line: String {
        let space = String(repeating: " ", count: 6 - level.rawValue.count)
        return "\(level.rawValue)\(space)\(what): \(printable(text))\(remedy.map { ": \($0)" } ?? "")"
    }

    var json: JSONValue {
        var members: [String: JSONValue] = [
            "level": .string(level.rawValue), "what": .string(what), "text": .string(text),
        ]
        if let remedy { members["remedy"] = .string(remedy) }
        return .object(members)
    }
}

extension RunCheck {
    var wrong: Int { findings.count { $0.level == .wrong } }
    var notes: Int { findings.count { $0.level == .note } }

    var text: String {
        let summary =
            wrong == 0
            ? "\(path): nothing is wrong" + (notes > 0 ? ", \(countText(notes, "note"))" : "")
            : "\(path): \(countText(wrong, "finding")) \(wrong == 1 ? "is" : "are") wrong"
        return (findings.map(\.line) + [summary]).joined(separator: "\n")
    }

    var json: JSONValue {
        .object([
            "directory": .string(path), "findings": .array(findings.map(\.json)), "notes": JSONValue(notes),
            "running": .bool(isRunning), "wrong": JSONValue(wrong),
        ])
    }
}
