#!/usr/bin/env python3
"""An epoch of training on MNIST in PyTorch as it is usually written, on one CPU, with Adam; one JSON line.

    mlp         784-200-200-200-10, cross-entropy, batch 128, learning rate 1e-3
    vib-small   784-200-200-2*32, cross-entropy + 1e-3 KL, one sample a point, batch 128, learning rate 1e-3
    vib-alemi   784-1024-1024-2*256, the same, batch 100, learning rate 1e-4
    vit, mixer  the networks of sweeps/vit-mnist.yaml and mixer-mnist.yaml as check_training.py writes them, batch 128

The first epoch is not timed. --fused asks for Adam in one kernel, which PyTorch does not do by itself.

    python3 mnist_torch.py mlp --data FOLDER_WITH_MNIST --repeat 5
"""
import mnist_peers

arguments = mnist_peers.command_line(__doc__, fused=True)

import numpy as np  # noqa: E402  (the environment must be set first)
import torch  # noqa: E402
from torch import nn  # noqa: E402
from torch.nn import functional  # noqa: E402

torch.set_num_threads(1)
torch.manual_seed(0)
WIDTH, LATENT, BATCH, RATE = mnist_peers.NETWORKS[arguments.network]
BETA = 1e-3

images, labels = map(torch.from_numpy, mnist_peers.training_images(arguments.data, np.int64))
units = [784, WIDTH, WIDTH] if LATENT else [784, WIDTH, WIDTH, WIDTH]
hidden = [layer for pair in zip(units, units[1:]) for layer in (nn.Linear(*pair), nn.ReLU())]
network = nn.Sequential(*hidden, nn.Linear(WIDTH, 2 * LATENT or 10))
if arguments.network in ("vit", "mixer"):
    import check_training

    tokens = check_training.ViT(WIDTH, 4) if arguments.network == "vit" else check_training.Tokens(
        WIDTH, lambda width, patches: check_training.Mix(width, patches, width))
    network = nn.Sequential(nn.Unflatten(1, (1, 28, 28)), tokens)
decoder = nn.Linear(LATENT, 10) if LATENT else None
parameters = [*network.parameters(), *(decoder.parameters() if LATENT else [])]
optimizer = torch.optim.Adam(parameters, lr=RATE, fused=arguments.fused or None)


def mlp(x, y):
    return functional.cross_entropy(network(x), y)


def vib(x, y):
    mean, raw = network(x).chunk(2, 1)
    sigma = functional.softplus(raw - 5)
    z = mean + sigma * torch.randn_like(mean)
    kl = (0.5 * (mean * mean + sigma * sigma - 1) - sigma.log()).sum(1).mean()
    return functional.cross_entropy(decoder(z), y) + BETA * kl


objective = vib if LATENT else mlp
steps = min(arguments.steps or len(labels), len(labels) // BATCH)


def epoch():
    order = torch.randperm(len(labels))
    values = []
    for index in range(steps):
        rows = order[index * BATCH:(index + 1) * BATCH]
        optimizer.zero_grad()
        loss = objective(images[rows], labels[rows])
        loss.backward()
        optimizer.step()
        if index >= steps - 50:
            values.append(loss.detach())
    return lambda: torch.stack(values).mean()


library = "PyTorch " + torch.__version__ + (", fused Adam" if arguments.fused else "")
mnist_peers.report(arguments, library, epoch)
