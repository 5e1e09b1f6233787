#!/usr/bin/env python3
"""An epoch of a VIB on MNIST in JAX on one CPU: Adam, cross-entropy + 1e-3 KL, one sample a point; one JSON line.

    small   784-200-200-2*32, batch 128, learning rate 1e-3
    alemi   784-1024-1024-2*256, batch 100, learning rate 1e-4

The whole epoch is one compiled call (lax.scan over the batches). Compilation and the first epoch are not timed.

    python3 vib_jax.py small --data FOLDER_WITH_MNIST --repeat 5
"""
import argparse
import gzip
import json
import os
import resource
import time

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("network", choices=["small", "alemi"])
parser.add_argument("--data", required=True, help="the folder that holds mnist/")
parser.add_argument("--repeat", type=int, default=5)
parser.add_argument("--steps", type=int, help="steps a repeat, in place of an epoch")
arguments = parser.parse_args()

os.environ["JAX_PLATFORMS"] = "cpu"
os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})

import jax  # noqa: E402  (the environment must be set first)
import jax.numpy as jnp  # noqa: E402
import numpy as np  # noqa: E402

WIDTH, LATENT, BATCH, RATE = (1024, 256, 100, 1e-4) if arguments.network == "alemi" else (200, 32, 128, 1e-3)
BETA, BETA1, BETA2, EPSILON = 1e-3, 0.9, 0.999, 1e-8


def read(name):
    with gzip.open(os.path.join(arguments.data, "mnist", name)) as file:
        data = file.read()
    return np.frombuffer(data, np.uint8, offset=4 + 4 * data[3])


images = jnp.asarray(read("train-images-idx3-ubyte.gz").reshape(-1, 784).astype(np.float32) / 255)
labels = jnp.asarray(read("train-labels-idx1-ubyte.gz").astype(np.int32))
key = jax.random.key(0)
parameters = []
for rows, columns, gain in (
        (784, WIDTH, 2 / 784), (WIDTH, WIDTH, 2 / WIDTH), (WIDTH, 2 * LATENT, 2 / (WIDTH + 2 * LATENT)),
        (LATENT, 10, 2 / (LATENT + 10))):
    key, own = jax.random.split(key)
    parameters.append((jax.random.normal(own, (rows, columns)) * gain**0.5, jnp.zeros(columns)))


def objective(parameters, x, y, key):
    for weight, bias in parameters[:2]:
        x = jax.nn.relu(x @ weight + bias)
    head = x @ parameters[2][0] + parameters[2][1]
    mean, sigma = head[:, :LATENT], jax.nn.softplus(head[:, LATENT:] - 5)
    z = mean + sigma * jax.random.normal(key, mean.shape)
    logs = jax.nn.log_softmax(z @ parameters[3][0] + parameters[3][1])
    kl = (0.5 * (mean * mean + sigma * sigma - 1) - jnp.log(sigma)).sum(1).mean()
    return -jnp.take_along_axis(logs, y[:, None], 1).mean() + BETA * kl


def step(state, rows, x, y):
    parameters, first, second, count, key = state
    key, own = jax.random.split(key)
    value, gradient = jax.value_and_grad(objective)(parameters, x[rows], y[rows], own)
    count += 1
    first = jax.tree.map(lambda m, g: BETA1 * m + (1 - BETA1) * g, first, gradient)
    second = jax.tree.map(lambda v, g: BETA2 * v + (1 - BETA2) * g * g, second, gradient)
    scale1, scale2 = 1 - BETA1**count, 1 - BETA2**count
    parameters = jax.tree.map(
        lambda p, m, v: p - RATE * (m / scale1) / (jnp.sqrt(v / scale2) + EPSILON), parameters, first, second)
    return (parameters, first, second, count, key), value


steps = min(arguments.steps or len(labels), len(labels) // BATCH)
random = np.random.default_rng(0)


def order():
    return jnp.asarray(random.permutation(len(labels)).astype(np.int32)[: steps * BATCH].reshape(steps, BATCH))


# Images are arguments: closed over, they would be constants of the program.
epoch = jax.jit(
    lambda state, rows, x, y: jax.lax.scan(lambda s, r: step(s, r, x, y), state, rows), donate_argnums=0)
zeros = lambda: jax.tree.map(jnp.zeros_like, parameters)  # noqa: E731
state = (parameters, zeros(), zeros(), jnp.float32(0), key)
seconds, processor = [], []
for repeat in range(arguments.repeat + 1):
    start, processor_start = time.perf_counter(), time.process_time()
    state, values = epoch(state, order(), images, labels)
    jax.block_until_ready(state)
    if repeat:
        seconds.append(time.perf_counter() - start)
        processor.append(time.process_time() - processor_start)
print(json.dumps({"workload": "vib-" + arguments.network, "library": "JAX " + jax.__version__, "seconds": seconds, "cpu_seconds": processor,
                  "loss": float(values[-50:].mean()),
                  "peak_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}))
