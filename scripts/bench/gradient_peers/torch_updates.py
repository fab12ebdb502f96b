"""One weight update of a torch network: forward, loss, backward and Adam."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import nn
from torch_networks import NETWORKS
from work import Work


def start(peer: str, work: Work, x: np.ndarray, labels: np.ndarray, compiled: bool, threads: int,
          ) -> tuple[Callable[[float], float], Callable[[float], None]]:
    """(strength of an input spike -> rate of the hidden spikes in a part of the batch, the same -> one update)."""
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    network, x, labels = NETWORKS[peer](work, compiled), torch.from_numpy(x), torch.from_numpy(labels)
    adam, scaled = torch.optim.Adam(network.parameters(), lr=1e-4, fused=True), {}

    @torch.no_grad()
    def rate(strength: float) -> float:
        return float(network(strength * x[:, :8])[1].mean())

    def update(strength: float) -> None:
        if strength not in scaled:
            scaled[strength] = strength * x
        y, _ = network(scaled[strength])
        loss = nn.functional.cross_entropy(y.reshape(-1, y.shape[-1]), labels.expand(y.shape[:-1]).reshape(-1))
        adam.zero_grad()
        loss.backward()
        adam.step()

    return rate, update
