#!/usr/bin/env python3
"""Steps of a VIB on jointly Gaussian data in PyTorch as it is usually written, on one CPU: 5 inputs, 5 latent variables,
5 targets, a linear encoder of one layer, a Gaussian decoder with a learned variance, beta = 0.1, batch 256, Adam; one
JSON line.

The first repeat is not timed. --fused asks for Adam in one kernel, which PyTorch does not do by itself.

    python3 gaussian_vib_torch.py --repeat 5
"""
import argparse
import json
import math
import os
import resource
import time

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--repeat", type=int, default=5)
parser.add_argument("--steps", type=int, default=1000)
parser.add_argument("--fused", action="store_true")
arguments = parser.parse_args()

os.environ["OMP_NUM_THREADS"] = os.environ["MKL_NUM_THREADS"] = "1"
os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})

import torch  # noqa: E402  (the environment must be set first)
from torch import nn  # noqa: E402
from torch.nn import functional  # noqa: E402

torch.set_num_threads(1)
torch.manual_seed(0)
POINTS, UNITS, BETA = 256, 5, 0.1
correlations = torch.tensor([0.4, 0.5, 0.9, 0.92, 0.95])
rest = torch.sqrt(1 - correlations**2)
encoder, decoder = nn.Linear(UNITS, 2 * UNITS), nn.Linear(UNITS, UNITS)
logs = nn.Parameter(torch.zeros(UNITS))
optimizer = torch.optim.Adam(
    [*encoder.parameters(), *decoder.parameters(), logs], lr=1e-2, fused=arguments.fused or None)
seconds = []
for repeat in range(arguments.repeat + 1):
    tasks, kls = [], []
    start = time.perf_counter()
    for index in range(arguments.steps):
        x = torch.randn(POINTS, UNITS)
        y = correlations * x + rest * torch.randn(POINTS, UNITS)
        mean, raw = encoder(x).chunk(2, 1)
        sigma = functional.softplus(raw)
        error = decoder(mean + sigma * torch.randn_like(mean)) - y
        task = 0.5 * (math.log(2 * math.pi) + logs + error * error * torch.exp(-logs)).sum(1).mean()
        kl = (0.5 * (mean * mean + sigma * sigma - 1) - sigma.log()).sum(1).mean()
        optimizer.zero_grad()
        (task + BETA * kl).backward()
        optimizer.step()
        if index >= arguments.steps - 200:
            tasks.append(task.detach())
            kls.append(kl.detach())
    if repeat:
        seconds.append(time.perf_counter() - start)
print(json.dumps({"workload": "gaussian-vib",
                  "library": "PyTorch " + torch.__version__ + (", fused Adam" if arguments.fused else ""),
                  "seconds": seconds, "loss": float(torch.stack(tasks).mean()), "kl": float(torch.stack(kls).mean()),
                  "peak_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}))
