#!/usr/bin/env python3
"""1000 steps of a VIB on Gaussian data by ranksweep-bench, gaussian_vib_jax.py (with JAX's default generator and with
XLA's) and gaussian_vib_torch.py (with and without the fused Adam) in turns, one CPU; prints the ratios. A second row of ranksweep
trains several β of one seed together, as its workers do; the time is one trial's share.

    python3 docs/benchmarks/compare_gaussian_vib.py [--rounds 5]
"""
import argparse
import os
import sys

import turns

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--rounds", type=int, default=5)
parser.add_argument("--repeat", type=int, default=5, help="runs of 1000 steps timed in each round")
parser.add_argument("--batch", type=int, default=16, help="trials that ranksweep trains together; 1: none")
parser.add_argument("--no-peers", action="store_true", help="ranksweep alone and together, nothing else")
parser.add_argument("--bench", default=".build/release/ranksweep-bench")
parser.add_argument("--jax-python", default=sys.executable, help="the Python that has JAX")
parser.add_argument("--torch-python", default=sys.executable, help="the Python that has PyTorch")
arguments = parser.parse_args()

here = os.path.dirname(os.path.abspath(__file__))
repeat = ["--repeat", str(arguments.repeat)]
jax = [arguments.jax_python, os.path.join(here, "gaussian_vib_jax.py"), *repeat]
torch = [arguments.torch_python, os.path.join(here, "gaussian_vib_torch.py"), *repeat]
ours = [arguments.bench, "gaussian-vib", "--json", *repeat]
programs = [("ranksweep", ours)]
if arguments.batch > 1:
    programs.append((f"ranksweep, {arguments.batch} together", [*ours, "--batch", str(arguments.batch)]))
peers = [
    ("JAX", jax),
    ("JAX rbg", [*jax, "--generator", "rbg"]),
    ("PyTorch", torch),
    ("PyTorch fused", [*torch, "--fused"]),
]
turns.compare(programs + ([] if arguments.no_peers else peers), arguments.rounds)
