"""Tasks that do nothing, through ranksweep and through Dask, in turns: trials a second and tasks a second.

Two processes work in each. ranksweep's coordinator makes every trial's record durable (fsync) before it acknowledges it,
checks it against the grid, and talks over TCP with CURVE; Dask keeps results in memory, and talks over TCP without
encryption. So this is no race: it says what a trial costs beside what such a task costs.

    make build
    pip install dask distributed                  # in an environment of its own
    python3 docs/benchmarks/compare_dispatch.py   # makes and removes a folder here, for the journal
"""

import argparse
import json
import statistics
import subprocess
import time


def nothing(number):
    return number


def dask_seconds(tasks):
    from dask.distributed import Client, LocalCluster

    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster, Client(cluster) as client:
        client.gather(client.map(nothing, range(100), pure=False))
        begin = time.perf_counter()
        results = client.gather(client.map(nothing, range(tasks), pure=False))
        seconds = time.perf_counter() - begin
        assert results == list(range(tasks))
        return seconds


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bench", default=".build/release/ranksweep-bench")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--trials", type=int, default=50_000)
    parser.add_argument("--tasks", type=int, default=10_000)
    options = parser.parse_args()
    ours, theirs = [], []
    for _ in range(options.rounds):
        command = [options.bench, "dispatch", "--json", "--repeat", "1", "--trials", str(options.trials)]
        line = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        ours.append(line["trials_per_second"])
        theirs.append(options.tasks / dask_seconds(options.tasks))
        print(f"ranksweep {ours[-1]:.0f} trials/s, Dask {theirs[-1]:.0f} tasks/s", flush=True)
    ratios = [a / b for a, b in zip(ours, theirs)]
    print(
        f"median: ranksweep {statistics.median(ours):.0f}, Dask {statistics.median(theirs):.0f}; "
        f"ratio {statistics.median(ratios):.1f}, from {min(ratios):.1f} to {max(ratios):.1f}"
    )


if __name__ == "__main__":
    main()
