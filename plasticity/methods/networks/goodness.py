"""Forward-forward: each layer learns by itself to be active for true pairs of image and label, and quiet for others."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import torch
from torch import nn

from plasticity._utils.typed import checked
from plasticity.errors import PlasticityError, choice
from plasticity.methods.networks.dense import Dense


def evenly(scores: Callable[[], torch.Tensor], labels: torch.Tensor, classes: int,
           rng: np.random.Generator) -> torch.Tensor:
    """For each label one of the other classes, all equally likely."""
    shift = torch.as_tensor(rng.integers(1, classes, size=len(labels)), device=labels.device)
    return (labels + shift) % classes


def by_score(scores: Callable[[], torch.Tensor], labels: torch.Tensor, classes: int,
             rng: np.random.Generator) -> torch.Tensor:
    """For each label one of the other classes, with probabilities that are the softmax of their scores.

    Where scores are not finite the answer is the last class, so that the loss shows it.
    """
    log_p = scores().double().scatter(1, labels[:, None], -torch.inf)
    edges = torch.softmax(log_p, 1).cumsum(1)
    drawn = torch.as_tensor(rng.random(len(labels)), device=labels.device)[:, None] * edges[:, -1:]
    return torch.searchsorted(edges, drawn, right=True)[:, 0].clamp(max=classes - 1)


#: name -> function from scores [batch, classes] (asked for where they are needed) and true labels to wrong labels
NEGATIVES: Mapping[str, Callable] = MappingProxyType({"even": evenly, "hard": by_score})


@dataclass(frozen=True)
class Judgement:
    """How goodness becomes a loss: p(true) = sigmoid(sharpness (g - threshold)).

    negatives: which wrong labels are shown: "even", all the same; "hard", in proportion to what the network believes,
    the softmax of sharpness times the goodness of all layers (Hinton 2022, section 3.3).
    """

    threshold: float
    sharpness: float
    negatives: str

    def __post_init__(self):
        choice("negatives", self.negatives, NEGATIVES)
        if not self.sharpness > 0:
            raise PlasticityError(f"sharpness must be positive, got {self.sharpness!r}")

    def pairs(self, scores: Callable[[], torch.Tensor], labels: torch.Tensor, classes: int,
              rng: np.random.Generator) -> torch.Tensor:
        """True labels, then a wrong one for each, [2 batch]."""
        wrong = NEGATIVES[self.negatives](lambda: self.sharpness * scores(), labels, classes, rng)
        return torch.cat((labels, wrong))

    def loss(self, goodness: torch.Tensor) -> torch.Tensor:
        """-log p of telling true from false, summed over a pair, mean over the batch. goodness: [2 batch], true first.

        log(1 + exp(sharpness (threshold - g))) for true pairs, log(1 + exp(sharpness (g - threshold))) for false ones.
        """
        true, false = (self.sharpness * (goodness - self.threshold)).chunk(2)
        return (nn.functional.softplus(-true) + nn.functional.softplus(false)).mean()


class ForwardForwardNetwork(nn.Module):
    """Layers of rectified units, each with a goodness of its own; no error passes from one to another.

    h_1 = relu(n(x) W_1 + label_size one_hot(label) W_label + b_1);  h_l+1 = relu(n(h_l) W_l+1 + b_l+1)
    n(h) = h / rms(h), so that a layer hears the direction of the layer below and not its goodness
    goodness g_l = mean(h_l^2); each layer lowers the loss of its own `Judgement`: g up for the true label, down for a
    wrong one, drawn anew each time. The answer is the label with the largest sum of goodness; with `skip_first` the
    first layer does not count, if there is another.

    The label comes in by inputs of its own instead of taking the place of the first pixels.

    Source: Hinton 2022, arXiv:2212.13345, whose goodness is the sum (sharpness = units per layer); mean as in M.
    Pezeshki's implementation. The defaults of threshold and sharpness are this library's, chosen on validation digits.
    """

    @checked
    def __init__(self, sizes: Sequence[int], classes: int, threshold: float = 1.0, sharpness: float = 5.0,
                 negatives: str = "hard", label_size: float = 1.0, skip_first: bool = False, seed: int = 0,
                 dtype: torch.dtype = torch.float32):
        super().__init__()
        if classes < 2 or len(sizes) < 2:
            raise PlasticityError(f"forward-forward needs at least two classes and one layer, got {classes=}, {sizes=}")
        self.judgement = Judgement(threshold, sharpness, negatives)
        self.inputs, self.classes, self.label_size = sizes[0], classes, label_size
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
        return torch.addmm(self.layers.biases[0], normalised(x), self.layers.weights[0][:self.inputs])

    @torch.no_grad()
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Sum of goodness for every possible label, [batch, classes]."""
        return self._scores(self.image_drive(x), self.counted)

    @torch.no_grad()
    def _scores(self, image: torch.Tensor, counted: slice) -> torch.Tensor:
        every = torch.arange(self.classes, device=image.device).repeat_interleave(len(image))
        found = self.goodness(image.repeat(self.classes, 1), every)[counted]
        return sum(found).view(self.classes, -1).T

    def gradient(self, x: torch.Tensor, labels: torch.Tensor, rng: np.random.Generator) -> torch.Tensor:
        """Leaves gradients in `.grad` and answers the sum of the layers' losses; each reaches its own layer only.

        rng: draws the wrong labels.
        """
        image = self.image_drive(x)
        labels = self.judgement.pairs(lambda: self._scores(image, slice(None)), labels, self.classes, rng)
        loss = sum(self.judgement.loss(g) for g in self.goodness(image.repeat(2, 1), labels))
        loss.backward()
        return loss.detach()


def normalised(h: torch.Tensor) -> torch.Tensor:
    """h divided by the root of its mean square, [n, units]."""
    return h * torch.rsqrt(h.square().mean(-1, keepdim=True) + 1e-8)
