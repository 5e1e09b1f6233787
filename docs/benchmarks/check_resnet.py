"""Compares residual networks that a run kept with PyTorch's.

    ranksweep run SWEEP --out RUN --data DATA       # model: resnet, dataset: mnist, weights: final
    python3 docs/benchmarks/check_resnet.py RUN DATA

Builds each network from PyTorch's own layers, loads RUN/weights/TRIAL.safetensors by name, evaluates it on the test
images that the trial was measured on, and prints loss and accuracy beside the record's. Exit code 1 where the losses
differ by more than 1e-5 of themselves, or an image is classified otherwise.
"""

import gzip
import json
import pathlib
import sys

import numpy as np
import torch
from safetensors.torch import load_file
from torch import nn
from torch.nn import functional


def idx(path):
    file = path if path.exists() else path.with_name(path.name + ".gz")
    data = file.read_bytes()
    if data[:2] == b"\x1f\x8b":
        data = gzip.decompress(data)
    sizes = np.frombuffer(data, ">u4", data[3], 4)
    return np.frombuffer(data, np.uint8, offset=4 + 4 * data[3]).reshape(sizes)


class Block(nn.Module):
    def __init__(self, before, channels, stride):
        super().__init__()
        self.convolution1 = nn.Conv2d(before, channels, 3, stride, 1, bias=False)
        self.norm1 = nn.BatchNorm2d(channels)
        self.convolution2 = nn.Conv2d(channels, channels, 3, 1, 1, bias=False)
        self.norm2 = nn.BatchNorm2d(channels)
        self.stride = stride

    def forward(self, x):
        y = functional.relu(self.norm1(self.convolution1(x)))
        y = self.norm2(self.convolution2(y))
        # Option A of He et al. 2016: every s-th pixel, and channels of zeros.
        x = x[:, :, :: self.stride, :: self.stride]
        x = functional.pad(x, (0, 0, 0, 0, 0, y.shape[1] - x.shape[1]))
        return functional.relu(y + x)


class ResNet(nn.Module):
    def __init__(self, depth, width):
        super().__init__()
        self.convolution = nn.Conv2d(1, width, 3, 1, 1, bias=False)
        self.norm = nn.BatchNorm2d(width)
        stages, before = [], width
        for stage in range(3):
            blocks = []
            for block in range((depth - 2) // 6):
                blocks.append(Block(before, width << stage, 2 if stage and not block else 1))
                before = width << stage
            stages.append(nn.Sequential(*blocks))
        self.stages = nn.Sequential(*stages)
        self.classifier = nn.Linear(before, 10)

    def forward(self, x):
        x = functional.relu(self.norm(self.convolution(x)))
        return self.classifier(self.stages(x).mean((2, 3)))


def main(run, data):
    torch.set_num_threads(1)
    sweep = json.loads((run / "sweep.json").read_text())
    count = sweep["dataset"].get("test_points", 10000) if isinstance(sweep["dataset"], dict) else 10000
    count = int(sweep.get("dataset.test_points", count))
    images = idx(data / "mnist" / "t10k-images-idx3-ubyte")[:count]
    labels = torch.tensor(idx(data / "mnist" / "t10k-labels-idx1-ubyte")[:count].astype(np.int64))
    # The scale `symmetric`, which is the default of convolutional networks.
    inputs = torch.tensor(images.astype(np.float32) * np.float32(2 / 255) - 1)[:, None]
    wrong = False
    for line in (run / "records.ndjson").read_text().splitlines():
        record = json.loads(line)
        tensors = load_file(run / "weights" / f"{record['trial']}.safetensors")
        state = {
            name: tensor.permute(0, 3, 1, 2).contiguous() if tensor.ndim == 4 else tensor
            for name, tensor in tensors.items()
        }
        network = ResNet(record["axes"]["depth"], state["convolution.weight"].shape[0])
        missing = network.load_state_dict(state, strict=False)
        assert not missing.unexpected_keys, missing
        assert all(name.endswith("num_batches_tracked") for name in missing.missing_keys), missing
        network.eval()
        with torch.no_grad():
            outputs = torch.cat([network(part) for part in inputs.split(500)])
        loss = functional.cross_entropy(outputs.double(), labels).item()
        accuracy = (outputs.argmax(1) == labels).double().mean().item()
        ours = record["metrics"]
        print(
            f"{record['trial']}  loss {ours['test_loss']:.9f}, PyTorch {loss:.9f}; "
            f"accuracy {ours['accuracy']}, PyTorch {accuracy:.4f}"
        )
        wrong |= abs(loss - ours["test_loss"]) > 1e-5 * loss or abs(accuracy - ours["accuracy"]) > 1e-9
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])))
