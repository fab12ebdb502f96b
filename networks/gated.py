"""Conventional recurrent networks as networks of this library, beside which spiking ones are held."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from plasticity._utils.random import checked_seed
from plasticity._utils.ranges import Count, Positive
from plasticity._utils.typed import checked
from plasticity.errors import choice
from plasticity.network.network import Input, Network, Population, Projection
from plasticity.network.size import require_drawable


class Gates(NamedTuple):
    """neuron: of all. inward, within: the variables that inputs and units drive. biased: those that have a bias."""

    neuron: str
    inward: tuple[str, ...]
    within: tuple[str, ...]
    biased: tuple[str, ...]


#: kind of unit -> its gates
UNITS: Mapping[str, Gates] = MappingProxyType({
    "lstm": Gates("lstm_unit", *[("gi", "gf", "gc", "go")] * 3),
    "gru": Gates("gru_unit", tuple("rzx"), tuple("rzm"), tuple("rzxm")),
    "rnn": Gates("unit(activation=tanh)", ("x",), ("x",), ("x",))})


@checked
def gated(n_inputs: Count, neurons: Count = 100, *, unit: str = "lstm", dt: Positive = 1e-3,
          seed: int = 0) -> Network:
    """One population "rec" of gated units, all to all, with biases: torch's nn.LSTM, nn.GRU or nn.RNN of that size.

    unit: "lstm", "gru" or "rnn" (tanh). First weights and biases are uniform in +-1/sqrt(neurons), as torch draws them.
    dt: s, of a step.
    """
    gates = UNITS[choice("unit", unit, UNITS)]
    require_drawable("gated", *[(n_inputs + neurons, neurons)] * len(gates.inward))
    rng = np.random.default_rng(checked_seed(seed))
    sources = (("in", n_inputs, gates.inward), ("rec", neurons, gates.within), ("one", 1, gates.biased))
    projections = tuple(
        Projection(pre, "rec", rng.uniform(-1, 1, (n, neurons)) / np.sqrt(neurons), onto=variable,
                   label=f"{pre}->rec {variable}") for pre, n, variables in sources for variable in variables)
    return Network((Input("in", n_inputs), Input("one", 1, always=True)), (Population("rec", neurons, gates.neuron),),
                   projections, dt=dt, name="gated")
