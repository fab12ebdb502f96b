"""What was shown to a simulation since it was last known to be finite, so that where it left that is found again."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import numpy as np

from plasticity.engines import Simulation
from plasticity.engines.finite import NotFiniteError, closely, require_finite, steps_to_copy


class Journal:
    """Makes calls that change a simulation. One copy of its state is kept, made as rarely as it costs next to nothing:
    a call by itself may be too short for that. steps: of a sample."""

    def __init__(self, simulation: Simulation, steps: int):
        self.simulation, self._every = simulation, max(1, math.ceil(steps_to_copy(simulation) / steps))
        self._start: Mapping[str, np.ndarray] | None = None
        self._calls: list[Callable] = []
        self._samples = 0

    def make(self, call: Callable, samples: int):
        """What `call()` answers. Raises NotFiniteError, naming sample and step, as soon as that is noticed; the
        simulation is then as it was when it was known to be finite."""
        if self._start is None or self._samples >= self._every:
            self.settle()
        self._calls.append(call)
        self._samples += samples
        try:
            return call()
        except NotFiniteError as error:
            raise self._found(error) from None

    def settle(self) -> None:
        """Looks at the simulation as it is now. Raises NotFiniteError as `make` does."""
        try:
            require_finite(self.simulation)
        except NotFiniteError as error:
            raise self._found(error) from None
        self._start, self._calls, self._samples = self.simulation.state(), [], 0

    def forget(self) -> None:
        """What was shown no longer leads to the present state."""
        self._start, self._calls, self._samples = None, [], 0

    def _found(self, error: NotFiniteError) -> NotFiniteError:
        start, calls = self._start, self._calls
        self.forget()
        if start is None or error.found:
            return error
        self.simulation.restore(start)
        try:
            with closely(self.simulation):
                for call in calls:
                    call()
        except NotFiniteError as found:
            error = found
        self.simulation.restore(start)
        return error
