"""Engines turn a network into a simulation. Each is imported when it is first used."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

import numpy as np

from plasticity._utils.random import checked_seed
from plasticity._utils.ranges import Count
from plasticity._utils.typed import checked
from plasticity._utils.validation import require_positive
from plasticity.encoding.spikes import Spikes
from plasticity.engines.record import Record
from plasticity.engines.recording import Recording
from plasticity.engines.request import Request
from plasticity.errors import PlasticityError, RefusedError, choice, unknown
from plasticity.network.network import Network
from plasticity.network.size import require_room

#: engine name -> (module, what it is for)
ENGINES: Mapping[str, tuple[str, str]] = {
    "event": ("plasticity.engines.event", "streams of samples on a CPU: one generated function, compiled by Numba"),
    "torch": ("plasticity.engines.torch", "mini-batches on CPU or GPU: batched tensors"),
    "brian2": ("plasticity.engines.brian", "reference and precise dynamics: Brian2, runtime"),
    "brian2_cpp": ("plasticity.engines.brian", "the same as a compiled C++ program: Brian2, standalone"),
}


#: types in which engines compute; Brian2 in the first
DTYPES = ("float64", "float32")


class Simulation(Protocol):
    """A network that runs. State is reached by "part.variable": "E.theta", "pixels->E.w", "pixels->E.x"."""

    network: Network

    def run(self, spikes: Mapping[str, Spikes | np.ndarray] | None = None, steps: int | None = None, *,
            signals: Mapping[str, np.ndarray] | None = None, learn: bool = True, reset: bool = True,
            record: Sequence[str | Record] = (), weights_every: int | None = None) -> Recording:
        """Presents samples, `batch` of them at once, in order.

        spikes: input name -> Spikes or bool [samples, steps, n]; an input left out is silent.
        steps: needed only when neither spikes nor signals are given: one sample of so many steps. signals: name ->
        [samples, steps, n] or [samples, steps], all that the network has.
        learn: False changes nothing that outlives the call. reset: start each presentation from the initial state
        (weights and slow variables excepted); False goes on from where the last presentation ended.
        record: "population.spikes", "population.variable", "projection.w", "projection.variable" of its rule, each in
        all steps for all neurons or synapses, or `Record(name, ...)` for some. weights_every: record the weights of all
        that learns every so many steps, those at the end of a presentation after normalisation.
        What does not fit the network is refused before anything runs, in the same words on every engine.
        Raises PlasticityError.
        """
        ...

    def answer(self, asked: Request) -> Recording:
        """What `run` does once its arguments are known to fit (`request.request`), which can be found out before."""
        ...

    def get(self, name: str) -> np.ndarray:
        """A copy of a state: weights [n_pre, n_post], neuron variables and traces [n] (batch > 1: [batch, n])."""
        ...

    def extremes(self, name: str) -> tuple[float, float]:
        """(least, largest) of weights or a neuron's variable, without a copy; NaN where one of them is."""
        ...

    def set(self, name: str, value: np.ndarray) -> None:
        """Overwrites weights ([n_pre, n_post] or a number) or a variable of neurons ([n], a number; batch > 1: also
        [batch, n] of one that is not slow).

        Weights stay 0 where there is no synapse, and are normalised after the next presentation that learns. A variable
        that is not slow holds until a presentation starts anew: use reset=False. What belongs to a rule is not set.
        Raises PlasticityError for another shape, NaN, weights that leave their rule's bounds, and weights of pools.
        """
        ...

    def state(self) -> dict[str, np.ndarray]:
        """Everything that the next presentation depends on (a checkpoint)."""
        ...

    def restore(self, state: Mapping[str, np.ndarray]) -> None:
        """Goes back to a `state()` of the same network. Raises PlasticityError for one that no run can have left."""
        ...


@checked
def build(network: object, engine: str = "event", *, dtype: str = "float64", device: str = "cpu", batch: Count = 1,
          reduce: str = "sum", seed: object = 0) -> Simulation:
    """A simulation of `network`, a Network.

    dtype: "float64" or "float32". device: "cpu" or "cuda" (torch). batch: samples presented at once, all seeing the
    same weights. reduce: "sum" or "mean" of their increments. seed: of whatever is random inside the engine.
    Raises RefusedError, with the reason, when the engine cannot run the network.
    """
    module = _module(engine)
    _require_network(network)
    if network.rule is not None:
        raise RefusedError(_by_gradients(network))
    require_room(network, batch)
    return module.build(network, engine=engine, dtype=choice("dtype", str(dtype).removeprefix("torch."), DTYPES),
                        device=device, batch=int(batch), reduce=choice("reduce", reduce, ("sum", "mean")),
                        seed=checked_seed(seed))


def refusal(network: Network, engine: str, *, batch: int = 1) -> str:
    """Why an engine cannot run a network; empty when it can."""
    module = _module(engine)
    _require_network(network)
    if network.rule is not None:
        return _by_gradients(network)
    require_positive(batch=batch)
    return module.refusal(network, engine=engine, batch=int(batch))


def restored(network: Network, engine: str, options: Mapping[str, object], state: Mapping[str, np.ndarray],
             ) -> Simulation:
    """A simulation made anew, at a `state()`: what is read of one that was pickled or copied.

    options: of `build`. Raises PlasticityError for a state of something else.
    """
    simulation = build(network, engine, **options)
    simulation.restore(state)
    return simulation


def _require_network(network: Network) -> None:
    if not isinstance(network, Network):
        raise PlasticityError(f"network must be a Network, got {type(network).__name__}: a Model has one in .network, "
                              "and networks.build makes a Model of a name")


def _by_gradients(network: Network) -> str:
    return (f"network {network.name!r} learns by gradients (rule {network.rule.name!r}), and engines run rules of "
            "synapses: give it to GradientNetwork or Learner, or change its teacher by with_rule; with_(rule=None) "
            "runs it without learning")


def _module(engine: str) -> Callable:
    if engine not in ENGINES:
        raise unknown("engine", engine, ENGINES)
    return importlib.import_module(ENGINES[engine][0])
