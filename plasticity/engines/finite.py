"""Numbers that stop being finite: noticed after a run, and found, to the step, by running it again in parts.

A look at the weights is made once a run, or several together, were long enough for it to cost next to nothing beside
them; so is the copy of the state that is needed to run them again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps

import numpy as np

from plasticity.engines import Recording
from plasticity.engines.request import Request, cut
from plasticity.errors import PlasticityError
from plasticity.network.network import Network
from plasticity.network.size import weight_count

LARGEST = 1e299  # beyond it a number counts as infinite; Brian2 clips to 1e300
FEWEST = 16  # steps that are always worth a look
COPY = 10  # what a copy of the state costs, in looks


class NotFiniteError(PlasticityError):
    """A weight or a neuron's variable is NaN or infinite. what: which; where: whose text to mend; when: after which
    step, if `found` (else roughly)."""

    def __init__(self, what: str, value: str, where: str, when: str = "", found: bool = False):
        super().__init__(f"{what} is {value}{when}: look into {where} for a division by 0, a logarithm or root of what "
                         "may be negative, and growth without bound")
        self.what, self.value, self.where, self.when, self.found = what, value, where, when, found

    def at(self, when: str, found: bool) -> NotFiniteError:
        """The same with its time."""
        return NotFiniteError(self.what, self.value, self.where, when, found)


@dataclass
class Watch:
    """look, copy: steps after which one is due. steps: run since the last look. close: whether every run is copied."""

    look: float
    copy: float
    steps: int = 0
    close: bool = False


def watched(steps_per_weight: float) -> Callable[[Callable], Callable]:
    """Decorates what a simulation answers to a Request: it raises NotFiniteError where the network is not finite
    afterwards.

    steps_per_weight: of a run, that cost hundreds of times as much as a look at a weight.
    """
    def decorated(answer: Callable) -> Callable:
        @wraps(answer)
        def whole(self, asked: Request) -> Recording:
            watch, work = _watch(self), asked.samples * asked.steps
            before = self.state() if work and (watch.close or work >= watch.copy) else None
            recording, error = None, None
            try:
                recording = answer(self, asked)
            except Exception as raised:
                error = raised
                if before is None or not _by_division(raised):
                    raise
            watch.steps += work
            if error is None and before is None and watch.steps < watch.look:
                return recording
            strange, last, watch.steps = _strange(self), watch.steps, 0
            if error is None and strange is None:
                return recording
            if before is not None:
                raise _Presented(self, answer, asked).first(before) or strange or error from None
            raise strange.at(f" after one of the last {last} steps", False)
        whole.steps_per_weight = steps_per_weight
        return whole
    return decorated


def require_finite(simulation) -> None:
    """Raises NotFiniteError unless all weights that learn, and all neurons, are finite now."""
    strange = _strange(simulation)
    if strange is not None:
        raise strange


def steps_to_copy(simulation) -> float:
    """Steps beside which a copy of the state costs next to nothing."""
    return _watch(simulation).copy


@contextmanager
def closely(simulation) -> Iterator[None]:
    """Each run is looked at, however short."""
    watch = _watch(simulation)
    watch.close = True
    try:
        yield
    finally:
        watch.close = False


def _watch(simulation) -> Watch:
    if "_watch" not in vars(simulation):
        network, batch = simulation.network, getattr(simulation, "batch", 1)
        size = sum(weight_count(network, each) for each in network.projections)
        size += sum(batch * each.n * len(each.neuron.variables) for each in network.populations)
        cost = type(simulation).answer.steps_per_weight
        vars(simulation)["_watch"] = Watch(*(FEWEST + cost * size * times for times in (1, COPY)))
    return vars(simulation)["_watch"]


def _by_division(error: BaseException | None) -> bool:
    """Whether an engine gave up at a number that there is not."""
    return error is not None and (isinstance(error, ArithmeticError) or _by_division(error.__cause__))


def _strange(simulation) -> NotFiniteError | None:
    """The first neuron or weight that is not finite."""
    network: Network = simulation.network
    for population in network.populations:
        for variable in population.neuron.variables:
            place = _first(simulation, f"{population.name}.{variable}")
            if place is not None:
                return NotFiniteError(f"variable {variable!r} of neuron {place[0][-1]} of population "
                                      f"{population.name!r}", place[1],
                                      f"the equations of neuron {population.neuron.name!r}")
    for projection in network.plastic:
        place = _first(simulation, f"{projection.name}.w")
        if place is not None:
            return strange_weight(place, projection.name, projection.rule.name)
    return None


def strange_weight(strange: tuple[tuple[int, ...], str], projection: str, rule: str) -> NotFiniteError:
    """The error for a weight. strange: of `strange_in`."""
    return NotFiniteError(f"weight {list(strange[0])} (pre, post) of projection {projection!r}", strange[1],
                          f"the text of rule {rule!r}")


def _first(simulation, name: str) -> tuple[tuple[int, ...], str] | None:
    """(place, value) of the first number of a state that is not finite."""
    low, high = map(float, simulation.extremes(name))
    if low > -LARGEST and high < LARGEST:
        return None
    return strange_in(simulation.get(name))


def strange_in(values: np.ndarray) -> tuple[tuple[int, ...], str] | None:
    """(place, what it is) of the first number that is not finite."""
    fine = np.abs(values) < LARGEST
    if fine.all():
        return None
    place = tuple(int(index) for index in np.argwhere(~fine)[0])
    return place, "NaN" if np.isnan(values[place]) else "infinite"


@dataclass(frozen=True)
class _Presented:
    """A run that can be made again in parts; the simulation is then as it was before."""

    simulation: object
    answer: Callable
    asked: Request

    def first(self, before: Mapping[str, np.ndarray]) -> NotFiniteError | None:
        """Where it first leaves the finite numbers; None where it does not do so again."""
        batch, steps = getattr(self.simulation, "batch", 1), self.asked.steps
        self.simulation.restore(before)
        for begin in range(0, self.asked.samples, batch):
            part, start = slice(begin, min(begin + batch, self.asked.samples)), self.simulation.state()
            if self._after(start, part, steps) is not None:
                strange = self._step(start, part, steps)
                self.simulation.restore(before)
                return strange
        self.simulation.restore(before)
        return None

    def _step(self, start: Mapping[str, np.ndarray], part: slice, steps: int) -> NotFiniteError:
        fine = 0
        while steps - fine > 1:
            middle = (fine + steps) // 2
            fine, steps = (fine, middle) if self._after(start, part, middle) is not None else (middle, steps)
        strange = self._after(start, part, steps)
        samples = f"sample {part.start}" if part.stop - part.start == 1 else f"samples {part.start} to {part.stop - 1}"
        return strange.at(f" after step {steps - 1} of {samples}", True)

    def _after(self, start: Mapping[str, np.ndarray], part: slice, steps: int) -> NotFiniteError | None:
        """What is not finite after so many steps of these samples."""
        self.simulation.restore(start)
        try:
            self.answer(self.simulation, cut(self.asked, part, steps))
        except Exception as error:
            if not _by_division(error):
                raise
            return NotFiniteError("a divisor", "0", _texts(self.simulation.network))
        return _strange(self.simulation)


def _texts(network: Network) -> str:
    """Where a text may be that divides by 0."""
    names = [f"rule {each.rule.name!r} of projection {each.name!r}" for each in network.plastic]
    names += [f"neuron {each.neuron.name!r} of population {each.name!r}" for each in network.populations]
    return f"the texts of {', '.join(names)}"
