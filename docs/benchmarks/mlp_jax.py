#!/usr/bin/env python3
"""An epoch of an MLP 784-200-200-200-10 in JAX on one CPU: batch 128, Adam, cross-entropy; one JSON line.

The whole epoch is one compiled call (lax.scan over the batches), which is JAX's fastest way of the ones we
tried. Compilation and the first epoch are not timed.

    python3 mlp_jax.py --data FOLDER_WITH_MNIST --repeat 5
"""
import argparse
import gzip
import json
import os
import resource
import time

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--data", required=True, help="the folder that holds mnist/")
parser.add_argument("--repeat", type=int, default=5)
arguments = parser.parse_args()

os.environ["JAX_PLATFORMS"] = "cpu"
os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})

import jax  # noqa: E402  (the environment must be set first)
import jax.numpy as jnp  # noqa: E402
import numpy as np  # noqa: E402

BATCH, RATE, BETA1, BETA2, EPSILON = 128, 1e-3, 0.9, 0.999, 1e-8


def read(name):
    with gzip.open(os.path.join(arguments.data, "mnist", name)) as file:
        data = file.read()
    return np.frombuffer(data, np.uint8, offset=4 + 4 * data[3])


images = jnp.asarray(read("train-images-idx3-ubyte.gz").reshape(-1, 784).astype(np.float32) / 255)
labels = jnp.asarray(read("train-labels-idx1-ubyte.gz").astype(np.int32))
units = [784, 200, 200, 200, 10]
key = jax.random.key(0)
weights = []
for rows, columns in zip(units, units[1:]):
    key, own = jax.random.split(key)
    weights.append((jax.random.normal(own, (rows, columns)) * (2 / rows) ** 0.5, jnp.zeros(columns)))


def loss(parameters, x, y):
    for weight, bias in parameters[:-1]:
        x = jax.nn.relu(x @ weight + bias)
    weight, bias = parameters[-1]
    logs = jax.nn.log_softmax(x @ weight + bias)
    return -jnp.take_along_axis(logs, y[:, None], 1).mean()


def step(state, rows, x, y):
    parameters, first, second, count = state
    value, gradient = jax.value_and_grad(loss)(parameters, x[rows], y[rows])
    count += 1
    first = jax.tree.map(lambda m, g: BETA1 * m + (1 - BETA1) * g, first, gradient)
    second = jax.tree.map(lambda v, g: BETA2 * v + (1 - BETA2) * g * g, second, gradient)
    scale1, scale2 = 1 - BETA1**count, 1 - BETA2**count
    parameters = jax.tree.map(
        lambda p, m, v: p - RATE * (m / scale1) / (jnp.sqrt(v / scale2) + EPSILON), parameters, first, second)
    return (parameters, first, second, count), value


steps = len(labels) // BATCH
random = np.random.default_rng(0)


def order():
    return jnp.asarray(random.permutation(len(labels)).astype(np.int32)[: steps * BATCH].reshape(steps, BATCH))


# Images are arguments: closed over, they would be constants of the program.
epoch = jax.jit(
    lambda state, rows, x, y: jax.lax.scan(lambda s, r: step(s, r, x, y), state, rows), donate_argnums=0)
zeros = lambda: jax.tree.map(jnp.zeros_like, weights)  # noqa: E731
state = (weights, zeros(), zeros(), jnp.float32(0))
seconds, processor = [], []
for repeat in range(arguments.repeat + 1):
    start, processor_start = time.perf_counter(), time.process_time()
    state, values = epoch(state, order(), images, labels)
    jax.block_until_ready(state)
    if repeat:
        seconds.append(time.perf_counter() - start)
        processor.append(time.process_time() - processor_start)
print(json.dumps({"workload": "mlp", "library": "jax " + jax.__version__, "seconds": seconds,
                  "cpu_seconds": processor, "loss": float(values[-50:].mean()),
                  "peak_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}))
