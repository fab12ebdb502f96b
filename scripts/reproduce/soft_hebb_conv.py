"""A convolutional network that learns CIFAR-10 images without labels by SoftHebb, and a linear readout.

    PLASTICITY_DATA=... .venv/bin/python scripts/reproduce/soft_hebb_conv.py --layers 3 --train 50000 --device cuda

The network, its learning and its readout are those of Journe, Garcia Rodriguez, Guo & Moraitis 2023 (ICLR), as in their
program: every layer normalises its maps, convolves, and pools a power of its rectified, centred answers ("triangle");
all layers learn at once, one pass, ten images at a time; the sum of the changes over all positions is scaled so that
its largest entry is 1, and multiplied for each channel by the layer's rate and the square root of its length's distance
to 1. The change itself is the library's text of `soft_hebb`, read at the patches of all positions.

Images come from $PLASTICITY_DATA/cifar10-jpeg.tar.gz, JPEG of quality 75, not the original pixels. Fewer layers,
training images and test images than published (3, 50,000 and 10,000) are options, and reported; beside it stands the
same network with its first weights. Writes docs/results/soft_hebb_conv.json.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import sys
import tarfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch.nn import functional

from plasticity.engines.torch.clocked import Clocked
from plasticity.engines.torch.language import Context
from plasticity.readout.metrics import summarise
from plasticity.rules import soft_hebb
from plasticity.runs.machine import machine, versions

RESULTS = Path(__file__).parents[2] / "docs" / "results"
ARCHIVE, CLASSES = "cifar10-jpeg.tar.gz", 10
RADIUS, BATCH, MOMENTUM = 25.0, 10, 0.1  # length of first weights; images per change; of the running mean and variance
READOUT = {"epochs": 50, "batch": 64, "rate": 1e-3, "dropout": 0.5, "halved_at": (0.2, 0.35, 0.5, 0.6, 0.7, 0.8, 0.9)}


@dataclass(frozen=True)
class Layer:
    """One layer's published settings; pool: "max" (4, stride 2) or "mean" (2, stride 2)."""

    channels: int
    size: int
    sharpness: float
    rate: float
    power: float
    pool: str


LAYERS = (Layer(96, 5, 1.0, 0.08, 0.7, "max"), Layer(384, 3, 0.65, 0.005, 1.4, "max"),
          Layer(1536, 3, 0.25, 0.01, 1.0, "mean"))


class SoftHebbConvolution:
    """A layer: weights [patch, channels] and the running mean and variance of its input maps."""

    def __init__(self, layer: Layer, inputs: int, context: Context):
        self.layer, fan_in = layer, inputs * layer.size**2
        drawn = torch.randn(fan_in, layer.channels, generator=context.generator, device=context.device)
        self.w = RADIUS / math.sqrt(fan_in) * drawn
        self.mean, self.variance = (torch.full((inputs,), value, device=context.device) for value in (0.0, 1.0))
        rule = soft_hebb(eta=1.0, sharpness=layer.sharpness, anti_hebbian=True)
        self.change = Clocked(rule, layer.channels, context)

    def __call__(self, maps: torch.Tensor, learns: bool) -> torch.Tensor:
        """Maps [images, channels, rows, columns] of the next layer."""
        patches = self._patches(self._normalised(maps, learns))  # [images, patch, positions]
        u = torch.einsum("npk,pc->nck", patches, self.w)
        if learns:
            self._learn(patches.transpose(1, 2).flatten(0, 1), u.transpose(1, 2).flatten(0, 1))
        rectified = torch.relu(u - u.mean(1, keepdim=True)) ** self.layer.power
        side = maps.shape[2]
        rectified = rectified.view(len(maps), -1, side, side)
        return functional.max_pool2d(rectified, 4, 2, 1) if self.layer.pool == "max" else \
            functional.avg_pool2d(rectified, 2, 2)

    def _normalised(self, maps: torch.Tensor, learns: bool) -> torch.Tensor:
        return functional.batch_norm(maps, self.mean, self.variance, training=learns, momentum=MOMENTUM)

    def _patches(self, maps: torch.Tensor) -> torch.Tensor:
        pad = (self.layer.size - 1) // 2
        return functional.unfold(functional.pad(maps, (pad,) * 4, mode="reflect"), self.layer.size)

    def _learn(self, x: torch.Tensor, u: torch.Tensor) -> None:
        change = self.change(self.w, {"r_pre": x, "u": u})["w"]
        pace = (self.w.norm(dim=0) - 1).abs().add(1e-10).sqrt()
        self.w += self.layer.rate * pace * change / (change.abs().max() + 1e-30)


def images(part: str, count: int) -> tuple[np.ndarray, np.ndarray]:
    """The first images of each class, mixed: float32 [count, 3, 32, 32] in [0, 1], and their classes."""
    folder = Path(os.environ.get("PLASTICITY_DATA", "."))
    with tarfile.open(folder / ARCHIVE) as archive:
        members = sorted((member for member in archive.getmembers() if f"/{part}/" in member.name and member.isfile()),
                         key=lambda member: member.name)
        names = sorted({member.name.split("/")[-2] for member in members})
        by_class = {name: [member for member in members if member.name.split("/")[-2] == name] for name in names}
        chosen = [(member, label) for label, name in enumerate(names) for member in by_class[name][:count // CLASSES]]
        chosen.sort(key=lambda pair: pair[0].offset)  # the archive is read once, front to back
        x = np.stack([np.asarray(Image.open(archive.extractfile(member)).convert("RGB")) for member, _ in chosen])
    order = np.random.default_rng(0).permutation(len(x))
    return x[order].transpose(0, 3, 1, 2).astype(np.float32) / 255, np.array([label for _, label in chosen])[order]


def forward(layers: list[SoftHebbConvolution], maps: torch.Tensor, learns: bool) -> torch.Tensor:
    for layer in layers:
        maps = layer(maps, learns)
    return maps


def batches(n: int, size: int, generator: torch.Generator) -> Iterator[torch.Tensor]:
    yield from torch.randperm(n, generator=generator).split(size)


def features(layers: list[SoftHebbConvolution], x: torch.Tensor) -> torch.Tensor:
    with torch.no_grad():
        return torch.cat([forward(layers, part, False).flatten(1) for part in x.split(100)])


def accuracy(layers: list[SoftHebbConvolution], data: dict, seed: int) -> float:
    """Of the published readout: a linear layer with dropout, trained by Adam, its rate halved seven times."""
    known, asked = features(layers, data["train_x"]), features(layers, data["test_x"])
    generator = torch.Generator().manual_seed(seed)
    readout = torch.nn.Linear(known.shape[1], CLASSES).to(known.device)
    optimiser = torch.optim.Adam(readout.parameters(), READOUT["rate"])
    for epoch in range(READOUT["epochs"]):
        if epoch in [int(READOUT["epochs"] * share) for share in READOUT["halved_at"]]:
            optimiser.param_groups[0]["lr"] *= 0.5
        for chosen in batches(len(known), READOUT["batch"], generator):
            chosen = chosen.to(known.device)
            optimiser.zero_grad()
            answer = readout(functional.dropout(known[chosen], READOUT["dropout"]))
            functional.cross_entropy(answer, data["train_y"][chosen]).backward()
            optimiser.step()
    with torch.no_grad():
        return float((readout(asked).argmax(1) == data["test_y"]).float().mean())


def once(given: argparse.Namespace, data: dict, seed: int) -> dict:
    torch.manual_seed(seed)
    device = torch.device(given.device)
    context = Context(torch.float32, device, 1.0, "sum", seed, torch.Generator(device).manual_seed(seed))
    chosen = LAYERS[:given.layers]
    layers = [SoftHebbConvolution(layer, inputs, context) for layer, inputs in
              zip(chosen, (3, *(layer.channels for layer in chosen)), strict=False)]
    for part in data["train_x"].split(100)[:20]:  # the control's maps are normalised too
        with torch.no_grad():
            _warm(layers, part)
    first = accuracy(layers, data, seed)
    started = time.perf_counter()
    with torch.no_grad():
        for chosen_images in batches(len(data["train_x"]), BATCH, torch.Generator().manual_seed(seed)):
            forward(layers, data["train_x"][chosen_images.to(device)], True)
    seconds = time.perf_counter() - started
    lengths = [[float(value) for value in layer.w.norm(dim=0).quantile(torch.tensor([0.05, 0.5, 0.95], device=device))]
               for layer in layers]
    return {"seed": seed, "accuracy": accuracy(layers, data, seed), "accuracy_first_weights": first,
            "train_seconds": seconds, "lengths_5_50_95_percent": lengths}


def _warm(layers: list[SoftHebbConvolution], maps: torch.Tensor) -> None:
    """Running means and variances without a change of weights."""
    for layer in layers:
        layer._normalised(maps, True)
        maps = layer(maps, False)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--layers", type=int, default=3, choices=(1, 2, 3))
    parser.add_argument("--train", type=int, default=50_000, help="training images (published: 50000)")
    parser.add_argument("--test", type=int, default=10_000, help="test images (published: 10000)")
    parser.add_argument("--seeds", type=int, nargs="+", default=(0,))
    parser.add_argument("--device", default="cpu")
    given = parser.parse_args()
    data = {f"{part}_{name}": torch.as_tensor(values, device=given.device)
            for part, count in (("train", given.train), ("test", given.test))
            for name, values in zip("xy", images(part, count), strict=True)}
    runs = []
    for seed in given.seeds:
        runs.append(once(given, data, seed))
        print(runs[-1], file=sys.stderr, flush=True)
        write(given, runs)  # a seed takes most of an hour: what is known is kept


def write(given: argparse.Namespace, runs: list[dict]) -> None:
    found = {"study": "soft_hebb_conv", "data": "CIFAR-10 as JPEG of quality 75",
             "settings": {"layers": [asdict(layer) for layer in LAYERS[:given.layers]], "of_layers": len(LAYERS),
                          "train_images": given.train, "test_images": given.test, "batch": BATCH, "readout": READOUT,
                          "device": given.device},
             "published": {"accuracy": 0.803, "layers": 3, "train_images": 50_000, "test_images": 10_000},
             "results": {name: asdict(summarise({run["seed"]: run[name] for run in runs}))
                         for name in ("accuracy", "accuracy_first_weights", "train_seconds")},
             "runs": runs, "versions": versions(), "machine": machine()}
    (RESULTS / "soft_hebb_conv.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(found["results"]))


if __name__ == "__main__":
    main()
