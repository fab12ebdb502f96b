"""Showing samples to a network whose synapses learn, as a trainer of the loop."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from functools import partial

import numpy as np

from plasticity.encoding.random import numbers_of
from plasticity.encoding.spikes import Spikes
from plasticity.engines import Simulation
from plasticity.engines.finite import NotFiniteError
from plasticity.engines.request import Request
from plasticity.errors import PlasticityError
from plasticity.learner.plan import Plan, Step
from plasticity.learner.stream import checks
from plasticity.learner.stream.journal import Journal
from plasticity.learner.stream.presenting import BLOCK, Source, block_size, encode, respond, run_of, show
from plasticity.learner.stream.reading import Reading, Responses
from plasticity.learner.stream.running import RunningAccuracy
from plasticity.learner.targets import Targets, require_whole_samples
from plasticity.learner.trainer import Callback, Measured, NotFinite
from plasticity.network.network import Network
from plasticity.network.presentation import Model
from plasticity.network.stored import Stored, arrays_of, holding

QUICK = ("event", "torch")  # engines that show a whole block in well under a second
SIMULATION, CURVE = "simulation/", "curve/"


class StreamTrainer:
    """Each sample is shown once per epoch, `batch` of them seeing the same weights; labels only draw the curve.

    model: the network and how samples are shown. build: what makes a simulation of it. reading: the readouts, fitted by
    `read`. engine: name of what simulates. seed: of spikes and order. classes: how many there are (0: nothing is
    known).
    """

    ahead, lines = True, BLOCK

    def __init__(self, model: Model, build: Callable[[Network], Simulation], reading: Reading, engine: str,
                 dtype: str, batch: int, seed: int, shuffle: bool, classes: int):
        self.build, self.reading, self.dtype = build, reading, dtype
        self.batch, self.seed, self.shuffle, self.classes = batch, seed, shuffle, classes
        self.block = BLOCK if engine in QUICK else 16
        self.curve = RunningAccuracy.start(classes, model.network.sizes[model.output]) if classes else None
        self.offset, self._warm_seconds = 0, 0.0
        self._run_on(model)

    def _run_on(self, model: Model) -> None:
        self.model, self.simulation = model, self.build(model.network)
        self._journal = Journal(self.simulation, model.presentation.steps + model.presentation.rest)

    @property
    def described(self) -> Model:
        """The network as it was built, with first weights."""
        return self.model

    @property
    def compile_seconds(self) -> float:
        return self._warm_seconds + float(getattr(self.simulation, "compile_seconds", 0.0))

    def require(self, x: np.ndarray, targets: Targets) -> None:
        """Refuses weights by step."""
        require_whole_samples(targets, self.rule_name)

    def session(self) -> AbstractContextManager:
        return nullcontext()

    def chunk(self, batch: int) -> int:
        return block_size(self.model.presentation, batch, True, self.block)

    def begin(self, x: np.ndarray) -> None:
        """Compiles (or loads) the encoder: that is no part of learning."""
        begun = time.perf_counter()
        encode(self.model, x[:1], Source(self.seed, "learn"), 0)
        self._warm_seconds += time.perf_counter() - begun

    def prepare(self, x: np.ndarray, step: Step) -> Request:
        return run_of(self.model, encode(self.model, x, Source(self.seed, "learn"), self._position(step)), True)

    def _position(self, step: Step) -> int:
        """Presentations before the step's first."""
        return self.offset + step.shown - len(step.samples)

    def update(self, prepared: Request, x: np.ndarray, targets: Targets, step: Step, rate: float,
               callback: Callback | None) -> Measured:
        counts = self._learned_from(prepared, x, self._position(step))
        spikes = counts.sum(1)
        values = {"spikes_per_image": float(spikes.sum()) / len(x)}
        if self.curve is not None:
            values["running_accuracy"] = self.curve.update(counts, targets.labels)
        return Measured(values, len(x), checks.activity(self.model, spikes))

    def _learned_from(self, prepared: Request, x: np.ndarray, position: int) -> np.ndarray:
        """Output spikes of each sample and neuron, [samples, n]. Raises NotFinite."""
        shown = partial(show, self.simulation, self.model, x, Source(self.seed, "learn"), position, prepared)
        try:
            return self._journal.make(shown, len(x))[0]
        except NotFiniteError as error:
            raise NotFinite("the network leaves the finite numbers", f"{error.what}, {error.value}{error.when}", True,
                            f"its rates, or mend {error.where} (a division by 0, a logarithm or root of what may be "
                            "negative, growth without bound)") from None

    def check(self, shown: int, totals: Mapping[str, float]) -> None:
        checks.warn_activity(self.model, "while it learns", shown, totals.get("silent", 0), totals.get("saturated", 0))
        checks.warn_bounds(self.model, self.learned())
        self._journal.settle()

    def finish(self, x: np.ndarray, targets: Targets) -> None:
        """Fits the readouts on responses to samples, of which an evenly drawn part is used."""
        if not self.classes:
            return
        limit = len(x) if self.reading.samples is None else min(self.reading.samples, len(x))
        order = next(Plan(1, len(x), self.seed, self.shuffle).steps(len(x))).samples
        chosen = np.sort(order[:limit])
        self.reading.fit(self.responses(x[chosen], "label"), targets[chosen], self.classes)

    def responses(self, x: np.ndarray, purpose: str = "predict") -> Responses:
        """What the network answers to samples with learning off."""
        counts, trains = respond(self.simulation, self.model, x, seed=self.seed, purpose=purpose, batch=self.batch,
                                 trains=self.reading.needs_trains, block=self.block)
        checks.warn_activity(self.model, "when it is read out", len(x), **checks.activity(self.model, counts.sum(1)))
        return Responses(counts, trains)

    def accuracy(self, x: np.ndarray, targets: Targets, learned: tuple[np.ndarray, Targets]) -> float:
        self.reading.forget()
        self.finish(*learned)
        return targets.right(self.places(x))

    def scores(self, x: np.ndarray) -> np.ndarray:
        return self.reading.scores(self.responses(x))

    def places(self, x: np.ndarray) -> np.ndarray:
        return self.reading.places(self.responses(x))

    def features(self, x: np.ndarray) -> np.ndarray:
        return self.responses(x).counts

    def trains(self, x: np.ndarray) -> dict[str, Spikes]:
        """Input spikes of samples and what the output population answers, learning off: name -> Spikes."""
        _, output = respond(self.simulation, self.model, x, seed=self.seed, purpose="predict", batch=self.batch,
                            trains=True, block=self.block)
        shown = encode(self.model, x, Source(self.seed, "predict"), numbers_of(x))
        return {self.model.input: shown, self.model.output: output}

    def weights(self) -> dict[str, np.ndarray]:
        return self.simulation.state()

    def put(self, weights: Mapping[str, np.ndarray]) -> None:
        self._journal.forget()
        self.simulation.restore(weights)

    def arrays(self) -> dict[str, Stored]:
        """Weights of all projections that have a memory's cells."""
        return arrays_of(self.network().network)

    def hold(self, weights: Mapping[str, np.ndarray]) -> None:
        """Goes on with a network that has other weights in the place of some of `arrays`."""
        learned = self.network()
        self._run_on(learned.with_(network=holding(learned.network, weights)))

    def state(self) -> dict[str, np.ndarray]:
        arrays = {SIMULATION + name: values for name, values in self.simulation.state().items()}
        curve = {} if self.curve is None else self.curve.state()
        return arrays | {CURVE + name: values for name, values in curve.items()}

    def restore(self, state: Mapping[str, np.ndarray]) -> None:
        self._journal.forget()
        self.simulation.restore({name.removeprefix(SIMULATION): values for name, values in state.items()
                                 if name.startswith(SIMULATION)})
        if self.curve is not None:
            self.curve.sums, self.curve.seen = state[CURVE + "sums"], state[CURVE + "seen"]

    @property
    def rule_name(self) -> str:
        """What the network learns by."""
        return self.model.network.plastic[0].rule.name

    def network(self) -> Model:
        """The model with its learned weights and slow variables."""
        return self.model.with_weights(self.learned())

    def input_weights(self) -> np.ndarray:
        ends, network = (self.model.input, self.model.output), self.model.network
        first = next((p for p in network.plastic if (p.pre, p.post) == ends), None)
        if first is None:
            raise PlasticityError(f"no projection of network {network.name!r} learns from {ends[0]!r} to {ends[1]!r}; "
                                  "see learned_")
        return self.simulation.get(f"{first.name}.w")

    def learned(self) -> dict[str, np.ndarray]:
        """Everything that learning changed: "projection.w" of those that learn, and slow variables of neurons."""
        network = self.model.network
        names = [f"{p.name}.w" for p in network.plastic]
        names += [f"{p.name}.{variable}" for p in network.populations for variable in p.neuron.slow]
        return {name: self.simulation.get(name) for name in names}
