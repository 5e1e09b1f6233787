import CBuild

/// The program's version. Records name none: they depend on the trial alone.
public let programVersion = "0.2.0"

/// The version of everything that one program writes and another reads: `sweep.json`, the journal, shard
/// files, and messages between coordinator and workers. Programs of another version refuse it.
public let formatVersion: UInt8 = 7

/// The message that refuses a run directory or a file of another format version.
///
/// - Parameter found: the version found; nil if it gives none.
public func formatRefusal(_ path: String, found: Int?) -> String {
    let here = "this is \(programVersion), which reads format \(formatVersion)"
    let format = found.map { " (format \($0))" } ?? ""
    guard found ?? 0 <= formatVersion else {
        return "\(path) was made by a later ranksweep\(format); \(here): use that one"
    }
    return "\(path) was made by ranksweep 0.1\(format); \(here): finish it with 0.1"
}

/// The sources that this program was built from: a commit's short hash, followed by "+" and a digest of the
/// sources if these were changed; "unknown" if the build did not say. Programs with equal values are built
/// from the same sources, unless `isKnownCommit` is false.
public let programCommit = String(cString: cbuild_commit())

/// Whether the text identifies sources exactly.
public func isKnownCommit(_ commit: String) -> Bool {
    !commit.isEmpty && commit != "unknown" && !commit.hasSuffix("+")
}
