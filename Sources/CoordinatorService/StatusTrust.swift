import Console
import Journal
import Text
import Transport

/// Whom a run trusts, for `status`: names that its folder of keys bars.
struct RunTrust {
    /// The run's folder of keys.
    private let keys: String?
    let revoked: [String]

    /// What the run directory does not tell is left out.
    init(_ run: RunDirectory) {
        let journal = try? RunJournal.open(in: run.path, sweep: run.spec.digest, readOnly: true)
        let options = (try? journal?.setting("options")).flatMap { try? JSONValue(parsing: ($0 ?? "").utf8) }
        keys = options?["keys"]?.string
        revoked = keys.map { CoordinatorKeyFolder.revokedNames(in: $0) } ?? []
    }

    var lines: [String] {
        guard let keys, let first = revoked.first else { return [] }
        let shown = revoked.prefix(10).joined(separator: ", ")
        let rest = revoked.count > 10 ? " and \(countText(revoked.count - 10, "other"))" : ""
        let name = revoked.count == 1 ? first : "NAME"
        return ["revoked: \(shown)\(rest); to let it join again: ranksweep keys unrevoke \(keys) \(name)"]
    }

    var json: [String: JSONValue] { ["revoked": .array(revoked.map { .string($0) })] }
}
