"""Devices of torch by name, checked where a person names them."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

import torch

from plasticity.errors import PlasticityError, RefusedError, quoted


def torch_device(name: str) -> torch.device:
    """The device "cpu", "cuda" or "cuda:0" and so on.

    Raises PlasticityError for another name, RefusedError where torch finds no such device.
    """
    try:
        device = torch.device(name) if isinstance(name, str | torch.device) else None
    except (RuntimeError, TypeError, ValueError):
        device = None
    if device is None or device.type not in ("cpu", "cuda"):
        raise PlasticityError(f"device must be 'cpu' or 'cuda' (or 'cuda:0', ...), got {quoted(name, 60)}")
    if device.type == "cuda" and not (device.index or 0) < torch.cuda.device_count():
        raise RefusedError(f"device={name!r}, but torch finds no such CUDA device; use device='cpu'")
    return device


def in_own_dtype(forward: Callable) -> Callable:
    """The method of a module with a `device`, which computes in the module's dtype within `torch.autocast` too."""
    @wraps(forward)
    def computed(self, *args, **options):
        kind = self.device.type
        if kind not in ("cpu", "cuda") or not torch.is_autocast_enabled(kind):
            return forward(self, *args, **options)
        with torch.autocast(kind, enabled=False):
            return forward(self, *args, **options)

    return computed
