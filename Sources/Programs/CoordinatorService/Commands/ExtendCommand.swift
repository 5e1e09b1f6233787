import Console
import Files
import Glibc
import Journal
import Records
import Sweep
import Text

let extendCommand = Command(
    "extend", "adds values to the axes of a run; keeps finished trials",
    operands: ["DIR"],
    options: [
        OptionSpec(
            "--set", "PATH=V1,V2,…",
            "all values that the axis is to have, including the present ones, or a rule; a setting that has "
                + "one value may become an axis; may be repeated", isRepeatable: true)
    ],
    details: """
        The run must not be running ('ranksweep drain DIR' ends it). 'ranksweep resume DIR' then runs the
        new trials, and the records are the same as from a run of the whole sweep. An extension that would
        lose a trial of the run is refused: values can't be removed, nor settings changed.
        """,
    examples: [
        "ranksweep extend runs/demo --set 'seed={range: [0, 10]}'",
        "ranksweep extend runs/demo --set beta=0.01,0.1,1 --set depth=2,3,4",
    ],
    run: runExtend)

private func runExtend(_ arguments: Arguments) throws(CommandFailure) -> ExitCode {
    let run = try RunDirectory.open(arguments.operands[0])
    let overrides = arguments.all("--set")
    guard !overrides.isEmpty else {
        throw .input("nothing to add: give --set PATH=V1,V2,…, an axis and all its values")
    }
    let lock = try journaled { () throws(JournalError) in
        try CoordinatorLock(in: run.path, holder: .thisProcess())
    }
    defer { withExtendedLifetime(lock) {} }
    if !run.hasJournal { try run.checkHasNoRecords() }
    let folder = try SweepSource.folder(rememberedBy: run)
    let spec = try orFail(CommandFailure.init(_:)) { () throws(SweepError) in
        try SweepSpec(
            parsing: Array(run.spec.canonicalJSON.canonicalText.utf8), file: run.path + "/sweep.json",
            overrides: overrides.map { Override($0) }, look: fileLook(in: folder ?? "."))
    }
    if spec.digest == run.spec.digest {
        // The user repeats an extension that was cut short.
        if RunJournal.extendedSweep(in: run.path) != nil { try run.writeSweep() }
        printOut("\(run.path) already has these values: nothing to add")
        return .done
    }
    let map = try ExtensionMap(from: run.spec, to: spec)
    let extended = RunDirectory(path: run.path, spec: spec)
    if run.hasJournal {
        try RunShare.refuse(
            run,
            journaled { () throws(JournalError) in
                try RunJournal.open(in: run.path, sweep: run.spec.digest, readOnly: true)
            })
        try rewrite(run, as: extended, map)
    }
    // The journal outranks the file: a process killed between the two has extended the run.
    try extended.writeSweep()
    let summary = try RunStatus(extended).summary
    printOut(
        "\(spec.name): \(groupedText(spec.grid.count - run.spec.grid.count)) new trials, "
            + "\(countText(spec.grid.count, "trial")) in all, \(groupedText(summary.complete)) of them done\n"
            + "to run them: ranksweep resume \(run.word)")
    return .done
}

private func rewrite(
    _ run: RunDirectory, as extended: RunDirectory, _ map: ExtensionMap
) throws(CommandFailure) {
    let (digest, spec) = (extended.spec.digest, extended.spec)
    let journal = try journaled { () throws(JournalError) in
        let journal = try RunJournal.open(in: run.path, sweep: run.spec.digest)
        try journal.extend(
            toSweep: digest, json: RunDirectory.text(of: spec),
            newIndex: { trial throws(JournalError) in
                guard let newIndex = map[trial] else {
                    throw .corrupt(path: RunJournal.path(in: run.path), detail: "it contains trial \(trial)")
                }
                return newIndex
            },
            line: { line, newIndex throws(JournalError) in
                guard let body = try? JSONValue(parsing: line) else {
                    throw .corrupt(path: RunJournal.path(in: run.path), detail: "a record is not JSON")
                }
                return Array(recordLine(trial: spec.grid[newIndex], sweepDigest: digest, body: body).utf8)
            })
        return journal
    }
    // Files made from the journal are written again. A crash before this loses nothing.
    try extended.export(journal)
}

/// The index of each of a run's trials in the extended sweep.
struct ExtensionMap {
    private var indices: [Int]

    /// Matches trials by identifier, hashing each trial of both sweeps once. Old and new indices advance in
    /// step in most dimensions.
    ///
    /// - Throws: what the new sweep lacks, in words.
    init(from old: SweepSpec, to new: SweepSpec) throws(CommandFailure) {
        try ExtensionMap.checkAxes(old, new)
        var known: [TrialID: Int] = [:]
        known.reserveCapacity(new.grid.count)
        for index in 0..<new.grid.count { known[new.grid[index].id] = index }
        indices = []
        indices.reserveCapacity(old.grid.count)
        for index in 0..<old.grid.count {
            guard let newIndex = known.removeValue(forKey: old.grid[index].id) else {
                let axes = old.grid[index].axes.map { "\($0.path) \($0.value.canonicalText)" }
                throw .input(
                    "this changes the settings of trials that the run has, such as the one with "
                        + "\(axes.joined(separator: ", ")): 'extend' only adds values to axes; for other settings "
                        + "start another run")
            }
            indices.append(newIndex)
        }
    }

    subscript(trial: Int) -> Int? { indices.indices.contains(trial) ? indices[trial] : nil }

    /// Reports the values that would be lost, rather than the trials.
    private static func checkAxes(_ old: SweepSpec, _ new: SweepSpec) throws(CommandFailure) {
        for axis in old.axes {
            let before = (0..<axis.count).map { axis.values[$0] }
            guard let now = new.axes.first(where: { $0.path == axis.path }) else {
                throw .input("\(axis.path): its \(countText(axis.count, "value")) must stay: list them all")
            }
            let kept = Set((0..<now.count).map { now.values[$0].canonicalText })
            func text(_ value: JSONValue) -> String {
                ((axis.path == "network" ? value["name"] : nil) ?? value).canonicalText
            }
            let lost = before.filter { !kept.contains($0.canonicalText) }.map(text)
            guard !lost.isEmpty else { continue }
            let names = Set((0..<now.count).map { text(now.values[$0]) })
            if let edited = lost.first(where: names.contains) {
                throw .input(
                    "\(axis.path): \(edited) has other layers than in the run: give the new list another name"
                )
            }
            let shown = lost.prefix(5).joined(separator: ", ") + (lost.count > 5 ? ", …" : "")
            let present = before.map(text)
            let list = present.count <= 12 ? " (at present: \(present.joined(separator: ",")))" : ""
            throw .input(
                "\(axis.path): \(shown) would be removed: 'extend' only adds values; list all that the axis is "
                    + "to have\(list)")
        }
    }
}
