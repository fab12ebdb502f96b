"""A population as output, as data: its spikes are the outputs, and their counts say which class it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from plasticity._utils.keeping import Kept
from plasticity.errors import PlasticityError, unknown


@dataclass(frozen=True)
class Counts(Kept):
    """The spikes of one population: y[t] = z[t], one output per neuron, no weights; scores are sums over steps.

    pre: name of the population. n: how many neurons it has (None: as many as the network says).
    """

    pre: str
    n: int | None = None

    def __post_init__(self):
        if not isinstance(self.pre, str):
            raise PlasticityError(f"counts takes the name of one population, got {self.pre!r}")

    @property
    def sources(self) -> tuple[str, ...]:
        return (self.pre,)

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
        """The same with its number of outputs. sizes: of the network's populations.

        Raises PlasticityError for a population that the network does not have, or of another size.
        """
        if self.pre not in sizes:
            raise unknown("population for the readout:", self.pre, sizes)
        if self.n not in (None, sizes[self.pre]):
            raise PlasticityError(f"readout counts({self.pre}) has n={self.n}, but the population has "
                                  f"{sizes[self.pre]} neurons; leave n away")
        return replace(self, n=sizes[self.pre])


def counts(population: str) -> Counts:
    """The spikes of a population as outputs: "counts(out)"."""
    return Counts(population)
