import Console
import Glibc
import Text

func runCheck(_ arguments: Arguments) throws(CommandFailure) -> ExitCode {
    var check = try RunCheck(arguments.operands[0])
    try check.perform()
    printOut(arguments.has("--json") ? check.json.canonicalText : check.text)
    return check.wrong > 0 ? .incomplete : .done
}

/// One thing that a check found out.
struct Finding: Equatable {
    enum Level: String {
        case ok
        /// Nothing is wrong, but somebody may want to know.
        case note
        case wrong
    }

    var level: Level
    /// What `resume` does about what is wrong.
    enum Resume {
        case mends
        /// Tells it, and does what it can.
        case tells
        /// Tells it, and begins nothing.
        case stops
    }

    var resume = Resume.stops
    /// The file, below the run directory.
    var what: String
    var text: String
    /// What to do.
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
