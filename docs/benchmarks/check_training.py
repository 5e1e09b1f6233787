#!/usr/bin/env python3
"""Trains networks with ranksweep and with PyTorch from the same weights, batches and noise, and compares them.

    pip install torch numpy safetensors
    python3 docs/benchmarks/check_training.py .build/release/ranksweep          # some minutes
    python3 docs/benchmarks/check_training.py --literals > Tests/LearningTests/PyTorchAnswers.swift

A data set of random images is written as MNIST's four files. A run of 0 steps gives the drawn weights, another one the
weights after 1, 2 and all steps. PyTorch starts from the drawn weights, in float32 and again in float64, and takes the
same batches: their order, and a VIB's noise, are drawn again here from the counter-based streams that
Sources/Numeric/Learning/RandomStream.swift describes. A row says how far ranksweep's weights are from PyTorch's in float64,
and how far PyTorch's own in float32 are from those: the L2 norm of the difference over that of how far the weights moved. The last two
columns are the relative differences of test losses: the last one's, and the largest after any step, the loss curve's.

Exit code 1 where ranksweep is off by more than all of TOLERANCE, rounding each weight twice (an average moves little more than that in one
step) and twice PyTorch's float32 error (where a ReLU opens or a gradient changes its sign within rounding, that is large), or after the last
step by more than FACTOR times the larger of PyTorch's float32 error and 1e-6. Test losses after the last step must agree to 1e-5 of
themselves, or to twice PyTorch's float32 error, and those after every step to 1e-4. (Rates are low enough that no training is chaotic: at higher ones resnets and residual MLPs drive
PyTorch's own float32 and float64 apart.)

--literals trains a small network in float64 on the numbers that Tests/LearningTests/PyTorchTests.swift generates, and prints its weights.
"""
import argparse
import json
import pathlib
import struct
import subprocess
import sys
import tempfile

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

TRAIN, TEST, STEPS, TOLERANCE, FACTOR = 96, 64, 50, 2e-5, 20

# Random streams: Philox 4x32-10, words and normal variates; the purposes of RandomStreams.


def words(seed, purpose, index, count):
    """The stream's first 32-bit words."""
    low, shift = np.uint64(0xFFFFFFFF), np.uint64(32)
    block = np.arange((count + 3) // 4, dtype=np.uint64)
    stream = purpose << 48 | index
    c = [block & low, block >> shift, np.full_like(block, stream & 0xFFFFFFFF), np.full_like(block, stream >> 32)]
    key = [seed & 0xFFFFFFFF, seed >> 32]
    for _ in range(10):
        a, b = np.uint64(0xD2511F53) * c[0], np.uint64(0xCD9E8D57) * c[2]
        c = [(b >> shift) ^ c[1] ^ np.uint64(key[0]), b & low, (a >> shift) ^ c[3] ^ np.uint64(key[1]), a & low]
        key = [(key[0] + 0x9E3779B9) & 0xFFFFFFFF, (key[1] + 0xBB67AE85) & 0xFFFFFFFF]
    return np.stack(c, 1).reshape(-1)[:count]


def normals(seed, purpose, index, shape):
    """Box and Muller's, two of two words."""
    pairs = words(seed, purpose, index, (int(np.prod(shape)) + 3) // 4 * 4).reshape(-1, 2) >> np.uint64(8)
    radius = np.sqrt(-2 * np.log((pairs[:, 0].astype(float) + 1) * 2.0**-24))
    angle = 2 * np.pi * pairs[:, 1].astype(float) * 2.0**-24
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], 1).reshape(-1)[: np.prod(shape)].reshape(shape)


def order(count, seed, epoch):
    """The order of the training points in an epoch: Fisher and Yates'."""
    draws, points = words(seed, 2, epoch, count), list(range(count))
    for last in range(count - 1, 0, -1):
        other = int(draws[last]) * (last + 1) >> 32
        points[last], points[other] = points[other], points[last]
    return points


# Networks of PyTorch's layers, parameters named as in kept weights.


class MLP(nn.Module):
    def __init__(self, hidden, activation=F.relu, norm=None, skips=False):
        super().__init__()
        units = [784, *hidden, 10]
        self.layers = nn.ModuleList(nn.Linear(a, b) for a, b in zip(units, units[1:]))
        kinds = {"batch": nn.BatchNorm1d, "layer": nn.LayerNorm, "group": lambda n: nn.GroupNorm(4, n),
                 "instance": lambda n: nn.InstanceNorm1d(1, affine=True)}
        self.norms = nn.ModuleList(kinds[norm](n) for n in hidden) if norm else None
        self.activation, self.norm, self.skips = activation, norm, skips

    def forward(self, x):
        x = x.flatten(1)
        for number, layer in enumerate(self.layers[:-1]):
            h = layer(x)
            if self.norm == "instance":  # a vector is one channel
                h = self.norms[number](h[:, None])[:, 0]
            elif self.norm:
                h = self.norms[number](h)
            h = self.activation(h)
            x = h + x if self.skips and h.shape == x.shape else h
        return self.layers[-1](x)


class CNN(nn.Module):
    def __init__(self, channels, outputs=10):
        super().__init__()
        before = [1, *channels]
        self.convolutions = nn.ModuleList(
            nn.Conv2d(a, b, 3, 1 if n == 0 else 2, 1) for n, (a, b) in enumerate(zip(before, channels)))
        self.norms = nn.ModuleList(nn.BatchNorm2d(n) for n in channels)
        self.classifier = nn.Linear(channels[-1], outputs)

    def forward(self, x):
        for convolution, norm in zip(self.convolutions, self.norms):
            x = F.relu(norm(convolution(x)))
        return self.classifier(x.mean((2, 3)))


class Block(nn.Module):
    def __init__(self, before, channels, stride):
        super().__init__()
        self.convolution1 = nn.Conv2d(before, channels, 3, stride, 1, bias=False)
        self.norm1 = nn.BatchNorm2d(channels)
        self.convolution2 = nn.Conv2d(channels, channels, 3, 1, 1, bias=False)
        self.norm2 = nn.BatchNorm2d(channels)
        self.stride, self.more = stride, channels - before

    def forward(self, x, shortcut=None):
        y = self.norm2(self.convolution2(F.relu(self.norm1(self.convolution1(x)))))
        # Option A: every second pixel, and zeros in the channels after x's own.
        padded = F.pad(x[:, :, :: self.stride, :: self.stride], (0, 0, 0, 0, 0, self.more))
        return F.relu(y + (shortcut(x) if shortcut else padded))


class ResNet(nn.Module):
    def __init__(self, width, projects=False):
        super().__init__()
        self.convolution = nn.Conv2d(1, width, 3, 1, 1, bias=False)
        self.norm = nn.BatchNorm2d(width)
        sizes = [(width, width, 1), (width, 2 * width, 2), (2 * width, 4 * width, 2)]
        self.stages = nn.ModuleList(nn.ModuleList([Block(*size)]) for size in sizes)
        self.classifier, self.projects = nn.Linear(4 * width, 10), projects
        if projects:  # option B
            self.convolutions = nn.ModuleList(nn.Conv2d(a, b, 1, 2, bias=False) for a, b, _ in sizes[1:])
            self.norms = nn.ModuleList(nn.BatchNorm2d(b) for _, b, _ in sizes[1:])

    def forward(self, x):
        x = F.relu(self.norm(self.convolution(x)))
        for number, stage in enumerate(self.stages):
            path = nn.Sequential(self.convolutions[number - 1], self.norms[number - 1]) if self.projects and number else None
            x = stage[0](x, path)
        return self.classifier(x.mean((2, 3)))


class Perceptron(nn.Module):
    """Two dense layers on the last dimension."""

    def __init__(self, width, units, activation):
        super().__init__()
        self.fc1, self.fc2, self.activation = nn.Linear(width, units), nn.Linear(units, width), activation

    def forward(self, x):
        return self.fc2(self.activation(self.fc1(x)))


class Patches(nn.Module):
    """[points, channels, height, width] to [points, tokens, width]."""

    def __init__(self, width, patch):
        super().__init__()
        self.proj = nn.Conv2d(1, width, patch, patch)

    def forward(self, x):
        return self.proj(x).flatten(2).transpose(1, 2)


class Attention(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.qkv, self.proj, self.heads = nn.Linear(width, 3 * width), nn.Linear(width, width), heads

    def forward(self, x):
        parts = self.qkv(x).unflatten(2, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        return self.proj(F.scaled_dot_product_attention(*parts).transpose(1, 2).flatten(2))


class Encoder(nn.Module):
    def __init__(self, width, heads, activation):
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attn, self.mlp = Attention(width, heads), Perceptron(width, 2 * width, activation)

    def forward(self, x):
        x = x + self.attn(self.norm1(x))
        return x + self.mlp(self.norm2(x))


class ViT(nn.Module):
    def __init__(self, width, heads, activation=F.gelu, token=True, patch=7):
        super().__init__()
        tokens = (28 // patch) ** 2 + token
        self.patch_embed, self.pos_embed = Patches(width, patch), nn.Parameter(torch.zeros(1, tokens, width))
        if token:
            self.cls_token = nn.Parameter(torch.zeros(1, 1, width))
        self.blocks = nn.Sequential(*(Encoder(width, heads, activation) for _ in range(2)))
        self.norm, self.head, self.token = nn.LayerNorm(width), nn.Linear(width, 10), token

    def forward(self, x):
        x = self.patch_embed(x)
        if self.token:
            x = torch.cat([self.cls_token.expand(len(x), -1, -1), x], 1)
        x = self.norm(self.blocks(x + self.pos_embed))
        return self.head(x[:, 0] if self.token else x.mean(1))


class Mix(nn.Module):
    def __init__(self, width, tokens, units=None):
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.mlp_tokens, self.mlp_channels = Perceptron(tokens, units or width // 2, F.gelu), Perceptron(width, 2 * width, F.gelu)

    def forward(self, x):
        x = x + self.mlp_tokens(self.norm1(x).transpose(1, 2)).transpose(1, 2)
        return x + self.mlp_channels(self.norm2(x))


class Gate(nn.Module):
    def __init__(self, units, tokens):
        super().__init__()
        self.norm, self.proj = nn.LayerNorm(units), nn.Linear(tokens, tokens)

    def forward(self, x):
        u, v = x.chunk(2, -1)
        return u * self.proj(self.norm(v).transpose(1, 2)).transpose(1, 2)


class Gated(nn.Module):
    def __init__(self, width, tokens):
        super().__init__()
        self.norm, self.mlp_channels = nn.LayerNorm(width), nn.Module()
        self.mlp_channels.fc1, self.mlp_channels.fc2 = nn.Linear(width, 6 * width), nn.Linear(3 * width, width)
        self.mlp_channels.gate = Gate(3 * width, tokens)

    def forward(self, x):
        mlp = self.mlp_channels
        return x + mlp.fc2(mlp.gate(F.gelu(mlp.fc1(self.norm(x)))))


class Tokens(nn.Module):
    """A mixer or a gMLP."""

    def __init__(self, width, block, patch=7):
        super().__init__()
        self.stem, tokens = Patches(width, patch), (28 // patch) ** 2
        self.blocks = nn.Sequential(*(block(width, tokens) for _ in range(2)))
        self.norm, self.head = nn.LayerNorm(width), nn.Linear(width, 10)

    def forward(self, x):
        return self.head(self.norm(self.blocks(self.stem(x))).mean(1))


class VIB(nn.Module):
    def __init__(self, hidden, latent, beta, shift, encoder=None):
        super().__init__()
        units = [784, *hidden, 2 * latent]
        self.encoder = encoder or nn.ModuleList(nn.Linear(a, b) for a, b in zip(units, units[1:]))
        self.decoder = nn.ModuleList([nn.Linear(latent, 10)])
        self.latent, self.beta, self.shift = latent, beta, shift

    def loss(self, x, y, noise, smoothing):
        if isinstance(self.encoder, nn.ModuleList):
            h = x.flatten(1)
            for layer in self.encoder[:-1]:
                h = F.relu(layer(h))
            head = self.encoder[-1](h)
        else:
            head = self.encoder(x)
        mean, raw = head.split(self.latent, 1)
        p = raw + self.shift
        sigma = F.softplus(p)
        # ln softplus(p), whose own digits end where e^p is small.
        log_sigma = torch.where(p < -18, p - sigma / 2, F.softplus(p.clamp(min=-18)).log())
        kl = 0.5 * (mean**2 + sigma**2 - 1 - 2 * log_sigma).sum(1).mean()
        return F.cross_entropy(self.decoder[0](mean + sigma * noise), y, label_smoothing=smoothing) + self.beta * kl


# Cases: a sweep's settings and PyTorch's.


def decayed(net, decay):
    """Weights decay; biases and the scales and shifts of norms do not."""
    return [{"params": [p for p in net.parameters() if p.ndim > 1], "weight_decay": decay},
            {"params": [p for p in net.parameters() if p.ndim < 2], "weight_decay": 0.0}]


def sgd(rate=0.1, momentum=0.0, decay=0.0):
    settings = {"optimizer": "sgd", "learning_rate": rate, "momentum": momentum, "weight_decay": decay}
    return settings, lambda net: torch.optim.SGD(decayed(net, decay), lr=rate, momentum=momentum)


def adam(rate=3e-3, betas=(0.9, 0.999), epsilon=1e-8, decay=0.0, decoupled=False):
    kind = torch.optim.AdamW if decoupled else torch.optim.Adam
    settings = {"optimizer": "adamw" if decoupled else "adam", "learning_rate": rate, "beta1": betas[0], "beta2": betas[1], "epsilon": epsilon,
                "weight_decay": decay}
    return settings, lambda net: kind(decayed(net, decay), lr=rate, betas=betas, eps=epsilon)


def warm_up(optimizer, steps):
    return torch.optim.lr_scheduler.LinearLR(optimizer, 1 / steps, total_iters=steps - 1)


def cases():
    """(name, top-level settings, (training, optimizer), network, more)"""
    def mlp(**more):
        return {"model": "mlp", "hidden": [24, 24], **more}, lambda **k: MLP([24, 24], **k)

    plain, net = mlp()
    yield "sgd", plain, sgd(), net, {}
    yield "sgd, momentum 0.9, weight decay", plain, sgd(0.05, 0.9, 0.05), net, {}
    yield "sgd, momentum 0.99999", plain, sgd(0.005, 0.99999), net, {}
    yield "adam", plain, adam(), net, {}
    yield "adam, beta2 0.99999", plain, adam(betas=(0.9, 0.99999)), net, {}
    yield "adam, beta2 0.9999999", plain, adam(betas=(0.9, 0.9999999)), net, {}
    yield "adam, weight decay, epsilon 1e-3", plain, adam(epsilon=1e-3, betas=(0.8, 0.95), decay=0.05), net, {}
    yield "adamw, cosine", plain, adam(decay=0.5, decoupled=True), net, {
        "training": {"schedule": "cosine"}, "schedule": lambda o: torch.optim.lr_scheduler.CosineAnnealingLR(o, STEPS)}
    yield "decay each 3 epochs", plain, sgd(), net, {
        "training": {"schedule": "decay", "decay_factor": 0.8, "decay_every": 3},
        "schedule": lambda o: torch.optim.lr_scheduler.StepLR(o, 3 * (TRAIN // 32), 0.8)}
    yield "milestones 4 and 9", plain, sgd(), net, {
        "training": {"schedule": "decay", "milestones": [4, 9]},
        "schedule": lambda o: torch.optim.lr_scheduler.MultiStepLR(o, [4 * (TRAIN // 32), 9 * (TRAIN // 32)])}
    yield "adam, cosine, warm-up of 10 steps", plain, adam(), net, {
        "training": {"schedule": "cosine", "warmup": 10},
        "schedule": lambda o: torch.optim.lr_scheduler.ChainedScheduler(
            [warm_up(o, 10), torch.optim.lr_scheduler.CosineAnnealingLR(o, STEPS)])}
    yield "sgd, norm clipped at 0.5", plain, sgd(), net, {"training": {"clip_norm": 0.5}, "clip": 0.5}
    yield "adam, norm clipped at 0.1, weight decay", plain, adam(decay=0.05, epsilon=1e-3), net, {
        "training": {"clip_norm": 0.1}, "clip": 0.1}
    yield "label smoothing 0.1", plain, sgd(), net, {"training": {"label_smoothing": 0.1}, "smoothing": 0.1}
    yield "average 0.99", plain, sgd(), net, {"ema_decay": 0.99}
    yield "squared error", plain, sgd(), net, {"loss": "mean_squared_error"}
    yield "tanh, residual", mlp(activation="tanh", residual=True)[0], sgd(0.01), lambda: net(
        activation=torch.tanh, skips=True), {}
    for norm in ("batch", "layer", "group", "instance"):
        yield f"{norm} normalisation", mlp(normalisation=norm)[0], sgd(0.005), lambda norm=norm: net(norm=norm), {}
    yield "batch normalisation, average 0.9", mlp(normalisation="batch")[0], sgd(), lambda: net(norm="batch"), {
        "ema_decay": 0.9}
    yield "cnn", {"model": "cnn", "hidden": [4, 8], "normalisation": "batch"}, sgd(0.05, 0.9), lambda: CNN(
        [4, 8]), {}
    yield "resnet", {"model": "resnet", "depth": 8, "width": 4}, sgd(0.003, 0, 0.01), lambda: ResNet(4), {}
    yield "resnet, projections", {"model": "resnet", "depth": 8, "width": 4, "shortcut": "projection"}, sgd(
        0.003, 0, 0.01), lambda: ResNet(4, True), {}
    kinds = {"gelu": F.gelu, "gelu_tanh": lambda x: F.gelu(x, approximate="tanh"), "silu": F.silu, "sigmoid": torch.sigmoid,
             "leaky_relu": F.leaky_relu, "elu": F.elu, "softplus": F.softplus}
    for kind, function in kinds.items():
        yield kind, mlp(activation=kind)[0], adam(1e-3), lambda function=function: net(activation=function), {}
    # Some biases, as those of keys, change no output: their gradients are rounding errors, which Adam with a small epsilon would follow.
    tokens = {"depth": 2, "width": 8, "patch": 7}
    yield "vit", {"model": "vit", **tokens, "heads": 2, "mlp_ratio": 2}, adam(1e-3, epsilon=1e-4), lambda: ViT(8, 2), {}
    yield "vit, mean, silu", {"model": "vit", **tokens, "heads": 4, "mlp_ratio": 2, "pool": "mean", "activation": "silu"}, sgd(
        0.05, 0.9), lambda: ViT(8, 4, F.silu, False), {}
    yield "mixer", {"model": "mixer", **tokens, "mlp_ratio": 2}, adam(1e-3, epsilon=1e-4), lambda: Tokens(8, Mix), {}
    yield "gmlp", {"model": "gmlp", **tokens}, adam(1e-3, epsilon=1e-4), lambda: Tokens(8, Gated), {}
    yield "cnn, label smoothing 0.2, norm clipped at 0.2, warm-up of 10 steps", {
        "model": "cnn", "hidden": [4, 8], "normalisation": "batch"}, sgd(0.05), lambda: CNN([4, 8]), {
            "training": {"label_smoothing": 0.2, "clip_norm": 0.2, "warmup": 10}, "smoothing": 0.2, "clip": 0.2,
            "schedule": lambda o: warm_up(o, 10)}
    for shift in (-5, -50):
        vib = {"model": "vib", "hidden": [24], "bottleneck": 8, "beta": 0.01, "sigma_shift": shift}
        yield f"vib, shift {shift}", vib, adam(epsilon=1e-4), lambda shift=shift: VIB([24], 8, 0.01, shift), {}
    yield "vib, label smoothing 0.2, norm clipped at 0.3", {**vib, "sigma_shift": -5}, adam(epsilon=1e-4), lambda: VIB(
        [24], 8, 0.01, -5), {"training": {"label_smoothing": 0.2, "clip_norm": 0.3}, "smoothing": 0.2, "clip": 0.3}
    encoded = {"model": "vib", "encoder": "cnn", "hidden": [4, 8], "normalisation": "batch", "bottleneck": 8, "beta": 0.01}
    yield "vib, cnn", encoded, sgd(0.05, 0.9), lambda: VIB([], 8, 0.01, -5, CNN([4, 8], 16)), {}


# Both sides.


def write_images(folder):
    """Random images in MNIST's format; returns them as training sees them, from -1 to 1 or from 0 to 1."""
    random = np.random.default_rng(1)
    (folder / "mnist").mkdir()
    sets = []
    for stem, count in (("train", TRAIN), ("t10k", TEST)):
        labels = random.integers(0, 10, count).astype(np.uint8)
        waves = np.sin(np.outer(labels + 1, np.arange(784)) / 40)
        images = (127.5 + 60 * waves + 20 * random.normal(size=waves.shape)).clip(0, 255).astype(np.uint8)
        (folder / f"mnist/{stem}-images-idx3-ubyte").write_bytes(struct.pack(">4i", 2051, count, 28, 28) + images.tobytes())
        (folder / f"mnist/{stem}-labels-idx1-ubyte").write_bytes(struct.pack(">2i", 2049, count) + labels.tobytes())
        sets.append((images.reshape(count, 1, 28, 28), labels))
    return sets


def run(program, folder, sweep, name):
    """The one record, and the kept weights by step."""
    from safetensors.numpy import load_file

    file, out = folder / f"{name}.json", folder / name
    file.write_text(json.dumps({"name": "check", **sweep}))
    end = subprocess.run([program, "run", file, "--out", out, "--data", folder, "--slots", "1"], capture_output=True,
                         text=True)
    if end.returncode != 0:
        sys.exit(end.stderr)
    record = json.loads((out / "records.ndjson").read_text())
    found = {path.stem: load_file(path) for path in (out / "weights").glob("*.safetensors")}
    return record, {int(stem.split("-step-")[1]) if "-step-" in stem else None: w for stem, w in found.items()}


def to_torch(weights, kind):
    """Kernels are [channels, height, width, channels before] in kept weights."""
    tensors = {name: torch.tensor(value).to(kind) for name, value in weights.items()}
    return {name: t.permute(0, 3, 1, 2).contiguous() if t.ndim == 4 else t for name, t in tensors.items()}


def state(net):
    return {name: t.detach().clone() for name, t in net.state_dict().items() if "num_batches" not in name}


def train(net, optimizer, data, kind, more, seed, test=None):
    """The weights after each kept step, the averaged ones where there is an average, and the test loss after each step of a network
    without average, where there are test points."""
    (images, labels), batch = data, 32
    pick = {"optimizer": optimizer, "schedule": more.get("schedule", lambda o: None)(optimizer)}
    x, y = images.to(kind), torch.tensor(labels.astype(np.int64))
    average, keep, kept, curve = state(net), more.get("ema_decay"), {}, []
    net.train()
    for step in range(STEPS):
        # floor(points / batch) steps an epoch; the rest of its points is left out.
        epoch, place = divmod(step, TRAIN // batch)
        rows = order(TRAIN, seed, epoch)[place * batch:(place + 1) * batch]
        optimizer.zero_grad()
        if isinstance(net, VIB):
            noise = torch.tensor(normals(seed, 3, step, (batch, net.latent))).to(torch.float32).to(kind)
            loss = net.loss(x[rows], y[rows], noise, more.get("smoothing", 0.0))
        elif more.get("loss") == "mean_squared_error":
            loss = F.mse_loss(net(x[rows]), F.one_hot(y[rows], 10).to(kind))
        else:
            loss = F.cross_entropy(net(x[rows]), y[rows], label_smoothing=more.get("smoothing", 0.0))
        loss.backward()
        if "clip" in more:
            nn.utils.clip_grad_norm_(net.parameters(), more["clip"])
        optimizer.step()
        if pick["schedule"]:
            pick["schedule"].step()
        now = state(net)
        if keep:
            # Running moments are averaged, too; the first average is of the drawn weights.
            average = {name: keep * average[name] + (1 - keep) * now[name] for name in now}
        if step + 1 in (1, 2, STEPS):
            kept[step + 1] = average if keep else now
        if test and not keep:
            curve.append(test_loss(net, now, test, more))
            net.train()
    return kept, curve


def norm(a, b=None):
    """|a - b|, all parameters together."""
    return sum(((a[name].double() - (b[name].double() if b else 0)) ** 2).sum().item() for name in a) ** 0.5


def distance(a, b, start):
    """|a - b| in parts of how far b is from where it started."""
    return norm(b, a) / norm(b, start)


def test_loss(net, weights, data, more):
    images, labels = data
    net.load_state_dict(weights, strict=False)
    net.eval()
    with torch.no_grad():
        outputs, y = net(images.double()), torch.tensor(labels.astype(np.int64))
        if more.get("loss") == "mean_squared_error":
            return F.mse_loss(outputs, F.one_hot(y, 10).double()).item()
        return F.cross_entropy(outputs, y).item()


def compare(program, folder, sets, name, top, training, make, more, number):
    settings, optimizer = training
    scale = "unit" if top["model"] == "mlp" else "symmetric"
    scaled = [(torch.tensor(images.astype(np.float32)) / 255 if scale == "unit" else
               torch.tensor(images.astype(np.float32)) * np.float32(2 / 255) - 1, labels) for images, labels in sets]
    seed = 7 + number
    sweep = {**top, "dataset": {"name": "mnist", "train_points": TRAIN, "test_points": TEST, "scale": scale}, "seed": seed,
             "training": {**settings, **more.get("training", {}), "batch_size": 32, "steps": STEPS},
             "measures": {"local_rank": False, "trace_at": list(range(1, STEPS + 1))}, "weights": [1, 2, STEPS]}
    if settings["optimizer"] == "adam":
        settings.pop("momentum", None)
    for key in ("ema_decay", "loss"):
        if key in more:
            sweep["training"][key] = more[key]
    record, found = run(program, folder, sweep, f"run{number}")
    drawn = {**sweep, "training": {**sweep["training"], "steps": 0}, "measures": {"local_rank": False}, "weights": "final"}
    start = list(run(program, folder, drawn, f"drawn{number}")[1].values())[0]
    results = {}
    for kind in (torch.float32, torch.float64):
        net = make().to(kind)
        missing = net.load_state_dict(to_torch(start, kind), strict=False)
        assert not missing.unexpected_keys and all("num_batches" in key for key in missing.missing_keys), missing
        # A VIB's test loss is not compared.
        compares = kind == torch.float64 and not isinstance(net, VIB)
        results[kind], curve = train(net, optimizer(net), scaled[0], kind, more, seed, scaled[1] if compares else None)
    begin, due = to_torch(start, torch.float64), results[torch.float64]
    ours = {step: distance(to_torch(found[step], torch.float64), due[step], begin) for step in due}
    theirs = {step: distance(results[torch.float32][step], due[step], begin) for step in due}
    loss, their_loss, apart = None, 0, None
    if not isinstance(net, VIB):
        exact = test_loss(net, due[STEPS], scaled[1], more)
        loss = abs(exact / record["metrics"]["test_loss"] - 1)
        their_loss = abs(exact / test_loss(net, results[torch.float32][STEPS], scaled[1], more) - 1)
    if curve:
        apart = max(abs(entry["test_loss"] / due - 1) for entry, due in zip(record["trace"], curve, strict=True))
    worst = ours[STEPS]
    fits = all(
        ours[step] <= max(TOLERANCE, 2.0**-23 * norm(due[step]) / norm(due[step], begin), 2 * theirs[step]) for step in ours)
    fits = fits and worst <= FACTOR * max(theirs[STEPS], 1e-6) and (loss is None or loss <= max(1e-5, 2 * their_loss)) and (
        apart is None or apart <= 1e-4)
    print(f"| {name} | " + " | ".join(f"{ours[step]:.1e}" for step in (1, 2, STEPS))
          + f" | {theirs[STEPS]:.1e} | " + " | ".join("" if x is None else f"{x:.1e}" for x in (loss, apart)) + " |"
          + ("" if fits else " **too far**"),
          flush=True)
    return worst if fits else None


# Literals for the tests.


def small():
    """A network 3-4-2 on six points, in float64: name, settings and the parameters after 30 steps."""
    def number(n):
        return ((n * 37 + 11) % 101 - 50) / 64

    def build():
        net = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2)).double()
        with torch.no_grad():
            place = 0
            for p in net.parameters():
                for index in range(p.numel()):
                    p.view(-1)[index] = number(place)
                    place += 1
        return net

    x = torch.tensor([[number(3 * row + column + 40) for column in range(3)] for row in range(6)]).double()
    y = torch.tensor([row % 2 for row in range(6)])
    kinds = [
        ("sgd, momentum 0.9, weight decay 0.05", lambda n: torch.optim.SGD(decayed(n, 0.05), lr=0.125, momentum=0.9)),
        ("sgd, momentum 0.99999", lambda n: torch.optim.SGD(n.parameters(), lr=0.01, momentum=0.99999)),
        ("adam", lambda n: torch.optim.Adam(n.parameters(), lr=0.01)),
        ("adam, beta2 0.99999", lambda n: torch.optim.Adam(n.parameters(), lr=0.01, betas=(0.9, 0.99999))),
        ("adam, beta2 0.9999999", lambda n: torch.optim.Adam(n.parameters(), lr=0.01, betas=(0.9, 0.9999999))),
        ("adam, weight decay 0.05", lambda n: torch.optim.Adam(decayed(n, 0.05), lr=0.01, eps=1e-3)),
        ("adamw, weight decay 0.5", lambda n: torch.optim.AdamW(decayed(n, 0.5), lr=0.01)),
        ("sgd, momentum 0.9, clip 0.125, warm-up 8", lambda n: torch.optim.SGD(n.parameters(), lr=0.125, momentum=0.9)),
        ("adam, clip 0.25, milestones 10 and 20, smoothing 0.2", lambda n: torch.optim.Adam(decayed(n, 0.05), lr=0.01)),
    ]
    schedules = {"warm-up": lambda o: warm_up(o, 8),
                 "milestones": lambda o: torch.optim.lr_scheduler.MultiStepLR(o, [10, 20])}
    for name, make in kinds:
        net = build()
        optimizer = make(net)
        schedule = next((make(optimizer) for word, make in schedules.items() if word in name), None)
        for _ in range(30):
            optimizer.zero_grad()
            F.cross_entropy(net(x), y, label_smoothing=0.2 if "smoothing" in name else 0.0).backward()
            if "clip" in name:
                nn.utils.clip_grad_norm_(net.parameters(), float(name.split("clip ")[1].split(",")[0]))
            optimizer.step()
            if schedule:
                schedule.step()
        yield name, [value for p in net.parameters() for value in p.detach().view(-1).tolist()]


def print_literals():
    print("// Made by docs/benchmarks/check_training.py --literals with PyTorch " + torch.__version__.split("+")[0]
          + ", in float64.\n")
    print("/// Parameters of a network 3-4-2, tanh, after 30 steps of each of PyTorch's optimisers (PyTorchTests.swift).")
    print("let pyTorchAnswers: [String: [Double]] = [")
    for name, values in small():
        print(f'    "{name}": [')
        for first in range(0, len(values), 4):
            print("        " + ", ".join(repr(value) for value in values[first:first + 4]) + ",")
        print("    ],")
    print("]")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", nargs="?", help="ranksweep, with ranksweep-worker beside it")
    parser.add_argument("--literals", action="store_true")
    parser.add_argument("--only", default="", help="cases whose name contains this")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    if arguments.literals:
        return print_literals()
    if not arguments.program:
        parser.error("the program to check is missing")
    print(f"| {STEPS} steps from the same weights | 1 step | 2 steps | {STEPS} steps | PyTorch float32 | loss | loss curve |")
    print("|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        sets = write_images(folder)
        worst = [compare(arguments.program, folder, sets, *case, number) for number, case in enumerate(cases())
                 if arguments.only in case[0]]
    if None in worst:
        sys.exit("some training is further from PyTorch's than float32 rounds")
    print(f"\nworst after the last step: {max(worst):.1e}")


if __name__ == "__main__":
    main()
