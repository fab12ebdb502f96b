"""A population as compiled torch functions: integrate, threshold, receive, reset."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
import torch

from plasticity._utils import random
from plasticity.engines.torch.language import Context, condition_text, define, expression, functions, text
from plasticity.engines.torch.step_spikes import StepSpikes, in_steps, step_spikes
from plasticity.language import expressions
from plasticity.language.constants import Constants
from plasticity.network.network import Population
from plasticity.neurons.discretise import discretise, discretise_held
from plasticity.neurons.neuron import Assignment


class Neurons:
    """The state of one population: values [batch, n]; slow variables are one value per neuron, shared by the batch.

    free_at: step (counted in floats, as bool and int tensors are slow on a CPU) from which a neuron may spike again.
    """

    def __init__(self, population: Population, context: Context, number: int):
        neuron = population.neuron
        self.stream, self.number = 65536 * number, number
        self.population, self.neuron, self.context = population, neuron, context
        self.refractory_steps = int(in_steps(neuron.refractory, context.dt))
        self.gated = neuron.gated if self.refractory_steps else frozenset()
        self.names = {name: f"v[{name!r}]" for name in neuron.variables}
        self.drawn = {name: f"drawn[{name!r}]" for name in neuron.drawn}
        self.constants = {**neuron.constants, "dt": context.dt}
        clamped = discretise_held(neuron) if self.gated else ()
        self.advance = self._compiled("advance", discretise(neuron), lambda name: "free" * (name in self.gated))
        self.advance_clamped = self._compiled("advance_clamped", clamped, lambda name: "") if clamped else None
        self.reset = self._compiled("reset", neuron.at_reset, lambda name: "hit")
        self.adapt = self._compiled("adapt", neuron.at_adapt, lambda name: "hit")
        self.crosses = self._condition()
        self.views = {name: expression(neuron.inlined(expr), self.constants, self.names, functions(context))
                      for name, expr in neuron.subexpressions.items()}
        self.initial = {name: context.tensor(population.initial.get(name, start)).expand(population.n)
                        for name, start in neuron.start.items()}
        self.values = {name: self.initial[name].clone() for name in neuron.slow}
        self.start(1)

    def start(self, batch: int) -> None:
        """The beginning of a presentation: everything but slow variables as initially."""
        shape, device = (batch, self.population.n), self.context.device
        for name, initial in self.initial.items():
            if name not in self.neuron.slow:
                self.values[name] = initial.expand(shape).clone()
        self.free_at = torch.full(shape, -torch.inf, dtype=torch.float64, device=device)
        self.due, self.none_due = torch.zeros(shape, dtype=torch.bool, device=device), True
        self.free = torch.ones(shape, dtype=torch.bool, device=device)

    def _compiled(self, name: str, lines: Iterable[Assignment], gate: Callable[[str], str]) -> Callable:
        """Source of the assignments, made one after the other; temporaries stay local."""
        pulled, rename = Constants(self.constants), self.names | self.drawn
        source = [f"def {name}(v, learn, free, hit, drawn=None):", "    pass"]
        for line in lines:
            value = text(pulled.pull(self.neuron.inlined(line.expr)), rename)
            if line.target not in self.names:
                rename[line.target] = f"t_{line.target}"
                source.append(f"    t_{line.target} = {value}")
                continue
            mask, old = gate(line.target), self.names[line.target]
            new = f"where({mask}, {value}, {old})" if mask else value
            if line.target in self.neuron.slow:
                source.append(f"    if learn: {old} = shared({old}, {new}, free)")
            else:
                source.append(f"    {old} = {new if mask else f'full({new}, free)'}")
        known = {**functions(self.context), "where": torch.where, "shared": self._shared, "full": self._full}
        return define(name, source, {**known, **pulled.values(self.constants)}, f"<{self.population.name}>")

    def _full(self, value, free: torch.Tensor) -> torch.Tensor:
        """A value of the neurons, also where the text gives a number or reads only shared variables."""
        if torch.is_tensor(value) and value.shape == free.shape:
            return value
        return self.context.tensor(value).expand(free.shape).clone()

    def _shared(self, old: torch.Tensor, new, free: torch.Tensor) -> torch.Tensor:
        """A shared variable one step on: time passes once; what each sample adds is summed or averaged."""
        change = new - old
        if change.ndim < 2:
            return old + change
        return old + (change.sum(0) if self.context.reduce == "sum" else change.mean(0))

    def _condition(self) -> Callable:
        pulled = Constants(self.constants)
        body = condition_text(pulled.pull(self.neuron.inlined(self.neuron.threshold_expr)), self.names)
        known = {**functions(self.context), **pulled.values(self.constants)}
        return define("crosses", ["def crosses(v):", f"    return {body}"], known, f"<{self.population.name}>")

    def view(self, name: str) -> torch.Tensor:
        """A variable or subexpression, [batch, n]."""
        value = self.values[name] if name in self.values else self.views[name](self.values)
        return value if torch.is_tensor(value) and value.shape == self.free.shape else self._full(value, self.free)

    def drive(self, name: str, values: torch.Tensor) -> None:
        """Writes a signal [batch, n] or [batch, 1] to a variable."""
        self.values[name] = values.expand(self.free.shape).clone()

    def integrate(self, learn: bool, now: int, step: int) -> None:
        """Resets that are due from the last step, then one step of the equations. step: by which numbers are drawn."""
        if self.neuron.reset_delay and not self.none_due:
            self._reset(self.due, learn)
        if self.refractory_steps:
            self.free = self.free_at <= now
        if not self.advance_clamped:
            self.advance(self.values, learn, self.free, None, self._draw(step))
            return
        clamped = dict(self.values)
        self.advance(self.values, learn, self.free, None)
        self.advance_clamped(clamped, False, self.free, None)
        self.values |= {name: torch.where(self.free, self.values[name], clamped[name]) for name in clamped
                        if name not in self.neuron.slow}

    def _draw(self, step: int) -> dict[str, torch.Tensor]:
        """The random numbers of this step, [batch, n], by the names that the equations have for them."""
        index = np.arange(self.free.numel()).reshape(self.free.shape)
        places = {name: (random.stream(self.context.seed, self.number, call), step, index)
                  for call, name in enumerate(self.neuron.drawn)}
        return {name: self.context.tensor(random.normal_at(*places[name]) if kind.normal else
                                          random.uniform(*places[name])) for name, kind in self.neuron.drawn.items()}

    def fire(self, now: int, step: int) -> StepSpikes:
        """Who spikes in this step; `step` is the number that randomness is drawn by."""
        above = self.crosses(self.values)
        above = (above & self.free if self.refractory_steps else above).expand(self.free.shape)
        crossed = step_spikes(above, self.context)
        spiked, won = crossed, above
        if self.population.winner != "all" and not crossed.silent:
            won = self._winners(above, step)
            spiked = step_spikes(won, self.context)
        self.hit, self.quiet = (above if self.population.losers_reset else won), crossed.silent
        if self.refractory_steps:
            self._turn_refractory(now)
        return spiked

    def _turn_refractory(self, now: int) -> None:
        """Neurons that spiked turn refractory."""
        if not self.quiet:
            self.free_at.masked_fill_(self.hit, now + self.refractory_steps)
            self.free = self.free & ~self.hit
        self.open = self.free.to(self.context.dtype)

    def _winners(self, crossed: torch.Tensor, step: int) -> torch.Tensor:
        """One of those that crossed the threshold, in each sample."""
        if self.population.winner == "highest":
            rank = torch.where(crossed, self.view(self.neuron.variables[0]), -torch.inf)
            return torch.zeros_like(crossed).scatter_(1, rank.argmax(1, keepdim=True), True) & crossed
        draw = random.uniform(self.context.seed, step, self.stream + np.arange(len(crossed)))
        place = crossed.cumsum(1)
        chosen = (torch.as_tensor(draw, device=self.context.device)[:, None] * place[:, -1:]).floor() + 1
        return crossed & (place == chosen)

    def receive(self, name: str, amount: torch.Tensor) -> None:
        """Synaptic input [batch, n]; a gated variable of a refractory neuron takes none."""
        self.values[name] = self.values[name] + (amount * self.open if name in self.gated else amount)

    def settle(self, learn: bool) -> None:
        """Resets at the end of the step (with reset_delay they are due in the next)."""
        if self.neuron.reset_delay:
            self.due, self.none_due = self.hit, self.quiet
        elif not self.quiet:
            self._reset(self.hit, learn)

    def _reset(self, hit: torch.Tensor, learn: bool) -> None:
        self.reset(self.values, learn, self.free, hit)
        if learn:
            self.adapt(self.values, learn, self.free, hit)

    def rows(self, now: int) -> dict[str, torch.Tensor]:
        """What every sample has of its own, [batch, ...]; refractoriness as steps that are left."""
        own = {name: values for name, values in self.values.items() if name not in self.neuron.slow}
        return {**own, "refractory_steps": (self.free_at - now).clamp(min=0), "reset_due": self.due}

    def set_rows(self, rows: dict[str, torch.Tensor], now: int) -> None:
        self.free_at = rows["refractory_steps"] + now
        self.due, self.none_due = rows["reset_due"].to(torch.bool), False
        self.free = self.free_at <= now
        self.values |= {name: rows[name] for name in self.values if name not in self.neuron.slow}


def unreadable(population: Population) -> str:
    """A name in the discretised equations that this engine cannot give a value; empty when there is none."""
    neuron = population.neuron
    known = {*neuron.variables, *neuron.constants, *neuron.drawn, "dt"}
    for line in discretise(neuron):
        for name in sorted(expressions.names(neuron.inlined(line.expr)) - known):
            return name
        known.add(line.target)
    return ""
