#!/usr/bin/env python3
"""Sixteen trainings of an MLP (784-200-200-200-10, MNIST, 2 epochs, batch 128, Adam) from the start of the command to
its results, by `ranksweep run` and as users of JAX and PyTorch run them, in turns: trainings an hour and memory.

    make build
    pip install jax torch joblib             # in environments of their own; --dask and --ray need these two, too
    python3 docs/benchmarks/compare_sweep.py --data FOLDER_WITH_MNIST \
        [--jax-python PYTHON] [--torch-python PYTHON] [--rounds 5] [--ways jax,jax-two,torch]

Everything may use all CPUs. Memory is that of all processes at once, from outside, the same way for each.
ranksweep also makes every record durable, and writes records, a table and a page; it maps the images that it decoded
once on this machine, as every later sweep here would. The others read and decode the files, as their scripts do.
"""
import argparse
import json
import os
import statistics
import sys

import processes

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--data", required=True, help="the folder that holds mnist/")
parser.add_argument("--rounds", type=int, default=5)
parser.add_argument("--trainings", type=int, default=16)
parser.add_argument("--ways", default="jax,jax-two,jax-vmap,torch,torch-two,torch-joblib")
parser.add_argument("--dask", action="store_true", help="PyTorch by Dask, too")
parser.add_argument("--ray", action="store_true", help="PyTorch by Ray, too")
parser.add_argument("--bench", default=".build/release/ranksweep-bench")
parser.add_argument("--jax-python", default=sys.executable, help="the Python that has JAX")
parser.add_argument("--torch-python", default=sys.executable, help="the Python that has PyTorch")
parser.add_argument("--ndjson", help="a file to add a line a measurement to")
options = parser.parse_args()

here = os.path.dirname(os.path.abspath(__file__))
environment = {name: value for name, value in os.environ.items() if name != "OPENBLAS_CORETYPE"}
# Ray's workers import by name what Dask's and the pool's find through the script.
environment["PYTHONPATH"] = os.pathsep.join(filter(None, [here, os.environ.get("PYTHONPATH")]))
slots = str(len(os.sched_getaffinity(0)))
data = ["--data", os.path.abspath(options.data)]


def command(way):
    if way == "ranksweep":
        return [options.bench, "sweep", "--repeat", "1", "--json", "--slots", slots, "--trials",
                str(options.trainings), *data]
    python = options.jax_python if way.startswith("jax") else options.torch_python
    return [python, os.path.join(here, "sweep_peers.py"), way, "--trainings", str(options.trainings), *data]


ways = ["ranksweep", *options.ways.split(",")]
ways += [f"torch-{name}" for name in ("dask", "ray") if getattr(options, name)]
lines = {way: [] for way in ways}
for number in range(options.rounds):
    turn = number % len(ways)
    for way in ways[turn:] + ways[:turn]:
        seconds, peak, output = processes.measure(command(way), environment)
        said = json.loads(output.strip().splitlines()[-1])
        if way == "ranksweep":
            # The sweep alone: not the benchmark's own process around it.
            seconds = said["seconds"][0]
        line = {"workload": "sweep", "round": number, "way": way, "seconds": seconds, "peak_bytes": peak,
                "trainings_per_hour": 3600 * options.trainings / seconds, "accuracy": said["accuracy"]}
        lines[way].append(line)
        print(f"round {number + 1}: {way}: {seconds:.1f} s, {peak / 1e6:.0f} MB", file=sys.stderr, flush=True)
        if options.ndjson:
            with open(options.ndjson, "a") as file:
                file.write(json.dumps(line, sort_keys=True) + "\n")

print("| | trainings an hour | ranksweep / it | peak memory | ranksweep / it | test accuracy |")
print("|---|---|---|---|---|---|")
for way in ways:
    def middle(key):
        return statistics.median(line[key] for line in lines[way])

    ratios = [line["seconds"] / ours["seconds"] for line, ours in zip(lines[way], lines["ranksweep"])]
    memory = statistics.median(
        ours["peak_bytes"] / line["peak_bytes"] for line, ours in zip(lines[way], lines["ranksweep"]))
    ratio = "1" if way == "ranksweep" else (
        f"**{statistics.median(ratios):.2f}** ({min(ratios):.2f} to {max(ratios):.2f})")
    print(f"| {way} | {middle('trainings_per_hour'):.0f} | {ratio} | {middle('peak_bytes') / 1e6:.0f} MB "
          f"| {memory:.2f} | {100 * middle('accuracy'):.1f} % |")
