import Console

/// A command: its name, its options and the function that performs it.
struct Command {
    let word: String
    let spec: CommandSpec
    let run: (Arguments) throws(CommandFailure) -> ExitCode
}

/// All commands, in the order that the help shows.
var commands: [Command] {
    [
        Command(word: "plan", spec: planSpec, run: runPlan),
        Command(word: "run", spec: runSpec, run: runRun),
        Command(word: "resume", spec: resumeSpec, run: runResume),
        Command(word: "launch", spec: launchSpec, run: runLaunch),
        Command(word: "status", spec: statusSpec, run: runStatus),
        Command(word: "pause", spec: pauseSpec, run: runPause),
        Command(word: "unpause", spec: unpauseSpec, run: runUnpause),
        Command(word: "drain", spec: drainSpec, run: runDrain),
        Command(word: "cancel", spec: cancelSpec, run: runCancel),
        Command(word: "extend", spec: extendSpec, run: runExtend),
        Command(word: "shard", spec: shardSpec, run: runShard),
        Command(word: "merge", spec: mergeSpec, run: runMerge),
        Command(word: "check", spec: checkSpec, run: runCheck),
        Command(word: "figures", spec: figuresSpec, run: runFigures),
        Command(word: "measure", spec: measureSpec, run: runMeasure),
        Command(word: "data", spec: dataSpec, run: runData),
        Command(word: "keys", spec: keysSpec, run: runKeys),
    ]
}

var overview: String {
    let width = commands.map(\.word.count).max() ?? 0
    let lines = commands.map { command in
        let space = String(repeating: " ", count: width - command.word.count + 2)
        return "  \(command.word)\(space)\(command.spec.summary)"
    }
    return """
        ranksweep - sweeps of small training runs over many hosts, and the figures from them

        usage: ranksweep COMMAND …

        \(lines.joined(separator: "\n"))

        'ranksweep COMMAND --help' explains a command, 'ranksweep --version' tells the versions.

        exit codes: 0 done, 1 some trials failed or were quarantined, 2 wrong use or wrong input: nothing
        was begun, 3 interrupted and resumable, 4 internal, or a fault of the system, such as a full disk

        example: ranksweep run sweeps/demo.yaml
        """
}

let overrideOptions = [
    OptionSpec(
        "--set", "PATH=V1,V2,…",
        "give an axis these values, a setting this value, or make a setting an axis; may be repeated",
        isRepeatable: true),
    OptionSpec(flag: "--quick", "apply the file's 'quick' section: a smaller sweep of the same shape"),
]

let dataOption = OptionSpec(
    "--data", "DIR",
    "the folder with mnist/ and fashion-mnist/ (default: $RANKSWEEP_DATA, else ~/.cache/ranksweep)")

let workerOptions = [
    OptionSpec("--workers", "N", "start N workers on this machine (default: 1; with --listen: 0)"),
    OptionSpec(
        "--slots", "N",
        "trials at a time, shared out to those workers (default: one a core that they may use)"),
    OptionSpec("--listen", "tcp://HOST:PORT", "let workers connect that were started elsewhere"),
    OptionSpec(
        "--keys", "DIR",
        "encrypt, and let in only workers on this list ('ranksweep keys new DIR' makes it): with --listen"),
    OptionSpec(
        flag: "--insecure",
        "allow --listen without keys at an address that other machines reach: anyone there can read the "
            + "sweep and send false records"),
    dataOption,
    OptionSpec(
        "--trial-limit", "SECONDS",
        "end a trial that runs longer, as failed; none: never; auto, the default: 20 times the estimate, 600 "
            + "at least"),
    OptionSpec(
        "--checkpoint-every", "SECONDS",
        "of the workers started here: a trial leaves its state so often, and goes on from it when it is tried "
            + "again (default: 60; 0: never)"),
    OptionSpec(
        "--memory-limit", "SIZE",
        "of the workers started here: end a trial that uses more memory of its own, as failed: 2GiB, which "
            + "is 2G, or 500MB (default: none)"),
    OptionSpec("--blas-kernel", "NAME", "of the workers started here: auto, env or a name of OpenBLAS's"),
]

let planSpec = CommandSpec(
    "ranksweep plan", "what a sweep would run: axes, trials, shards, core-hours; runs nothing",
    operands: ["SWEEP"],
    options: overrideOptions + [OptionSpec(flag: "--json", "as JSON, for programs")],
    examples: [
        "ranksweep plan sweeps/gaussian-vib.yaml",
        "ranksweep plan sweeps/gaussian-vib.yaml --set seed=0,1 --set 'beta={log: [1e-3, 1], count: 10}'",
    ])

let runSpec = CommandSpec(
    "ranksweep run", "runs a sweep: starts workers here, or waits for others; ends with tables and figures",
    operands: ["SWEEP"],
    options: [OptionSpec("--out", "DIR", "the run directory (default: runs/NAME)")] + overrideOptions
        + workerOptions,
    details: """
        Ctrl-C stops; 'ranksweep resume DIR' goes on, also after a crash. From another terminal 'ranksweep
        status DIR' tells how far the run is; pause, unpause, drain and cancel steer it.
        """,
    examples: [
        "ranksweep run sweeps/demo.yaml",
        "ranksweep run sweeps/vib-images.yaml --quick --data ~/datasets",
        "ranksweep run sweeps/gaussian-vib.yaml --listen tcp://0.0.0.0:5555 --keys ~/ranksweep-keys",
    ])

let resumeSpec = CommandSpec(
    "ranksweep resume", "goes on with a run that was interrupted or crashed, with the options it had",
    operands: ["DIR"],
    options: [
        OptionSpec(
            "--retry", "WHICH",
            "failed: give failed trials all their attempts again; quarantined: try those again, too; unfit: drop "
                + "records that the sweep cannot give, and run their trials; or several, with commas")
    ] + workerOptions,
    details: """
        Options given here replace those that the run had before. Records and weights that are damaged on the
        disk are dropped, with a word, and their trials run again; files that are missing or out of date are
        written anew. What else 'ranksweep check' calls wrong is told. Where nothing is left to do it says so.
        """,
    examples: ["ranksweep resume runs/demo", "ranksweep resume runs/demo --retry failed,quarantined"])

let statusSpec = CommandSpec(
    "ranksweep status", "how far a run is: while it goes on, from another terminal, or after it",
    operands: ["DIR"],
    options: [
        OptionSpec(flag: "--follow", "tell again every two seconds until the run ends"),
        OptionSpec(flag: "--json", "as JSON, for programs; with --follow one line each time"),
    ],
    examples: ["ranksweep status runs/demo", "ranksweep status runs/demo --json | jq .done"])

let checkSpec = CommandSpec(
    "ranksweep check", "verifies everything in a run directory, and says what to do about what is wrong",
    operands: ["DIR"],
    options: [OptionSpec(flag: "--json", "as JSON, for programs")],
    details: """
        The sweep, the journal and each record in it, the files written from it, kept weights, and what a
        crash left behind: a line for each finding, which begins with ok, note or wrong. Nothing is changed;
        the run may be going on. Exit code 0: nothing is wrong, 1: something is, 2: no run directory, or one
        that you may not read.
        """,
    examples: ["ranksweep check runs/demo", "ranksweep check runs/demo --json | jq .wrong"])

let figuresSpec = CommandSpec(
    "ranksweep figures", "writes a run's tables, figures and page again, from its records",
    operands: ["DIR"],
    options: [
        OptionSpec(
            "--format", "LIST", "of svg, png, pdf (default: all three), gif: of information planes, a film")
    ],
    examples: ["ranksweep figures runs/demo --format pdf"])

let dataSpec = CommandSpec(
    "ranksweep data", "fetches the image data sets, or verifies those that are here",
    operands: ["fetch|verify", "NAME"],
    options: [
        dataOption,
        OptionSpec(
            "--mirror", "URL",
            "fetch from this folder on the web, not from the built-in list; may be repeated: the first is "
                + "tried first",
            isRepeatable: true),
        OptionSpec(
            "--digests", "FILE", "what the files should be, as sha256sum writes it", isHidden: true),
        OptionSpec(
            "--timeout", "SECONDS", "after so long a server that sends nothing is given up", isHidden: true),
    ],
    details: """
        NAME is mnist, fashion-mnist or all, which is both. Four files of a set, NAME.gz each, go to
        DIR/mnist or DIR/fashion-mnist, each only once its SHA-256 is right; a right one is not fetched
        again. After Ctrl-C, or when the net was gone, the same command goes on where it was. 'verify' ends
        with exit code 0 where all is right, else 2. Fetching needs the program curl. 'verify cifar-10'
        checks the form of DIR/cifar-10/data_batch_1.bin to data_batch_5.bin and test_batch.bin.
        """,
    examples: [
        "ranksweep data fetch all",
        "ranksweep data verify mnist --data ~/datasets",
        "ranksweep data fetch mnist --mirror https://example.org/mnist",
    ])
