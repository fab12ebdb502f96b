"""The weights of torch modules that a memory keeps, and learning with them: as they are read, or exact."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import numpy as np
import torch
from torch import nn

from plasticity.engines.gradient.network import GradientNetwork
from plasticity.network.cells import Device
from plasticity.network.stored import Stored, has_cells, kept


def cells_of(module: nn.Module) -> dict[str, nn.Parameter]:
    """Parameters that are weights of synapses, by name: of spiking networks those of projections, by their names, and
    of readouts; of other modules all that are no vectors. What only learning needs (feedback) has no cells, nor have
    biases."""
    if isinstance(module, GradientNetwork):
        weights = {name: w for name, w in module.weights.items() if has_cells(module.network.projection(name))}
        return weights | {f"readouts.{name}": w for name, w in module.readouts.items()}
    return {name: p for name, p in module.named_parameters() if p.ndim > 1}


def arrays_of(module: nn.Module) -> dict[str, Stored]:
    """The weights, with those that exist."""
    return {name: Stored(w.detach().cpu().numpy().copy(), _exists(module, name))
            for name, w in cells_of(module).items()}


@torch.no_grad()
def hold(module: nn.Module, weights: Mapping[str, np.ndarray]) -> None:
    """Puts other weights in the place of some of `arrays_of`."""
    cells = cells_of(module)
    for name, w in weights.items():
        cells[name].copy_(torch.as_tensor(w))


@contextmanager
def as_read(module: nn.Module, device: Device | None, seed: int) -> Iterator[None]:
    """While it lasts, the weights are as the memory reads them; then they are exact again.

    Gradients that are taken meanwhile are those of the weights as read, and are left to change the exact ones: the
    memory is passed straight through. Weights that are not finite are left as they are, to be found by who learns.
    """
    exact = {} if device is None else arrays_of(module)
    if not exact or not all(np.isfinite(array.w).all() for array in exact.values()):
        yield
        return
    hold(module, kept(exact, device, seed))
    try:
        yield
    finally:
        hold(module, {name: array.w for name, array in exact.items()})


def _exists(module: nn.Module, name: str) -> np.ndarray | None:
    found = getattr(module, f"exists {name}", None)
    return None if found is None else found.cpu().numpy()
