#!/usr/bin/env python3
"""How many trials of a Gaussian VIB's run agree with the closed form, from its records: a row for each depth.

    python3 docs/benchmarks/agreement.py RUN_DIR [--threshold 0.1]

Trials within 5 % of a transition are left out: of a critical beta, or of a beta where the theory's local rank steps. For white x that beta is
known (docs/measures.md); otherwise it is taken halfway between two of the sweep's betas. In each other trial the last layer's local rank
must equal the theory's, and KL must be within 3 % or 0.02 nats. Needs only Python.
"""
import argparse
import json
import os
from collections import defaultdict

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("run", metavar="RUN_DIR")
parser.add_argument("--threshold", default="0.1", help="of the local rank, as records write it")
arguments = parser.parse_args()

with open(os.path.join(arguments.run, "records.ndjson")) as file:
    records = [json.loads(line) for line in file]
diverged = sum(record["outcome"] != "measured" for record in records)
records = [record for record in records if "theory" in record and record["outcome"] == "measured"]
if not records:
    raise SystemExit(f"{arguments.run}: no record has a closed form")
if arguments.threshold not in records[0]["theory"].get("local_rank", {}):
    raise SystemExit(f"local rank at {arguments.threshold} is not measured; measured are "
                     + ", ".join(sorted(records[0]["theory"].get("local_rank", {}))))


def theory_rank(record):
    return record["theory"]["local_rank"][arguments.threshold]


def transitions():
    """The critical betas, and where the local rank steps."""
    critical = records[0]["theory"]["critical_betas"]
    places = set(critical)
    square = float(arguments.threshold) ** 2
    white = [beta * (1 - square) / (1 - square * beta) for beta in critical]
    ranks = sorted({(record["axes"]["beta"], theory_rank(record)) for record in records})
    for (low, before), (high, after) in zip(ranks, ranks[1:]):
        if before != after:
            places.update([step for step in white if low <= step <= high] or [(low * high) ** 0.5])
    return sorted(places)


steps = transitions()
table = defaultdict(lambda: {"trials": 0, "rank": 0, "kl": 0, "relative": 0.0, "nats": 0.0})
off = []
for record in records:
    beta, depth = record["axes"]["beta"], record["axes"]["depth"]
    if any(abs(beta / step - 1) <= 0.05 for step in steps):
        continue
    row = table[depth]
    rank = record["metrics"]["local_rank"][arguments.threshold]["mean"][-1]
    kl, due = record["metrics"]["kl_nats"], record["theory"]["kl_nats"]
    error = abs(kl - due)
    row["trials"] += 1
    row["rank"] += rank == theory_rank(record)
    row["kl"] += error <= max(0.03 * due, 0.02)
    # A small KL's relative error says nothing: what is within the tolerance in nats is judged in nats.
    if error > 0.02 or due > 0.02 / 0.03:
        row["relative"] = max(row["relative"], error / due if due else float("inf"))
    else:
        row["nats"] = max(row["nats"], error)
    if rank != theory_rank(record) or error > max(0.03 * due, 0.02):
        off.append((depth, beta, record["axes"]["seed"], rank, theory_rank(record), kl, due))

print(f"{len(records)} trials with a closed form, {diverged} diverged; transitions near "
      + ", ".join(f"{step:.3g}" for step in steps))
print(f"\n| depth | trials | local rank at {arguments.threshold} is the theory's | KL within 3 % or 0.02 nats "
      "| largest error of KL | of KL below 0.67 nats |")
print("|---|---|---|---|---|---|")
for depth, row in sorted(table.items()):
    print(f"| {depth} | {row['trials']} | {row['rank']} | {row['kl']} | {100 * row['relative']:.2g} % "
          f"| {row['nats']:.2g} nats |")
if off:
    print("\nNot in agreement (depth, beta, seed: local rank of theory's; KL of theory's):")
    for depth, beta, seed, rank, expected, kl, due in sorted(off):
        print(f"  {depth}, {beta:g}, {seed}: {rank:g} of {expected}; {kl:.4g} of {due:.4g}")
