"""One plastic projection: its traces, the delays of its spikes, and what its rule does in each phase of a step."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import torch

from plasticity import noise
from plasticity.engines.torch.language import Context
from plasticity.engines.torch.products import Sum
from plasticity.engines.torch.statements import Change, Compiler
from plasticity.engines.torch.synapses import Synapses
from plasticity.engines.torch.volley import LatePerSynapse, LateValue, Volley, in_steps, late
from plasticity.rule import ORDERS, Trace

Spiked = Volley | torch.Tensor  # per neuron, or bool [batch, pre, post]


class Learning:
    """The state of one rule: `values` [batch, n] per neuron, [batch, pre, post] per synapse.

    read: name of something outside -> function that answers it now, [batch, n] or [batch, 1].
    """

    def __init__(self, synapses: Synapses, context: Context, number: int, read: Mapping[str, Callable]):
        self.synapses, self.context, self.read = synapses, context, read
        self.rule, projection = synapses.projection.rule, synapses.projection
        self.noise_seed = context.seed + number
        self.dendritic = late(projection.dendritic_delay, "post", context)
        sides = {"pre": synapses.axonal, "post": self.dendritic}
        self.wide = {side for side, ring in sides.items() if isinstance(ring, LatePerSynapse)}
        self.compiler = Compiler(self.rule, context, synapses.shape[1], self.wide)
        self.events = self.compiler.events()
        self.decays = {name: math.exp(-context.dt / trace.tau) for name, trace in self.rule.variables.items()
                       if math.isfinite(trace.tau)}
        self.own = {side: [name for name, trace in getattr(self.rule, side).items() if trace.rise != "none"]
                    for side in ("pre", "post")}
        self.lags = {name: LateValue(int(in_steps(delay, context.dt)))
                     for name, (_, delay) in self.rule.delayed.items()}
        self.watched = {*self.rule.reads_names, *(name for name, _ in self.rule.delayed.values())} & set(read)
        self.values: dict[str, torch.Tensor] = {}
        self.outside: dict[str, torch.Tensor] = {}

    def start(self, batch: int) -> None:
        """The beginning of a presentation."""
        self.batch = batch
        for name, trace in self.rule.variables.items():
            if not trace.keep or name not in self.values:
                self.values[name] = torch.full(self._shape(name), trace.initial, dtype=self.context.dtype,
                                               device=self.context.device)
        self.dendritic.start(batch, self.synapses.shape[1])
        for lag in self.lags.values():
            lag.start()

    def _shape(self, name: str) -> tuple[int, ...]:
        n_pre, n_post = self.synapses.shape
        return (self.batch, *{"pre": (n_pre,), "post": (n_post,), "syn": (n_pre, n_post)}[self.compiler.place(name)])

    def decay(self) -> None:
        for name, factor in self.decays.items():
            self.values[name] = self.values[name] * factor

    def on_step(self, step: int) -> None:
        """Clocked change; what it reads from outside stays for the events of this step."""
        now = {name: self.read[name]() for name in self.watched}
        late_values = {name: lag.push(now[self.rule.delayed[name][0]]) for name, lag in self.lags.items()}
        self.outside = {name: self._per_sample(name, value) for name, value in {**now, **late_values}.items()}
        if "on_step" in self.events:
            drawn = {"noise": self._noise(step)} if "noise" in self.rule.reads_names else {}
            self._change("on_step", None, drawn)

    def _per_sample(self, name: str, value: torch.Tensor) -> torch.Tensor:
        return value if len(value) == self.batch else value.expand(self.batch, *value.shape[1:])

    def _noise(self, step: int) -> torch.Tensor:
        """White noise: the numbers of `plasticity.noise` on a CPU, of the device's generator elsewhere."""
        shape, scale = (self.batch, *self.synapses.shape), 1.0 / math.sqrt(self.context.dt)
        if self.context.device.type == "cpu":
            return self.context.tensor(noise.normal(self.noise_seed, step, shape) * scale)
        drawn = torch.randn(shape, generator=self.context.generator, dtype=self.context.dtype,
                            device=self.context.device)
        return drawn * scale

    def phases(self, post: Volley) -> None:
        """The spikes' part of a step, in the rule's order."""
        spiked = {"pre": self.synapses.arrived, "post": self.dendritic.push(post)}
        quiet = {side for side, volley in spiked.items() if side not in self.wide and volley.silent}
        before = dict(self.values)
        if len(quiet) < 2:
            self.outside |= {name: self._per_sample(name, self.read[name]()) for name in self.watched}
        for phase in ORDERS[self.rule.order]:
            event, side = phase.split("_")
            if side in quiet:
                continue
            if event == "rise":
                for name, trace in getattr(self.rule, side).items():
                    self.values[name] = self._risen(trace, self.values[name], spiked[side])
            elif phase in self.events:
                self._change(phase, spiked[side], {name: before[name] for name in self.own[side]})

    def _risen(self, trace: Trace, value: torch.Tensor, spiked: Spiked) -> torch.Tensor:
        spikes = spiked.dense if isinstance(spiked, Volley) else spiked
        if trace.rise == "add":
            return value + spikes
        return torch.where(spikes != 0, 1.0, value) if trace.rise == "set" else value

    def _change(self, event: str, spiked: Spiked | None, own: Mapping[str, torch.Tensor]) -> None:
        """Evaluates all statements of an event, then makes its assignments."""
        v = {**self.values, **self.outside, **own, "w": self.synapses.w}
        side = event.removeprefix("on_")
        found = [self._evaluate(change, side, spiked, v) for change in self.events[event]]
        for change, result in zip(self.events[event], found, strict=True):
            if change.target == "w":
                result.add_to(self.synapses.w)
                self.synapses.bound()
            else:
                self.values[change.target] = result if change.assigns else self.values[change.target] + result

    def _evaluate(self, change: Change, side: str, spiked: Spiked | None, v: Mapping[str, torch.Tensor]):
        if change.target == "w":
            total = Sum(self.batch, self.synapses.shape, self.context)
            for product in change.products:
                total.product(product, side, spiked, v)
            if change.rest:
                total.full(self._where(self.context.tensor(change.rest(v)), side, spiked))
            return total
        value = self.context.tensor(change.rest(v))
        if change.place == "syn":
            value = self._where(value, side, spiked)
            absent = v[change.target] if change.assigns else 0.0
            return value if self.synapses.complete else torch.where(self.synapses.exists, value, absent)
        if spiked is not None:
            value = torch.where(spiked.dense != 0, value, 0.0)
        return value.expand(self._shape(change.target))

    def _where(self, value: torch.Tensor, side: str, spiked: Spiked | None) -> torch.Tensor:
        """A change of every synapse, [batch, pre, post], where its neuron spiked."""
        if isinstance(spiked, Volley):
            spiked = spiked.dense[:, :, None] != 0 if side == "pre" else spiked.dense[:, None, :] != 0
        if spiked is not None:
            value = torch.where(spiked, value, 0.0)
        return value.expand(self.batch, *self.synapses.shape)

    def trace(self, name: str) -> torch.Tensor:
        """A variable as its first synapse sees it: [batch, n], or [batch, pre, post] for synaptic state."""
        value, side = self.values[name], self.rule.place[name]
        return {"pre": value[:, :, 0], "post": value[:, 0, :]}[side] if side in self.wide else value

    def rows(self) -> dict[str, torch.Tensor]:
        lags = {f"lag_{name}": lag.rows(self.batch) for name, lag in self.lags.items()}
        under_way = self.dendritic.rows()
        return {**self.values, **lags, **({} if under_way is None else {"dendritic": under_way})}

    def set_rows(self, rows: dict[str, torch.Tensor]) -> None:
        self.values = {name: rows[name] for name in self.values}
        self.batch = next((len(value) for value in rows.values()), self.batch)
        for name, lag in self.lags.items():
            lag.set_rows(rows[f"lag_{name}"])
        if "dendritic" in rows:
            self.dendritic.set_rows(rows["dendritic"])
