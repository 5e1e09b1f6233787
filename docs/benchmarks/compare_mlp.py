#!/usr/bin/env python3
"""ranksweep-bench mlp and mlp_jax.py in turns, on the same machine and data, one CPU each; prints the ratio.

    python3 docs/benchmarks/compare_mlp.py --data FOLDER_WITH_MNIST [--rounds 5]

Turns, because machines have better and worse minutes: each round's two medians are divided, and the middle
ratio of the rounds is the result.
"""
import argparse
import json
import os
import statistics
import subprocess
import sys

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--data", required=True, help="the folder that holds mnist/")
parser.add_argument("--rounds", type=int, default=5)
parser.add_argument("--repeat", type=int, default=5, help="epochs timed in each round")
parser.add_argument("--bench", default=".build/release/ranksweep-bench")
arguments = parser.parse_args()

here = os.path.dirname(os.path.abspath(__file__))
environment = {name: value for name, value in os.environ.items() if name != "OPENBLAS_CORETYPE"}
environment["OPENBLAS_NUM_THREADS"] = "1"
common = ["--data", arguments.data, "--repeat", str(arguments.repeat)]
cpu = str(max(os.sched_getaffinity(0)))


def median(command):
    run = subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=True, text=True)
    return statistics.median(json.loads(run.stdout)["seconds"])


ratios, ours, theirs = [], [], []
for number in range(arguments.rounds):
    ours.append(median(["taskset", "-c", cpu, arguments.bench, "mlp", "--json", *common]))
    theirs.append(median([sys.executable, os.path.join(here, "mlp_jax.py"), *common]))
    ratios.append(theirs[-1] / ours[-1])
    print(f"round {number + 1}: ranksweep {ours[-1]:.3f} s, JAX {theirs[-1]:.3f} s, ratio {ratios[-1]:.3f}",
          flush=True)
print(f"an epoch: ranksweep {statistics.median(ours):.3f} s, JAX {statistics.median(theirs):.3f} s; "
      f"JAX / ranksweep {statistics.median(ratios):.3f} (from {min(ratios):.3f} to {max(ratios):.3f})")
