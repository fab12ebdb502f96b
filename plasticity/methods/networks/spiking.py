"""Forward-forward for populations of spiking neurons: goodness of their firing rates."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from plasticity._utils.typed import checked
from plasticity.engines.gradient.network import GradientNetwork
from plasticity.engines.gradient.surrogates import Surrogate
from plasticity.errors import PlasticityError, RefusedError
from plasticity.methods.networks.goodness import Judgement
from plasticity.network.network import Network
from plasticity.rules.paths import GradientRule, Paths

#: no credit leaves a neuron: what its spikes do to others, and to its own reset, is closed
WITHIN = GradientRule("forward_forward", Paths(reset=False, recurrent=False, autapse=False, layers="cut"),
                      words="within each neuron through time; a goodness per population, no error from anywhere",
                      memory="O(T N)", source="Hinton 2022; Ghader, Kheradpisheh, Farahani & Fazlali 2025")


class SpikingForwardForward(nn.Module):
    """A spiking network whose populations learn to fire much for true pairs of sample and label, little for false ones.

    The network has one input, whose last `classes` channels are the label: `label_size` in every step for the class
    that is claimed, 0 for the others. Goodness of a population: g = mean_j r_j^2, r_j = spikes of neuron j per step
    divided by `rate`; the loss is that of a `Judgement`, for each population. The derivative of a spike count goes
    through the neuron's own past with a surrogate, never to another neuron (in each synapse an eligibility trace meets
    the goodness of its population). The answer is the label with the largest sum of goodness.

    Firing rates pass to the next population as they are: spikes are not normalised. Learning needs first weights with
    which goodness is near the threshold; the defaults were chosen so, on validation digits of 20 steps.
    rate: of spikes per step, at which goodness is 1.

    Source: Hinton 2022, arXiv:2212.13345. Spike counts as activity of forward-forward layers: Ghader, Kheradpisheh,
    Farahani & Fazlali 2025, arXiv:2502.20411, who normalise between layers and have another loss; the form here is this
    library's.
    """

    @checked
    def __init__(self, network: Network, classes: int, surrogate: str | Surrogate = "triangular",
                 threshold: float = 1.0, sharpness: float = 4.0, negatives: str = "even", rate: float = 0.3,
                 label_size: float = 2.0, seed: int = 0, dtype: torch.dtype = torch.float32):
        super().__init__()
        if len(network.shown) != 1 or network.shown[0].n <= classes:
            raise RefusedError("forward-forward takes a network with one input: the sample's channels, then one per "
                               f"class ({classes}); this one has {[part.n for part in network.shown]}")
        if not rate > 0:
            raise PlasticityError(f"rate must be positive (spikes per step), got {rate!r}")
        self.judgement = Judgement(threshold, sharpness, negatives)
        self.classes, self.rate, self.label_size = classes, rate, label_size
        self.spiking = GradientNetwork(network, None, WITHIN, surrogate, seed=seed, dtype=dtype)

    def goodness(self, x: torch.Tensor, labels: torch.Tensor, noise: int | None = None) -> list[torch.Tensor]:
        """Goodness of every population, [n] each, for samples [n, steps, inputs] and claimed labels [n]. noise: seed
        of what neurons draw while they learn."""
        claimed = self.label_size * nn.functional.one_hot(labels, self.classes).to(x.dtype)
        pairs = torch.cat((x, claimed[:, None].expand(-1, x.shape[1], -1)), 2)
        return [(z.mean(1) / self.rate).square().mean(1) for z in self.spiking(pairs, noise=noise).spikes.values()]

    @torch.no_grad()
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Sum of goodness for every possible label, [batch, classes]."""
        every = torch.arange(self.classes, device=x.device).repeat_interleave(len(x))
        return sum(self.goodness(x.repeat(self.classes, 1, 1), every)).view(self.classes, -1).T

    def gradient(self, x: torch.Tensor, labels: torch.Tensor, rng: np.random.Generator) -> torch.Tensor:
        """Leaves gradients in `.grad` and answers the sum of the populations' losses. rng: draws the wrong labels."""
        labels = self.judgement.pairs(lambda: self(x), labels, self.classes, rng)
        noise = int(rng.integers(2**63))
        loss = sum(self.judgement.loss(g) for g in self.goodness(x.repeat(2, 1, 1), labels, noise))
        loss.backward()
        return loss.detach()
