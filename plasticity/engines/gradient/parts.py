"""A batch in parts, one per thread; sums of parts are made in a fixed order, so that the same number of threads gives
the same bits."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch


def in_parts(samples: int, work: Callable[[int, int], object], threads: int | None = None) -> list:
    """work(first, last) for equal parts of the batch; their answers in order. threads: torch's number by default."""
    parts = max(1, min(threads or torch.get_num_threads(), samples))
    bounds = np.linspace(0, samples, parts + 1).round().astype(int).tolist()
    if parts == 1:
        return [work(*bounds)]
    with ThreadPoolExecutor(parts) as pool:
        return list(pool.map(work, bounds[:-1], bounds[1:]))


def added(parts: list[np.ndarray]) -> np.ndarray:
    """Their sum, in order; the first is changed."""
    for more in parts[1:]:
        parts[0] += more
    return parts[0]


def computed_here(tensor: torch.Tensor) -> bool:
    """Whether compiled code can take a tensor: on a CPU, float32 or float64."""
    return tensor.device.type == "cpu" and tensor.dtype in (torch.float32, torch.float64)


def array(tensor: torch.Tensor) -> np.ndarray:
    """The tensor's numbers, contiguous."""
    return np.ascontiguousarray(tensor.detach().numpy())
