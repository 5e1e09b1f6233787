"""Compares what `ranksweep measure` computes of whole networks with onnxruntime and PyTorch.

    pip install numpy onnx onnxruntime torch timm
    python docs/benchmarks/check_graphs.py RANKSWEEP [FILE.onnx ...] [--model NAME ...]

FILE.onnx: the values of every layer at one random image must agree with onnxruntime's to 1e-4 of the layer's largest.
--model NAME: exports the timm network NAME, with random weights, by both of PyTorch's exporters. Beside the values it
compares the Jacobian of the output in 20 random inputs with `torch.func.jvp` in double precision: the numbers of
singular values above thresholds must be equal, where no singular value is within 1 % of the threshold.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile

import numpy as np
import onnx
import onnxruntime

THRESHOLDS = [0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001]


def measure(ranksweep, file, *options):
    done = subprocess.run([ranksweep, "measure", file, *options], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(done.stderr or f"{file}: exit code {done.returncode}")
    return done.stdout


def reference_values(model, values, x):
    """Yields the values with these names, computed by onnxruntime, some hundred in one pass."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    for start in range(0, len(values), 300):
        part = values[start:start + 300]
        del model.graph.output[:]
        model.graph.output.extend(onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None) for name in part)
        session = onnxruntime.InferenceSession(model.SerializeToString(), options)
        yield from session.run(part, {session.get_inputs()[0].name: x})


def check_values(ranksweep, file, folder):
    """Prints how many layers agree; returns the number of those that don't."""
    model = onnx.load(file)
    sizes = [d.dim_value for d in model.graph.input[0].type.tensor_type.shape.dim]
    x = np.random.default_rng(0).normal(size=[1] + sizes[1:]).astype(np.float32)
    np.save(f"{folder}/x.npy", x)
    outputs = f"{folder}/outputs"
    measure(ranksweep, file, "--inputs", f"{folder}/x.npy", "--measures", "spectral_norm", "--layers", "*",
            "--save-outputs", outputs)
    made = {node.name or node.output[0]: node.output[0] for node in model.graph.node}
    layers = [name for name in made if os.path.exists(f"{outputs}/{name.replace('/', '_')}.npy")]
    worst, wrong = 0.0, []
    for name, expected in zip(layers, reference_values(model, [made[name] for name in layers], x)):
        found = np.load(f"{outputs}/{name.replace('/', '_')}.npy").ravel()
        expected = np.asarray(expected, dtype=np.float32).ravel()
        error = np.inf
        if found.size == expected.size:
            error = np.abs(found - expected).max() / max(1e-12, np.abs(expected).max())
        worst = max(worst, error)
        if not error <= 1e-4:
            wrong.append(f"{name}: {error:.2g}")
    shutil.rmtree(outputs)
    print(f"{os.path.basename(file)}: {len(layers)} layers, the largest difference {worst:.1e}", *wrong, flush=True)
    return len(wrong)


def exported(name, folder):
    """The timm network with random weights, none of them 0 throughout, and its files of both exporters."""
    import timm
    import torch

    torch.manual_seed(0)
    timm.layers.set_fused_attn(False)
    network = timm.create_model(name, pretrained=False).eval()
    with torch.no_grad():
        for parameter in network.parameters():
            # Layers that start at 0 would hide all others.
            if parameter.abs().max() < 1e-3:
                parameter.normal_(std=0.02)
    x = torch.randn(1, *timm.data.resolve_model_data_config(network)["input_size"])
    files = []
    for dynamo in (False, True):
        files.append(f"{folder}/{name}.{'dynamo' if dynamo else 'classic'}.onnx")
        torch.onnx.export(network, (x,), files[-1], dynamo=dynamo, input_names=["x"])
    return network, x, files


def check_ranks(ranksweep, network, x, file, folder):
    """Compares ranks of the output's Jacobian; returns the number of thresholds at which they differ."""
    import torch

    columns = np.random.default_rng(1).choice(x.numel(), 20, replace=False)
    network, x = network.double(), x.double()

    def tangent(column):
        direction = torch.zeros_like(x)
        direction.view(-1)[column] = 1
        return torch.func.jvp(network, (x,), (direction,))[1].ravel()

    jacobian = torch.stack([tangent(int(column)) for column in columns], 1)
    singular = torch.linalg.svdvals(jacobian).detach().numpy()
    np.save(f"{folder}/x.npy", x.float().detach().numpy())
    options = ["--inputs", f"{folder}/x.npy", "--columns", ",".join(map(str, columns)), "--measures", "local_rank",
               "--relative", ",".join(map(str, THRESHOLDS))]
    last = measure(ranksweep, file, "--list-layers").strip().splitlines()[-1].split("  ")[0]
    found = json.loads(measure(ranksweep, file, *options, "--layers", last))
    ranks, wrong, sure = found["local_rank_relative"], [], 0
    for threshold in THRESHOLDS:
        limit = threshold * singular[0]
        if np.any(np.abs(singular / limit - 1) < 0.01):
            continue
        sure += 1
        expected, rank = int((singular >= limit).sum()), ranks[str(threshold)]["mean"][-1]
        if rank != expected:
            wrong.append(f"{threshold}: {rank}, expected {expected}")
    print(f"{os.path.basename(file)}: ranks at {sure} of {len(THRESHOLDS)} thresholds compared, σ from {singular[0]:.2g} "
          f"to {singular[-1]:.2g}", *wrong, flush=True)
    network.float()
    return len(wrong)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("ranksweep")
    parser.add_argument("files", nargs="*")
    parser.add_argument("--model", action="append", default=[], help="a network of timm; may be repeated")
    options = parser.parse_args()
    wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        for file in options.files:
            wrong += check_values(options.ranksweep, file, folder)
        for name in options.model:
            network, x, files = exported(name, folder)
            for file in files:
                wrong += check_values(options.ranksweep, file, folder)
                wrong += check_ranks(options.ranksweep, network, x, file, folder)
    sys.exit(1 if wrong else 0)


main()
