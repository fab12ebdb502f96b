"""Transmission: what the spikes of a step bring to the neurons of a projection."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import torch
from torch.nn.functional import embedding_bag

from plasticity.engines.torch.language import Context
from plasticity.engines.torch.volley import LatePerSynapse, Volley, late
from plasticity.errors import PlasticityError
from plasticity.network import Network, Projection, existing, shape_of, weight_matrix

#: Above this share of spiking neurons a matrix product is faster than adding up rows.
MOST_LISTED = 0.1


class Synapses:
    """The weights of one projection and the spikes under way in it.

    w: [n_pre, n_post]; [n] for one_to_one; one number for all_but_self (both as a matrix if delays differ).
    """

    def __init__(self, network: Network, projection: Projection, context: Context):
        self.projection, self.context = projection, context
        self.shape = shape_of(network, projection)
        self.axonal = late(projection.axonal_delay, "pre", context)
        self.wide = isinstance(self.axonal, LatePerSynapse)
        self.exists = context.tensor(existing(network, projection)) != 0
        self.complete = bool(self.exists.all())
        simple = projection.connect in ("one_to_one", "all_but_self") and not self.wide and projection.rule is None
        self.connect = projection.connect if simple else "dense"
        self.w = self._packed(weight_matrix(network, projection))
        self.amount: Callable = {"dense": self._across_synapses if self.wide else self._dense,
                                 "one_to_one": self._one_to_one, "all_but_self": self._all_but_self}[self.connect]
        self.arrived: Volley | torch.Tensor = None
        self.start(1)

    def _packed(self, w: np.ndarray) -> torch.Tensor:
        if self.connect == "one_to_one":
            w = np.diag(w)
        elif self.connect == "all_but_self":
            w = np.max(w, initial=0.0) + np.min(w, initial=0.0)
        return torch.tensor(w, dtype=self.context.dtype, device=self.context.device)

    def matrix(self) -> torch.Tensor:
        """The weights as [n_pre, n_post], a copy."""
        if self.connect == "one_to_one":
            return torch.diag(self.w)
        return (self.w * self.exists) if self.connect == "all_but_self" else self.w.clone()

    def set_matrix(self, w: np.ndarray) -> None:
        """Overwrites the weights; what has no synapse stays 0."""
        if np.shape(w) != self.shape:
            raise PlasticityError(f"{self.projection.name}.w must have shape {self.shape}, got {np.shape(w)}")
        if not np.isfinite(w).all():
            raise PlasticityError(f"{self.projection.name}.w would hold NaN or infinity")
        here = np.asarray(w, float)[self.exists.cpu().numpy()]
        if self.connect == "all_but_self" and here.size and here.min() != here.max():
            raise PlasticityError(f"{self.projection.name}.w is all_but_self: all its weights must be equal")
        self.w.copy_(self._packed(np.where(self.exists.cpu().numpy(), w, 0.0)))

    def normalize(self) -> None:
        """The torch twin of `plasticity.network.normalized`."""
        if self.projection.normalize is None:
            return
        w = self.w if self.connect == "dense" else self.matrix()
        sums = w.abs().sum(0)
        scaled = w * torch.where(sums > 0, self.projection.normalize / sums, 1.0)
        if self.connect == "dense":
            self.w.copy_(scaled)
            if self.projection.rule:
                self.bound()
        else:
            self.set_matrix(scaled.cpu().numpy())

    def bound(self) -> None:
        """Clips weights that learn, in place; what has no synapse stays 0."""
        low, high = (bound if math.isfinite(bound) else None
                     for bound in (self.projection.rule.w_min, self.projection.rule.w_max))
        if low is not None or high is not None:
            self.w.clamp_(low, high)
        if not self.complete:
            self.w.masked_fill_(~self.exists, 0.0)

    def start(self, batch: int) -> None:
        self.axonal.start(batch, self.shape[0])

    def arrive(self, fired: Volley) -> None:
        """Takes the spikes of this step; `arrived` are those that reach the synapses now."""
        self.arrived = self.axonal.push(fired)

    def transmit(self) -> torch.Tensor | None:
        """What arrives at the postsynaptic neurons, [batch, n_post]; None if it is known to be nothing."""
        if not self.wide and self.arrived.silent:
            return None
        amount = self.amount(self.arrived)
        return amount if self.projection.scale == 1.0 else amount * self.projection.scale

    def _dense(self, spikes: Volley) -> torch.Tensor:
        if spikes.where is None or spikes.where[0].numel() > MOST_LISTED * spikes.dense.numel():
            return spikes.dense @ self.w
        sample, neuron = spikes.where
        first = torch.searchsorted(sample, torch.arange(len(spikes.dense)))
        return embedding_bag(neuron, self.w, first, mode="sum")

    def _across_synapses(self, arrived: torch.Tensor) -> torch.Tensor:
        return torch.where(arrived, self.w, 0.0).sum(1)

    def _one_to_one(self, spikes: Volley) -> torch.Tensor:
        return spikes.dense * self.w

    def _all_but_self(self, spikes: Volley) -> torch.Tensor:
        return (spikes.dense.sum(1, keepdim=True) - spikes.dense) * self.w

    def rows(self) -> dict[str, torch.Tensor]:
        under_way = self.axonal.rows()
        return {} if under_way is None else {"under_way": under_way}

    def set_rows(self, rows: dict[str, torch.Tensor]) -> None:
        if "under_way" in rows:
            self.axonal.set_rows(rows["under_way"])
