import Console
import Glibc
import Journal
import Records
import Sweep
import Text

let logsCommand = Command(
    "logs", "prints the log of a run, or what the attempts at a trial said",
    operands: ["DIR", "[TRIAL]"],
    options: [
        OptionSpec(
            "--level", "debug|info|warning|error", "leave out lines that matter less (default: debug)"),
        OptionSpec(flag: "--follow", "go on with new lines until the run ends"),
        OptionSpec(flag: "--json", "print JSON, one object a line"),
    ],
    details: """
        TRIAL is the index of a trial in the grid, as 'status' names it, or its id, as records.ndjson has it.
        For each attempt at it the command prints where it ran, how it ended, and the last lines that its slot
        wrote, and then the lines of the log that are about this trial.
        """,
    examples: [
        "ranksweep logs runs/demo --level warning", "ranksweep logs runs/demo 17",
        "ranksweep logs runs/demo --follow --json | jq -r .message",
    ],
    run: runLogs)

private func runLogs(_ arguments: Arguments) throws(CommandFailure) -> ExitCode {
    let path = arguments.operands[0]
    let level = try leastLevel(arguments)
    let run = try RunDirectory.open(path)
    var reader = LogReader(path)
    defer { reader.closeAll() }
    var trial: Int?
    if arguments.operands.count > 1 {
        guard !arguments.has("--follow") else {
            throw .input("--follow prints the log of the whole run: leave out TRIAL")
        }
        let index = try trialIndex(arguments.operands[1], run)
        try printAttempts(at: index, run, isJSON: arguments.has("--json"))
        trial = index
    } else if !reader.hasLog, CoordinatorLock.holder(in: path) == nil {
        throw .input(
            "\(path): there is no \(RunLog.fileNames[1]): no coordinator has served this directory, or only one of an "
                + "older version (attempts at a trial: ranksweep logs \(run.word) TRIAL)")
    }
    let isJSON = arguments.has("--json")
    func show(_ line: [UInt8]) -> Bool {
        // A line that was damaged on the disk is left out.
        guard let entry = LogEntry(parsing: line), entry.level >= level else { return true }
        if let trial, entry.trial != trial { return true }
        return printOut(isJSON ? entry.json.canonicalText : entry.text)
    }
    while true {
        // Asked first: what the coordinator wrote before its end is then read.
        let isOver = CoordinatorLock.holder(in: path) == nil
        guard reader.forEachNew(show), arguments.has("--follow"), !isOver else { return .done }
        usleep(300_000)
    }
}

private func leastLevel(_ arguments: Arguments) throws(CommandFailure) -> LogLevel {
    guard let text = arguments["--level"] else { return .debug }
    guard let level = LogLevel(rawValue: text) else {
        throw .input("--level: no level '\(text)'\(nearHint(text, LogLevel.allCases.map(\.rawValue)))")
    }
    return level
}

/// The index of a trial that is given by its index or by its id.
private func trialIndex(_ word: String, _ run: RunDirectory) throws(CommandFailure) -> Int {
    let count = run.spec.grid.count
    if let index = Int(word), word.count < 16 {
        guard (0..<count).contains(index) else {
            throw .input("TRIAL: the sweep has the trials 0 to \(count - 1), not \(word)")
        }
        return index
    }
    var trials = TrialCache(run.spec.grid)
    for index in 0..<count {
        let trial = trials.trial(at: index)
        if trials.id(of: trial).text == word { return index }
    }
    throw .input(
        "TRIAL: '\(printable(word))' is neither an index from 0 to \(count - 1) nor the id of a trial of this sweep"
    )
}

/// Prints each attempt at a trial.
private func printAttempts(at index: Int, _ run: RunDirectory, isJSON: Bool) throws(CommandFailure) {
    let attempts = try journaled { () throws(JournalError) in
        try RunJournal.open(in: run.path, sweep: run.spec.digest, readOnly: true).attempts(atTrial: index)
    }
    let trial = run.spec.grid[index]
    let id = trial.id.text
    if isJSON {
        for attempt in attempts {
            let bytes = attempt.bytes(index: index, trial: (trial.axesObject, id))
            printOut(String(decoding: bytes, as: UTF8.self))
        }
        return
    }
    printOut("trial \(index), \(id): \(pointText(trial.axes))")
    if attempts.isEmpty { printOut("no attempt at it has ended yet") }
    for attempt in attempts { for line in attempt.lines { printOut(line) } }
}

extension ProvenanceLine {
    /// The attempt in words, and then the last lines of its slot.
    var lines: [String] {
        let by = provenance
        let time = localTime(unixMilliseconds: by.startMilliseconds)
        var line =
            "attempt \(number): \(outcome) on \(printable(by.host)), process \(by.process), slot \(by.slot), from "
            + "\(time) on for \(durationText(seconds: by.seconds))"
        if by.continuedFrom > 0 {
            line += ", continued from step \(groupedText(Int(clamping: by.continuedFrom)))"
        }
        if let cause { line += ": \(printable(cause))" }
        return [line] + log.split(separator: "\n").map { "    | \(printable(String($0)))" }
    }
}
