#!/usr/bin/env python3
"""Tasks that do nothing through ranksweep, Dask, Ray and HyperQueue, in turns: tasks a second, and the ratios.

Two processes work in each. ranksweep makes every trial's record durable (fsync) before it acknowledges it, checks it
against the grid, and talks over TCP with CURVE. The others make nothing durable and encrypt nothing; HyperQueue starts
a process a task, as is usual there. So this is no race: it says what a trial costs beside what such a task costs.

    make build
    pip install dask distributed ray hyperqueue   # in an environment of its own, whose Python is given
    python3 docs/benchmarks/compare_dispatch.py --python PYTHON [--rounds 5]   # makes and removes a folder here
"""
import argparse
import json
import os
import statistics
import subprocess
import sys

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--bench", default=".build/release/ranksweep-bench")
parser.add_argument("--python", default=sys.executable, help="the Python that has the others")
parser.add_argument("--systems", default="dask,ray,hyperqueue", help="of dask, ray, hyperqueue and joblib")
parser.add_argument("--rounds", type=int, default=5)
parser.add_argument("--trials", type=int, default=30_000)
parser.add_argument("--tasks", type=int, default=5_000, help="of each of the others")
parser.add_argument("--workers", type=int, default=2)
parser.add_argument("--slots", type=int, default=1, help="of each worker")
parser.add_argument("--ndjson", help="a file to add a line a measurement to")
options = parser.parse_args()
here = os.path.dirname(os.path.abspath(__file__))


def command(name):
    if name == "ranksweep":
        return [options.bench, "dispatch", "--json", "--repeat", "1", "--trials", str(options.trials),
                "--workers", str(options.workers), "--slots", str(options.slots)]
    return [options.python, os.path.join(here, "dispatch_peers.py"), name, "--tasks", str(options.tasks)]


names = ["ranksweep", *options.systems.split(",")]
rates = {name: [] for name in names}
labels = {"ranksweep": "ranksweep"}
for number in range(options.rounds):
    turn = number % len(names)
    for name in names[turn:] + names[:turn]:
        run = subprocess.run(command(name), stdout=subprocess.PIPE, check=True, text=True)
        line = json.loads(run.stdout.strip().splitlines()[-1])
        if name == "ranksweep":
            rates[name].append(line["trials_per_second"])
        else:
            rates[name].append(line["tasks"] / line["seconds"])
            labels[name] = f"{name} {line['version']}"
        if options.ndjson:
            with open(options.ndjson, "a") as file:
                file.write(json.dumps({**line, "round": number, "program": name}, sort_keys=True) + "\n")
    said = ", ".join(f"{name} {rates[name][-1]:.0f}" for name in names)
    print(f"round {number + 1}: {said}", file=sys.stderr, flush=True)

print("| | tasks a second | ranksweep / it |\n|---|---|---|")
for name in names:
    ratios = [ours / theirs for ours, theirs in zip(rates["ranksweep"], rates[name])]
    ratio = "1" if name == "ranksweep" else (
        f"**{statistics.median(ratios):.1f}** ({min(ratios):.1f} to {max(ratios):.1f})")
    print(f"| {labels[name]} | {statistics.median(rates[name]):.0f} | {ratio} |")
