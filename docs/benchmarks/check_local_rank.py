#!/usr/bin/env python3
"""Trains networks in PyTorch and compares `ranksweep measure` with NumPy's svd of their explicit Jacobians.

    pip install torch numpy safetensors
    python3 docs/benchmarks/check_local_rank.py --data FOLDER_WITH_MNIST [--points 64]

784-200-200-200-10 with ReLU and with tanh, as drawn and after an epoch of MNIST. Everything on this side is in
double: a forward pass, J_l = W_l D J_{l-1} as a product of whole matrices, and numpy.linalg.svd. The sums of
counts over points and their standard errors must be equal. A threshold within 1e-6 of a singular value is left out, and reported.
"""
import argparse
import gzip
import json
import os
import subprocess
import sys
import tempfile

# One thread: more would only wait for each other at these sizes.
for library in ("OMP", "OPENBLAS", "MKL"):
    os.environ.setdefault(library + "_NUM_THREADS", "1")
import numpy as np  # noqa: E402  (the environment must be set first)

UNITS = [784, 200, 200, 200, 10]


def read_idx(folder, name):
    with gzip.open(os.path.join(folder, "mnist", name + ".gz")) as file:
        data = file.read()
    return np.frombuffer(data, np.uint8, offset=4 + 4 * data[3])


def images(folder, part):
    """Pixels 0...1 as ranksweep makes them: times 1/255 in single precision."""
    return read_idx(folder, part + "-images-idx3-ubyte").reshape(-1, 784) * np.float32(1 / 255)


def train(folder, activation, epochs):
    import torch

    torch.manual_seed(0)
    parts = []
    for inputs, outputs in zip(UNITS, UNITS[1:]):
        parts += [torch.nn.Linear(inputs, outputs), torch.nn.ReLU() if activation == "relu" else torch.nn.Tanh()]
    net = torch.nn.Sequential(*parts[:-1])
    x = torch.from_numpy(images(folder, "train"))
    y = torch.from_numpy(read_idx(folder, "train-labels-idx1-ubyte").astype(np.int64))
    adam = torch.optim.Adam(net.parameters())
    for _ in range(epochs):
        for rows in torch.randperm(len(x)).split(128):
            adam.zero_grad()
            torch.nn.functional.cross_entropy(net(x[rows]), y[rows]).backward()
            adam.step()
    return net


def spectra(weights, biases, activation, x):
    """The singular values of J_l at one point, for each layer l, largest first."""
    h, below, found = x, None, []
    for weight, bias in zip(weights, biases):
        jacobian = weight if below is None else weight @ below
        found.append(np.linalg.svd(jacobian, compute_uv=False))
        p = weight @ h + bias
        h = np.maximum(p, 0) if activation == "relu" else np.tanh(p)
        slope = (p > 0).astype(float) if activation == "relu" else 1 - h**2
        below = slope[:, None] * jacobian
    return found


def measured(arguments, path, activation):
    command = [arguments.ranksweep, "measure", path, "--dataset", "mnist", "--data", arguments.data,
               "--activation", activation, "--measures", "local_rank", "--points", str(arguments.points),
               "--thresholds", ",".join(map(str, arguments.thresholds)),
               "--relative", ",".join(map(str, arguments.relative))]
    return json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True).stdout)


def compare(arguments, path, net, activation):
    """(cases judged, cases wrong, cases left out), a case being one point, layer and threshold."""
    parameters = [p.detach().double().numpy() for p in net.parameters()]
    points = images(arguments.data, "t10k")[: arguments.points].astype(np.float64)
    sigma = [spectra(parameters[::2], parameters[1::2], activation, x) for x in points]
    found = measured(arguments, path, activation)
    judged = wrong = left = 0
    for key, thresholds in (("local_rank", arguments.thresholds), ("local_rank_relative", arguments.relative)):
        by_threshold = {float(name): value for name, value in found[key].items()}
        for threshold in thresholds:
            for layer in range(len(UNITS) - 1):
                values = [point[layer] for point in sigma]
                bounds = [threshold * (v[0] if key.endswith("relative") else 1) for v in values]
                if any((abs(v - b) <= 1e-6 * b).any() for v, b in zip(values, bounds)):
                    left += len(values)
                    continue
                counts = np.array([(v > b).sum() for v, b in zip(values, bounds)])
                error = counts.std(ddof=1) / np.sqrt(len(counts))
                mean, stderr = (by_threshold[threshold][name][layer] for name in ("mean", "stderr"))
                judged += len(values)
                if round(mean * len(counts)) != counts.sum() or abs(mean - counts.mean()) > 1e-9 \
                        or abs(stderr - error) > 1e-9:
                    wrong += len(values)
                    print(f"{activation}, {key} {threshold}, layer {layer + 1}: {mean} ± {stderr}, "
                          f"NumPy {counts.mean()} ± {error}")
    return judged, wrong, left


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True, help="the folder that holds mnist/")
    parser.add_argument("--points", type=int, default=64)
    parser.add_argument("--ranksweep", default=".build/release/ranksweep")
    arguments = parser.parse_args()
    arguments.thresholds = [1e-6, 0.001, 0.01, 0.1, 1.0]
    arguments.relative = [1e-4, 0.01, 0.1]
    from safetensors.torch import save_file

    total = np.zeros(3, int)
    with tempfile.TemporaryDirectory() as folder:
        for activation in ("relu", "tanh"):
            for epochs in (0, 1):
                net = train(arguments.data, activation, epochs)
                path = os.path.join(folder, f"{activation}-{epochs}.safetensors")
                save_file(net.state_dict(), path)
                counts = compare(arguments, path, net, activation)
                print(f"{activation}, {epochs} epochs: {counts[0]} (point, layer, threshold) judged, "
                      f"{counts[1]} in means that differ, {counts[2]} left out", flush=True)
                total += counts
    print(f"{'equal' if total[1] == 0 else 'NOT EQUAL'}: {total[0]} judged, {total[1]} in means that differ, "
          f"{total[2]} left out for a singular value within 1e-6 of the threshold")
    sys.exit(0 if total[1] == 0 and total[0] >= 1000 else 1)


if __name__ == "__main__":
    main()
