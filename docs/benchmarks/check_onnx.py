"""Runs ONNX's own test cases of the operations that `ranksweep measure` reads, and counts what passes.

Each case is a model of one operation with its inputs and outputs. The case's float inputs are put one after the
other into one input, from which the model cuts them again; other inputs become constants. An operation may need
a constant where the case has a float input (a convolution's kernels): then all float inputs but the first
become constants. Outputs must agree to the case's own tolerances.

    pip install numpy onnx
    python docs/benchmarks/check_onnx.py RANKSWEEP [OPERATION ...]
"""

import collections
import os
import subprocess
import sys
import tempfile
import warnings

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from onnx.backend.test.case.node import collect_testcases

LISTED = """Conv Relu MaxPool AveragePool GlobalAveragePool BatchNormalization LayerNormalization Gemm MatMul Add Sub
Mul Div Pow Sqrt Erf Gelu Sigmoid Tanh Softmax Reshape Flatten Transpose Slice Split Concat Gather Squeeze Unsqueeze
Expand Where Equal Pad Mod Identity Constant Shape ConstantOfShape Range Cast ReduceMean Clip LeakyRelu Elu Selu
HardSwish HardSigmoid PRelu Exp Log Neg Abs Min Max Reciprocal ReduceSum ReduceMax InstanceNormalization
GroupNormalization GlobalMaxPool ConvTranspose Resize Tile LogSoftmax Softplus""".split()


def wrapped(model, inputs, varying):
    """The model with one input, the flat numbers of the inputs in `varying`; others are constants."""
    graph = onnx.GraphProto()
    graph.CopyFrom(model.graph)
    names = [value.name for value in graph.input]
    del graph.input[:]
    nodes, start = [], 0
    for name, array in zip(names, inputs):
        if name not in varying:
            graph.initializer.append(numpy_helper.from_array(array, name))
            continue
        for key, value in (("start", [start]), ("end", [start + array.size]), ("axis", [1]), ("shape", array.shape)):
            numbers = np.array(value, dtype=np.int64)
            graph.initializer.append(numpy_helper.from_array(numbers, f"wrap_{key}_{name}"))
        nodes.append(helper.make_node(
            "Slice", ["wrap:input", f"wrap_start_{name}", f"wrap_end_{name}", f"wrap_axis_{name}"], [f"wrap_{name}"]))
        nodes.append(helper.make_node("Reshape", [f"wrap_{name}", f"wrap_shape_{name}"], [name], allowzero=1))
        start += array.size
    nodes += list(graph.node)
    # The outputs under names of nodes that are known.
    for number, output in enumerate(graph.output):
        nodes.append(helper.make_node("Cast", [output.name], [f"wrap_float{number}"], to=TensorProto.FLOAT))
        nodes.append(helper.make_node(
            "Add", [f"wrap_float{number}", "wrap_zero"], [f"wrap_y{number}"], name=f"wrap_out{number}"))
    # 0 times the input, so that outputs such as shapes count as values of the network.
    nodes.insert(0, helper.make_node("ReduceSum", ["wrap:input"], ["wrap_sum"], keepdims=0))
    nodes.insert(1, helper.make_node("Mul", ["wrap_sum", "wrap_factor"], ["wrap_zero"]))
    graph.initializer.append(numpy_helper.from_array(np.float32(0), "wrap_factor"))
    outputs = [helper.make_tensor_value_info(f"wrap_y{k}", TensorProto.FLOAT, None) for k in range(len(graph.output))]
    made = helper.make_graph(
        nodes, "case", [helper.make_tensor_value_info("wrap:input", TensorProto.FLOAT, ["n", start])], outputs,
        list(graph.initializer))
    opset = max([o.version for o in model.opset_import if o.domain in ("", "ai.onnx")] + [14])
    return helper.make_model(made, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)


def run(ranksweep, case, varying, folder):
    """("passed" | "refused" | "failed", why)"""
    model, (inputs, outputs) = case.model, case.data_sets[0]
    names = [value.name for value in model.graph.input]
    onnx.save(wrapped(model, inputs, varying), f"{folder}/net.onnx")
    flat = [np.asarray(a, dtype=np.float32).ravel() for n, a in zip(names, inputs) if n in varying]
    np.save(f"{folder}/x.npy", np.concatenate(flat)[None])
    out = f"{folder}/out"
    subprocess.run(["rm", "-rf", out])
    done = subprocess.run(
        [ranksweep, "measure", f"{folder}/net.onnx", "--inputs", f"{folder}/x.npy", "--measures", "spectral_norm",
         "--layers", "wrap_out*", "--save-outputs", out], capture_output=True, text=True)
    if done.returncode != 0:
        why = done.stderr.strip().split("net.onnx: ")[-1][:160]
        return ("refused" if done.returncode == 2 else "failed"), why
    for number, expected in enumerate(outputs):
        path = f"{out}/wrap_out{number}.npy"
        if not os.path.exists(path):
            return "failed", f"no output {number}"
        found, expected = np.load(path).ravel(), np.asarray(expected).ravel()
        if found.size != expected.size:
            return "failed", f"{found.size} numbers, expected {expected.size}"
        if not np.allclose(found, expected.astype(np.float32), rtol=case.rtol, atol=max(case.atol, 1e-7), equal_nan=True):
            return "failed", f"differs by {np.nanmax(np.abs(found - expected)):.3g}"
    return "passed", ""


def main():
    ranksweep, wanted = sys.argv[1], sys.argv[2:] or LISTED
    counts, reasons = collections.defaultdict(collections.Counter), []
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for case in collect_testcases(None):
            operations = {node.op_type for node in case.model.graph.node}
            data = case.data_sets[0] if case.data_sets else ((), ())
            if len(operations) != 1 or not operations <= set(wanted) or "_expanded" in case.name:
                continue
            arrays = list(data[0]) + list(data[1])
            if not all(isinstance(a, np.ndarray) for a in arrays):
                continue
            floats = [v.name for v, a in zip(case.model.graph.input, data[0]) if a.dtype == np.float32]
            if not floats or any(a.dtype in (np.float16, np.float64) for a in arrays):
                continue
            results = [run(ranksweep, case, set(floats), folder)]
            if results[0][0] == "refused" and len(floats) > 1:
                results.append(run(ranksweep, case, set(floats[:1]), folder))
            result, why = results[-1]
            operation = operations.pop()
            counts[operation][result] += 1
            if result != "passed":
                reasons.append((operation, case.name, result, why))
    total = collections.Counter()
    print(f"{'operation':24}{'passed':>8}{'refused':>8}{'failed':>8}")
    for operation in wanted:
        row = counts[operation]
        total.update(row)
        if row:
            print(f"{operation:24}{row['passed']:8}{row['refused']:8}{row['failed']:8}")
    print(f"{'all':24}{total['passed']:8}{total['refused']:8}{total['failed']:8}")
    for operation, name, result, why in reasons:
        print(f"{result}: {operation} {name}: {why}")
    sys.exit(1 if total["failed"] else 0)


main()
