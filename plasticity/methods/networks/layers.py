"""Networks that do not spike, as torch modules from samples to class scores; backpropagation trains them."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import torch
from torch import nn

from plasticity.errors import PlasticityError, choice

CELLS = {"rnn": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}


class Backpropagated(nn.Module):
    """A torch module that learns by backpropagation of the cross-entropy of its class scores, averaged over a batch."""

    def __init__(self, net: nn.Module):
        super().__init__()
        self.net = net

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Class scores [batch, classes]."""
        return self.net(x)

    def gradient(self, x: torch.Tensor, labels: torch.Tensor, rng, weight: torch.Tensor | None = None) -> torch.Tensor:
        """Leaves gradients in `.grad` and answers the loss. rng is not used (dropout draws from torch's generator).

        weight: how much each sample counts, [batch]; None: all alike.
        """
        if weight is None:
            loss = nn.functional.cross_entropy(self.net(x), labels)
        else:
            each = nn.functional.cross_entropy(self.net(x), labels, reduction="none")
            loss = (weight * each).sum() / weight.sum().clamp_min(torch.finfo(weight.dtype).tiny)
        loss.backward()
        return loss.detach()


def perceptron(sizes: Sequence[int], dropout: float = 0.0) -> nn.Sequential:
    """Linear layers of the given sizes with rectified units between them."""
    layers: list[nn.Module] = []
    for pre, post in itertools.pairwise(sizes[:-1]):
        layers += [nn.Linear(pre, post), nn.ReLU(), nn.Dropout(dropout)]
    return nn.Sequential(*layers, nn.Linear(sizes[-2], sizes[-1]))


def _fits(shape: tuple[int, int, int], convolutions: int, kernel: int, padding: int, pool: int) -> bool:
    side = min(shape[1:])
    for _ in range(convolutions):
        side = (side + 2 * padding - kernel + 1) // pool
    return side >= 1


def convolutional(shape: tuple[int, int, int], classes: int, channels: Sequence[int], kernel: int,
                  padding: int | None, pool: int) -> nn.Sequential:
    """Convolution, max pooling and rectified units, once per entry of `channels`; then one linear layer.

    shape: (channels, height, width) of a sample. padding: None for 0, or half a kernel where 0 leaves nothing.
    """
    if padding is None:
        padding = 0 if _fits(shape, len(channels), kernel, 0, pool) else kernel // 2
    layers: list[nn.Module] = []
    inward, height, width = shape
    for outward in channels:
        layers += [nn.Conv2d(inward, outward, kernel, padding=padding), nn.MaxPool2d(pool), nn.ReLU()]
        inward, height, width = outward, *((side + 2 * padding - kernel + 1) // pool for side in (height, width))
        if min(height, width) < 1:
            raise PlasticityError(f"images of {shape[1]}x{shape[2]} are too small for {len(channels)} convolutions of "
                                  f"kernel={kernel} with padding={padding} and pool={pool}: give padding={kernel // 2} "
                                  "or a smaller kernel")
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(inward * height * width, classes))


class Recurrent(nn.Module):
    """A recurrent layer of units of one kind, and a linear readout of its last state (or of the mean over steps)."""

    def __init__(self, cell: str, inputs: int, hidden: int, classes: int, layers: int = 1, dropout: float = 0.0,
                 read: str = "last"):
        super().__init__()
        self.read = read
        self.cell = CELLS[choice("cell", cell, CELLS)](inputs, hidden, layers, batch_first=True)
        self.dropout, self.out = nn.Dropout(dropout), nn.Linear(hidden, classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Class scores [batch, classes] of sequences [batch, steps, inputs]."""
        states = self.cell(x)[0]
        return self.out(self.dropout(states[:, -1] if self.read == "last" else states.mean(1)))
