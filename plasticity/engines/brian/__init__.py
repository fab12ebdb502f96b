"""The Brian2 engine: the reference for dynamics, at run time ("brian2") or as a C++ program ("brian2_cpp").

The network becomes real Brian2: a NeuronGroup with the neuron's own equations per population, Synapses whose pathways
hold the rule's texts. Source of Brian2: Stimberg, Brette & Goodman (2019), eLife 8:e47314.
"""

from __future__ import annotations

from plasticity.engines.brian.refusal import reasons
from plasticity.errors import RefusedError
from plasticity.network.network import Network


def build(network: Network, *, engine: str = "brian2", dtype: str = "float64", device: str = "cpu", batch: int = 1,
          reduce: str = "sum", seed: int = 0, target: str = "numpy"):
    """A simulation of `network` on Brian2.

    engine: "brian2" runs in this process, "brian2_cpp" as a compiled program. batch must be 1 (then `reduce` means
    nothing). target: Brian2's code generation at run time, "numpy" (no compiler needed) or "cython".
    Raises RefusedError with the reason.
    """
    why = refusal(network, engine=engine, batch=batch)
    if dtype != "float64":
        why = why or f"dtype={dtype!r}: the Brian2 engine is the reference and computes in float64"
    if device != "cpu":
        why = why or f"device={device!r}: the Brian2 engine runs on the CPU"
    if why:
        raise RefusedError(why)
    from plasticity.engines.brian.runtime import Runtime
    from plasticity.engines.brian.simulation import BrianSimulation
    from plasticity.engines.brian.standalone import Standalone

    runner = Standalone(network, seed) if engine == "brian2_cpp" else Runtime(network, seed, target)
    return BrianSimulation(network, runner)


def refusal(network: Network, *, engine: str = "brian2", batch: int = 1) -> str:
    """Why Brian2 cannot run the network; empty when it can."""
    return next(reasons(network, standalone=engine == "brian2_cpp", batch=batch), "")
