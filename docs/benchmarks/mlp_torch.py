#!/usr/bin/env python3
"""An epoch of an MLP 784-200-200-200-10 in PyTorch as it is usually written, on one CPU: batch 128, Adam, cross-entropy;
one JSON line.

The first epoch is not timed. --fused asks for Adam in one kernel, which PyTorch does not do by itself.

    python3 mlp_torch.py --data FOLDER_WITH_MNIST --repeat 5
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
BATCH = 128


def read(name):
    with gzip.open(os.path.join(arguments.data, "mnist", name)) as file:
        data = file.read()
    return np.frombuffer(data, np.uint8, offset=4 + 4 * data[3])


images = torch.from_numpy(read("train-images-idx3-ubyte.gz").reshape(-1, 784).astype(np.float32) / 255)
labels = torch.from_numpy(read("train-labels-idx1-ubyte.gz").astype(np.int64))
units = [784, 200, 200, 200]
layers = [layer for pair in zip(units, units[1:]) for layer in (nn.Linear(*pair), nn.ReLU())]
network = nn.Sequential(*layers, nn.Linear(200, 10))
optimizer = torch.optim.Adam(network.parameters(), lr=1e-3, fused=arguments.fused or None)

steps = min(arguments.steps or len(labels), len(labels) // BATCH)
seconds, processor = [], []
for repeat in range(arguments.repeat + 1):
    start, processor_start = time.perf_counter(), time.process_time()
    order = torch.randperm(len(labels))
    values = []
    for index in range(steps):
        rows = order[index * BATCH:(index + 1) * BATCH]
        optimizer.zero_grad()
        loss = functional.cross_entropy(network(images[rows]), labels[rows])
        loss.backward()
        optimizer.step()
        if index >= steps - 50:
            values.append(loss.detach())
    if repeat:
        seconds.append(time.perf_counter() - start)
        processor.append(time.process_time() - processor_start)
print(json.dumps({"workload": "mlp",
                  "library": "PyTorch " + torch.__version__ + (", fused Adam" if arguments.fused else ""),
                  "seconds": seconds, "cpu_seconds": processor, "loss": float(torch.stack(values).mean()),
                  "peak_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}))
