#!/usr/bin/env python3
"""An epoch of a network on MNIST by ranksweep-bench, mnist_jax.py and mnist_torch.py in turns, one CPU; prints the ratios.
A vit and a mixer have no peer in JAX.

    python3 docs/benchmarks/compare_mnist.py mlp --data FOLDER_WITH_MNIST [--rounds 5] [--fused] [--keep FILE.ndjson]
    python3 docs/benchmarks/compare_mnist.py vib-small --data FOLDER_WITH_MNIST --repeat 2
    python3 docs/benchmarks/compare_mnist.py vib-alemi --data FOLDER_WITH_MNIST --repeat 1 [--steps 100]
    python3 docs/benchmarks/compare_mnist.py vit --data FOLDER_WITH_MNIST --repeat 1 [--fused]
"""
import argparse
import os
import sys

import mnist_peers
import turns

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("network", choices=list(mnist_peers.NETWORKS))
parser.add_argument("--data", required=True, help="the folder that holds mnist/")
parser.add_argument("--rounds", type=int, default=5)
parser.add_argument("--repeat", type=int, default=5, help="epochs timed in each round")
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
torch = [arguments.torch_python, os.path.join(here, "mnist_torch.py"), arguments.network, *common]
programs = [
    ("ranksweep", [arguments.bench, arguments.network, "--json", *common]),
    ("JAX", [arguments.jax_python, os.path.join(here, "mnist_jax.py"), arguments.network, *common]),
    ("PyTorch", torch),
]
if arguments.network in ("vit", "mixer"):
    del programs[1]
if arguments.fused:
    programs.append(("PyTorch fused", [*torch, "--fused"]))
turns.compare(programs, arguments.rounds, arguments.keep)
