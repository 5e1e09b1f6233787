"""Compares what `ranksweep measure` computes of whole networks with onnxruntime and PyTorch.

    pip install numpy onnx onnxruntime torch timm
    python docs/benchmarks/check_graphs.py RANKSWEEP [FILE.onnx ...] [--model NAME ...]

FILE.onnx: the values of every layer at one random image must agree with onnxruntime's to 1e-4 of the layer's largest.
--model NAME: exports the timm network NAME, with random weights, by both of PyTorch's exporters. Beside the values it
compares the Jacobians of five layers, spread over the depth, in 20 random inputs with `torch.func.jvp` of the module
that gives the same numbers, in double precision and along 20 random directions: to 1e-3 of the product's norm. Ranks
must be the numbers of singular values above thresholds: of PyTorch's products, where no singular value is within 1 % of
the threshold, and of the Jacobians that `--save-jacobians` wrote, where none is within 1e-5. --patch N: the latter also
in all inputs of a patch.
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


def saved_outputs(ranksweep, file, points, folder, *options):
    """The folder with each layer's values at the one point."""
    np.save(f"{folder}/y.npy", np.zeros(1, dtype=np.int32))
    # A measure must be taken; this one needs only the forward pass.
    measure(ranksweep, file, "--inputs", points, "--labels", f"{folder}/y.npy", "--measures", "loss", *options,
            "--save-outputs", f"{folder}/outputs")
    return f"{folder}/outputs"


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
    outputs = saved_outputs(ranksweep, file, f"{folder}/x.npy", folder, "--layers", "*")
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


def module_outputs(network, x):
    """Outputs of the modules at x, by name and number of the call: copies, as activations may work in place."""
    found, hooks = {}, []
    for name, module in network.named_modules():
        def keep(_, __, output, name=name):
            if hasattr(output, "shape"):
                found[name, sum(key[0] == name for key in found)] = output.clone()
        hooks.append(module.register_forward_hook(keep))
    try:
        network(x)
    finally:
        for hook in hooks:
            hook.remove()
    return found


def chosen_layers(ranksweep, file, points, modules, folder):
    """Five layers, spread over the depth, each with the module that gives the same numbers."""
    rows = [row.split() for row in measure(ranksweep, file, "--list-layers").splitlines()[1:]]
    outputs = saved_outputs(ranksweep, file, points, folder)
    pairs, zeros, measured = [], 0, [row[0] for row in rows if row[-1] == "yes"]
    for name in measured:
        values = np.load(f"{outputs}/{name.replace('/', '_')}.npy").ravel()
        largest = np.abs(values).max()
        if largest == 0:
            zeros += 1
            continue
        for key, output in modules.items():
            if output.size == values.size and np.abs(output - values).max() <= 1e-4 * largest:
                pairs.append((name, key))
                break
    shutil.rmtree(outputs)
    print(f"{os.path.basename(file)}: {len(pairs)} of {len(measured)} measured layers are a module's output, "
          f"{zeros} are 0 throughout", flush=True)
    if len(pairs) < 5:
        sys.exit(f"{file}: too few layers to compare")
    return [pairs[index] for index in np.linspace(0, len(pairs) - 1, 5).round().astype(int)]


def singular_values(jacobian):
    """Singular values of [units, inputs], in double; from the Gram matrix where there are many inputs."""
    if jacobian.shape[1] <= 64:
        return np.linalg.svd(jacobian.astype(np.float64), compute_uv=False)
    gram = np.zeros((jacobian.shape[1],) * 2)
    for start in range(0, len(jacobian), 4096):
        part = jacobian[start:start + 4096].astype(np.float64)
        gram += part.T @ part
    return np.sqrt(np.maximum(0, np.linalg.eigvalsh(gram)[::-1]))[:len(jacobian)]


def count_differences(ranks, index, singular, margin):
    """The thresholds at which a layer's ranks aren't the number of these singular values, and how many were compared.

    A threshold that a singular value is nearer to than `margin`, relatively, isn't compared.
    """
    wrong, sure = [], 0
    for threshold in THRESHOLDS:
        limit = threshold * singular[0]
        if np.any(np.abs(singular / limit - 1) < margin):
            continue
        sure += 1
        expected, rank = int((singular >= limit).sum()), ranks[str(threshold)]["mean"][index]
        if rank != expected:
            wrong.append(f"{threshold}: {rank}, expected {expected}")
    return wrong, sure


def saved_jacobians(ranksweep, file, points, layers, folder, *inputs):
    """The ranks of these layers, and a function that reads a layer's Jacobian, [units, inputs]."""
    path = f"{folder}/jacobians"
    shutil.rmtree(path, ignore_errors=True)
    found = json.loads(measure(
        ranksweep, file, "--inputs", points, *inputs, "--layers", ",".join(layers), "--measures", "local_rank",
        "--relative", ",".join(map(str, THRESHOLDS)), "--save-jacobians", path))

    def read(name):
        array = np.load(f"{path}/{name.replace('/', '_')}.npy", mmap_mode="r")
        return array.reshape(-1, array.shape[-1])

    # A list's order is that of the file.
    return found["local_rank_relative"], found["layers"], read


def check_jacobians(ranksweep, network, x, files, folder, patch):
    """Compares Jacobians of five layers of each file with torch.func.jvp in double; returns the number of faults."""
    import torch

    points = f"{folder}/x.npy"
    np.save(points, x.numpy())
    with torch.no_grad():
        modules = {key: value.numpy().ravel() for key, value in module_outputs(network, x).items()}
    chosen = {file: chosen_layers(ranksweep, file, points, modules, folder) for file in files}
    keys = sorted({key for pairs in chosen.values() for _, key in pairs})
    del modules

    generator = np.random.default_rng(1)
    columns = generator.choice(x.numel(), 20, replace=False)
    # Orthonormal tangents: the products J V then have the singular values of J.
    tangents = np.linalg.qr(generator.normal(size=(20, 20)))[0]
    network, x = network.double(), x.double()

    def outputs(x):
        found = module_outputs(network, x)
        return tuple(found[key] for key in keys)

    products = {key: [] for key in keys}
    for tangent in tangents.T:
        direction = torch.zeros_like(x)
        direction.view(-1)[torch.from_numpy(columns)] = torch.from_numpy(tangent)
        for key, product in zip(keys, torch.func.jvp(outputs, (x,), (direction,))[1]):
            products[key].append(product.detach().numpy().ravel())
    network.float()

    faults, compared = 0, 0
    for file, pairs in chosen.items():
        title = os.path.basename(file)
        ranks, layers, read = saved_jacobians(
            ranksweep, file, points, [name for name, _ in pairs], folder, "--columns", ",".join(map(str, columns)))
        for name, key in pairs:
            jacobian, expected = read(name), np.stack(products[key], 1)
            difference = np.linalg.norm(jacobian.astype(np.float64) @ tangents - expected, axis=0)
            error = (difference / np.linalg.norm(expected, axis=0)).max()
            wrong, sure = count_differences(ranks, layers.index(name), np.linalg.svd(expected, compute_uv=False), 0.01)
            wrong += count_differences(ranks, layers.index(name), singular_values(jacobian), 1e-5)[0]
            faults += len(wrong) + (not error <= 1e-3)
            compared += sure
            print(f"{title}: {name} ({key[0]}): {len(jacobian)} units, error {error:.1e}, ranks at {sure} of "
                  f"{len(THRESHOLDS)} thresholds compared", *wrong, flush=True)
        if not patch:
            continue
        ranks, layers, read = saved_jacobians(
            ranksweep, file, points, [name for name, _ in pairs], folder, "--patch", str(patch))
        for index, name in enumerate(layers):
            jacobian = read(name)
            wrong, sure = count_differences(ranks, index, singular_values(jacobian), 1e-5)
            faults += len(wrong)
            compared += sure
            print(f"{title}: {name}: {jacobian.shape[1]} inputs, ranks at {sure} of {len(THRESHOLDS)} thresholds "
                  f"compared: {[int(ranks[str(threshold)]['mean'][index]) for threshold in THRESHOLDS]}", *wrong, flush=True)
    shutil.rmtree(f"{folder}/jacobians")
    if not compared:
        print(f"{network.__class__.__name__}: no rank was compared: a singular value is near each threshold")
    return faults + (not compared)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("ranksweep")
    parser.add_argument("files", nargs="*")
    parser.add_argument("--model", action="append", default=[], help="a network of timm; may be repeated")
    parser.add_argument("--patch", type=int, help="with --model: also compare ranks in the middle N × N pixels")
    options = parser.parse_args()
    wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        for file in options.files:
            wrong += check_values(options.ranksweep, file, folder)
        for name in options.model:
            network, x, files = exported(name, folder)
            for file in files:
                wrong += check_values(options.ranksweep, file, folder)
            wrong += check_jacobians(options.ranksweep, network, x, files, folder, options.patch)
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
