#!/usr/bin/env python3
"""An epoch of a VIB on MNIST in PyTorch as it is usually written, on one CPU: Adam, cross-entropy + 1e-3 KL, one sample
a point; one JSON line.

    small   784-200-200-2*32, batch 128, learning rate 1e-3
    alemi   784-1024-1024-2*256, batch 100, learning rate 1e-4

The first epoch is not timed. --fused asks for Adam in one kernel, which PyTorch does not do by itself.

    python3 vib_torch.py small --data FOLDER_WITH_MNIST --repeat 5
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
parser.add_argument("--fused", action="store_true")
arguments = parser.parse_args()

os.environ["OMP_NUM_THREADS"] = os.environ["MKL_NUM_THREADS"] = "1"
os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})

import numpy as np  # noqa: E402  (the environment must be set first)
import torch  # noqa: E402
from torch import nn  # noqa: E402
from torch.nn import functional  # noqa: E402

torch.set_num_threads(1)
torch.manual_seed(0)
WIDTH, LATENT, BATCH, RATE = (1024, 256, 100, 1e-4) if arguments.network == "alemi" else (200, 32, 128, 1e-3)
BETA = 1e-3


def read(name):
    with gzip.open(os.path.join(arguments.data, "mnist", name)) as file:
        data = file.read()
    return np.frombuffer(data, np.uint8, offset=4 + 4 * data[3])


images = torch.from_numpy(read("train-images-idx3-ubyte.gz").reshape(-1, 784).astype(np.float32) / 255)
labels = torch.from_numpy(read("train-labels-idx1-ubyte.gz").astype(np.int64))
encoder = nn.Sequential(
    nn.Linear(784, WIDTH), nn.ReLU(), nn.Linear(WIDTH, WIDTH), nn.ReLU(), nn.Linear(WIDTH, 2 * LATENT))
decoder = nn.Linear(LATENT, 10)
optimizer = torch.optim.Adam(
    [*encoder.parameters(), *decoder.parameters()], lr=RATE, fused=arguments.fused or None)


def objective(x, y):
    mean, raw = encoder(x).chunk(2, 1)
    sigma = functional.softplus(raw - 5)
    z = mean + sigma * torch.randn_like(mean)
    kl = (0.5 * (mean * mean + sigma * sigma - 1) - sigma.log()).sum(1).mean()
    return functional.cross_entropy(decoder(z), y) + BETA * kl


steps = min(arguments.steps or len(labels), len(labels) // BATCH)
seconds, processor = [], []
for repeat in range(arguments.repeat + 1):
    start, processor_start = time.perf_counter(), time.process_time()
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
    if repeat:
        seconds.append(time.perf_counter() - start)
        processor.append(time.process_time() - processor_start)
print(json.dumps({"workload": "vib-" + arguments.network,
                  "library": "PyTorch " + torch.__version__ + (", fused Adam" if arguments.fused else ""),
                  "seconds": seconds, "cpu_seconds": processor, "loss": float(torch.stack(values).mean()),
                  "peak_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}))
