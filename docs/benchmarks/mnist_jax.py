#!/usr/bin/env python3
"""An epoch of training on MNIST in JAX on one CPU, with Adam; one JSON line.

    mlp         784-200-200-200-10, cross-entropy, batch 128, learning rate 1e-3
    vib-small   784-200-200-2*32, cross-entropy + 1e-3 KL, one sample a point, batch 128, learning rate 1e-3
    vib-alemi   784-1024-1024-2*256, the same, batch 100, learning rate 1e-4

The whole epoch is one compiled call (lax.scan over the batches), which is JAX's fastest way of the ones we
tried. Compilation and the first epoch are not timed.

    python3 mnist_jax.py mlp --data FOLDER_WITH_MNIST --repeat 5
"""
import mnist_peers

arguments = mnist_peers.command_line(__doc__)

import jax  # noqa: E402  (the environment must be set first)
import jax.numpy as jnp  # noqa: E402
import numpy as np  # noqa: E402

WIDTH, LATENT, BATCH, RATE = mnist_peers.NETWORKS[arguments.network]
BETA, BETA1, BETA2, EPSILON = 1e-3, 0.9, 0.999, 1e-8

images, labels = map(jnp.asarray, mnist_peers.training_images(arguments.data, np.int32))
key = jax.random.key(0)
parameters = []
if LATENT:
    layers = [(784, WIDTH, 2 / 784), (WIDTH, WIDTH, 2 / WIDTH), (WIDTH, 2 * LATENT, 2 / (WIDTH + 2 * LATENT)),
              (LATENT, 10, 2 / (LATENT + 10))]
else:
    layers = [(784, WIDTH, 2 / 784), (WIDTH, WIDTH, 2 / WIDTH), (WIDTH, WIDTH, 2 / WIDTH), (WIDTH, 10, 2 / WIDTH)]
for rows, columns, gain in layers:
    key, own = jax.random.split(key)
    parameters.append((jax.random.normal(own, (rows, columns)) * gain**0.5, jnp.zeros(columns)))


def cross_entropy(layer, x, y):
    logs = jax.nn.log_softmax(x @ layer[0] + layer[1])
    return -jnp.take_along_axis(logs, y[:, None], 1).mean()


def mlp(parameters, x, y, key):
    for weight, bias in parameters[:-1]:
        x = jax.nn.relu(x @ weight + bias)
    return cross_entropy(parameters[-1], x, y)


def vib(parameters, x, y, key):
    for weight, bias in parameters[:2]:
        x = jax.nn.relu(x @ weight + bias)
    head = x @ parameters[2][0] + parameters[2][1]
    mean, sigma = head[:, :LATENT], jax.nn.softplus(head[:, LATENT:] - 5)
    z = mean + sigma * jax.random.normal(key, mean.shape)
    kl = (0.5 * (mean * mean + sigma * sigma - 1) - jnp.log(sigma)).sum(1).mean()
    return cross_entropy(parameters[3], z, y) + BETA * kl


objective = vib if LATENT else mlp


def step(state, rows, x, y):
    parameters, first, second, count, key = state
    # The MLP draws nothing: its keys are not computed.
    key, own = jax.random.split(key) if LATENT else (key, key)
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
compiled = jax.jit(
    lambda state, rows, x, y: jax.lax.scan(lambda s, r: step(s, r, x, y), state, rows), donate_argnums=0)
zeros = lambda: jax.tree.map(jnp.zeros_like, parameters)  # noqa: E731
state = (parameters, zeros(), zeros(), jnp.float32(0), key)


def epoch():
    global state
    state, values = compiled(state, order(), images, labels)
    jax.block_until_ready(state)
    return lambda: values[-50:].mean()


mnist_peers.report(arguments, "JAX " + jax.__version__, epoch)
