#!/usr/bin/env python3
"""ranksweep-bench local-rank beside PyTorch and JAX, in turns, one CPU each; prints a table of ratios.

    pip install torch numpy safetensors jax
    python3 docs/benchmarks/compare_local_rank.py --data FOLDER_WITH_MNIST [--rounds 5]

784-200-200-200-10 (ReLU) after an epoch of MNIST in PyTorch, the same weights and the first 256 test images for all:
ranks of every layer at 0.01, 0.1 and 0.01 σ_1. local_rank_peers.py says what each variant does. Every round runs
each program once and divides its time by ranksweep's of that round; the middle ratio of the rounds is the result.
"""
import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile

import numpy as np
from check_local_rank import images, train
from safetensors.torch import save_file

VARIANTS = ["torch-jacrev", "torch-jacrev-float64", "torch-product", "torch-product-float64",
            "torch-gram-float64", "jax-jacrev", "jax-jacrev-float64"]

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--data", required=True, help="the folder that holds mnist/")
parser.add_argument("--rounds", type=int, default=5)
parser.add_argument("--repeat", type=int, default=9, help="how often ranksweep is timed in each round")
parser.add_argument("--variants", default=",".join(VARIANTS), help="some of: %(default)s")
parser.add_argument("--jax-python", default=sys.executable, help="a Python that has JAX (default: this one)")
parser.add_argument("--bench", default=".build/release/ranksweep-bench")
arguments = parser.parse_args()
variants = arguments.variants.split(",")

here = os.path.dirname(os.path.abspath(__file__))
environment = {name: value for name, value in os.environ.items() if name != "OPENBLAS_CORETYPE"}
environment["OPENBLAS_NUM_THREADS"] = "1"
cpu = str(max(os.sched_getaffinity(0)))
POINTS = 256


def run(command):
    return json.loads(subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=True, text=True).stdout)


def difference(ours, theirs):
    """Of counts summed over points, [threshold][layer 2 ...]: in how many of the sums, and by how much at most."""
    wanted = np.rint(POINTS * np.array(ours["absolute"] + ours["relative"])[:, 1:]).astype(int)
    apart = abs(wanted - np.array(theirs["counts"]))
    return "equal" if not apart.any() else f"{(apart > 0).sum()} of {apart.size} sums differ, by up to {apart.max()}"


with tempfile.TemporaryDirectory() as folder:
    net = train(arguments.data, "relu", epochs=1)
    saved = os.path.join(folder, "net.safetensors")
    save_file(net.state_dict(), saved)
    parameters = [parameter.detach().numpy() for parameter in net.parameters()]
    problem = os.path.join(folder, "problem.npz")
    np.savez(problem, x=images(arguments.data, "t10k")[:POINTS],
             **{f"w{layer}": w for layer, w in enumerate(parameters[::2])},
             **{f"b{layer}": b for layer, b in enumerate(parameters[1::2])})
    bench = ["taskset", "-c", cpu, arguments.bench, "local-rank", "--data", arguments.data, "--weights", saved,
             "--repeat", str(arguments.repeat), "--json"]
    times = {name: [] for name in ["ranksweep", *variants]}
    ratios = {name: [] for name in variants}
    agreement = {}
    for number in range(arguments.rounds):
        ours = run(bench)
        times["ranksweep"].append(statistics.median(ours["seconds"]))
        for name in variants:
            python = arguments.jax_python if name.startswith("jax") else sys.executable
            theirs = run([python, os.path.join(here, "local_rank_peers.py"), name, "--problem", problem])
            times[name].append(statistics.median(theirs["seconds"]))
            ratios[name].append(times[name][-1] / times["ranksweep"][-1])
            agreement[name] = (theirs["library"], difference(ours, theirs))
            print(f"round {number + 1}: ranksweep {times['ranksweep'][-1]:.3f} s, {name} {times[name][-1]:.2f} s",
                  flush=True)

print(f"\nkernel {ours['kernel']}\n| | median | / ranksweep | counts |\n|---|---|---|---|")
print(f"| ranksweep | {statistics.median(times['ranksweep']):.3f} s | 1 | |")
for name in variants:
    library, counts = agreement[name]
    print(f"| {name} ({library}) | {statistics.median(times[name]):.2f} s | {statistics.median(ratios[name]):.0f} "
          f"(from {min(ratios[name]):.0f} to {max(ratios[name]):.0f}) | {counts} |")
