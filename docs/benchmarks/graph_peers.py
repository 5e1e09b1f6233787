#!/usr/bin/env python3
"""Ranks of the Jacobians of all layers of a timm network in PyTorch on one core; one JSON line.

    pip install torch timm numpy
    python docs/benchmarks/graph_peers.py WAY MODEL [--patch 16] [--relative 0.001,0.01,0.1] [--gram float32]

WAY is how the Jacobians of the layers in the middle patch of one image are computed:

    chunks    torch.func.jvp of 8 tangents at a time through the whole network; the layers' Jacobians are stored, at
              most 8 GB of them: a network with more takes several passes
    nodes     torch.func.jvp of all tangents through one operation at a time; a layer's Jacobian is counted as soon as
              it is there, and freed with the last operation that reads it

Either way a layer's singular values are counted from its smaller Gram matrix by torch.linalg.eigvalsh in double; the
Gram matrix is summed in the type of --gram. The layers are those that `ranksweep measure` measures: products,
convolutions (after batch normalisation), normalisations, activations, pools and sums of two layers.
"""
import argparse
import json
import os
import resource
import time

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("way", choices=["chunks", "nodes"])
parser.add_argument("model")
parser.add_argument("--patch", type=int, default=16)
parser.add_argument("--relative", default="0.001,0.01,0.1")
parser.add_argument("--gram", choices=["float32", "float64"], default="float64")
parser.add_argument("--inputs", help="an .npy file; default: random numbers")
parser.add_argument("--seed", type=int, default=0)
asked = parser.parse_args()

for name in ("OMP", "OPENBLAS", "MKL"):
    os.environ[name + "_NUM_THREADS"] = "1"

import numpy as np  # noqa: E402  (the environment must be set first)
import timm  # noqa: E402
import timm.layers  # noqa: E402
import torch  # noqa: E402

torch.set_num_threads(1)
torch.manual_seed(asked.seed)
timm.layers.set_fused_attn(False)  # its forward derivative is not implemented
net = timm.create_model(asked.model, pretrained=False).eval().requires_grad_(False)
x = torch.randn(1, 3, 224, 224)
if asked.inputs:
    x = torch.from_numpy(np.load(asked.inputs)[:1]).float()

module = torch.export.export(net, (x,)).run_decompositions({}).module()
graph = module.graph
for node in list(graph.nodes):
    if node.op == "call_module":  # a check of the input's shape
        graph.erase_node(node)
image = next(node for node in graph.nodes if node.op == "placeholder")
MEASURED = {"conv2d", "batch_norm", "linear", "matmul", "relu", "gelu", "layer_norm", "max_pool2d", "adaptive_avg_pool2d",
            "add"}


def operation(node):
    return node.target.__name__.split(".")[0] if node.op == "call_function" else ""


def tensors(arguments):
    """The nodes among arguments, in order."""
    found = []
    torch.fx.node.map_arg(arguments, lambda node: found.append(node))
    return found


depends = set()
for node in graph.nodes:
    if node.op == "placeholder" or any(argument in depends for argument in tensors((node.args, node.kwargs))):
        depends.add(node)
layers = []
for node in graph.nodes:
    if node not in depends or operation(node) not in MEASURED:
        continue
    if operation(node) == "conv2d" and any(operation(user) == "batch_norm" for user in node.users):
        continue
    if operation(node) == "add" and sum(argument in depends for argument in tensors(node.args)) < 2:
        continue
    layers.append(node)

side, start = asked.patch, (224 - asked.patch) // 2
columns = [c * 224 * 224 + (start + i) * 224 + start + j for c in range(3) for i in range(side) for j in range(side)]
tangents = torch.zeros(len(columns), 1, 3, 224, 224)
tangents.view(len(columns), -1)[torch.arange(len(columns)), torch.tensor(columns)] = 1
thresholds = [float(word) for word in asked.relative.split(",")]
kind = getattr(torch, asked.gram)
counts = {}


def count(node, jacobian):
    """Counts from the transposed Jacobian, [inputs, units]."""
    j = jacobian.reshape(len(columns), -1)
    order = min(j.shape)
    gram = torch.zeros(order, order, dtype=torch.float64)
    if j.shape[0] <= j.shape[1]:
        for part in j.split(4096, dim=1):
            part = part.to(kind)
            gram += part @ part.T
    else:
        part = j.to(kind)
        gram += part.T @ part
    squares = torch.linalg.eigvalsh(gram)
    counts[node.name] = [int((squares >= e * e * squares[-1]).sum()) if squares[-1] > 1e-30 else 0 for e in thresholds]


def value(node, known):
    """The value of a node without inputs that vary, or computed from known ones."""
    if node.op == "get_attr":
        target = module
        for part in node.target.split("."):
            target = getattr(target, part)
        return target
    args, kwargs = torch.fx.node.map_arg((node.args, node.kwargs), lambda argument: known[argument])
    return node.target(*args, **kwargs)


def run(known, keep):
    """Runs the whole network; returns the values of the nodes in `keep`."""
    last = {argument: node for node in graph.nodes for argument in tensors((node.args, node.kwargs))}
    kept = {}
    for node in graph.nodes:
        if node.op == "output":
            break
        if node.op != "placeholder":
            known[node] = value(node, known)
        if node in keep:
            kept[node] = known[node]
        for argument in set(tensors((node.args, node.kwargs))):
            if last[argument] is node and argument.op != "placeholder":
                del known[argument]
    return kept


def in_chunks():
    sizes = {}
    with torch.no_grad():
        for node, output in run({image: x}, set(layers)).items():
            sizes[node] = output.numel() * len(columns) * 4
    passes, held = [[]], 0
    for node in layers:
        if held + sizes[node] > 8e9 and passes[-1]:
            passes.append([])
            held = 0
        passes[-1].append(node)
        held += sizes[node]
    for part in passes:
        stored = {node: torch.empty(len(columns), sizes[node] // 4 // len(columns)) for node in part}

        def values(numbers):
            kept = run({image: numbers}, set(part))
            return [kept[node] for node in part]

        for first in range(0, len(columns), 8):
            chunk = tangents[first:first + 8]
            pushed = torch.func.vmap(lambda t: torch.func.jvp(values, (x,), (t,))[1])(chunk)
            for node, tangent in zip(part, pushed):
                stored[node][first:first + len(chunk)] = tangent.reshape(len(chunk), -1)
        for node in part:
            count(node, stored.pop(node))
    return len(passes)


def by_nodes():
    known, pushed = {image: x}, {image: tangents}
    last = {argument: node for node in graph.nodes for argument in tensors((node.args, node.kwargs))}
    for node in graph.nodes:
        if node.op == "output":
            break
        if node.op != "placeholder":
            varying = [argument for argument in dict.fromkeys(tensors((node.args, node.kwargs))) if argument in pushed]
            known[node] = value(node, known)
            if varying:
                def at(*values, node=node, varying=varying):
                    return value(node, known | dict(zip(varying, values)))

                primals = tuple(known[argument] for argument in varying)
                pushed[node] = torch.func.vmap(lambda *t: torch.func.jvp(at, primals, t)[1])(
                    *[pushed[argument] for argument in varying])
        if node in layers:
            count(node, pushed[node])
        for argument in set(tensors((node.args, node.kwargs))):
            if last[argument] is node:
                known.pop(argument, None)
                pushed.pop(argument, None)
    return 1


start = time.process_time()
passes = in_chunks() if asked.way == "chunks" else by_nodes()
print(json.dumps({
    "way": asked.way, "model": asked.model, "gram": asked.gram, "layers": len(layers), "inputs": len(columns),
    "cpu_seconds": round(time.process_time() - start, 1), "passes": passes,
    "peak_gb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6, 2), "relative": thresholds,
    "counts": list(counts.values())}))
