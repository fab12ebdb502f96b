"""The event engine: the whole step loop of a network as one generated function, compiled by Numba for the CPU."""

from __future__ import annotations

from plasticity.errors import RefusedError
from plasticity.network.network import Network

__all__ = ["build", "refusal"]


def build(network: Network, *, engine: str, dtype: str, device: str, batch: int, reduce: str, seed: int):
    """See `plasticity.engines.build`."""
    from plasticity.engines.event.simulation import EventSimulation

    if device != "cpu":
        raise RefusedError(f"the event engine runs on the cpu, not on {device!r}; use engine='torch'")
    return EventSimulation(network, dtype, batch, reduce, seed)


def refusal(network: Network, *, engine: str, batch: int = 1) -> str:
    """See `plasticity.engines.refusal`."""
    from plasticity.engines.event.program import write

    try:
        write(network, batched=batch > 1)
    except RefusedError as error:
        return str(error)
    return ""
