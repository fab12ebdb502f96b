"""A population as output, as data: its spikes are the outputs, and their counts say which class it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from plasticity._utils.keeping import Kept
from plasticity.errors import PlasticityError, unknown


@dataclass(frozen=True)
class Counts(Kept):
    """The spikes of one population: y[t] = z[t], one output per neuron, no weights; scores are sums over steps.

    pre: name of the population (None: the network's last). n: how many neurons it must have (None: any number).
    """

    pre: str | None = None
    n: int | None = None

    def __post_init__(self):
        if self.pre is not None and not isinstance(self.pre, str):
            raise PlasticityError(f"counts takes the name of one population, got {self.pre!r}")

    @property
    def sources(self) -> tuple[str, ...]:
        return () if self.pre is None else (self.pre,)

    @property
    def weighed(self) -> tuple[str, ...]:
        """Populations that are read through weights: none."""
        return ()

    @property
    def bias(self) -> bool:
        return False

    @property
    def spiking(self) -> bool:
        """Whether outputs are spikes."""
        return True

    def leak(self, dt: float) -> tuple[float, float]:
        """kappa and gain: a step knows nothing of those before it."""
        return 0.0, 1.0

    def sized(self, sizes: Mapping[str, int]) -> Counts:
        """The same with its population and number of outputs. sizes: of the network's populations, in their order.

        Raises PlasticityError for a population that the network does not have, or of another size.
        """
        pre = self.pre if self.pre is not None else [*sizes][-1]
        if pre not in sizes:
            raise unknown("population for the readout:", pre, sizes)
        if self.n not in (None, sizes[pre]):
            raise PlasticityError(f"readout counts({pre}) has one output per neuron, {sizes[pre]}, and {self.n} are "
                                  f"asked for; give population {pre!r} {self.n} neurons, or use a leaky readout")
        return replace(self, pre=pre, n=sizes[pre])


def counts(population: str | None = None) -> Counts:
    """The spikes of a population (None: the last one) as outputs."""
    return Counts(population)
