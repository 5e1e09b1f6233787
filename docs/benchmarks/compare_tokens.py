#!/usr/bin/env python3
"""Epochs of the networks of vit-mnist.yaml and mixer-mnist.yaml by ranksweep and by PyTorch, in turns, on one CPU.

    pip install torch numpy safetensors
    python3 docs/benchmarks/compare_tokens.py vit --program .build/release/ranksweep --data FOLDER_WITH_MNIST [--epochs 2] [--rounds 3]

PyTorch's networks are those of check_training.py, which holds their losses to ranksweep's; attention is
scaled_dot_product_attention. Both take AdamW, a warm-up and a cosine over the same epochs, in batches of 128. Times are of training alone:
ranksweep's from provenance.ndjson, without measuring. Prints a row for each round: seconds, test accuracy, and the ratio.
"""
import argparse
import gzip
import json
import math
import os
import pathlib
import subprocess
import tempfile
import time

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("network", choices=["vit", "mixer"])
parser.add_argument("--program", required=True)
parser.add_argument("--data", required=True, help="the folder that holds mnist/")
parser.add_argument("--epochs", type=int, default=2)
parser.add_argument("--rounds", type=int, default=3)
asked = parser.parse_args()
os.environ["OMP_NUM_THREADS"] = os.environ["MKL_NUM_THREADS"] = "1"
os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})

import numpy as np  # noqa: E402  (the environment must be set first)
import torch  # noqa: E402
from torch.nn import functional as F  # noqa: E402

import check_training as networks  # noqa: E402

torch.set_num_threads(1)
BATCH, WARMUP, RATE, DECAY = 128, 500, 2e-3, 0.05


def read(name):
    with gzip.open(pathlib.Path(asked.data) / "mnist" / name) as file:
        content = file.read()
    return np.frombuffer(content, np.uint8, offset=4 + 4 * content[3])


def images(part):
    x = read(f"{part}-images-idx3-ubyte.gz").reshape(-1, 1, 28, 28).astype(np.float32) / 127.5 - 1
    return torch.from_numpy(x), torch.from_numpy(read(f"{part}-labels-idx1-ubyte.gz").astype(np.int64))


def pytorch():
    """Seconds and test accuracy of a training."""
    torch.manual_seed(0)
    if asked.network == "vit":
        net = networks.ViT(64, 4)
        torch.nn.init.trunc_normal_(net.pos_embed, std=0.02)
        torch.nn.init.trunc_normal_(net.cls_token, std=0.02)
    else:
        net = networks.Tokens(64, networks.Mix, patch=4)
    x, y = images("train")
    count = len(x) // BATCH
    optimizer = torch.optim.AdamW(networks.decayed(net, DECAY), lr=RATE, fused=True)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer,
        lambda step: min(1, (step + 1) / WARMUP) * 0.5 * (1 + math.cos(math.pi * step / (count * asked.epochs))))
    begin = time.perf_counter()
    for _ in range(asked.epochs):
        order = torch.randperm(len(x))
        for step in range(count):
            rows = order[step * BATCH:(step + 1) * BATCH]
            optimizer.zero_grad()
            F.cross_entropy(net(x[rows]), y[rows]).backward()
            optimizer.step()
            schedule.step()
    seconds = time.perf_counter() - begin
    with torch.no_grad():
        x, y = images("t10k")
        right = sum(int((net(a).argmax(1) == b).sum()) for a, b in zip(x.split(500), y.split(500)))
    return seconds, right / len(x)


def ours():
    with tempfile.TemporaryDirectory() as folder:
        run = pathlib.Path(folder) / "run"
        recipe = pathlib.Path(__file__).resolve().parents[2] / "sweeps" / f"{asked.network}-mnist.yaml"
        settings = [f"training.epochs={asked.epochs}", "seed=0", "measures.local_rank=false", "measures.trace_at=end"]
        subprocess.run(
            [asked.program, "run", recipe, "--out", run, "--data", asked.data, "--slots", "1",
             *(word for setting in settings for word in ("--set", setting))], check=True, capture_output=True)
        attempt = json.loads((run / "provenance.ndjson").read_text().splitlines()[-1])
        record = json.loads((run / "records.ndjson").read_text().splitlines()[0])
        return attempt["seconds"] - attempt["measuring_seconds"], record["metrics"]["accuracy"]


print("round\tranksweep s\taccuracy\tPyTorch s\taccuracy\tratio")
for turn in range(asked.rounds):
    (a, right), (b, other) = ours(), pytorch()
    print(f"{turn + 1}\t{a:.1f}\t{right:.4f}\t{b:.1f}\t{other:.4f}\t{b / a:.2f}", flush=True)
