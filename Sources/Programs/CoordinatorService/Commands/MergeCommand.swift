import Records
import Console
import Files
import Glibc
import Journal
import Reporting
import Sweep
import Text
import Transport
import Wire

let mergeCommand = Command(
    "merge", "joins the records of shards and runs into one run directory",
    operands: ["FILE|DIR…"],
    options: [
        OptionSpec("--out", "DIR", "the new run directory"),
        OptionSpec("--sweep", "SWEEP", "the sweep of the merged run (default: that of the first input)"),
    ] + overrideOptions,
    details: """
        Inputs are files of 'ranksweep shard' and run directories, finished or not. Records are matched by
        trial: those whose trial isn't in the sweep are left out and counted; equal duplicates are counted;
        of unequal ones the first is kept, and both are named. If trials are missing, merge prints the
        commands that run them. If the sweep says 'reproducibility: strict', all must come from one BLAS
        kernel and one commit. Exit code 0: every trial has its record; 1: some have none, or two that
        differ; 2: an input is wrong, and nothing was written. The records have the same bytes as from
        'ranksweep run'.
        """,
    examples: [
        "ranksweep merge parts/*.ndjson --out runs/demo",
        "ranksweep merge runs/monday runs/tuesday --out runs/both",
        "ranksweep merge runs/old parts/*.ndjson --sweep sweeps/demo.yaml --out runs/demo",
    ],
    run: runMerge)

private func runMerge(_ arguments: Arguments) throws(CommandFailure) -> ExitCode {
    guard var out = arguments["--out"] else {
        throw .input("--out DIR is missing: where should the merged run go?")
    }
    while out.hasSuffix("/"), out != "/" { out.removeLast() }
    if arguments["--sweep"] == nil, arguments.has("--set") || arguments.has("--quick") {
        throw .input(
            "--set and --quick go with --sweep SWEEP: without it the sweep is that of the first input")
    }
    try checkIsFree(out, for: "merge")
    _ = SignalDescriptor()
    SignalDescriptor.exitFromNowOn(
        code: ExitCode.interrupted.rawValue,
        words:
            "\(UnfinishedFolder.interrupted); if \(out) exists, \(quotedCommand("ranksweep figures \(shellPath(out))")) "
            + "writes its missing files\n")
    let source = arguments["--sweep"].map { SweepSource($0, arguments) }
    let given = try source.map { source throws(CommandFailure) in try source.spec(mayBePipe: true) }
    let (inputs, spec) = try openAll(arguments.operands, given)
    try checkStrictness(inputs, spec)
    noteRepeated(inputs)
    let building = try UnfinishedFolder(for: out)
    // The journal is closed before the folder is renamed.
    let outcome: Outcome
    do throws(CommandFailure) {
        outcome = try build(RunDirectory(path: building.path, spec: spec), inputs, source)
    } catch {
        building.discard()
        throw CommandFailure(
            code: error.code,
            message: error.message
                + "\nnothing was merged; fix the cause, then run the same command again")
    }
    let summary = outcome.summary
    try building.finish()
    let run = RunDirectory(path: out, spec: spec)
    printOut(
        "\(spec.name): \(countText(inputs.count, "input")) → \(out): \(groupedText(summary.complete)) of "
            + "\(countText(spec.grid.count, "trial")): \(words(summary))")
    for line in mergeLines(outcome.tally, spec) { printOut(line) }
    if summary.complete > 0 { try drawn(run) }
    let isWhole = tellMissing(outcome, inputs, run)
    return isWhole && summary.conflicts == 0 ? .done : .incomplete
}

/// Draws the merged run. Every record is already in the directory, so a failure here costs only pictures.
private func drawn(_ run: RunDirectory) throws(CommandFailure) {
    do throws(CommandFailure) { try writeReports(run, formats: FigureFormat.defaults) } catch {
        throw CommandFailure(
            code: error.code,
            message: error.message
                + "\nthe merge is done, and every record is in \(run.path); fix the cause, "
                + "then: ranksweep figures \(run.word)")
    }
}

/// Throws unless a directory is new or empty.
func checkIsFree(_ out: String, for command: String) throws(CommandFailure) {
    try RunDirectory.checkIsNoRoot(out)
    var status = stat()
    guard lstat(out, &status) == 0 else { return }
    guard status.st_mode & S_IFMT == S_IFDIR else {
        throw .input("\(out) exists and is not a folder: choose another --out DIR")
    }
    guard fileNames(in: out).isEmpty else {
        throw .input(
            "\(out) exists, and \(command) only writes to new directories: choose another --out DIR (the existing "
                + "one may be an input)")
    }
}

/// All inputs and the sweep that they are merged into, or everything that is wrong with them.
private func openAll(
    _ operands: [String], _ given: SweepSpec?
) throws(CommandFailure) -> (inputs: [MergeInput], spec: SweepSpec) {
    var inputs: [MergeInput] = []
    var faults: [String] = []
    var spec = given
    var progress = SlowProgress()
    for (position, operand) in operands.enumerated() {
        progress.tell("reading: \(groupedText(position)) of \(countText(operands.count, "input"))")
        do throws(CommandFailure) {
            let input = try MergeInput(operand)
            inputs.append(input)
            if position == 0, spec == nil { spec = input.spec }
        } catch {
            faults.append(error.message.split(separator: "\n").joined(separator: "; "))
        }
    }
    if let spec { faults += strangers(inputs, spec, isGiven: given != nil) }
    guard faults.isEmpty, let spec else {
        throw .input((faults + ["nothing was merged, and nothing written"]).joined(separator: "\n"))
    }
    return (inputs, spec)
}

/// Faults of inputs that share no trial with the sweep, which is a mistake.
private func strangers(_ inputs: [MergeInput], _ spec: SweepSpec, isGiven: Bool) -> [String] {
    let digest = spec.digest
    var faults: [String] = []
    var indices: [TrialID: Int]?
    for input in inputs where input.spec.digest != digest {
        let known = indices ?? Merge.indices(spec.grid)
        indices = known
        var identifier = TrialHasher()
        let grid = input.spec.grid
        let shares = (0..<grid.count).contains { known[identifier.id(of: grid[$0].settings)] != nil }
        guard !shares else { continue }
        let whose = isGiven ? "--sweep's" : "the first input's"
        faults.append(
            "\(input.path): of another sweep ('\(printable(input.spec.name))', digest \(input.spec.digest)), "
                + "which has no trial in common with \(whose), '\(printable(spec.name))', digest \(digest): "
                + "leave it out")
    }
    return faults
}

/// Requires that a strict sweep's records were all computed with one BLAS kernel and by programs of the same
/// sources.
private func checkStrictness(_ inputs: [MergeInput], _ spec: SweepSpec) throws(CommandFailure) {
    guard spec.isStrict else { return }
    let recorded = "or merge with --sweep and a sweep file that says 'recorded', whose trials are the same"
    try checkOne(
        inputs, "BLAS kernels",
        "run the shards of all but one of them again, with --blas-kernel and another --out; "
            + recorded
    ) { $0.kernels }
    try checkOne(
        inputs, "commits",
        "run the shards of all but one of them again, with that one's programs and another --out; "
            + recorded
    ) { Set($0.commits.map(commitText)) }
}

private func checkOne(
    _ inputs: [MergeInput], _ what: String, _ remedy: String, _ of: (MergeInput) -> Set<String>
) throws(CommandFailure) {
    let found = inputs.map { (path: $0.path, values: of($0)) }
    let values = Set(found.flatMap(\.values)).sorted()
    guard values.count > 1 else { return }
    let lines = values.map { value in
        let paths = found.filter { $0.values.contains(value) }.map(\.path)
        let others = paths.count > 10 ? " and \(groupedText(paths.count - 10)) more" : ""
        return "  \(value): \(paths.prefix(10).joined(separator: ", "))\(others)"
    }
    let text = """
        the sweep says 'reproducibility: strict', and the inputs are by \(values.count) \(what):
        \(lines.joined(separator: "\n"))
        \(remedy)
        nothing was merged, and nothing written
        """
    throw .input(text)
}

/// Warns if a shard is given twice, which is allowed but probably unintended.
private func noteRepeated(_ inputs: [MergeInput]) {
    var first: [String: String] = [:]
    for input in inputs {
        guard case .shard(let header) = input.kind else { continue }
        let key = "\(header.spec.digest) \(header.text)"
        if let other = first[key] {
            printError("warning: \(input.path) is \(header.text), as is \(other): their records are compared")
        } else {
            first[key] = input.path
        }
    }
}

private struct Outcome {
    let tally: Merge.Tally
    let missing: [Int]
    let summary: RunSummary
}

private func build(
    _ run: RunDirectory, _ inputs: [MergeInput], _ source: SweepSource?
) throws(CommandFailure) -> Outcome {
    try run.writeSweep()
    let journal = try journaled { () throws(JournalError) in
        let journal = try RunJournal.create(in: run.path, sweep: run.spec.digest)
        try source?.remember(in: journal, for: run.spec)
        return journal
    }
    for case .run(let other, _) in inputs.map(\.kind) {
        try RunFiles(run.spec, in: run.path).take(from: other.path)
    }
    var merge = Merge(run, journal)
    try merge.add(inputs)
    try run.export(journal)
    let summary = try journaled { () throws(JournalError) in try journal.summary() }
    return Outcome(tally: merge.tally, missing: merge.missing, summary: summary)
}

// MARK: - Messages

private func mergeLines(_ tally: Merge.Tally, _ spec: SweepSpec) -> [String] {
    var lines: [String] = []
    if tally.equal > 0 {
        lines.append("  \(countText(tally.equal, "record")) came more than once, with the same bytes")
    }
    for (path, count) in tally.foreign {
        lines.append("  \(path): \(countText(count, "record")) left out: their trials are not in this sweep")
    }
    for (path, file, why, count) in tally.bare {
        lines.append(
            "  \(path): \(countText(count, "record")) left out: their weights are missing (\(file): \(why))")
    }
    func by(_ side: (path: String, by: Provenance?)) -> String {
        side.path + (side.by.map { " (\($0.host), \($0.cpu), BLAS kernel \($0.kernel))" } ?? "")
    }
    for conflict in tally.conflicts.prefix(20) {
        let axes = spec.grid[conflict.trial].axes.map {
            "\($0.path) \($0.value.string ?? $0.value.canonicalText)"
        }
        lines.append(
            "  trial \(conflict.trial) (\(axes.joined(separator: ", "))) has two unequal records: kept that of "
                + "\(by(conflict.kept)); refused that of \(by(conflict.refused))")
    }
    if tally.conflicts.count > 20 {
        lines.append("  … and \(countText(tally.conflicts.count - 20, "more such trial"))")
    }
    return lines.map(printable)
}

/// Prints which trials are missing and how to run them.
///
/// - Returns: whether none is missing.
private func tellMissing(
    _ outcome: Outcome, _ inputs: [MergeInput], _ run: RunDirectory
) -> Bool {
    let summary = outcome.summary
    var missing = Set(outcome.missing)
    guard !missing.isEmpty else { return true }
    let resume = "ranksweep resume \(run.word)"
    let commands = ShardSet(inputs, run.spec).flatMap { $0.commands(for: &missing, run) } ?? []
    let left = missing.count - summary.quarantined
    if !commands.isEmpty {
        printOut(
            "\(countText(commands.count, "shard")) missing; to run \(commands.count == 1 ? "it" : "them"):")
        for command in commands { printOut("  \(command)") }
        printOut(
            "then merge again, with \(commands.count == 1 ? "it" : "them"), into another --out DIR; or, here: "
                + resume)
    }
    if left > 0 {
        printOut("\(countText(left, "trial")) missing; to run \(left == 1 ? "it" : "them"): \(resume)")
    }
    if summary.quarantined > 0 {
        printOut(
            "\(countText(summary.quarantined, "trial")) failed; to try again: \(resume) --retry quarantined")
    }
    return false
}

/// A set of shards of which some were given.
private struct ShardSet {
    let count: Int
    private var paths: [Int: String] = [:]
    /// The kernel of all given shards, where the sweep requires a single one.
    private let kernel: String?

    /// nil where no input is a shard of the merged sweep.
    init?(_ inputs: [MergeInput], _ spec: SweepSpec) {
        let digest = spec.digest
        let given = inputs.compactMap { input -> (ShardHeader, String)? in
            guard case .shard(let header) = input.kind, header.spec.digest == digest else { return nil }
            return (header, input.path)
        }
        guard let first = given.first else { return nil }
        count = first.0.count
        kernel = spec.isStrict ? inputs.flatMap(\.kernels).first : nil
        for (header, path) in given where header.count == count { paths[header.index] = path }
    }

    /// The commands for shards that were not given and have missing trials. Removes these trials from
    /// `missing`.
    func commands(for missing: inout Set<Int>, _ run: RunDirectory) -> [String]? {
        let shards = GridShards(of: run.spec.grid, count: count)
        let wanted = Dictionary(grouping: missing) { shards.shard(of: $0) }
        var commands: [String] = []
        for index in wanted.keys.sorted() where paths[index] == nil {
            missing.subtract(wanted[index] ?? [])
            let sweep = shellPath("\(run.path)/sweep.json")
            commands.append(
                "ranksweep shard \(sweep) --index \(index) --count \(count) --out \(shellPath(name(index)))"
                    + (kernel.map { " --blas-kernel \($0)" } ?? ""))
        }
        return commands
    }

    /// A file name on the pattern of the other shards: their number replaced by this shard's.
    private func name(_ index: Int) -> String {
        for (other, path) in paths.sorted(by: { $0.key < $1.key }) {
            let folder = path.lastIndex(of: "/").map { path[...$0] } ?? ""
            let file = path.dropFirst(folder.count)
            let numbers = file.split { !$0.isASCII || !$0.isNumber }
            guard let number = numbers.last(where: { Int($0) == other }) else { continue }
            let digits = String(repeating: "0", count: max(0, number.count - String(index).count))
            let isPadded = number.first == "0" && number.count > 1
            return folder + file[..<number.startIndex] + (isPadded ? digits : "") + String(index)
                + file[number.endIndex...]
        }
        let folder = paths.min { $0.key < $1.key }?.value ?? ""
        return (folder.lastIndex(of: "/").map { String(folder[...$0]) } ?? "") + "shard-\(index).ndjson"
    }
}
