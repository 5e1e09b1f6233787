#!/usr/bin/env python3
"""Trainings of an MLP 784-200-200-200-10 on MNIST (batch 128, Adam, float32) as PyTorch's and JAX's users run several
of them: one JSON line. compare_sweep.py starts it and takes the time, start-up included.

    jax        one after another in a process, an epoch a compiled call (lax.scan), XLA's own threads
    jax-two    the same in two processes, a CPU and a thread each
    jax-vmap   all at once in one process, vmap over them
    torch      one after another in a process, as usually written, PyTorch's own threads
    torch-two  two processes of the standard library's pool, a thread each
    torch-joblib, torch-dask, torch-ray    the same by these

    python3 sweep_peers.py jax --data FOLDER_WITH_MNIST [--trainings 16] [--epochs 2]
"""
import argparse
import functools
import gzip
import json
import multiprocessing
import os

WAYS = ["jax", "jax-two", "jax-vmap", "torch", "torch-two", "torch-joblib", "torch-dask", "torch-ray"]
UNITS = [784, 200, 200, 200, 10]
BATCH, STEPS = 128, 60_000 // 128


@functools.cache
def images(data):
    """Training pixels and labels, test pixels and labels; read once a process."""
    import numpy as np

    def read(name):
        path = os.path.join(data, "mnist", name)
        with gzip.open(path + ".gz") if os.path.exists(path + ".gz") else open(path, "rb") as file:
            content = file.read()
        return np.frombuffer(content, np.uint8, offset=4 + 4 * content[3])

    def part(name):
        pixels = read(name + "-images-idx3-ubyte").reshape(-1, 784).astype(np.float32) / 255
        return pixels, read(name + "-labels-idx1-ubyte").astype(np.int32)

    return *part("train"), *part("t10k")


def one_thread():
    os.environ.update(OMP_NUM_THREADS="1", MKL_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")
    os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"


# JAX


@functools.cache
def jax_parts(data):
    """The start of a training, its epoch, and the share of test images it gets right."""
    import jax
    import jax.numpy as jnp

    def start(seed):
        keys = jax.random.split(jax.random.key(seed), len(UNITS) - 1)
        weights = [(jax.random.normal(key, (rows, columns)) * (2 / rows) ** 0.5, jnp.zeros(columns))
                   for key, rows, columns in zip(keys, UNITS, UNITS[1:])]
        zeros = jax.tree.map(jnp.zeros_like, weights)
        return weights, zeros, zeros, jnp.float32(0)

    def outputs(weights, x):
        for weight, bias in weights[:-1]:
            x = jax.nn.relu(x @ weight + bias)
        return x @ weights[-1][0] + weights[-1][1]

    def loss(weights, x, y):
        return -jnp.take_along_axis(jax.nn.log_softmax(outputs(weights, x)), y[:, None], 1).mean()

    def step(state, rows, x, y):
        weights, first, second, count = state
        gradient = jax.grad(loss)(weights, x[rows], y[rows])
        count += 1
        first = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, first, gradient)
        second = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, second, gradient)
        scale1, scale2 = 1 - 0.9**count, 1 - 0.999**count
        weights = jax.tree.map(
            lambda p, m, v: p - 1e-3 * (m / scale1) / (jnp.sqrt(v / scale2) + 1e-8), weights, first, second)
        return (weights, first, second, count), None

    # Images are arguments: closed over, they would be constants of the program.
    def epoch(state, rows, x, y):
        return jax.lax.scan(lambda state, rows: step(state, rows, x, y), state, rows)[0]

    def accuracy(state, x, y):
        return (outputs(state[0], x).argmax(1) == y).mean()

    return jax, start, epoch, accuracy, tuple(jnp.asarray(part) for part in images(data))


def order(random):
    import numpy as np

    return random.permutation(60_000).astype(np.int32)[: STEPS * BATCH].reshape(STEPS, BATCH)


@functools.cache
def jax_compiled(data):
    jax, start, epoch, accuracy, parts = jax_parts(data)
    return jax.jit(start), jax.jit(epoch, donate_argnums=0), jax.jit(accuracy), parts


def train_jax(work):
    data, seed, epochs = work
    import numpy as np

    start, epoch, accuracy, (x, y, test_x, test_y) = jax_compiled(data)
    state, random = start(seed), np.random.default_rng(seed)
    for _ in range(epochs):
        state = epoch(state, order(random), x, y)
    return float(accuracy(state, test_x, test_y))


def train_jax_together(data, trainings, epochs):
    import numpy as np

    jax, start, epoch, accuracy, (x, y, test_x, test_y) = jax_parts(data)
    state, random = jax.vmap(start)(np.arange(trainings)), np.random.default_rng(0)
    together = jax.jit(jax.vmap(epoch, in_axes=(0, 0, None, None)), donate_argnums=0)
    for _ in range(epochs):
        state = together(state, np.stack([order(random) for _ in range(trainings)]), x, y)
    return [float(a) for a in jax.jit(jax.vmap(accuracy, in_axes=(0, None, None)))(state, test_x, test_y)]


# PyTorch


def train_torch(work):
    data, seed, epochs = work
    import torch
    from torch import nn
    from torch.nn import functional

    if os.environ.get("OMP_NUM_THREADS") == "1":
        torch.set_num_threads(1)
    torch.manual_seed(seed)
    x, y, test_x, test_y = (torch.from_numpy(part) for part in images(data))
    y = y.long()
    layers = [nn.Linear(rows, columns) for rows, columns in zip(UNITS, UNITS[1:])]
    network = nn.Sequential(*[part for layer in layers for part in (layer, nn.ReLU())][:-1])
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-3)
    for _ in range(epochs):
        rows = torch.randperm(len(x))
        for index in range(STEPS):
            batch = rows[index * BATCH:(index + 1) * BATCH]
            optimizer.zero_grad()
            functional.cross_entropy(network(x[batch]), y[batch]).backward()
            optimizer.step()
    with torch.no_grad():
        return (network(test_x).argmax(1) == test_y).float().mean().item()


# Several processes


def take_a_cpu(counter):
    """Of a process of the pool: the next of the CPUs is its own."""
    one_thread()
    cpus = sorted(os.sched_getaffinity(0))
    with counter.get_lock():
        counter.value += 1
        os.sched_setaffinity(0, {cpus[counter.value % len(cpus)]})


def in_two(train, work):
    context = multiprocessing.get_context("spawn")
    with context.Pool(2, take_a_cpu, [context.Value("i", 0)]) as pool:
        return pool.map(train, work, 1)


def by_joblib(work):
    from joblib import Parallel, delayed

    return Parallel(n_jobs=2, batch_size=1)(delayed(train_torch)(item) for item in work)


def by_dask(work):
    from dask.distributed import Client, LocalCluster

    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster, Client(cluster) as client:
        return client.gather(client.map(train_torch, work, pure=False))


def by_ray(work):
    import ray

    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, logging_level="ERROR")
    train = ray.remote(train_torch)
    return ray.get([train.remote(item) for item in work])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("way", choices=WAYS)
    parser.add_argument("--data", required=True, help="the folder that holds mnist/")
    parser.add_argument("--trainings", type=int, default=16)
    parser.add_argument("--epochs", type=int, default=2)
    options = parser.parse_args()
    way = options.way
    os.environ["JAX_PLATFORMS"] = "cpu"
    if way in ("torch-joblib", "torch-dask", "torch-ray"):
        one_thread()
    work = [(os.path.abspath(options.data), seed, options.epochs) for seed in range(options.trainings)]
    # Processes started by the others find the functions by this module's name.
    import sweep_peers as own

    accuracies = {
        "jax": lambda: [own.train_jax(item) for item in work],
        "jax-two": lambda: in_two(own.train_jax, work),
        "jax-vmap": lambda: own.train_jax_together(work[0][0], options.trainings, options.epochs),
        "torch": lambda: [own.train_torch(item) for item in work],
        "torch-two": lambda: in_two(own.train_torch, work),
        "torch-joblib": lambda: own.by_joblib(work),
        "torch-dask": lambda: own.by_dask(work),
        "torch-ray": lambda: own.by_ray(work),
    }[way]()
    assert len(accuracies) == options.trainings
    print(json.dumps({"way": way, "accuracy": sum(accuracies) / len(accuracies)}))


if __name__ == "__main__":
    main()
