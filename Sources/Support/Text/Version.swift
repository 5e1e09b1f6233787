import CBuild

/// The program's version. Records name none: they depend on the trial alone.
public let programVersion = "0.2.0"

/// The version of `sweep.json`, the journal, shards' files and the messages between coordinator and workers: of what
/// programs read that others wrote. Programs of another version refuse it.
public let formatVersion: UInt8 = 7

/// Why a run directory or a file of another format version cannot be used here.
///
/// - Parameter found: its version, where it says one.
public func formatRefusal(_ path: String, found: Int?) -> String {
    let here = "this is \(programVersion), which reads format \(formatVersion)"
    let format = found.map { " (format \($0))" } ?? ""
    guard found ?? 0 <= formatVersion else {
        return "\(path) was made by a later ranksweep\(format); \(here): use that one"
    }
    return "\(path) was made by ranksweep 0.1\(format); \(here): finish it with 0.1"
}

/// Which sources this program was built from: a commit's short hash, followed by "+" and a digest of the sources
/// where these were changed; "unknown" where nobody said. Programs with equal ones are of the same sources, unless
/// `isKnownCommit` says no.
public let programCommit = String(cString: cbuild_commit())

/// Whether the text names sources exactly.
public func isKnownCommit(_ commit: String) -> Bool {
    !commit.isEmpty && commit != "unknown" && !commit.hasSuffix("+")
}
