#!/usr/bin/env python3
"""What measuring took beside training, of the run directories that are named.

    python3 docs/benchmarks/measuring.py runs/*

A row for each: trials, their seconds, those of measuring, and the second over the rest in percent; with --by AXIS a
row for each value of an axis. Reads provenance.ndjson: of each trial the attempt whose record is kept.
"""

import argparse
import json
import pathlib


def main():
    parser = argparse.ArgumentParser(description="what measuring took beside training")
    parser.add_argument("runs", nargs="+", type=pathlib.Path)
    parser.add_argument("--by", metavar="AXIS", help="a row for each value of this axis")
    asked = parser.parse_args()
    print("run\ttrials\tseconds\tmeasuring\t% of training")
    for run in asked.runs:
        rows = {}
        for line in (run / "provenance.ndjson").open():
            attempt = json.loads(line)
            if attempt["outcome"] not in ("measured", "diverged") or "measuring_seconds" not in attempt:
                continue
            key = json.dumps(attempt["axes"].get(asked.by)) if asked.by else ""
            row = rows.setdefault(key, [0, 0.0, 0.0])
            row[0] += 1
            row[1] += attempt["seconds"]
            row[2] += attempt["measuring_seconds"]
        for key, (trials, seconds, measuring) in rows.items():
            share = 100 * measuring / max(seconds - measuring, 1e-9)
            print(f"{run.name} {key}\t{trials}\t{seconds:.1f}\t{measuring:.1f}\t{share:.1f}")


if __name__ == "__main__":
    main()
