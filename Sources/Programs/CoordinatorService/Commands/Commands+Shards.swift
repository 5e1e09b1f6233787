import Console

// Commands that need no coordinator: they run shards in batch engines and merge the shards' files.

let shardSpec = CommandSpec(
    "ranksweep shard", "runs one of N shards of a sweep by itself, for any batch engine",
    operands: ["SWEEP"],
    options: [
        OptionSpec("--index", "I", "which shard: from 0 to N-1, as Slurm arrays and Kubernetes count"),
        OptionSpec("--count", "N", "how many shards the sweep is cut into: the same for all of them"),
        OptionSpec("--out", "FILE", "the file for the shard's records; FILE.work is its folder until then"),
    ] + overrideOptions
        + workerOptions.filter { !["--workers", "--listen", "--keys", "--insecure"].contains($0.name) }.map {
            $0.name == "--slots"
                ? OptionSpec("--slots", "N", "trials at a time (default: one a core that it may use)") : $0
        },
    details: """
        Needs no network and no other shard; each trial is in one shard, and shards cost about the same. The
        same command again goes on where it was, after Ctrl-C (exit code 3), kill -9 or a crash, also on another
        host that has the folder of FILE; a FILE that is whole is left as it is. Exit code 1: trials failed. Kept
        weights go to the folder FILE.weights. 'ranksweep merge' joins the files.
        """,
    examples: [
        "ranksweep shard sweeps/demo.yaml --index 0 --count 7 --out parts/0.ndjson",
        "ranksweep shard sweeps/demo.yaml --index $SLURM_ARRAY_TASK_ID --count 7 \\\n"
            + "      --out parts/$SLURM_ARRAY_TASK_ID.ndjson --slots $SLURM_CPUS_PER_TASK",
    ])

let mergeSpec = CommandSpec(
    "ranksweep merge", "joins the records of shards and runs into one run directory",
    operands: ["FILE|DIR…"],
    options: [
        OptionSpec("--out", "DIR", "the new run directory"),
        OptionSpec("--sweep", "SWEEP", "the sweep that it is of (default: that of the first input)"),
    ] + overrideOptions,
    details: """
        Inputs are files of 'ranksweep shard' and run directories, finished or not. Records are joined by trial:
        those of trials that the sweep lacks are left out and counted; equal duplicates are counted; of unequal
        ones the first is kept, and both are named. Where trials are missing, the commands are printed that run
        them. Where the sweep says 'reproducibility: strict', all must be by one BLAS kernel and one commit.
        Exit code 0: every trial has its record, 1: some have none, or two that differ, 2: an input is wrong,
        and nothing was written. The records have the bytes that 'ranksweep run' gives.
        """,
    examples: [
        "ranksweep merge parts/*.ndjson --out runs/demo",
        "ranksweep merge runs/monday runs/tuesday --out runs/both",
        "ranksweep merge runs/old parts/*.ndjson --sweep sweeps/demo.yaml --out runs/demo",
    ])
