import CBuild

/// The program's version. Records don't contain it: they depend on the trial alone.
public let programVersion = "0.1.0"

/// The sources that this program was built from: a commit's short hash, followed by "+" and a digest of the
/// sources if these were changed; "unknown" if the build did not say. Programs with equal values are built
/// from the same sources, unless `isKnownCommit` is false.
public let programCommit = String(cString: cbuild_commit())

/// Whether the text identifies sources exactly.
public func isKnownCommit(_ commit: String) -> Bool {
    !commit.isEmpty && commit != "unknown" && !commit.hasSuffix("+")
}
