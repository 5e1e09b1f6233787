import Console

// Commands with which an operator steers a run.

let pauseSpec = CommandSpec(
    "ranksweep pause", "lets a running sweep start no new trials, until it is told to go on",
    operands: ["DIR"],
    details: """
        Trials that run go on to their end, and are kept. Run it on the machine that the coordinator runs on,
        as the same user. 'ranksweep unpause DIR' starts trials again. A coordinator that is started again is
        not paused.
        """,
    examples: ["ranksweep pause runs/demo"])

let unpauseSpec = CommandSpec(
    "ranksweep unpause", "lets a paused sweep start trials again; takes back a 'drain', too",
    operands: ["DIR"], examples: ["ranksweep unpause runs/demo"])

let drainSpec = CommandSpec(
    "ranksweep drain", "ends a running sweep with the trials that run: no new ones are started",
    operands: ["DIR"],
    details: """
        The command waits until the run has ended, with exit code 3; Ctrl-C ends the waiting, not the
        draining. 'ranksweep unpause DIR' takes it back: this command then says so, and ends with 3.
        'ranksweep resume DIR' goes on later. Workers that were started elsewhere stay, and wait.
        """,
    examples: ["ranksweep drain runs/demo"])

let cancelSpec = CommandSpec(
    "ranksweep cancel", "ends a running sweep at once: what runs is stopped, every record is kept",
    operands: ["DIR"],
    details: """
        Like Ctrl-C where the sweep runs: it ends with exit code 3, and 'ranksweep resume DIR' goes on later; long
        trials go on from their checkpoints. Workers that were started elsewhere stay, and wait.
        """,
    examples: ["ranksweep cancel runs/demo"])

let extendSpec = CommandSpec(
    "ranksweep extend", "gives the axes of a run more values; finished trials are kept",
    operands: ["DIR"],
    options: [
        OptionSpec(
            "--set", "PATH=V1,V2,…",
            "all values that the axis is to have, the present ones among them, or a rule; a setting that has "
                + "one value may become an axis; may be repeated", isRepeatable: true)
    ],
    details: """
        The run must not be running ('ranksweep drain DIR' ends it). 'ranksweep resume DIR' then runs the new
        trials, and the records are those that a run of the whole sweep gives. Nothing changes where a trial that
        the run has would be lost: values cannot be taken away, nor settings changed.
        """,
    examples: [
        "ranksweep extend runs/demo --set 'seed={range: [0, 10]}'",
        "ranksweep extend runs/demo --set beta=0.01,0.1,1 --set depth=2,3,4",
    ])
