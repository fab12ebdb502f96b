"""Transmission: what the spikes of a step bring to the neurons of a projection."""

from __future__ import annotations

import math

import numpy as np
import torch

from plasticity.engines.torch.forms import form
from plasticity.engines.torch.language import Context
from plasticity.engines.torch.layout import layout
from plasticity.engines.torch.step_spikes import DelayLinePerSynapse, StepSpikes, delay_line
from plasticity.network.network import Network, Projection, existing, shape_of


class Synapses:
    """The weights of one projection and the spikes under way in it.

    w: the weights as its form keeps them. exists: which of them exist; None if all do (then they may be any number).
    """

    def __init__(self, network: Network, projection: Projection, context: Context):
        self.projection, self.context = projection, context
        self.shape = shape_of(network, projection)
        self.axonal = delay_line(projection, "pre", context)
        self.wide = isinstance(self.axonal, DelayLinePerSynapse)
        self.form = form(projection, self.shape, self.wide, context)
        self.layout = layout(projection, self.shape, context)
        self.w = torch.tensor(self.form.initial(), dtype=context.dtype, device=context.device)
        self.exists = self._exists(network) if projection.rule else None
        self.arrived: StepSpikes | torch.Tensor = None
        self.start(1)

    def _exists(self, network: Network) -> torch.Tensor | None:
        exists = existing(network, self.projection)
        return None if exists.all() else torch.as_tensor(exists, device=self.context.device)

    def matrix(self) -> torch.Tensor:
        """The weights as `get` answers them, a copy."""
        return self.form.matrix(self.w)

    def set_matrix(self, w: np.ndarray) -> None:
        """Overwrites the weights by some that are 0 where there is no synapse."""
        self.w.copy_(self.context.tensor(self.form.kept(w)))

    def normalize(self) -> None:
        """The torch twin of `plasticity.network.network.normalized`."""
        if self.projection.normalize is None:
            return
        w = self.matrix()
        sums = self.form.sums(w.abs())
        scaled = w * self.form.of_post(torch.where(sums > 0, self.projection.normalize / sums, 1.0))
        if self.w.numel() == scaled.numel():
            self.w.copy_(scaled.view(self.w.shape))
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
        if self.exists is not None:
            self.w.masked_fill_(~self.exists, 0.0)

    def start(self, batch: int) -> None:
        self.axonal.start(batch, self.shape[0])

    def arrive(self, fired: StepSpikes) -> None:
        """Takes the spikes of this step; `arrived` are those that reach the synapses now."""
        self.arrived = self.axonal.push(fired)

    def transmit(self, efficacy: torch.Tensor | None = None) -> torch.Tensor | None:
        """What arrives at the postsynaptic neurons, [batch, n_post]; None if it is known to be nothing.

        efficacy: what a spike transmits in units of its weight, [batch, n_pre] ([batch, pre, post] if delays differ).
        """
        if not self.wide and self.arrived.silent:
            return None
        arrived = self.arrived
        if efficacy is not None:
            arrived = arrived * efficacy if self.wide else StepSpikes(arrived.dense * efficacy)
        amount = self.form.amount(arrived, self.w)
        return amount if self.projection.scale == 1.0 else amount * self.projection.scale

    def rows(self) -> dict[str, torch.Tensor]:
        under_way = self.axonal.rows()
        return {} if under_way is None else {"under_way": under_way}

    def set_rows(self, rows: dict[str, torch.Tensor]) -> None:
        if "under_way" in rows:
            self.axonal.set_rows(rows["under_way"])
