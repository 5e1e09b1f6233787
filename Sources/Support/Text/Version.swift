import CBuild

/// The program's version. Records name none: they depend on the trial alone.
public let programVersion = "0.1.0"

/// Which sources this program was built from: a commit's short hash, followed by "+" and a digest of the sources
/// where these were changed; "unknown" where nobody said. Programs with equal ones are of the same sources, unless
/// `isKnownCommit` says no.
public let programCommit = String(cString: cbuild_commit())

/// Whether the text names sources exactly.
public func isKnownCommit(_ commit: String) -> Bool {
    !commit.isEmpty && commit != "unknown" && !commit.hasSuffix("+")
}
