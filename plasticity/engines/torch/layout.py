"""How the neurons of a projection are laid out for its rule: as they are, or position by position of a convolution.

On a convolution the rule runs as on a dense projection [fan_in, channels] with a sample for each position of each
sample: what it does to a shared weight is then summed over positions as it is over samples.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch

from plasticity.engines.torch.language import Context
from plasticity.engines.torch.step_spikes import StepSpikes
from plasticity.network.projection import Projection
from plasticity.network.window import Window


@dataclass(frozen=True)
class Layout:
    """shape: of the weights that the rule sees. positions: samples of the rule per sample of the network.

    at: (place, values [batch, n]) -> [batch * positions, places]; None where neurons stay as they are. shown: (place,
    values, batch) -> as `get` answers them. inside: bool [positions, fan_in, 1], where a patch is not in the padding;
    None if it nowhere is.
    """

    shape: tuple[int, int]
    positions: int
    at: Callable[[str, torch.Tensor], torch.Tensor] | None = None
    shown: Callable[[str, torch.Tensor, int], torch.Tensor] = lambda place, values, batch: values
    inside: torch.Tensor | None = None

    def values(self, place: str, values: torch.Tensor) -> torch.Tensor:
        return self.at(place, values) if self.at else values

    def step_spikes(self, side: str, spikes: StepSpikes) -> StepSpikes:
        return StepSpikes(self.at(side, spikes.dense)) if self.at else spikes


def layout(projection: Projection, shape: tuple[int, int], context: Context) -> Layout:
    if projection.connect != "convolution":
        return Layout(shape, 1)
    return _unfolded(projection.window, context)


def _unfolded(window: Window, context: Context) -> Layout:
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
