"""How the neurons of a projection are laid out for its rule: as they are, or position by position of a convolution.

Of listed synapses a rule sees one matrix [1, synapses], and of every neuron what each of its synapses sees.
On a convolution the rule runs as on a dense projection [fan_in, channels] with a sample for each position of each
sample: what it does to a shared weight is then summed over positions as it is over samples.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import torch

from plasticity.engines.torch.language import Context
from plasticity.engines.torch.step_spikes import StepSpikes
from plasticity.network.projection import Projection


@dataclass(frozen=True)
class Layout:
    """shape: of the weights that the rule sees. positions: samples of the rule per sample of the network.

    at: (place, values [batch, n]) -> [batch * positions, places]; None where neurons stay as they are. shown: (place,
    values, batch) -> as `get` answers them. inside: bool [positions, fan_in, 1], where a patch is not in the padding;
    None if it nowhere is. first: (place, values of every synapse) -> those of each neuron's first synapse.
    """

    shape: tuple[int, int]
    positions: int
    at: Callable[[str, torch.Tensor], torch.Tensor] | None = None
    shown: Callable[[str, torch.Tensor, int], torch.Tensor] = lambda place, values, batch: values
    inside: torch.Tensor | None = None
    first: Callable[[str, torch.Tensor], torch.Tensor] = lambda place, values: (
        values[:, :, 0] if place == "pre" else values[:, 0, :])

    def values(self, place: str, values: torch.Tensor) -> torch.Tensor:
        return self.at(place, values) if self.at else values

    def step_spikes(self, side: str, spikes: StepSpikes) -> StepSpikes:
        return StepSpikes(self.at(side, spikes.dense)) if self.at else spikes


def layout(projection: Projection, shape: tuple[int, int], context: Context) -> Layout:
    return LAYOUTS.get(projection.connect, _as_they_are)(projection, shape, context)


def _as_they_are(projection: Projection, shape: tuple[int, int], context: Context) -> Layout:
    return Layout(shape, 1)


def _listed(projection: Projection, shape: tuple[int, int], context: Context) -> Layout:
    pairs = projection.pairs
    neuron = {side: torch.as_tensor(np.array(getattr(pairs, side), np.int64), device=context.device)
              for side in ("pre", "post")}
    firsts = {side: [torch.as_tensor(each, device=context.device)
                     for each in np.unique(getattr(pairs, side), return_index=True)] for side in neuron}

    def at(side: str, values: torch.Tensor) -> torch.Tensor:
        return values[:, None, neuron[side]] if side in neuron else values

    def first(side: str, values: torch.Tensor) -> torch.Tensor:
        own, synapse = firsts[side]
        found = values.new_zeros(len(values), shape[side == "post"])
        found[:, own.long()] = values[:, 0, synapse]
        return found

    def shown(side: str, values: torch.Tensor, batch: int) -> torch.Tensor:
        return values[:, 0] if side == "syn" else values

    return Layout((1, pairs.size), 1, at, shown, first=first)


def _unfolded(projection: Projection, shape: tuple[int, int], context: Context) -> Layout:
    window = projection.window
    patches = torch.as_tensor(window.patches, device=context.device)
    inside = (patches >= 0)[:, :, None]
    padded = not bool(inside.all())
    neuron, position, place = (torch.as_tensor(index, device=context.device) for index in window.seen)
    nowhere = torch.where(patches < 0, window.n_pre, patches)

    def at(side: str, values: torch.Tensor) -> torch.Tensor:
        batch = len(values)
        if side == "pre":
            values = torch.cat((values, values.new_zeros(batch, 1)), 1) if padded else values
            return values[:, nowhere].view(-1, window.fan_in)
        if side == "post":
            return values.view(batch, window.channels, -1).transpose(1, 2).reshape(-1, window.channels)
        return values.repeat_interleave(window.positions, 0)

    def shown(side: str, values: torch.Tensor, batch: int) -> torch.Tensor:
        apart = values.view(batch, window.positions, *values.shape[1:])
        if side == "post":
            return apart.transpose(1, 2).reshape(batch, -1)
        if side == "pre":
            traces = values.new_zeros(batch, window.n_pre)
            traces[:, neuron] = apart[:, position, place]
            return traces
        return apart

    return Layout((window.fan_in, window.channels), window.positions, at, shown, inside if padded else None)


#: kinds whose rules see neurons in another order
LAYOUTS: Mapping[str, Callable[[Projection, tuple[int, int], Context], Layout]] = MappingProxyType({
    "convolution": _unfolded, "pairs": _listed})
