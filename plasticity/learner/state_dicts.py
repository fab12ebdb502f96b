"""What a torch module and its optimiser have to keep to go on bit by bit, as arrays by name."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch import nn

MODULE, OPTIMISER = "module/", "optimiser/"


def weights_of(module: nn.Module) -> dict[str, np.ndarray]:
    """A copy of parameters and buffers."""
    return {name: _array(value).copy() for name, value in module.state_dict().items()}


def put(module: nn.Module, weights: Mapping[str, np.ndarray]) -> None:
    """Sets parameters and buffers."""
    module.load_state_dict({name: torch.tensor(np.asarray(value)) for name, value in weights.items()})


def arrays_of(module: nn.Module, optimiser: torch.optim.Optimizer) -> dict[str, np.ndarray]:
    """Everything by name, for a file."""
    arrays = {MODULE + name: _array(value) for name, value in module.state_dict().items()}
    for number, moments in optimiser.state_dict()["state"].items():
        arrays |= {f"{OPTIMISER}{number}/{name}": _array(value) for name, value in moments.items()
                   if value is not None}
    return arrays


def restore(module: nn.Module, optimiser: torch.optim.Optimizer, arrays: Mapping[str, np.ndarray]) -> None:
    """Puts back what `arrays_of` answered."""
    put(module, {name.removeprefix(MODULE): value for name, value in arrays.items() if name.startswith(MODULE)})
    moments: dict[int, dict] = {}
    for place, value in arrays.items():
        if place.startswith(OPTIMISER):
            number, _, name = place.removeprefix(OPTIMISER).partition("/")
            tensor = torch.tensor(value)
            moments.setdefault(int(number), {})[name] = tensor if tensor.is_floating_point() else tensor.item()
    optimiser.load_state_dict({"state": moments, "param_groups": optimiser.state_dict()["param_groups"]})


def _array(value: torch.Tensor | float) -> np.ndarray:
    return value.detach().cpu().numpy() if torch.is_tensor(value) else np.asarray(value)
