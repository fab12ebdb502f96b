"""Forward-forward: each layer learns by itself to be active for true pairs of image and label, and quiet for others."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import nn

from plasticity.credit.rates.dense import Dense
from plasticity.errors import PlasticityError


def wrong_labels(labels: torch.Tensor, classes: int, rng: np.random.Generator) -> torch.Tensor:
    """For each label one of the other classes, all equally likely."""
    shift = torch.as_tensor(rng.integers(1, classes, size=len(labels)), device=labels.device)
    return (labels + shift) % classes


def goodness_loss(goodness: torch.Tensor, threshold: float) -> torch.Tensor:
    """log(1 + exp(threshold - g)) for true pairs, log(1 + exp(g - threshold)) for false ones, averaged over samples.

    goodness: [2 batch, ...], true pairs first. That is -log p of being told apart, p(true) = sigmoid(g - threshold).
    """
    true, false = goodness.chunk(2)
    told = nn.functional.softplus(threshold - true) + nn.functional.softplus(false - threshold)
    return told.sum() / len(true)


class ForwardForwardNetwork(nn.Module):
    """Layers of rectified units, each with a goodness of its own; no error passes from one to another.

    h_1 = relu(x W_1 + label_size one_hot(label) W_label + b_1);  h_l+1 = relu(n(h_l) W_l+1 + b_l+1)
    n(h) = h / rms(h), so that a layer hears the direction of the layer below and not its goodness
    goodness g_l = mean(h_l^2);  loss_l = log(1 + exp(threshold - g_l)) for the true label,
    log(1 + exp(g_l - threshold)) for a wrong one, drawn anew each time, all classes equally likely.
    The answer is the label with the largest sum of goodness; with `skip_first` the first layer does not count, if
    there is another.

    The label comes in by inputs of its own instead of taking the place of the first pixels.

    Source: Hinton 2022, arXiv:2212.13345; mean instead of sum, and the threshold, as in M. Pezeshki's implementation.
    """

    def __init__(self, sizes: Sequence[int], classes: int, threshold: float = 2.0, label_size: float = 1.0,
                 skip_first: bool = False, seed: int = 0, dtype: torch.dtype = torch.float32):
        super().__init__()
        if classes < 2 or len(sizes) < 2:
            raise PlasticityError(f"forward-forward needs at least two classes and one layer, got {classes=}, {sizes=}")
        self.inputs, self.classes, self.threshold, self.label_size = sizes[0], classes, threshold, label_size
        self.counted = slice(1 if skip_first and len(sizes) > 2 else 0, None)
        self.layers = Dense((sizes[0] + classes, *sizes[1:]), np.random.default_rng(seed), dtype)

    def goodness(self, image: torch.Tensor, labels: torch.Tensor) -> list[torch.Tensor]:
        """Goodness of every layer, [n] each, of pairs: what images send to the first layer, and labels [n]."""
        h, found = torch.relu(image + self.label_size * self.layers.weights[0][self.inputs:][labels]), []
        for layer in range(1, len(self.layers)):
            found.append(h.square().mean(-1))
            h = torch.relu(self.layers.drive(layer, normalised(h.detach())))
        return [*found, h.square().mean(-1)]

    def image_drive(self, x: torch.Tensor) -> torch.Tensor:
        """What images [n, inputs] send to the first layer, labels apart."""
        return torch.addmm(self.layers.biases[0], x, self.layers.weights[0][:self.inputs])

    @torch.no_grad()
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Sum of goodness for every possible label, [batch, classes]."""
        image = self.image_drive(x)
        every = [torch.full((len(x),), label, device=x.device) for label in range(self.classes)]
        return torch.stack([sum(self.goodness(image, labels)[self.counted]) for labels in every], 1)

    def gradient(self, x: torch.Tensor, labels: torch.Tensor, rng: np.random.Generator) -> torch.Tensor:
        """Leaves gradients in `.grad` and answers the sum of the layers' losses; each reaches its own layer only.

        rng: draws the wrong labels.
        """
        labels = torch.cat((labels, wrong_labels(labels, self.classes, rng)))
        found = self.goodness(self.image_drive(x).repeat(2, 1), labels)
        loss = sum(goodness_loss(g, self.threshold) for g in found)
        loss.backward()
        return loss.detach()


def normalised(h: torch.Tensor) -> torch.Tensor:
    """h divided by the root of its mean square, [n, units]."""
    return h * torch.rsqrt(h.square().mean(-1, keepdim=True) + 1e-8)
