"""Networks and fitted learners whose weights a memory keeps."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from functools import singledispatch
from typing import TypeVar

from sklearn.utils.validation import check_is_fitted

from plasticity.errors import PlasticityError
from plasticity.learner.estimator import Estimator
from plasticity.network import cells
from plasticity.network.cells import Device
from plasticity.network.network import Network
from plasticity.network.presentation import Model
from plasticity.network.stored import kept, stored_network

Thing = TypeVar("Thing", Network, Model, Estimator)


def stored(network: Thing, device: str | Device = "pcm", seed: int = 0, exact: Sequence[str] = (),
           **options) -> Thing:
    """The same network, model or fitted learner with its weights as a memory keeps them: for inference.

    network: a `Network`, a `Model`, or a fitted `Learner` (or preset), whose readout that learned with the network is
    kept as well. It stays as it is. device: "pcm", "digital" (`plasticity list memories`), with options in the text or
    apart, stored(network, "pcm(time=3600)") or stored(network, "pcm", time=3600); or a function of one's own,
    (w, generator) -> w, or "my_cells.py:cell". seed: of everything random. exact: names of weights that are kept
    without a loss: of projections, and of readouts "readouts.layer1".

    Each array of weights has its own scale and its own random numbers. Weights stay within the bounds of the rules that
    they learn by, and what was normalised is no longer. All-but-self projections and pools are wiring without cells.

    Raises PlasticityError for an unknown device, option or name, and for what is not fitted or no network.

    >>> from plasticity import networks, stored
    >>> network = networks.make("diehl_cook(neurons=10)").build((4,)).network
    >>> w = stored(network, "digital(bits=2)").projection("pixels->excitatory").weights
    """
    return _stored(network, cells.make(device, **options), seed, exact)


@singledispatch
def _stored(thing: object, device: Device, seed: int, exact: Sequence[str]):
    raise PlasticityError(f"network must be a Network, a Model or a fitted Learner, got {type(thing).__name__}")


@_stored.register
def _(network: Network, device: Device, seed: int, exact: Sequence[str]) -> Network:
    return stored_network(network, device, seed, exact)


@_stored.register
def _(model: Model, device: Device, seed: int, exact: Sequence[str]) -> Model:
    return model.with_(network=stored_network(model.network, device, seed, exact))


@_stored.register
def _(learner: Estimator, device: Device, seed: int, exact: Sequence[str]) -> Estimator:
    check_is_fitted(learner, "trainer_")
    found = copy.deepcopy(learner)
    found.trainer_.hold(kept(found.trainer_.arrays(), device, seed, exact))
    return found
