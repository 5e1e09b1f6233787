#!/usr/bin/env python3
"""Steps of a VIB on jointly Gaussian data in JAX on one CPU: 5 inputs, 5 latent variables, 5 targets, a linear encoder
of one layer, a Gaussian decoder with a learned variance, beta = 0.1, batch 256, Adam; one JSON line.

All steps of a repeat are one compiled call (lax.scan). Compilation and the first repeat are not timed.
--generator rbg draws with XLA's own generator in place of JAX's default, threefry.

    python3 gaussian_vib_jax.py --repeat 5
"""
import argparse
import json
import os
import resource
import time

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--repeat", type=int, default=5)
parser.add_argument("--steps", type=int, default=1000)
parser.add_argument("--generator", default="threefry2x32", choices=["threefry2x32", "rbg", "unsafe_rbg"])
arguments = parser.parse_args()

os.environ["JAX_PLATFORMS"] = "cpu"
os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})

import jax  # noqa: E402  (the environment must be set first)
import jax.numpy as jnp  # noqa: E402

POINTS, UNITS, RATE, BETA, BETA1, BETA2, EPSILON = 256, 5, 1e-2, 0.1, 0.9, 0.999, 1e-8
correlations = jnp.asarray([0.4, 0.5, 0.9, 0.92, 0.95], jnp.float32)
rest = jnp.sqrt(1 - correlations**2)
key = jax.random.key(0, impl=arguments.generator)
key, one, two = jax.random.split(key, 3)
parameters = (
    jax.random.normal(one, (UNITS, 2 * UNITS)) * (2 / 15) ** 0.5, jnp.zeros(2 * UNITS),
    jax.random.normal(two, (UNITS, UNITS)) * (2 / 10) ** 0.5, jnp.zeros(UNITS), jnp.zeros(UNITS))


def objective(parameters, key):
    weight, bias, back, offset, logs = parameters
    draws = jax.random.normal(key, (3, POINTS, UNITS))
    x = draws[0]
    y = correlations * x + rest * draws[1]
    head = x @ weight + bias
    mean, sigma = head[:, :UNITS], jax.nn.softplus(head[:, UNITS:])
    error = (mean + sigma * draws[2]) @ back + offset - y
    task = 0.5 * (jnp.log(2 * jnp.pi) + logs + error * error * jnp.exp(-logs)).sum(1).mean()
    kl = (0.5 * (mean * mean + sigma * sigma - 1) - jnp.log(sigma)).sum(1).mean()
    return task + BETA * kl, (task, kl)


def step(state, _):
    parameters, first, second, count, key = state
    key, own = jax.random.split(key)
    gradient, values = jax.grad(objective, has_aux=True)(parameters, own)
    count += 1
    first = jax.tree.map(lambda m, g: BETA1 * m + (1 - BETA1) * g, first, gradient)
    second = jax.tree.map(lambda v, g: BETA2 * v + (1 - BETA2) * g * g, second, gradient)
    scale1, scale2 = 1 - BETA1**count, 1 - BETA2**count
    parameters = jax.tree.map(
        lambda p, m, v: p - RATE * (m / scale1) / (jnp.sqrt(v / scale2) + EPSILON), parameters, first, second)
    return (parameters, first, second, count, key), values


run = jax.jit(lambda state: jax.lax.scan(step, state, length=arguments.steps), donate_argnums=0)
zeros = lambda: jax.tree.map(jnp.zeros_like, parameters)  # noqa: E731
state = (parameters, zeros(), zeros(), jnp.float32(0), key)
seconds = []
for repeat in range(arguments.repeat + 1):
    start = time.perf_counter()
    state, (task, kl) = run(state)
    jax.block_until_ready(state)
    if repeat:
        seconds.append(time.perf_counter() - start)
print(json.dumps({"workload": "gaussian-vib", "library": f"JAX {jax.__version__}, {arguments.generator}",
                  "seconds": seconds, "loss": float(task[-200:].mean()), "kl": float(kl[-200:].mean()),
                  "peak_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}))
