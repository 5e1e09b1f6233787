#!/usr/bin/env python3
"""Writes the networks of the rank-diminishing paper as NAME.onnx, and NAME.npy with the images they are measured at.

    pip install torch timm onnx onnxscript numpy pillow
    python docs/benchmarks/export_networks.py FOLDER [--pretrained] [--images FOLDER] [--model NAME ...]

Without --pretrained the weights are random (torch.manual_seed(0)), and nothing is downloaded. --images: a folder of
pictures, which are cropped and normalised as timm does for each network's weights; labels.npy then holds the number of
each picture's subfolder, in alphabetical order. Without it, four images of normal noise. NAME.npy takes 0.6 MB an image.
"""
import argparse
import pathlib

import numpy as np
import timm
import torch
from PIL import Image

MODELS = ["resnet18", "resnet50", "gmixer_24_224", "resmlp_24_224", "vit_tiny_patch16_224",
          "swin_tiny_patch4_window7_224"]

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("folder", type=pathlib.Path)
parser.add_argument("--pretrained", action="store_true", help="download the published weights")
parser.add_argument("--images", type=pathlib.Path, help="a folder of pictures")
parser.add_argument("--model", nargs="+", default=MODELS)
asked = parser.parse_args()
asked.folder.mkdir(parents=True, exist_ok=True)

paths = sorted(path for path in asked.images.rglob("*") if path.is_file()) if asked.images else []
for name in asked.model:
    torch.manual_seed(0)
    network = timm.create_model(name, pretrained=asked.pretrained).eval()
    config = timm.data.resolve_model_data_config(network)
    x = torch.randn(1, *config["input_size"])
    torch.onnx.export(network, (x,), asked.folder / f"{name}.onnx", input_names=["x"])
    # Written through a map of the file: thousands of pictures need no memory of their own.
    images = np.lib.format.open_memmap(
        asked.folder / f"{name}.npy", "w+", np.float32, (len(paths) or 4, *config["input_size"]))
    if paths:
        transform = timm.data.create_transform(**config, is_training=False)
        for index, path in enumerate(paths):
            images[index] = transform(Image.open(path).convert("RGB")).numpy()
    else:
        images[:] = np.random.default_rng(0).normal(size=images.shape)
    images.flush()
    print(asked.folder / f"{name}.onnx", images.shape)
if paths:
    classes = sorted({path.parent for path in paths})
    np.save(asked.folder / "labels.npy", np.array([classes.index(path.parent) for path in paths]))
