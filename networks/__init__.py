"""Networks from papers and systems, one per file.

Builders in the catalogue answer a `plasticity.network.Model`, for unsupervised learning; those of networks for gradient
rules a `plasticity.Network` (`csnn.csnn`), to be given to `GradientNetwork` or `GradientClassifier`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from plasticity._utils.catalogue import parse
from plasticity._utils.random import checked_seed
from plasticity.errors import PlasticityError, unknown
from plasticity.network.presentation import Model
from plasticity.networks import diehl_cook

#: name -> builder(n_inputs, neurons, *, rule=None, seed=0, presentations=60_000, **options)
catalogue: Mapping[str, Callable[..., Model]] = MappingProxyType({
    "diehl-cook": diehl_cook.fast,
    "diehl-cook-published": diehl_cook.published,
    "diehl-cook-bindsnet": diehl_cook.bindsnet,
})


def build(name: str, n_inputs: int, neurons: int, *, rule=None, seed: int = 0, **options) -> Model:
    """The network called `name`, which may carry options: "diehl-cook-published(gate=inert)".

    Raises PlasticityError for unknown names, with the nearest match, and for options the network does not have.
    """
    call = parse(name)
    name, options = call.name, {**options, **call.options}
    if name not in catalogue:
        raise unknown("network", name, catalogue)
    try:
        return catalogue[name](n_inputs, neurons, rule=rule, seed=checked_seed(seed), **options)
    except TypeError as error:
        raise PlasticityError(f"network {name!r}: {error}") from None
