"""The torch engine: mini-batches on CPU or GPU. All samples of a batch see the same weights."""

from __future__ import annotations

import torch

from plasticity._utils.devices import torch_device
from plasticity.engines.torch.language import Context
from plasticity.engines.torch.neurons import unreadable
from plasticity.engines.torch.simulation import TorchSimulation
from plasticity.errors import RefusedError
from plasticity.network.network import Network

__all__ = ["build", "refusal"]


def build(network: Network, *, engine: str, dtype: str, device: str, batch: int, reduce: str,
          seed: int) -> TorchSimulation:
    """A simulation of `network` in batched tensors; see `plasticity.engines.build`."""
    reason = refusal(network, engine=engine, batch=batch)
    if reason:
        raise RefusedError(reason)
    place = torch_device(device)
    generator = torch.Generator(place).manual_seed(seed)
    return TorchSimulation(network, Context(getattr(torch, dtype), place, network.dt, reduce, seed, generator), batch)


def refusal(network: Network, *, engine: str, batch: int) -> str:
    """Why this engine cannot run the network; empty when it can."""
    for population in network.populations:
        if population.neuron.output:
            return (f"population {population.name!r} has a graded output, which the torch engine does not run; leave "
                    "output empty")
        name = unreadable(population)
        if name:
            return (f"the equations of population {population.name!r} read {name!r}, to which the torch engine gives "
                    "no value")
    driven = [(f"projection {projection.name!r}", projection.post, projection.onto)
              for projection in network.projections if projection.onto]
    driven += [(f"signal {signal.name!r}", *signal.drives.split(".", 1)) for signal in network.signals if signal.drives]
    for what, where, variable in driven:
        if variable in network.population(where).neuron.slow:
            return f"{what} drives {where}.{variable}, a slow variable, which all samples of a batch share"
    return ""
