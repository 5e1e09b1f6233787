// What sbatch and squeue say, read.

extension SlurmListing {
    /// The format that `list` reads: identifier, state, reason, the comment given at submission.
    public static let format = "%i|%T|%r|%k"

    /// From squeue's lines.
    ///
    /// - Returns: each job and its comment; nil where a line is none of squeue's.
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

/// The jobs of an array, from what `sbatch --parsable` prints: "12" or "12;cluster".
///
/// - Returns: nil where it is no such thing.
public func slurmArray(_ text: String, count: Int) -> [String]? {
    let lines = text.split(separator: "\n")
    guard let line = lines.last, let first = line.split(separator: ";").first, isNumber(first) else {
        return nil
    }
    return (0..<count).map { "\(first)_\($0)" }
}

/// "12" or "12_3": what may be handed to scancel.
private func isJob(_ text: Substring) -> Bool {
    let parts = text.split(separator: "_", omittingEmptySubsequences: false)
    return (1...2).contains(parts.count) && parts.allSatisfy { isNumber($0) }
}

private func isNumber(_ text: Substring) -> Bool {
    (1...18).contains(text.utf8.count) && text.utf8.allSatisfy { (48...57).contains($0) }
}

/// What sbatch says of a job that it does not take.
public struct SlurmRefusal: Equatable, Sendable {
    /// Its first line that tells what is wrong.
    public let text: String
    /// Whether no such job will ever be taken, whatever becomes free or comes up.
    public let isFinal: Bool
    /// Whether that holds only where every node is up: asked with --test-only, sbatch counts those that are.
    public let dependsOnNodes: Bool

    /// From Slurm's own list of errors; what is not here may pass.
    private static let final = [
        "nvalid", "unrecognized", "ambiguous", "can not be satisfied", "not permitted",
        "Access/permission denied",
        "specification not recognized", "More processors requested than permitted",
    ]
    private static let nodes = "Requested node configuration is not available"

    public init(_ errors: String) {
        let lines = errors.split(separator: "\n").map(String.init)
        let finalLine = lines.first { line in Self.final.contains { line.contains($0) } }
        let nodeLine = lines.first { $0.contains(Self.nodes) }
        dependsOnNodes = finalLine == nil && nodeLine != nil
        isFinal = finalLine != nil || nodeLine != nil
        // The last may be about --help.
        text = finalLine ?? nodeLine ?? lines.last ?? ""
    }
}

/// Whether sinfo (`%T` a line) tells of a node that is not up.
public func hasAbsentNodes(_ states: String) -> Bool {
    let away = [
        "down", "drain", "fail", "maint", "unk", "reserv", "no_respond", "power", "reboot", "future", "*",
    ]
    return states.split(separator: "\n").contains { line in away.contains { line.lowercased().contains($0) } }
}
