"""A network running in batched tensors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch

from plasticity.encoding.spikes import Spikes
from plasticity.engines import Recording, restored, states
from plasticity.engines.finite import watched
from plasticity.engines.record import Record
from plasticity.engines.request import Request, request
from plasticity.engines.torch.language import Context
from plasticity.engines.torch.learning import Learning
from plasticity.engines.torch.neurons import Neurons
from plasticity.engines.torch.recorder import Recorder
from plasticity.engines.torch.step_spikes import StepSpikes, Train
from plasticity.engines.torch.synapses import Synapses
from plasticity.errors import PlasticityError
from plasticity.network.network import Network


class TorchSimulation:
    """`plasticity.engines.Simulation` in torch; see there. Slow variables are one value per neuron for all samples."""

    @torch.no_grad()
    def __init__(self, network: Network, context: Context, batch: int):
        self.network, self.context, self.batch = network, context, batch
        self._neurons = {population.name: Neurons(population, context, number)
                         for number, population in enumerate(network.populations)}
        self._synapses = {projection.name: Synapses(network, projection, context) for projection in network.projections}
        self._signals: dict[str, torch.Tensor] = {}
        self._learning = {
            projection.name: Learning(self._synapses[projection.name], context, number, self._readers(projection))
            for number, projection in enumerate(network.plastic)}
        self._now = self._step = 0
        for synapses in self._synapses.values():
            synapses.normalize()
        self._start(batch, learn=True)

    def __reduce__(self):
        context = self.context
        options = {"dtype": str(context.dtype).removeprefix("torch."), "device": str(context.device),
                   "batch": self.batch, "reduce": context.reduce, "seed": context.seed}
        return restored, (self.network, "torch", options, self.state())

    def _readers(self, projection) -> dict:
        """name -> function that answers what a rule reads beside spikes, now."""
        readers = {}
        for name in (*projection.rule.reads, *projection.rule.signals):
            kind, source = self.network.source_of(projection, name)
            if kind == "neuron":
                population, variable = source.split(".", 1)
                readers[name] = lambda neurons=self._neurons[population], variable=variable: neurons.view(variable)
            else:
                readers[name] = lambda source=source: self._signals[source]
        return readers

    def run(self, spikes: Mapping[str, Spikes | np.ndarray] | None = None, steps: int | None = None, *,
            signals: Mapping[str, np.ndarray] | None = None, learn: bool = True, reset: bool = True,
            record: Sequence[str | Record] = (), weights_every: int | None = None) -> Recording:
        """See `plasticity.engines.Simulation.run`."""
        return self.answer(request(self.network, spikes, steps, signals, learn, reset, record, weights_every))

    @watched(4e-5)
    @torch.no_grad()
    def answer(self, asked: Request) -> Recording:
        """What a request asks for."""
        recorder = Recorder(self, asked)
        step, generator = self._step, self.context.generator.get_state()
        for first in range(0, asked.samples, self.batch):
            chunk = slice(first, min(first + self.batch, asked.samples))
            remainder = self._narrow(chunk.stop - first)
            self._present({name: Train(train[chunk], self.context) for name, train in asked.trains.items()},
                          {name: self.context.tensor(values[chunk]) for name, values in asked.signals.items()},
                          chunk, asked, recorder)
            self._widen(remainder)
        if not asked.learn:
            self._step = step
            self.context.generator.set_state(generator)
        return recorder.recording()

    def _present(self, trains: Mapping[str, Train], signals: Mapping[str, torch.Tensor], chunk: slice, asked: Request,
                 recorder: Recorder) -> None:
        if asked.reset:
            self._start(chunk.stop - chunk.start, asked.learn)
        recorder.begin(chunk)
        for t in range(asked.steps):
            self._signals = {name: values[:, t] if values.dim() == 3 else values[:, t, None]
                             for name, values in signals.items()}
            fired = self._advance({name: train.at(t) for name, train in trains.items()}, asked.learn)
            recorder.take(t, fired)
            self._now += 1
            self._step += 1
        if asked.learn:
            for synapses in self._synapses.values():
                synapses.normalize()
        recorder.end()

    def _advance(self, fired: dict[str, StepSpikes], learn: bool) -> dict[str, StepSpikes]:
        """One step; who spiked, by input and population."""
        learning = self._acting(learn)
        for signal in self.network.signals:
            if signal.drives:
                where, variable = signal.drives.split(".", 1)
                self._neurons[where].drive(variable, self._signals[signal.name])
        for plastic in learning.values():
            plastic.decay()
        for neurons in self._neurons.values():
            neurons.integrate(learn, self._now, self._step)
        for plastic in learning.values():
            plastic.on_step(self._step)
        for name, neurons in self._neurons.items():
            fired[name] = neurons.fire(self._now, self._step)
        self._transmit(fired)
        for name, plastic in learning.items():
            plastic.phases(fired[self.network.projection(name).post])
        for neurons in self._neurons.values():
            neurons.settle(learn)
        return fired

    def _transmit(self, fired: Mapping[str, StepSpikes]) -> None:
        for synapses in self._synapses.values():
            projection = synapses.projection
            synapses.arrive(fired[projection.pre])
            rule = self._learning.get(projection.name)
            amount = synapses.transmit(rule.transmitted() if rule else None) if projection.onto else None
            if amount is not None:
                self._neurons[projection.post].receive(projection.onto, amount)

    def _start(self, batch: int, learn: bool) -> None:
        """The beginning of a presentation; what only learning uses stays as it is when nothing is learned."""
        for part in (*self._neurons.values(), *self._synapses.values(), *self._acting(learn).values()):
            part.start(batch)

    def _acting(self, learn: bool) -> dict[str, Learning]:
        """The rules that act: all while learning, and always those that describe transmission."""
        return {name: plastic for name, plastic in self._learning.items() if learn or plastic.rule.efficacy}

    def _rows(self) -> dict[tuple[str, str], dict[str, torch.Tensor]]:
        """(kind, part) -> what each sample has of its own, samples first."""
        return ({("neurons", name): part.rows(self._now) for name, part in self._neurons.items()}
                | {("synapses", name): part.rows() for name, part in self._synapses.items()}
                | {("learning", name): part.rows() for name, part in self._learning.items()})

    def _set_rows(self, rows: Mapping[tuple[str, str], dict[str, torch.Tensor]]) -> None:
        for name, part in self._neurons.items():
            part.set_rows(rows["neurons", name], self._now)
        for name, part in self._synapses.items():
            part.set_rows(rows["synapses", name])
        for name, part in self._learning.items():
            part.set_rows(rows["learning", name])

    def _narrow(self, size: int) -> dict | None:
        """Sets the rows beyond `size` aside, for a chunk of fewer samples than the batch."""
        if size == self.batch:
            return None
        rows = self._rows()
        self._set_rows({key: {name: values[:size] for name, values in part.items()} for key, part in rows.items()})
        return {key: {name: values[size:] for name, values in part.items()} for key, part in rows.items()}

    def _widen(self, remainder: dict | None) -> None:
        if remainder is not None:
            self._set_rows({key: {name: _stacked(values, remainder[key][name]) for name, values in part.items()}
                            for key, part in self._rows().items()})

    @torch.no_grad()
    def get(self, name: str) -> np.ndarray:
        """A copy of a state: weights [n_pre, n_post], slow variables [n], others [batch, n] ([n] for a batch of 1)."""
        part, variable = states.located(self.network, name)
        if part in self._neurons:
            values = _array(self._neurons[part].values[variable])
            if variable in self._neurons[part].neuron.slow:
                return values
        elif variable == "w":
            return _array(self._synapses[part].matrix())
        else:
            values = _array(self._learning[part].trace(variable))
        return values[0] if self.batch == 1 else values

    @torch.no_grad()
    def extremes(self, name: str) -> tuple[float, float]:
        """The least and the largest number of weights or a neuron's variable, NaN if one is."""
        part, _, variable = name.rpartition(".")
        values = self._synapses[part].w if part in self._synapses else self._neurons[part].values[variable]
        return tuple(torch.stack(values.aminmax()).tolist()) if values.numel() else (0.0, 0.0)

    def names(self) -> list[str]:
        """All states that `get` answers."""
        return states.names(self.network)

    @torch.no_grad()
    def set(self, name: str, value: np.ndarray) -> None:
        """See `plasticity.engines.Simulation.set`."""
        value, (part, variable) = states.written(self.network, name, value, self.batch), name.rsplit(".", 1)
        if part in self._synapses:
            self._synapses[part].set_matrix(value)
            return
        old = self._neurons[part].values[variable]
        self._neurons[part].values[variable] = self.context.tensor(value).expand(old.shape).clone()

    @torch.no_grad()
    def state(self) -> dict[str, np.ndarray]:
        """Everything that the next presentation depends on."""
        rows = {f"{kind}/{part}/{name}": values for (kind, part), rows in self._rows().items()
                for name, values in rows.items()}
        slow = {f"slow/{part}/{name}": neurons.values[name] for part, neurons in self._neurons.items()
                for name in neurons.neuron.slow}
        weights = {f"weights/{name}": synapses.w for name, synapses in self._synapses.items()}
        return {**{key: values.cpu().numpy().copy() for key, values in (rows | slow | weights).items()},
                "step": np.array(self._step), "generator": self.context.generator.get_state().numpy().copy()}

    @torch.no_grad()
    def restore(self, state: Mapping[str, np.ndarray]) -> None:
        """Goes back to a `state()` of the same network."""
        own = self.state()
        state = states.alike(own, state, free=[name for name in own if "/lag_" in name])
        self._require(state)
        tensors = {key: torch.as_tensor(values, device=self.context.device) for key, values in state.items()
                   if key not in ("step", "generator")}
        self._draw_from(state["generator"])
        self._set_rows({(kind, part): {name: tensors[f"{kind}/{part}/{name}"] for name in rows}
                        for (kind, part), rows in self._rows().items()})
        for name, synapses in self._synapses.items():
            synapses.w.copy_(tensors[f"weights/{name}"])
        for part, neurons in self._neurons.items():
            neurons.values |= {name: tensors[f"slow/{part}/{name}"] for name in neurons.neuron.slow}
        self._step = int(state["step"])

    def _require(self, state: Mapping[str, np.ndarray]) -> None:
        """Raises PlasticityError for a state that no run leaves."""
        for name, synapses in self._synapses.items():
            kept = torch.as_tensor(state[f"weights/{name}"], device=self.context.device)
            states.require_weights(self.network, synapses.projection, _array(synapses.form.matrix(kept)))
        for name, learning in self._learning.items():
            for variable, shapes in learning.lag_shapes(self.network).items():
                lag = f"learning/{name}/lag_{variable}"
                if state[lag].shape not in shapes:
                    raise PlasticityError(f"state {lag!r} must have shape {shapes[0]}, got {state[lag].shape}")
        if state["step"] < 0:
            raise PlasticityError(f"state 'step' must be a whole number of at least 0, got {state['step']}")

    def _draw_from(self, generator: np.ndarray) -> None:
        try:
            self.context.generator.set_state(torch.from_numpy(generator))
        except RuntimeError as error:
            raise PlasticityError(f"state 'generator' is not one of torch's: {error}") from None


def _array(values: torch.Tensor) -> np.ndarray:
    return values.detach().to(torch.float64).cpu().numpy().copy()


def _stacked(above: torch.Tensor, below: torch.Tensor) -> torch.Tensor:
    """Rows of this chunk above those set aside; a delay line that has just begun has none to set under it."""
    if above.shape[1:] != below.shape[1:]:
        return torch.cat((above, above[:1].expand(len(below), *above.shape[1:])))
    return torch.cat((above, below))
