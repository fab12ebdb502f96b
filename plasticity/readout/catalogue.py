"""All readouts by name: those that are fitted to responses, and those that bring an error back into the network."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from types import MappingProxyType
from typing import Annotated, Protocol

import numpy as np

from plasticity._utils.catalogue import Call, called, parse
from plasticity._utils.ranges import DELAY, Count
from plasticity._utils.typed import require_fields
from plasticity.encoding.spikes import Spikes
from plasticity.errors import PlasticityError, choice, unknown
from plasticity.readout.counts import Counts
from plasticity.readout.leaky import LeakyReadout
from plasticity.readout.logistic import logistic
from plasticity.readout.ngram import ngram
from plasticity.readout.votes import all_activity, proportion


class Readout(Protocol):
    """A fitted readout."""

    n_classes: int

    def predict(self, responses: np.ndarray | Spikes) -> np.ndarray:
        """Classes, int64 [samples]; -1 where there is no answer."""
        ...

    def scores(self, responses: np.ndarray | Spikes) -> np.ndarray:
        """What speaks for each class, [samples, n_classes]; all 0 where there is no answer."""
        ...


@dataclass(frozen=True)
class ReadoutKind:
    """fit(responses, labels, n_classes, **options) -> Readout. needs: "counts" [samples, n] or "spikes" (Spikes).
    weighs_classes: whether it changes with the weight of a whole class (means over the samples of each class do not).
    """

    fit: Callable[..., Readout]
    needs: str
    summary: str
    weighs_classes: bool = True


READOUTS: Mapping[str, ReadoutKind] = {
    "all_activity": ReadoutKind(all_activity, "counts", "class whose neurons spike most on average", False),
    "proportion": ReadoutKind(proportion, "counts", "the same, spikes weighted by how selective their neuron is",
                              False),
    "ngram": ReadoutKind(ngram, "spikes", "by which neurons spike after which"),
    "logistic": ReadoutKind(logistic, "counts", "logistic regression on the spike counts"),
}


def fit_readout(name: str, responses: np.ndarray | Spikes, labels: np.ndarray, n_classes: int, **options) -> Readout:
    """Fits the readout `name` on training responses.

    responses: spike counts [samples, n] of any integer or float type, or Spikes (needed by "ngram", counted by the
    others). labels: int [samples], 0..n_classes-1. options: of the readout, such as order=2 for "ngram".
    Raises PlasticityError for unknown names and options, wrong shapes, labels out of range, NaN.
    """
    if name not in READOUTS:
        raise unknown("readout", name, READOUTS)
    kind = READOUTS[name]
    if kind.needs == "spikes" and not isinstance(responses, Spikes):
        raise PlasticityError(f"readout {name!r} needs Spikes (which neuron when), not counts; record the spikes of "
                              f"the output population")
    try:
        return kind.fit(responses, labels, n_classes, **options)
    except TypeError as error:
        if "unexpected keyword" not in str(error):
            raise
        raise PlasticityError(f"readout {name!r}: {error}") from None


@dataclass(frozen=True)
class Fitted:
    """A readout that is fitted after learning, to responses with learning off.

    name: of `READOUTS`. options: of its fit.
    samples: at most so many training samples are used (None: all)."""

    name: str
    options: Mapping[str, object] = field(default_factory=dict)
    samples: Count | None = 10_000

    def __post_init__(self):
        require_fields(self)

    @property
    def learns(self) -> bool:
        """Whether it learns with the network and brings an error back."""
        return False

    def __str__(self) -> str:
        own = {} if self.samples == 10_000 else {"samples": self.samples}
        return str(Call(self.name, (), {**self.options, **own}))


def _fitted(name: str) -> Callable[..., Fitted]:
    def make(samples: int | None = 10_000, **options) -> Fitted:
        return Fitted(name, options, samples)

    make.__doc__ = READOUTS[name].summary
    return make


@dataclass(frozen=True)
class Leaky:
    """Leaky sums of spikes with weights that learn, as `LeakyReadout`; see there for tau, scaled and bias.

    read: whether it hears "all" populations or the "last". last: the last steps that count (None: all).
    """

    tau: Annotated[float, DELAY] = 20e-3
    scaled: bool = False
    bias: bool = False
    read: str = "all"
    last: Count | None = None

    def __post_init__(self):
        require_fields(self)
        choice("read", self.read, ("all", "last"))

    @property
    def learns(self) -> bool:
        """Whether it learns with the network and brings an error back."""
        return True

    @property
    def outputs(self) -> bool:
        """Whether the network itself has a population of outputs."""
        return False

    def of(self, populations: Sequence[str], n: int) -> LeakyReadout:
        """The readout of a network with these populations, for n outputs."""
        heard = tuple(populations) if self.read == "all" else populations[-1]
        return LeakyReadout(heard, n, self.tau, self.scaled, self.bias)

    def __str__(self) -> str:
        options = {slot.name: getattr(self, slot.name) for slot in fields(self)
                   if getattr(self, slot.name) != slot.default}
        return str(Call("leaky", (), options))


@dataclass(frozen=True)
class Counted:
    """The spikes of a population are the outputs, as `Counts`: "counts(out)".

    population: None for the network's last. last: the last steps that count (None: all).
    """

    population: str | None = None
    last: Count | None = None

    def __post_init__(self):
        require_fields(self)

    @property
    def learns(self) -> bool:
        """Whether it learns with the network and brings an error back."""
        return True

    @property
    def outputs(self) -> bool:
        """Whether the network itself has a population of outputs."""
        return True

    def of(self, populations: Sequence[str], n: int) -> Counts:
        """The readout of a network with these populations, for n outputs."""
        return Counts(self.population, n)

    def __str__(self) -> str:
        named = () if self.population is None else (self.population,)
        return str(Call("counts", named, {} if self.last is None else {"last": self.last}))


#: name -> function that makes it; all of its arguments have defaults
catalogue: Mapping[str, Callable] = MappingProxyType({**{name: _fitted(name) for name in READOUTS}, "leaky": Leaky,
                                                      "counts": Counted})


def make(readout: str | Fitted | Leaky):
    """The readout that a text names, "logistic(c=0.1)" or "leaky(tau=20e-3, last=10)"; one that is made as it is.

    Raises PlasticityError for unknown names and options.
    """
    if not isinstance(readout, str):
        if not hasattr(readout, "learns"):
            raise PlasticityError(f"readout must be a text, NAME or NAME(option=value, ...), or a readout, got "
                                  f"{readout!r}")
        return readout
    call = parse(readout, "readout")
    name = call.name.replace("-", "_")
    if name not in catalogue:
        raise unknown("readout", call.name, catalogue)
    return called("readout", name, catalogue[name], call.arguments, call.options)
