import Text

/// Slurm: sbatch, squeue and scancel; sinfo and scontrol where the cluster file names nodes.
package struct Slurm: BatchEngine {
    package static let name = "Slurm"
    package static let key = "slurm"
    package static let settings = [
        BatchSetting("partition"), BatchSetting("nodes"), BatchSetting("time"), BatchSetting("account"),
        BatchSetting("sbatch_args", isList: true),
    ]
    package static let programs = (submit: "sbatch", list: "squeue", cancel: "scancel")
    package static let environment = ["SLURM_CONF", "SBATCH_"]

    private(set) var partition: String?
    private(set) var account: String?
    /// Nodes on which jobs may run, in Slurm's notation: `n[1-3],big2`.
    private(set) var nodes: String?
    /// Time limit of a job, in Slurm's notation (`01:00:00`); nil: the partition's.
    private(set) var time: String?
    /// More options of sbatch, such as `--mem=4G`.
    private(set) var sbatchArguments: [String] = []
    /// sbatch's option for `nodes`.
    private var nodeOption: String?

    package init() {}

    package mutating func set(_ key: String, to text: String) -> String? {
        switch key {
        case "partition": partition = text
        case "account": account = text
        case "nodes":
            nodes = text
            if !isNodeList(text) { return "is no list of nodes as Slurm writes it: n1, or n[1-3,7],big2" }
        case "time":
            time = text
            if timeSeconds == nil { return "is no time: minutes, MM:SS, HH:MM:SS or D-HH:MM:SS" }
        default:
            sbatchArguments.append(text)
            // sbatch passes over anything else without a word.
            if !text.hasPrefix("-") { return "is no option of sbatch: these begin with '-', as in --mem=4G" }
        }
        return nil
    }

    package var timeSeconds: Int? { time.flatMap { slurmSeconds($0) } }

    /// A job has one node, and `--nodelist` with several would request all of them, so the other nodes are
    /// excluded instead.
    package mutating func prepare(asking ask: BatchQuestion) throws(BatchProblem) {
        guard let nodes else { return }
        let isOne = !nodes.contains { "[,".contains($0) }
        if isOne { nodeOption = "--nodelist=\(nodes)" }
        func lines(_ program: String, _ arguments: [String]) throws(BatchProblem) -> [String]? {
            switch ask(program, arguments) {
            case .noProgram: return nil
            case .failure:
                throw BatchProblem(
                    "nodes",
                    "\(program) does not list the nodes: try again once Slurm answers")
            case .output(let text): return text.split(separator: "\n").map { String($0.filter { $0 != " " }) }
            }
        }
        guard let all = try lines("sinfo", ["--noheader", "--Node", "--all", "--format=%N"]),
            let names = try lines("scontrol", ["show", "hostnames", nodes])
        else {
            if isOne { return }
            throw BatchProblem("nodes", "several nodes need Slurm's programs sinfo and scontrol")
        }
        let (known, wanted) = (Set(all), Set(names))
        for name in wanted.sorted() where !known.contains(name) {
            let near = nearestSpelling(to: name, among: known.sorted()).map { "; did you mean '\($0)'?" }
            throw BatchProblem("nodes", "Slurm has no node '\(name)'\(near ?? "")")
        }
        if isOne { return }
        let others = known.subtracting(wanted).sorted().joined(separator: ",")
        guard !others.isEmpty else { return }
        nodeOption = "--exclude=" + (try lines("scontrol", ["show", "hostlist", others])?.first ?? others)
    }

    // MARK: - Command lines

    package var directives: String {
        (sbatchArguments + (nodeOption.map { [$0] } ?? [])).map { "#SBATCH \($0)\n" }.joined()
    }

    package func script(of job: BatchJob) -> String {
        """
        #!/bin/bash
        \(directives)\
        # Written by ranksweep for the jobs of one run. Newer Slurms say by themselves when a job ends.
        # The last job of an array has the array's number: asked for that, squeue would tell of all.
        job=${SLURM_ARRAY_JOB_ID:-$SLURM_JOB_ID}${SLURM_ARRAY_TASK_ID:+_$SLURM_ARRAY_TASK_ID}
        for _ in 1 2 3; do
            [ -z "${SLURM_JOB_END_TIME-}" ] || break
            end=$(squeue -h -j "$job" -o %e 2>/dev/null) || { sleep 1; continue; }
            SLURM_JOB_END_TIME=$(date -d "$end" +%s 2>/dev/null) || break
        done
        until=()
        if [ -n "${SLURM_JOB_END_TIME-}" ]; then
            export SLURM_JOB_END_TIME
            # Slurm sends SIGTERM 10 to 40 s before the end: the worker is gone by then.
            until=(--until slurm --shutdown-margin 45)
        fi
        exec \(job.command.map(shellQuoted).joined(separator: " ")) "${until[@]}"

        """
    }

    package func submission(of job: BatchJob, count: Int) -> [String] {
        [
            "--parsable", "--array=0-\(count - 1)", "--job-name=\(job.name)", "--comment=\(job.comment)",
            "--export=ALL", "--requeue", "--open-mode=append", "--signal=B:TERM@10",
            "--output=\(job.logs)/%A_%a.log",
        ] + location(slots: job.slots) + [job.script]
    }

    package func trial(script: String, slots: Int) -> [String] {
        ["--test-only"] + location(slots: slots) + [script]
    }

    /// sbatch's options for where a job runs, and how long.
    private func location(slots: Int) -> [String] {
        var words = ["--nodes=1", "--ntasks=1", "--cpus-per-task=\(slots)"]
        if let partition { words.append("--partition=\(partition)") }
        if let account { words.append("--account=\(account)") }
        if let time { words.append("--time=\(time)") }
        return words
    }

    /// Identifier, state, reason, and the comment given at submission.
    package func listing(name: String) -> [String] {
        ["--noheader", "--array", "--me", "--name=\(name)", "-o", "%i|%T|%r|%k"]
    }

    package func cancellation(of ids: [String]) -> [String] { ids }

    package func cancelCommand(name: String) -> String { "scancel --name=\(name)" }

    // MARK: - Answers

    /// Jobs of an array, from the output of `sbatch --parsable`: "12" or "12;cluster".
    package func submitted(_ output: String, count: Int) -> [String]? {
        guard let line = output.split(separator: "\n").last, let first = line.split(separator: ";").first,
            isNumber(first)
        else { return nil }
        return (0..<count).map { "\(first)_\($0)" }
    }

    package func listed(_ output: String) -> [(listing: BatchListing, comment: String)]? {
        var found: [(listing: BatchListing, comment: String)] = []
        for line in output.split(separator: "\n") {
            let parts = line.split(separator: "|", maxSplits: 3, omittingEmptySubsequences: false)
            guard parts.count == 4, isJob(parts[0]) else { return nil }
            let reason = parts[2]
            let phase: BatchListing.Phase
            switch parts[1] {
            case "PENDING", "REQUEUED", "REQUEUE_FED", "RESV_DEL_HOLD":
                let isHeld = reason.contains("requeued held") || reason.hasPrefix("JobHeld")
                phase = isHeld ? .held : .pending
            case "REQUEUE_HOLD", "SPECIAL_EXIT": phase = .held
            case "RUNNING", "CONFIGURING", "SUSPENDED", "STOPPED", "SIGNALING", "STAGE_OUT", "RESIZING":
                phase = .running
            default: phase = .over
            }
            let isUsual =
                phase == .pending && ["None", "Resources", "Priority", "BeginTime"].contains(reason)
            let listing = BatchListing(
                id: String(parts[0]), phase: phase, reason: isUsual ? "" : String(reason))
            found.append((listing, String(parts[3])))
        }
        return found
    }

    package func refusal(_ errors: String) -> BatchRefusal {
        // Final errors, from Slurm's own list. Errors that aren't here may pass.
        let final = [
            "nvalid", "unrecognized", "ambiguous", "can not be satisfied", "not permitted",
            "Access/permission denied", "specification not recognized",
            "More processors requested than permitted",
        ]
        let lines = errors.split(separator: "\n").map(String.init)
        if let line = lines.first(where: { line in final.contains { line.contains($0) } }) {
            return BatchRefusal(line, isFinal: true)
        }
        if let line = lines.first(where: { $0.contains("Requested node configuration is not available") }) {
            // With --test-only, sbatch counts only nodes that are up.
            return BatchRefusal(line, isFinal: true, dependsOnNodes: true)
        }
        // The last line may be about --help.
        return BatchRefusal(lines.last ?? "", isFinal: false)
    }

    package func meansEnded(_ errors: String) -> Bool { errors.contains("Invalid job id") }

    package func areNodesUp(asking ask: BatchQuestion) -> Bool {
        let option = partition.map { ["--partition=\($0)"] } ?? []
        guard case .output(let states) = ask("sinfo", ["--noheader", "--Node", "--format=%T"] + option) else {
            return false
        }
        let away = [
            "down", "drain", "fail", "maint", "unk", "reserv", "no_respond", "power", "reboot", "future", "*",
        ]
        return !states.isEmpty
            && !states.split(separator: "\n").contains { line in
                away.contains { line.lowercased().contains($0) }
            }
    }
}

// MARK: - Slurm's notations

/// Whether the text is "12" or "12_3", which may be handed to scancel.
private func isJob(_ text: Substring) -> Bool {
    let parts = text.split(separator: "_", omittingEmptySubsequences: false)
    return (1...2).contains(parts.count) && parts.allSatisfy { isNumber($0) }
}

private func isNumber(_ text: Substring) -> Bool {
    (1...18).contains(text.utf8.count) && text.utf8.allSatisfy { (48...57).contains($0) }
}

/// Whether the text is a list of nodes, such as "n1" or "n[1-3,7],big2".
private func isNodeList(_ text: String) -> Bool {
    var isInside = false
    for byte in text.utf8 {
        switch byte {
        case UInt8(ascii: "["):
            guard !isInside else { return false }
            isInside = true
        case UInt8(ascii: "]"):
            guard isInside else { return false }
            isInside = false
        case 48...57, 65...90, 97...122: break
        default: guard "._-,".utf8.contains(byte) else { return false }
        }
    }
    return !isInside && !text.hasPrefix("-") && !text.hasPrefix(",") && !text.hasSuffix(",")
}

/// Seconds of a time in Slurm's notation: MINUTES, MM:SS, HH:MM:SS, D-HH, D-HH:MM or D-HH:MM:SS; nil if it is
/// none of these.
func slurmSeconds(_ text: String) -> Int? {
    let parts = text.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
    guard let rest = parts.last else { return nil }
    var numbers: [Int] = []
    for part in rest.split(separator: ":", omittingEmptySubsequences: false) {
        guard (1...6).contains(part.utf8.count), let number = Int(part), number >= 0, !part.hasPrefix("+")
        else {
            return nil
        }
        numbers.append(number)
    }
    let weights: [Int]
    switch (parts.count, numbers.count) {
    case (1, 1): weights = [60]
    case (1, 2): weights = [60, 1]
    case (1, 3), (2, 3): weights = [3600, 60, 1]
    case (2, 1): weights = [3600]
    case (2, 2): weights = [3600, 60]
    default: return nil
    }
    var days = 0
    if parts.count == 2 {
        guard let number = Int(parts[0]), (0...10_000).contains(number) else { return nil }
        days = number
    }
    let seconds = days * 86_400 + zip(numbers, weights).reduce(0) { $0 + $1.0 * $1.1 }
    return seconds > 0 ? seconds : nil
}
