// Reads the output of sbatch, squeue and sinfo.

extension SlurmListing {
    /// Output format that `list` reads: identifier, state, reason, and the comment given at submission.
    public static let format = "%i|%T|%r|%k"

    /// Reads squeue's lines.
    ///
    /// - Returns: each job with its comment; nil if a line isn't squeue's.
    public static func list(_ text: String) -> [(listing: SlurmListing, comment: String)]? {
        var found: [(listing: SlurmListing, comment: String)] = []
        for line in text.split(separator: "\n") {
            let parts = line.split(separator: "|", maxSplits: 3, omittingEmptySubsequences: false)
            guard parts.count == 4, isJob(parts[0]) else { return nil }
            let phase: Phase
            switch parts[1] {
            case "PENDING", "REQUEUED", "REQUEUE_FED", "RESV_DEL_HOLD":
                phase = isHold(parts[2]) ? .held : .pending
            case "REQUEUE_HOLD", "SPECIAL_EXIT": phase = .held
            case "RUNNING", "CONFIGURING", "SUSPENDED", "STOPPED", "SIGNALING", "STAGE_OUT", "RESIZING":
                phase = .running
            default: phase = .over
            }
            found.append(
                (SlurmListing(id: String(parts[0]), phase: phase, reason: String(parts[2])), String(parts[3]))
            )
        }
        return found
    }

    private static func isHold(_ reason: Substring) -> Bool {
        reason.contains("requeued held") || reason.hasPrefix("JobHeld")
    }
}

/// Jobs of an array, from the output of `sbatch --parsable`: "12" or "12;cluster".
///
/// - Returns: nil if it is no such output.
public func slurmArray(_ text: String, count: Int) -> [String]? {
    let lines = text.split(separator: "\n")
    guard let line = lines.last, let first = line.split(separator: ";").first, isNumber(first) else {
        return nil
    }
    return (0..<count).map { "\(first)_\($0)" }
}

/// Whether the text is "12" or "12_3", which may be handed to scancel.
private func isJob(_ text: Substring) -> Bool {
    let parts = text.split(separator: "_", omittingEmptySubsequences: false)
    return (1...2).contains(parts.count) && parts.allSatisfy { isNumber($0) }
}

private func isNumber(_ text: Substring) -> Bool {
    (1...18).contains(text.utf8.count) && text.utf8.allSatisfy { (48...57).contains($0) }
}

/// Refusal of a job by sbatch.
public struct SlurmRefusal: Equatable, Sendable {
    /// The first line that says what is wrong.
    public let text: String
    /// Whether no such job will ever be accepted, whatever becomes free or comes up.
    public let isFinal: Bool
    /// Whether that holds only if every node is up: with --test-only, sbatch counts those that are.
    public let dependsOnNodes: Bool

    /// Final errors, from Slurm's own list. Errors that aren't here may pass.
    private static let final = [
        "nvalid", "unrecognized", "ambiguous", "can not be satisfied", "not permitted",
        "Access/permission denied",
        "specification not recognized", "More processors requested than permitted",
    ]
    private static let nodes = "Requested node configuration is not available"

    /// Reads what sbatch wrote to standard error.
    public init(_ errors: String) {
        let lines = errors.split(separator: "\n").map(String.init)
        let finalLine = lines.first { line in Self.final.contains { line.contains($0) } }
        let nodeLine = lines.first { $0.contains(Self.nodes) }
        dependsOnNodes = finalLine == nil && nodeLine != nil
        isFinal = finalLine != nil || nodeLine != nil
        // The last line may be about --help.
        text = finalLine ?? nodeLine ?? lines.last ?? ""
    }
}

/// Whether the output of sinfo (`%T` on each line) shows a node that isn't up.
public func hasAbsentNodes(_ states: String) -> Bool {
    let away = [
        "down", "drain", "fail", "maint", "unk", "reserv", "no_respond", "power", "reboot", "future", "*",
    ]
    return states.split(separator: "\n").contains { line in away.contains { line.lowercased().contains($0) } }
}
