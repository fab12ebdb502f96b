"""What a training has to keep to go on bit by bit: parameters, the optimiser's moments, how far it came."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch import nn

MODULE, OPTIMISER, BEST = "module/", "optimiser/", "best/"


def weights_of(module: nn.Module) -> dict[str, torch.Tensor]:
    """A copy of parameters and buffers."""
    return {name: value.detach().clone() for name, value in module.state_dict().items()}


def put(module: nn.Module, weights: Mapping[str, torch.Tensor]) -> None:
    """Sets parameters and buffers."""
    module.load_state_dict(dict(weights))


def arrays_of(module: nn.Module, optimiser: torch.optim.Optimizer,
              best: Mapping[str, torch.Tensor] | None) -> dict[str, np.ndarray]:
    """Everything by name, for a file."""
    found = {MODULE + name: _array(value) for name, value in module.state_dict().items()}
    found |= {BEST + name: _array(value) for name, value in (best or {}).items()}
    for number, kept in optimiser.state_dict()["state"].items():
        found |= {f"{OPTIMISER}{number}/{name}": _array(value) for name, value in kept.items() if value is not None}
    return found


def restore(module: nn.Module, optimiser: torch.optim.Optimizer,
            arrays: Mapping[str, np.ndarray]) -> dict[str, torch.Tensor] | None:
    """Puts back what `arrays_of` found, and answers the best weights, if there were any."""
    put(module, _tensors(arrays, MODULE))
    kept: dict[int, dict] = {}
    for place, value in _tensors(arrays, OPTIMISER).items():
        number, _, name = place.partition("/")
        kept.setdefault(int(number), {})[name] = value if value.is_floating_point() else value.item()
    optimiser.load_state_dict({"state": kept, "param_groups": optimiser.state_dict()["param_groups"]})
    return _tensors(arrays, BEST) or None


def _array(value: torch.Tensor | float) -> np.ndarray:
    return value.detach().cpu().numpy() if torch.is_tensor(value) else np.asarray(value)


def _tensors(arrays: Mapping[str, np.ndarray], prefix: str) -> dict[str, torch.Tensor]:
    return {name.removeprefix(prefix): torch.tensor(value) for name, value in arrays.items() if name.startswith(prefix)}
