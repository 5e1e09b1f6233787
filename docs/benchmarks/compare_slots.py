#!/usr/bin/env python3
"""`ranksweep-bench sweep` with one slot and with two (or --slots N), in turns: how much more a second slot does.

    make build
    python3 docs/benchmarks/compare_slots.py --data FOLDER_WITH_MNIST [--slots 2] [--rounds 5]

What several slots cannot share is memory bandwidth, the last cache, and the clock speed that a CPU has with many cores
busy; the start of the sweep and its end, which belong to no slot, count here, too.
"""
import argparse
import json
import os
import statistics
import subprocess
import sys

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--data", required=True, help="the folder that holds mnist/")
parser.add_argument("--slots", default=",".join(str(n) for n in range(2, len(os.sched_getaffinity(0)) + 1)),
                    help="numbers of slots to hold against one, with commas between")
parser.add_argument("--rounds", type=int, default=5)
parser.add_argument("--trainings", type=int, default=16)
parser.add_argument("--bench", default=".build/release/ranksweep-bench")
parser.add_argument("--ndjson", help="a file to add a line a measurement to")
options = parser.parse_args()

counts = [1, *(int(count) for count in options.slots.split(",") if count)]
lines = {count: [] for count in counts}
for number in range(options.rounds):
    turn = number % len(counts)
    for count in counts[turn:] + counts[:turn]:
        command = [options.bench, "sweep", "--data", options.data, "--slots", str(count), "--trials",
                   str(options.trainings), "--repeat", "1", "--json"]
        line = json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True).stdout)
        lines[count].append(line)
        print(f"round {number + 1}: {count} slots: {line['seconds'][0]:.2f} s", file=sys.stderr, flush=True)
        if options.ndjson:
            with open(options.ndjson, "a") as file:
                file.write(json.dumps({**line, "round": number}, sort_keys=True) + "\n")

print("| slots | trainings an hour | / one slot | all memory |\n|---|---|---|---|")
for count in counts:
    ratios = [one["seconds"][0] / line["seconds"][0] for one, line in zip(lines[1], lines[count])]
    hourly = statistics.median(line["trainings_per_hour"] for line in lines[count])
    memory = statistics.median(line["all_processes_peak_bytes"][0] for line in lines[count])
    ratio = "1" if count == 1 else f"**{statistics.median(ratios):.2f}** ({min(ratios):.2f} to {max(ratios):.2f})"
    print(f"| {count} | {hourly:.0f} | {ratio} | {memory / 1e6:.0f} MB |")
