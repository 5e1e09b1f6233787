"""Programs that do the same work in turns, on one CPU, and the ratios of their times: what the compare_*.py share.

Turns, because machines have better and worse minutes: in each round every program's median is divided by ranksweep's,
and the middle ratio of the rounds is the result. The order turns, too.
"""
import json
import os
import statistics
import subprocess


def environment():
    """As a plain user's, but one thread, and with the BLAS kernel that fits the CPU."""
    names = {name: value for name, value in os.environ.items() if name != "OPENBLAS_CORETYPE"}
    return {**names, "OPENBLAS_NUM_THREADS": "1"}


def measure(command):
    """The JSON line of a program that runs on the last CPU."""
    cpu = str(max(os.sched_getaffinity(0)))
    run = subprocess.run(
        ["taskset", "-c", cpu, *command], env=environment(), stdout=subprocess.PIPE, check=True, text=True)
    return json.loads(run.stdout)


def compare(programs, rounds, keep=None):
    """programs: (name, command), ranksweep the first. Prints a line a round, and the table as Markdown; appends what the
    programs said to the file `keep`, a line each with its round and program."""
    lines = {name: [] for name, _ in programs}
    for number in range(rounds):
        turn = number % len(programs)
        for name, command in programs[turn:] + programs[:turn]:
            lines[name].append(measure(command))
            if keep:
                with open(keep, "a") as file:
                    file.write(json.dumps({**lines[name][-1], "round": number + 1, "program": name}) + "\n")
        medians = ", ".join(f"{name} {seconds(lines[name][-1]):.4f}" for name, _ in programs)
        print(f"round {number + 1}: {medians}", flush=True)
    first = programs[0][0]
    # Times of the processor say more than the clock's where other programs want the CPU, too.
    for what, title in (("seconds", "median"), ("cpu_seconds", "processor time")):
        if all(what in line for said in lines.values() for line in said):
            table(lines, first, what, title)
    ours = lines[first][-1]
    print(f"\nranksweep: {ours['gflops']:.1f} GFLOP/s of products, kernel {ours['kernel']}")
    shares = {"fraction_of_blas": "the products alone / the step", "fraction_of_peak": "of the core's peak", "allocations_per_step": "allocations a step"}
    print(", ".join(f"{words} {ours[name]:.3f}" for name, words in shares.items() if name in ours))


def table(lines, first, what, title):
    print(f"\n| | {title} | / ranksweep | loss | peak memory |\n|---|---|---|---|---|")
    for name in lines:
        times = [statistics.median(line[what]) for line in lines[name]]
        ratios = [statistics.median(line[what]) / statistics.median(ours[what])
                  for line, ours in zip(lines[name], lines[first])]
        last = lines[name][-1]
        ratio = "1" if name == first else (
            f"**{statistics.median(ratios):.2f}** ({min(ratios):.2f} to {max(ratios):.2f})")
        said = " ".join(f"{last[key]:.3f}" for key in ("loss", "kl") if key in last)
        print(f"| {last.get('library', name)} | {statistics.median(times):.4f} s | {ratio} | {said} "
              f"| {last['peak_bytes'] / 1e6:.0f} MB |")


def seconds(line):
    return statistics.median(line["seconds"])
