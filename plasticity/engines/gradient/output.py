"""What a presentation to a gradient network answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import torch

from plasticity.engines.gradient.loss import Loss, own_error, value
from plasticity.errors import PlasticityError
from plasticity.readout.losses import require_outputs


@dataclass(frozen=True)
class Output:
    """What a presentation answers.

    outputs: [batch, steps, n] of the readout (None without one). spikes: {population: [batch, steps, n]}, 0 or 1 (or
    its graded output). sent: the same, one tensor [batch, n] per step; nodes of the graph after `step_by_step`.
    records: {"population.variable": [batch, steps, n]}, as the threshold sees them. local: {population: [batch, steps,
    n_outputs]}, fixed random readouts for rules whose teacher is not the readout; teach(y, target, loss, weight) is
    their loss. state: what the next window of the same streams goes on from, {name: [batch, ...]}, without history.
    spiking: whether outputs are the spikes of a population.
    """

    outputs: torch.Tensor | None
    spikes: Mapping[str, torch.Tensor]
    sent: Mapping[str, Sequence[torch.Tensor]]
    records: Mapping[str, torch.Tensor]
    local: Mapping[str, torch.Tensor] = field(default_factory=dict)
    teach: Callable[..., torch.Tensor] = own_error
    state: Mapping[str, torch.Tensor] = field(default_factory=dict)
    spiking: bool = False

    def error(self, target: torch.Tensor, loss: Loss, weight: torch.Tensor | None = None) -> torch.Tensor:
        """The loss of the readout and, for rules that do not learn from its error, what teaches the populations.

        weight: of samples [batch] or of steps [batch, steps], see `Loss`. Raises RefusedError for a loss that cannot
        use these outputs (one that counts spikes, on a leaky readout) or cannot weigh them.
        """
        if self.outputs is None:
            raise PlasticityError("a network without a readout has no outputs: give readout=, or a loss on `spikes`")
        require_outputs(loss, self.spiking)
        return sum((self.teach(y, target, loss, weight) for y in self.local.values()),
                   value(loss, self.outputs, target, weight))
