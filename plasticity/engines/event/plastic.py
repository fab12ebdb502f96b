"""Where the program keeps each name of a rule: traces, states, neuron variables, signals; and what it may skip."""

from __future__ import annotations

import ast
import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from plasticity.engines.event.deferring import Alone, alone, rowwise
from plasticity.engines.event.loops import INDEX
from plasticity.engines.event.populations import Group
from plasticity.engines.event.sharing import is_no_op, nonzero_support, zeros
from plasticity.engines.event.support import FUNCTIONS
from plasticity.engines.event.synapses import Synapses
from plasticity.engines.event.writer import Writer
from plasticity.language import expressions
from plasticity.language.constants import Constants
from plasticity.language.rule import ORDERS, Rule, Statement

OTHER = {"pre": "post", "post": "pre"}
DELAYS = {"pre": "da", "post": "dd"}


@dataclass(frozen=True)
class Plastic:
    """A projection that learns: where the program keeps each name of its rule."""

    synapses: Synapses
    groups: dict[str, Group]
    signals: dict[str, str]  # signal -> its array
    code: Writer

    @property
    def rule(self) -> Rule:
        return self.synapses.projection.rule

    @property
    def prefix(self) -> str:
        return self.synapses.prefix

    @property
    def mixed(self) -> bool:
        return self.synapses.mixed

    @property
    def runs(self) -> str:
        """When the rule acts: while learning, or always where it describes transmission."""
        return "True" if self.rule.efficacy else "learn"

    def efficacy(self) -> str:
        """What a spike of neuron `i` transmits, in units of its weight; empty for the weight itself."""
        if self.rule.efficacy_expr is None:
            return ""
        return self.text(self.rule.efficacy_expr, {name: self.value(name, "i") for name in self.rule.pre})

    @property
    def collects(self) -> bool:
        """Whether an event's increments of one weight are added up before they act: over samples, over positions."""
        return self.code.batched or self.synapses.shared

    @cached_property
    def spiking(self) -> dict[str, str]:
        """Traces that rise with spikes -> side."""
        return {name: side for side in ("pre", "post") for name, trace in getattr(self.rule, side).items()
                if trace.rise != "none"}

    def reads(self, event: str) -> frozenset[str]:
        return frozenset().union(*(expressions.names(line.expr) for line in self.rule.statements.get(event, ())))

    def listed_active(self, side: str) -> bool:
        """Whether the neurons of a side that spiked since the start are listed: their traces are zero before."""
        traces = [self.rule.variables[name] for name, at in self.spiking.items() if at == side]
        waited_for = traces or side in self._waited_for
        return bool(waited_for) and not self.mixed and all(trace.initial == 0.0 and not trace.keep for trace in traces)

    @cached_property
    def _waited_for(self) -> frozenset[str]:
        """Sides whose spikes alone move states of synapses that every step looks at."""
        read = self.reads("on_step")
        waiting = nonzero_support(self.rule, ("pre", "post"))
        return frozenset().union(*(sides for name, sides in waiting.items() if name in read))

    def active(self, side: str) -> str:
        return f"{self.prefix}_ac{side}"

    def visits_active(self, event: str) -> str:
        """The list of neurons of the other side to keep to at an event; empty for all."""
        other = OTHER[event[3:]]
        zero = {name for name, side in self.spiking.items() if side == other}
        lines = [line for line in self.rule.statements.get(event, ()) if line.place == "syn"]
        skips = self.listed_active(other) and not self.synapses.listed
        return self.active(other) if skips and all(expressions.vanishes(line.expr, zero) for line in lines) else ""

    @cached_property
    def nonzero_support(self) -> dict[str, frozenset[str]]:
        """State of synapses -> sides whose neurons have to have spiked before it can be anything but 0."""
        return nonzero_support(self.rule, [side for side in ("pre", "post") if self.listed_active(side)])

    @cached_property
    def alone(self) -> Alone | None:
        """How synapses that no spike reaches change, if they make up for such steps at their next visit."""
        lines = [line for line in self.rule.statements.get("on_step", ()) if line.place == "syn"]
        apart = self.collects or self.mixed or any(self.waits_for(lines, side) for side in OTHER)
        return None if apart else alone(self.rule)

    @cached_property
    def remembers(self) -> bool:
        """Whether rows make up for the steps since their input's last spike, from what these steps held."""
        lines = [line for line in self.rule.statements.get("on_step", ()) if line.place == "syn"]
        apart = self.collects or self.mixed or self.alone or self.waits_for(lines, "post")
        return bool(lines) and not apart and rowwise(self.rule, lines, self.synapses.listed)

    @property
    def defers(self) -> bool:
        return bool(self.alone) or self.remembers

    def waits_for(self, lines: list[Statement], side: str) -> str:
        """The list of neurons of a side to keep to in a step, as no synapse of another one changes; empty for all."""
        zero = zeros(self.rule, side, self.nonzero_support) if self.listed_active(side) else ()
        return self.active(side) if all(is_no_op(line, zero) for line in lines) else ""

    @property
    def dense_in_time(self) -> bool:
        """Whether events come so often that all traces of a side may as well decay in every step, in one go: on sparse
        projections each spike reads a few neurons of many, and many spike in a step."""
        return self.synapses.listed and not self.synapses.shared

    def lazy(self, name: str) -> bool:
        """Whether a trace decays only when it is read."""
        side = None if self.dense_in_time else self.spiking.get(name)
        busy = name in self.reads("on_step") or (side == "post" and name in self.reads("on_pre")) or self.rule.efficacy
        return side is not None and not self.mixed and not busy and self.listed_active(side)

    def sees_coincident(self, event: str) -> bool:
        """Whether an event reads the other side's traces after their rise in the same step."""
        sequence = ORDERS[self.rule.order]
        return sequence.index(f"rise_{OTHER[event[3:]]}") < sequence.index(event)

    def value(self, name: str, index: str) -> str:
        """A trace now, without delays that differ."""
        stored = f"{self.prefix}_{name}[{index}]"
        if not self.lazy(name):
            return stored
        trace = f"{self.prefix}_{name}"
        return f"decayed({stored}, tick - {trace}_t[{index}], {trace}_tab, {trace}_rate)"

    def names(self, event: str) -> dict[str, str]:
        """name -> how the program writes it within the loop over synapses of an event."""
        written = {"w": "w"}
        for place, index in (("pre", "i"), ("post", "j")):
            for name in getattr(self.rule, place):
                written[name] = self._trace(event, name, place, index)
        written.update({name: self.syn_value(name) for name in self.rule.syn})
        for name in (*self.rule.reads, *self.rule.signals, *self.rule.delayed):
            written[name] = self.outside(name)
        written["noise"] = "noise"
        return written

    def _trace(self, event: str, name: str, place: str, index: str) -> str:
        if name not in self.spiking:
            return f"{self.prefix}_{name}[{index}]"
        own = event == f"on_{place}"
        if self.mixed:
            risen = event != "on_step" and not own and self.sees_coincident(event)
            delay = f"{self.prefix}_{DELAYS[place]}[k]"
            ring = f"{self.prefix}_{name}_{'after' if risen else 'before'}"
            return f"{ring}[(tick - {delay}) % {ring}.shape[0], {index}]"
        return f"own_{name}" if own else self.value(name, index)

    def own(self, name: str, index: str) -> str:
        """A trace of the spiking neuron, from before its rise."""
        if name in self.rule.read_after_own_rise:
            return f"{self.prefix}_{name}_b[{index}]"
        return self.value(name, index)

    def syn(self, name: str) -> str:
        """Where a synaptic state is stored; with `scale`, this is what it is worth now."""
        return f"{self.prefix}_{name}[{'k' if self.synapses.listed else 'i, j'}]"

    def scale(self, name: str) -> str:
        """The common factor of a synaptic state that decays; empty for one that does not.

        All synapses decay by the same factor in a step, so it is kept once: value = stored * scale.
        """
        shared = math.isfinite(self.rule.syn[name].tau) and not self.defers
        return f"{self.prefix}_{name}_scale[0]" if shared else ""

    def syn_value(self, name: str) -> str:
        return f"({self.syn(name)} * {self.scale(name)})" if self.scale(name) else self.syn(name)

    def outside(self, name: str) -> str:
        """A neuron's variable, a signal, or a delayed copy of one, as a synapse (i, j) reads it."""
        place = self.rule.place_of(name)
        if name in self.rule.delayed:
            return f"{self.prefix}_{name}[{self.prefix}_{name}_slot, {INDEX.get(place, '0')}]"
        return self.current(name, INDEX.get(place, ""))

    def past(self, name: str) -> str:
        """Where a delayed copy stands now, which a step finds out before anything reads it."""
        length = f"{self.prefix}_{name}.shape[0]"
        return f"max(age - ({length} - 1), 0) % {length}"

    def lag(self, name: str) -> int:
        return int(np.rint(self.rule.delayed[name][1] / self.synapses.network.dt))

    def current(self, name: str, index: str) -> str:
        where, what = self.synapses.network.source_of(self.synapses.projection, name)
        if where == "signal":
            sample = "s + b" if self.code.batched else "s"
            return f"{self.signals[what]}[{sample}, t{', ' + index if index else ''}]"
        population, _, variable = what.partition(".")
        group = self.groups[population]
        text = group.text(self.code, ast.Name(id=variable, ctx=ast.Load()), index)
        return f"({text})" if variable in group.neuron.subexpressions else text  # it will stand within other text

    @cached_property
    def _constants(self) -> Constants:
        """One name for one constant, so that the compiler knows equal parts of statements."""
        return Constants({*self.rule.constants, "dt"}, prefix=f"{self.prefix}_c")

    def text(self, expr: ast.expr, names: dict[str, str]) -> str:
        expr = self._constants.pull(expr)
        values = {**self.rule.constants, "dt": self.synapses.network.dt}
        self.code.constants.update(self._constants.values(values))
        return expressions.render(expr, names, FUNCTIONS)
