import Console
import Journal
import Text
import Transport

/// The trust settings of a run, for `status`: the names that its key folder bars, and the commits of its
/// workers.
struct RunTrust {
    /// The run's folder of keys.
    private let keys: String?
    let revoked: [String]
    private let summary: RunSummary
    /// Connected workers of another commit than the coordinator's.
    private let others: Int

    /// Leaves out what the run directory doesn't show.
    ///
    /// - Parameter live: the coordinator's live status, where there is a coordinator.
    init(_ run: RunDirectory, _ summary: RunSummary, live: JSONValue?) {
        self.summary = summary
        let own = live?["commit"]?.string
        others = own == nil ? 0 : (live?["workers"]?.array ?? []).count { $0["commit"]?.string != own }
        let journal = try? RunJournal.open(in: run.path, sweep: run.spec.digest, readOnly: true)
        let options = (try? journal?.setting("options")).flatMap { try? JSONValue(parsing: $0.utf8) }
        keys = options?["keys"]?.string
        revoked = keys.map { CoordinatorKeyFolder.revokedNames(in: $0) } ?? []
    }

    var lines: [String] { commitLines + revokedLines }

    private var commitLines: [String] {
        var lines: [String] = []
        if others > 0 {
            let verb = others == 1 ? "is" : "are"
            lines.append("\(countText(others, "worker")) \(verb) of another commit than the coordinator")
        }
        if let words = summary.commitMessage {
            lines.append(words)
        } else if let only = summary.commits.first, isKnownCommit(only.name) {
            lines.append("every record is by \(commitText(only.name))")
        }
        return lines
    }

    private var revokedLines: [String] {
        guard let keys, let first = revoked.first else { return [] }
        let shown = revoked.prefix(10).joined(separator: ", ")
        let rest = revoked.count > 10 ? " and \(countText(revoked.count - 10, "other"))" : ""
        let name = revoked.count == 1 ? first : "NAME"
        return [
            "revoked: \(shown)\(rest); to let it join again: ranksweep keys unrevoke \(shellPath(keys)) \(name)"
        ]
    }

    var json: [String: JSONValue] {
        let commits = summary.commits.map {
            JSONValue.object(["commit": .string($0.name), "records": JSONValue($0.records)])
        }
        return ["revoked": .array(revoked.map { .string($0) }), "commits": .array(commits)]
    }
}
