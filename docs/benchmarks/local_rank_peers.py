#!/usr/bin/env python3
"""Local rank of layers 2 to 4 of 784-200-200-200-10 (ReLU), in PyTorch or JAX on one CPU; one JSON line.

    python3 local_rank_peers.py VARIANT --problem FILE.npz --repeat 1

    torch-jacrev    torch.func.jacrev and vmap, 32 points at a time, then torch.linalg.svdvals
    torch-product   J_l as batched products of whole matrices, then torch.linalg.svdvals
    torch-gram      the same, then torch.linalg.eigvalsh of J Jᵀ
    jax-jacrev      jax.jacrev and vmap, 32 points at a time, then jnp.linalg.svd, one compiled call

Each name may end in -float64; without, it computes in single precision, as both libraries do unless told.
The first layer's Jacobian is its weights at every point: its ranks take one decomposition and are not timed.
FILE.npz holds x (points, 784) and the weights and biases w0, b0, ...
"""
import argparse
import json
import os
import time

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("variant")
parser.add_argument("--problem", required=True)
parser.add_argument("--repeat", type=int, default=1)
arguments = parser.parse_args()

for name in ("OMP", "OPENBLAS", "MKL"):
    os.environ[name + "_NUM_THREADS"] = "1"
os.environ["JAX_PLATFORMS"] = "cpu"
os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})

import numpy as np  # noqa: E402  (the environment must be set first)

CHUNK = 32
variant = arguments.variant.removesuffix("-float64")
single = variant == arguments.variant
problem = np.load(arguments.problem)
kind = np.float32 if single else np.float64
x = problem["x"].astype(kind)
weights = [problem[f"w{layer}"].astype(kind) for layer in range(4)]
biases = [problem[f"b{layer}"].astype(kind) for layer in range(4)]


def torch_counts():
    import torch

    torch.set_num_threads(1)
    points, ws, bs = torch.from_numpy(x), list(map(torch.from_numpy, weights)), list(map(torch.from_numpy, biases))

    def preactivations(x):
        outputs = []
        for index, (w, b) in enumerate(zip(ws, bs)):
            p = torch.nn.functional.linear(x, w, b)
            outputs += [p] if index else []
            x = torch.relu(p)
        return tuple(outputs)

    jacobians = torch.func.vmap(torch.func.jacrev(preactivations))

    def products(x):
        outputs, below = [], ws[0]
        for w, b, after, bias in zip(ws, bs, ws[1:], bs[1:]):
            p = torch.nn.functional.linear(x, w, b)
            x = torch.relu(p)
            below = after @ ((p > 0).to(p.dtype)[:, :, None] * below)
            outputs.append(below)
        return outputs

    def singular_values(jacobian):
        if variant != "torch-gram":
            return torch.linalg.svdvals(jacobian)
        gram = jacobian @ jacobian.mT
        return torch.linalg.eigvalsh(gram).flip(-1).clamp(min=0).sqrt()

    @torch.no_grad()
    def run(points):
        counts = np.zeros((3, 3), int)
        for chunk in points.split(CHUNK):
            for layer, jacobian in enumerate((jacobians if variant == "torch-jacrev" else products)(chunk)):
                s = singular_values(jacobian)
                counts[:, layer] += [int((s > 0.01).sum()), int((s > 0.1).sum()),
                                     int((s >= 0.01 * s[:, :1]).sum())]
        return counts

    run(points[:CHUNK])
    return lambda: run(points), "torch " + torch.__version__


def jax_counts():
    import jax

    jax.config.update("jax_enable_x64", not single)
    import jax.numpy as jnp

    def preactivations(x):
        outputs = []
        for index, (w, b) in enumerate(zip(weights, biases)):
            p = jnp.asarray(w) @ x + b
            outputs += [p] if index else []
            x = jax.nn.relu(p)
        return outputs

    def counts(x):
        def of(jacobian):
            s = jnp.linalg.svd(jacobian, compute_uv=False)
            return jnp.array([(s > 0.01).sum(), (s > 0.1).sum(), (s >= 0.01 * s[0]).sum()])
        return jnp.stack([of(jacobian) for jacobian in jax.jacrev(preactivations)(x)], 1)

    run = jax.jit(lambda points: jax.lax.map(counts, points, batch_size=CHUNK).sum(0))
    points = jnp.asarray(x)
    compiled = run.lower(points).compile()
    return lambda: np.asarray(compiled(points)), "jax " + jax.__version__


measure, library = (jax_counts if variant == "jax-jacrev" else torch_counts)()
seconds = []
for _ in range(arguments.repeat):
    start = time.perf_counter()
    counts = measure()
    seconds.append(time.perf_counter() - start)
print(json.dumps({"workload": "local-rank", "library": library, "seconds": seconds, "counts": counts.tolist()}))
