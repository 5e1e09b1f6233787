import Console
import Sweep
import Text

// Options that several commands share, and the hint at a word that isn't one of theirs.

/// A suggestion for an unknown word: the nearest name, or all names.
func nearHint(_ word: String, _ names: [String]) -> String {
    nearestSpelling(to: word, among: names).map { "; did you mean '\($0)'?" }
        ?? "; choose from \(listed(names, "or"))"
}

let outOption = OptionSpec("--out", "DIR", "the run directory (default: runs/NAME)")

let jsonOption = OptionSpec(flag: "--json", "print JSON, for programs")

let overrideOptions = [
    OptionSpec(
        "--set", "PATH=V1,V2,…",
        "give an axis these values, a setting this value, or make a setting an axis; may be repeated",
        isRepeatable: true),
    OptionSpec(flag: "--quick", "apply the file's 'quick' section: a smaller sweep of the same shape"),
]

/// The log of a run that a command begins, in the form that its options ask for.
func runLog(_ arguments: Arguments) throws(CommandFailure) -> RunLog {
    RunLog(
        try orFail(CommandFailure.init(_:)) { () throws(UsageError) in try LogSettings(arguments) })
}

let dataOption = OptionSpec(
    "--data", "DIR",
    "the folder with mnist/ and fashion-mnist/ (default: $RANKSWEEP_DATA, else ~/.cache/ranksweep)")

let kernelOption = OptionSpec(
    "--blas-kernel", "NAME", "workers started by this command: auto, env or one of OpenBLAS's names")

/// Limits and checkpoints of trials.
let trialOptions = [
    OptionSpec(
        "--trial-limit", "SECONDS",
        "end a trial that runs longer, as failed; none: no limit; auto (default): 20 times the estimate, at "
            + "least 600"),
    OptionSpec(
        "--checkpoint-every", "SECONDS",
        "workers started by this command: save a trial's state at this interval, to continue from it when the "
            + "trial is retried (default: 60; 0: never)"),
    OptionSpec(
        "--memory-limit", "SIZE",
        "workers started by this command: end a trial that uses more memory of its own, as failed: 2GiB (or "
            + "2G), 500MB (default: none)"),
]

/// Which workers a run has, and how they run trials.
let workerOptions =
    [
        OptionSpec("--workers", "N", "start N workers on this machine (default: 1; with --listen: 0)"),
        OptionSpec(
            "--slots", "N",
            "trials at a time, divided among those workers (default: one per core that they may use)"),
        OptionSpec("--listen", "tcp://HOST:PORT", "let workers that were started elsewhere connect"),
        OptionSpec(
            "--keys", "DIR",
            "with --listen: encrypt, and admit only workers on this list ('ranksweep keys new DIR' makes it)"),
        OptionSpec(
            flag: "--insecure",
            "allow --listen without keys at an address that other machines can reach: anyone there can read "
                + "the sweep and send false records"),
        dataOption,
    ] + trialOptions + [kernelOption]
