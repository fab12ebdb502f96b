"""A plasticity rule is frozen data: traces, parameters and one expression per event.

Semantics (one step, the same on every engine; `plasticity.engines.reference.interpreter` is the definition in numpy):

1. Traces decay exactly by exp(-dt/tau); then `on_step` reads the decayed traces, from before this step's spikes.
2. Spikes arrive at the synapse: the presynaptic one `axonal_delay` after it was fired, the postsynaptic one
   `dendritic_delay` after.
3. `on_pre` acts on the synapses of arriving presynaptic spikes, `on_post` on those of postsynaptic ones, and traces
   rise, in the sequence the rule's `order` gives. All expressions of one event are evaluated before any assignment,
   and a neuron's own trace is always read before its own rise.
4. The weight is clipped to [w_min, w_max] after each event. In a batch each event's increments of the weight are
   summed (or averaged) over samples first.
"""

from __future__ import annotations

import ast
import keyword
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from types import MappingProxyType

import numpy as np

from plasticity._utils import moved
from plasticity._utils.keeping import Kept
from plasticity._utils.ranges import Finite, Number
from plasticity._utils.typed import require_fields
from plasticity.errors import LanguageError, PlasticityError, choice, quoted
from plasticity.language import expressions, locality
from plasticity.language.statements import Statement, Texts, check_efficacy, efficacy_of, texts
from plasticity.language.trace import State, Trace

__all__ = ["ORDERS", "RESERVED", "Rule", "State", "Trace"]

#: What happens within one step, in sequence, for each preset of `order`.
ORDERS: Mapping[str, tuple[str, ...]] = MappingProxyType({
    "brian2": ("on_pre", "rise_pre", "on_post", "rise_post"),
    "strict": ("on_post", "on_pre", "rise_pre", "rise_post"),
    "inclusive": ("rise_pre", "rise_post", "on_pre", "on_post"),
})
RESERVED = (frozenset({"w", "dt", "t", "noise", "w_min", "w_max", "i", "j", "N"})
            | expressions.NEURON_FUNCTIONS | expressions.PRIMITIVES)
_MAPPINGS = ("pre", "post", "syn", "on_pre", "on_post", "on_step", "let", "params", "reads", "signals", "units")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")


@moved.attributes(sent="efficacy_expr")
@moved.fields(sends="efficacy")
@dataclass(frozen=True, eq=True)
class Rule(Kept):
    """A learning rule as data. See the module's text for what each step does.

    pre, post, syn: names and Traces per presynaptic neuron, postsynaptic neuron, synapse.
    on_pre, on_post: target -> increment at a spike; the target is "w", a `syn` name, or a name of the spiking side.
    on_step: "dX/dt" -> rate of change per second (forward Euler), or "X" -> new value (may use `dt`).
    let: name -> expression, inlined wherever the name is read.
    reads: variable of a neuron -> "post" or "pre" (membrane potential, pseudo-derivative, rate); r_pre and r_post read
        a variable r of the one and the other.
    signals: third factors from outside -> "global", "post" or "pre".
    efficacy: what a presynaptic spike transmits, in units of its weight (""; 1), read when it arrives and before its
        own on_pre. Such a rule describes transmission: it changes presynaptic variables alone, and goes on when
        learning is off.
    params: constants. w_min, w_max: bounds, also readable as names.
    order: "brian2" | "strict" | "inclusive", see ORDERS.

    >>> Rule(pre={"x": Trace(20e-3)}, on_post={"w": "0.01 * x"}, name="hebb").locality["on_post"]
    ('presynaptic trace',)

    Raises LanguageError for a text outside the language and PlasticityError for bad values.
    """

    pre: Mapping[str, Trace] = field(default_factory=dict)
    post: Mapping[str, Trace] = field(default_factory=dict)
    syn: Mapping[str, Trace] = field(default_factory=dict)
    on_pre: Mapping[str, str] = field(default_factory=dict)
    on_post: Mapping[str, str] = field(default_factory=dict)
    on_step: Mapping[str, str] = field(default_factory=dict)
    let: Mapping[str, str] = field(default_factory=dict)
    efficacy: str = ""
    params: Mapping[str, Finite] = field(default_factory=dict)
    reads: Mapping[str, str] = field(default_factory=dict)
    signals: Mapping[str, str] = field(default_factory=dict)
    w_min: Number = -math.inf
    w_max: Number = math.inf
    order: str = "brian2"
    name: str = "rule"
    family: str = "custom"
    source: str = ""
    words: str = ""
    units: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self):
        require_fields(self)
        for slot in _MAPPINGS:
            object.__setattr__(self, slot, MappingProxyType({
                name: value.item() if isinstance(value, np.generic) else value
                for name, value in getattr(self, slot).items()}))
        for bound in ("w_min", "w_max"):  # numpy's numbers print with their type's name, which no engine reads
            if isinstance(getattr(self, bound), np.generic):
                object.__setattr__(self, bound, getattr(self, bound).item())
        choice("order", self.order, ORDERS)
        if not self.w_min <= self.w_max:
            raise PlasticityError(f"w_min must not exceed w_max, got {self.w_min!r} and {self.w_max!r}")
        self._check_names()
        self._check_values()
        if not self.statements:
            raise PlasticityError("a rule needs at least one of on_pre, on_post, on_step")
        check_efficacy(self)

    def __hash__(self) -> int:
        mappings = (self.on_pre, self.on_post, self.on_step, self.params)
        return hash((self.name, self.order, *(frozenset(mapping.items()) for mapping in mappings)))

    def __reduce__(self):
        fields = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return _rebuild, ({k: dict(v) if isinstance(v, Mapping) else v for k, v in fields.items()},)

    def _check_names(self) -> None:
        seen: dict[str, str] = {}
        for slot in ("pre", "post", "syn", "let", "params", "reads", "signals"):
            for name in getattr(self, slot):
                if not _NAME.fullmatch(name) or name in RESERVED or keyword.iskeyword(name):
                    raise LanguageError(f"{quoted(name)} in {slot} cannot be a name: use letters, digits and _, "
                                        "starting with a letter, no word of Python and none of "
                                        f"{', '.join(sorted(RESERVED))}")
                if slot in ("pre", "post", "syn") and name.endswith(("_pre", "_post")):
                    raise LanguageError(f"{name!r} in {slot} ends in _pre or _post, which Brian2 reads as a neuron's "
                                        "variable; choose another name")
                if name in seen:
                    raise LanguageError(f"{name!r} is named in both {seen[name]} and {slot}")
                seen[name] = slot

    def _check_values(self) -> None:
        for name, trace in self.syn.items():
            if trace.rise != "none":
                raise PlasticityError(f"syn variable {name!r} cannot rise with a neuron's spike; use State(...)")
        for slot, allowed in (("reads", ("pre", "post")), ("signals", ("global", "pre", "post"))):
            for name, place in getattr(self, slot).items():
                choice(f"{slot}[{name!r}]", place, allowed)

    @cached_property
    def place(self) -> Mapping[str, str]:
        """Where each name lives: pre, post, syn or global."""
        places = {"w": "syn", "noise": "syn", "dt": "global", "w_min": "global", "w_max": "global"}
        for place in ("pre", "post", "syn"):
            places.update(dict.fromkeys(getattr(self, place), place))
        return places | dict.fromkeys(self.params, "global") | dict(self.reads) | dict(self.signals)

    @cached_property
    def variables(self) -> Mapping[str, Trace]:
        """All traces and states by name."""
        return {**self.pre, **self.post, **self.syn}

    @cached_property
    def constants(self) -> Mapping[str, float]:
        """Everything that has one value for the whole run, but dt."""
        return {**self.params, "w_min": self.w_min, "w_max": self.w_max}

    @cached_property
    def _texts(self) -> Texts:
        return texts(self)

    @property
    def statements(self) -> Mapping[str, tuple[Statement, ...]]:
        """event -> its checked statements, definitions inlined."""
        return self._texts.events

    @property
    def delayed(self) -> Mapping[str, tuple[str, float]]:
        """name in the statements -> (variable it is a delayed copy of, delay in seconds)."""
        return self._texts.delayed

    @cached_property
    def efficacy_expr(self) -> ast.expr | None:
        """`efficacy`, checked, definitions inlined; None where a spike transmits its weight."""
        return efficacy_of(self)

    def place_of(self, name: str) -> str:
        """Where a name of the statements lives, delayed copies included."""
        return self.place[self.delayed[name][0]] if name in self.delayed else self.place[name]

    @cached_property
    def locality(self) -> Mapping[str, tuple[str, ...]]:
        """event -> the kinds of information its change uses."""
        return locality.information(self)

    @property
    def kind(self) -> str:
        """Of which kind of rules it is: a text for synapses."""
        return "synapse"

    @cached_property
    def needs(self) -> tuple[str, ...]:
        """What a change of the weight depends on, in the words of `plasticity.rules.NEEDS`: how local the rule is."""
        return locality.needs(self)

    @property
    def memory(self) -> str:
        """What is kept while it learns: values per neuron and synapse, whatever the number of steps."""
        return locality.memory(self)

    @cached_property
    def reduces(self) -> bool:
        """Whether something in it is over all neurons of the postsynaptic population."""
        lines = (line for lines in self.statements.values() for line in lines)
        return any(expressions.calls(line.expr) & expressions.REDUCTIONS for line in lines)

    @cached_property
    def read_after_own_rise(self) -> frozenset[str]:
        """Traces that an event of their own neuron reads only after their rise, so that engines must remember them."""
        sequence, remembered = ORDERS[self.order], set()
        for side in ("pre", "post"):
            if sequence.index(f"rise_{side}") < sequence.index(f"on_{side}"):
                lines = self.statements.get(f"on_{side}", ())
                read = frozenset().union(*(expressions.names(line.expr) for line in lines))
                rising = (name for name, trace in getattr(self, side).items() if trace.rise != "none")
                remembered |= read.intersection(rising)
        return frozenset(remembered)

    @cached_property
    def reads_names(self) -> frozenset[str]:
        """All names that any statement reads."""
        lines = (line for lines in self.statements.values() for line in lines)
        return frozenset().union(*(expressions.names(line.expr) for line in lines))

    def with_(self, **changes) -> Rule:
        """A copy with fields replaced; `params` are merged into the present ones."""
        if "params" in changes:
            changes["params"] = {**self.params, **changes["params"]}
        return replace(self, **changes)


def _rebuild(fields: dict) -> Rule:
    return Rule(**fields)
