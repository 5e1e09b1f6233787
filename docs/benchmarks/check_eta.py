#!/usr/bin/env python3
"""How right the time left is that a run shows: the quick sets of ten recipes, each watched with `ranksweep status --json`.

    python3 docs/benchmarks/check_eta.py .build/release/ranksweep --data FOLDER_WITH_MNIST [--recipes demo,gaussian-vib] [--keep FOLDER]

For each recipe it prints a row of a Markdown table: the number of trials, the run's time from the first trial's start to the last one's
end, and at 25, 50 and 75 % of that time what the estimate was, how much was really left, and the difference in per cent. The last column
counts how many of these three times the range (eta_low to eta_high) held the truth. It ends with code 1 if an estimate was more than 25 %
off. The machine should be idle. Needs only Python.
"""
import argparse
import json
import os
import subprocess
import sys
import tempfile
import time

RECIPES = ["demo", "gaussian-vib", "gaussian-vib-general", "depth-convergence", "bounds-regression", "rank-vs-depth-mlp",
           "independence-deficit", "label-noise", "rank-collapse", "vib-images"]
SHARES = (0.25, 0.5, 0.75)

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("ranksweep", metavar="RANKSWEEP", help="the program, with ranksweep-worker beside it")
parser.add_argument("--data", help="the folder with mnist/ and fashion-mnist/")
parser.add_argument("--recipes", default=",".join(RECIPES))
parser.add_argument("--slots", default="2")
parser.add_argument("--sweeps", default=os.path.join(os.path.dirname(__file__), "..", "..", "sweeps"))
parser.add_argument("--full", action="store_true", help="the full sweeps instead of the quick sets")
parser.add_argument("--keep", help="keep the run directories, and each run's samples as NAME.samples.json, in this folder")
arguments = parser.parse_args()


def status(run):
    """The run's status; nothing while it is not there yet."""
    end = subprocess.run([arguments.ranksweep, "status", run, "--json"], capture_output=True, text=True, check=False)
    return json.loads(end.stdout) if end.returncode == 0 and end.stdout else None


def watch(name, run):
    """Runs a recipe to its end. Returns samples (Unix time, status) with an estimate, and the attempts."""
    command = [arguments.ranksweep, "run", os.path.join(arguments.sweeps, name + ".yaml"), "--out", run, "--slots", arguments.slots,
               "--quiet"]
    command += [] if arguments.full else ["--quick"]
    command += ["--data", arguments.data] if arguments.data else []
    samples = []
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    while process.poll() is None:
        asked = time.time()
        found = status(run) if os.path.exists(os.path.join(run, "control.sock")) else None
        if found and "eta_seconds" in found:
            samples.append(((asked + time.time()) / 2, {key: found[key] for key in ("eta_seconds", "eta_low", "eta_high", "done")}))
        time.sleep(max(0.0, asked + 0.25 - time.time()))
    if process.returncode != 0:
        raise SystemExit(f"{name}: ranksweep run ended with code {process.returncode}")
    with open(os.path.join(run, "provenance.ndjson")) as file:
        return samples, [json.loads(line) for line in file]


def row(name, folder):
    """Prints a recipe's row. Returns the largest error, as a share, and how often the range held the truth."""
    run = os.path.join(folder, name)
    samples, attempts = watch(name, run)
    begin = min(attempt["start_unix_ms"] for attempt in attempts) / 1000
    end = max(attempt["start_unix_ms"] / 1000 + attempt["seconds"] for attempt in attempts)
    if arguments.keep:
        with open(os.path.join(folder, name + ".samples.json"), "w") as file:
            json.dump({"begin": begin, "end": end, "samples": samples}, file)
    cells, errors, held = [], [], 0
    for share in SHARES:
        due = begin + share * (end - begin)
        if not samples:
            cells.append("no estimate")
            errors.append(float("inf"))
            continue
        when, found = min(samples, key=lambda sample: abs(sample[0] - due))
        left = end - when
        error = found["eta_seconds"] / left - 1
        errors.append(abs(error))
        held += found["eta_low"] <= left <= found["eta_high"]
        cells.append(f"{found['eta_seconds']:g} s of {left:.1f} s ({100 * error:+.0f} %)")
    trials = len({attempt["index"] for attempt in attempts})
    print(f"| `{name}` | {trials} | {end - begin:.1f} s | {' | '.join(cells)} | {held} of {len(SHARES)} |", flush=True)
    return max(errors), held


print("| recipe | trials | time | at 25 % | at 50 % | at 75 % | in range |\n|---|---|---|---|---|---|---|")
with tempfile.TemporaryDirectory() as temporary:
    folder = arguments.keep or temporary
    os.makedirs(folder, exist_ok=True)
    rows = [row(name, folder) for name in arguments.recipes.split(",")]
held = sum(count for _, count in rows)
print(f"\nThe range held the truth {held} of {len(rows) * len(SHARES)} times; the largest error is {100 * max(e for e, _ in rows):.0f} %.")
sys.exit(any(error > 0.25 for error, _ in rows))
