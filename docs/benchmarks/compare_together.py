#!/usr/bin/env python3
"""A sweep of small Gaussian VIBs, whose slots train several trials together, and the same with each trial alone, in turns.

    make build
    python3 docs/benchmarks/compare_together.py [--slots 2] [--rounds 5] [--betas 64] [--steps 20000]

A low --checkpoint-every forbids batches: by its estimate a batch must end within a third of that interval. Records must be equal, byte for
byte.
"""
import argparse
import json
import pathlib
import resource
import statistics
import subprocess
import sys
import tempfile
import time

SWEEP = """
name: together
model: vib
dataset: {{name: gaussian, correlations: [0.4, 0.5, 0.9, 0.92, 0.95]}}
axes:
  beta: {{linear: [0.1, 0.9], count: {betas}}}
  depth: [{depth}]
  seed: [0, 1]
activation: linear
training: {{optimizer: adam, learning_rate: 1e-2, schedule: cosine, batch_size: 256, steps: {steps}}}
"""

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--slots", type=int, default=2)
parser.add_argument("--rounds", type=int, default=5)
parser.add_argument("--betas", type=int, default=64)
parser.add_argument("--depth", type=int, default=1)
parser.add_argument("--steps", type=int, default=20000)
parser.add_argument("--program", default=".build/release/ranksweep")
parser.add_argument("--ndjson", help="a file to add a line a measurement to")
options = parser.parse_args()


def processor_seconds():
    """Of all programs that were started and have ended, with theirs."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


# A third of it is less than a trial is estimated to take, and all of it more than it takes.
kinds = {"together": [], "alone": ["--checkpoint-every", str(max(1, options.steps // 10000))]}
seconds = {kind: [] for kind in kinds}
processor = {kind: [] for kind in kinds}
with tempfile.TemporaryDirectory() as folder:
    sweep = pathlib.Path(folder, "together.yaml")
    sweep.write_text(SWEEP.format(betas=options.betas, depth=options.depth, steps=options.steps))
    for number in range(options.rounds):
        records = {}
        for kind in sorted(kinds, reverse=number % 2 == 0):
            out = pathlib.Path(folder, f"{kind}-{number}")
            start, before = time.monotonic(), processor_seconds()
            subprocess.run([options.program, "run", str(sweep), "--out", str(out), "--slots", str(options.slots),
                            *kinds[kind]], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            seconds[kind].append(time.monotonic() - start)
            processor[kind].append(processor_seconds() - before)
            attempts = [json.loads(line) for line in (out / "provenance.ndjson").read_text().splitlines()]
            groups = len(attempts) / len({(attempt["lease"], attempt["seconds"]) for attempt in attempts})
            records[kind] = (out / "records.ndjson").read_bytes()
            print(f"round {number + 1}: {kind}: {seconds[kind][-1]:.2f} s, processor time {processor[kind][-1]:.2f} s, "
                  f"{len(attempts)} trials, about {groups:.1f} at once", file=sys.stderr, flush=True)
            if options.ndjson:
                with open(options.ndjson, "a") as file:
                    file.write(json.dumps({"comparison": "together", "kind": kind, "round": number,
                                           "seconds": seconds[kind][-1], "cpu_seconds": processor[kind][-1],
                                           "slots": options.slots, "trials": len(attempts)}) + "\n")
        if len(set(records.values())) != 1:
            sys.exit("the records differ")

print("| | the sweep | alone / this | processor time, all | alone / this |\n|---|---|---|---|---|")
for kind in sorted(kinds):
    row = [kind]
    for times in (seconds, processor):
        ratios = [alone / this for alone, this in zip(times["alone"], times[kind])]
        row += [f"{statistics.median(times[kind]):.2f} s", "1" if kind == "alone" else
                f"**{statistics.median(ratios):.2f}** ({min(ratios):.2f} to {max(ratios):.2f})"]
    print("| " + " | ".join(row) + " |")
