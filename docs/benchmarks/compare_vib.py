#!/usr/bin/env python3
"""An epoch of a VIB on MNIST by ranksweep-bench, vib_jax.py and vib_torch.py in turns, one CPU; prints the ratios.

    python3 docs/benchmarks/compare_vib.py small --data FOLDER_WITH_MNIST [--rounds 5] [--fused]
    python3 docs/benchmarks/compare_vib.py alemi --data FOLDER_WITH_MNIST --repeat 1 [--steps 100]
"""
import argparse
import os
import sys

import turns

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("network", choices=["small", "alemi"])
parser.add_argument("--data", required=True, help="the folder that holds mnist/")
parser.add_argument("--rounds", type=int, default=5)
parser.add_argument("--repeat", type=int, default=2, help="epochs timed in each round")
parser.add_argument("--steps", type=int, help="steps a repeat, in place of an epoch")
parser.add_argument("--fused", action="store_true", help="PyTorch with its fused Adam, too")
parser.add_argument("--keep", help="append every program's JSON line of every round to this file")
parser.add_argument("--bench", default=".build/release/ranksweep-bench")
parser.add_argument("--jax-python", default=sys.executable, help="the Python that has JAX")
parser.add_argument("--torch-python", default=sys.executable, help="the Python that has PyTorch")
arguments = parser.parse_args()

here = os.path.dirname(os.path.abspath(__file__))
common = ["--data", arguments.data, "--repeat", str(arguments.repeat)]
if arguments.steps:
    common += ["--steps", str(arguments.steps)]
torch = [arguments.torch_python, os.path.join(here, "vib_torch.py"), arguments.network, *common]
programs = [
    ("ranksweep", [arguments.bench, "vib-" + arguments.network, "--json", *common]),
    ("JAX", [arguments.jax_python, os.path.join(here, "vib_jax.py"), arguments.network, *common]),
    ("PyTorch", torch),
]
if arguments.fused:
    programs.append(("PyTorch fused", [*torch, "--fused"]))
turns.compare(programs, arguments.rounds, arguments.keep)
