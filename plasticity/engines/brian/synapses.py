"""A projection as Brian2 Synapses: transmission, and the rule's texts as named pathways with explicit order.

Every trace is a variable of the synapse, so that per-synapse delays need nothing special: it rises in the pathway
of its own neuron, when the spike arrives. Decay and `on_step` run clock-driven in the slot "groups".
Within the slot "synapses" all transmissions come first, then the projections' plasticity, in network order; ties are
never left to Brian2, which breaks them by name.
"""

from __future__ import annotations

import ast
import math
from dataclasses import dataclass

import numpy as np

from plasticity.engines.brian.neurons import namespace_of, unit_of
from plasticity.engines.brian.printing import brian_text
from plasticity.engines.reference.interpreter import in_steps
from plasticity.language import expressions
from plasticity.language.rule import ORDERS, Rule, Trace
from plasticity.network.kinds import SynapseList, synapses_of
from plasticity.network.network import Network, Population, Projection, shape_of
from plasticity.neurons.discretise import brian_functions, import_brian2

#: Order within the slot "groups": decay before the neurons (0, 1), on_step after them.
DECAY, STEP = -1, 10
#: Order within the slot "synapses": transmission from 0, plasticity from here, so many places per projection.
PLASTICITY, PLACES = 10_000, 10
#: What synapses collect for an operation on all of them: changes of shared weights, spikes of a pool.
COLLECTED = "r_collected"
#: Stands for an absent bound in `clip`: compiled programs may be built without arithmetic on infinities.
LARGE = 1e300


@dataclass(frozen=True)
class Texts:
    """A rule in Brian2's words: equations, code per phase of a step, and what the code reads from outside."""

    equations: str
    phases: dict[str, str]
    decay: str
    step: str
    namespace: dict[str, object]
    efficacy: str = "1"


def build_synapses(network: Network, index: int, groups: dict, signals: dict, learn: bool):
    """The Synapses of projection number `index`, connected, with delays and order set."""
    brian2 = import_brian2()
    projection = network.projections[index]
    pre, post = groups[projection.pre], groups[projection.post]
    name = f"projection{index}"
    learning = projection.rule if projection.rule and (learn or projection.rule.efficacy) else None
    texts = rule_texts(network, projection, post, pre, signals) if learning else Texts("", {}, "", "", {})
    on_pre = {"transmit": _transmission(projection, texts.efficacy)} if projection.onto else {}
    on_pre |= {phase: code for phase, code in texts.phases.items() if phase.endswith("pre")}
    on_post = {phase: code for phase, code in texts.phases.items() if phase.endswith("post")}
    if not on_pre and not on_post and not texts.step:
        return None
    every = synapses_of(projection, shape_of(network, projection))
    if not every.pre.size:
        return None
    namespace = dict(texts.namespace)
    if projection.onto:
        namespace |= {"transmitted": projection.scale, "unit_of_target": unit_of(post, projection.onto)}
    collected = f"{COLLECTED} : 1\n" if projection.connect in ("convolution", "max_pool") else ""
    model = f"r_w : 1\n{collected}{texts.equations}"
    synapses = brian2.Synapses(pre, post, model, on_pre=on_pre or None, on_post=on_post or None, namespace=namespace,
                               name=name, dt=network.dt * brian2.second,
                               **_scalar_delays(projection, on_pre, on_post, network.dt))
    synapses.connect(i=every.pre.astype(np.int32), j=every.post.astype(np.int32))
    _set_delays(synapses, projection, on_pre, on_post, network.dt, every)
    _set_order(synapses, learning, index, on_pre, on_post)
    _clocked(synapses, texts, index)
    return synapses


def _transmission(projection: Projection, efficacy: str) -> str:
    if projection.connect == "max_pool":
        return f"{COLLECTED} = 1"
    return f"{projection.onto}_post += transmitted * r_w * ({efficacy}) * unit_of_target"


def _delay(projection: Projection, side: str) -> float | np.ndarray:
    return {"pre": projection.axonal_delay, "post": projection.dendritic_delay}[side]


def _scalar_delays(projection: Projection, on_pre: dict, on_post: dict, dt: float) -> dict:
    second = import_brian2().second
    delays = {pathway: int(in_steps(_delay(projection, side), dt)) * dt * second
              for side, pathways in (("pre", on_pre), ("post", on_post)) for pathway in pathways
              if np.ndim(_delay(projection, side)) == 0}
    return {"delay": delays} if delays else {}


def _set_delays(synapses, projection: Projection, on_pre: dict, on_post: dict, dt: float,
                every: SynapseList) -> None:
    second = import_brian2().second
    for side, pathways in (("pre", on_pre), ("post", on_post)):
        delay = _delay(projection, side)
        if np.ndim(delay):
            for pathway in pathways:
                getattr(synapses, pathway).delay = every.delays(in_steps(delay, dt)) * dt * second


def _set_order(synapses, rule: Rule | None, index: int, on_pre: dict, on_post: dict) -> None:
    sequence = ORDERS[rule.order] if rule else ()
    for pathway in (*on_pre, *on_post):
        getattr(synapses, pathway).order = order_of(pathway, index, sequence)


def order_of(pathway: str, index: int, sequence: tuple[str, ...]) -> int:
    """The place of a pathway within the slot "synapses"; the next place is free for what follows it."""
    return 2 * index if pathway == "transmit" else PLASTICITY + PLACES * index + 2 * sequence.index(pathway)


def _clocked(synapses, texts: Texts, index: int) -> None:
    if texts.decay:
        synapses.run_regularly(texts.decay, when="groups", order=DECAY, name=f"{synapses.name}_decay")
    if texts.step:
        synapses.run_regularly(texts.step, when="groups", order=STEP + index, name=f"{synapses.name}_step")


def rule_texts(network: Network, projection: Projection, post, pre, signals: dict) -> Texts:
    """The rule's events as Brian2 code."""
    rule = projection.rule
    names, namespace = _names(network, projection, {"pre": pre, "post": post}, signals)
    fading = {name: trace for name, trace in rule.variables.items() if math.isfinite(trace.tau)}
    namespace |= {f"decay_of_{name}": math.exp(-network.dt / trace.tau) for name, trace in fading.items()}
    saved = rule.read_after_own_rise
    declared = [*(f"r_{name}" for name in rule.variables), *(f"r_{name}_before" for name in saved)]
    shared = projection.connect == "convolution"
    phases = {phase: _phase(rule, phase, names, saved, shared) for phase in ORDERS[rule.order]}
    return Texts(equations="\n".join(f"{name} : 1" for name in declared),
                 phases={phase: code for phase, code in phases.items() if code},
                 decay="\n".join(f"r_{name} = r_{name} * decay_of_{name}" for name in fading),
                 step=_event(rule, "on_step", names, shared), namespace=namespace,
                 efficacy="1" if rule.efficacy_expr is None else brian_text(rule.efficacy_expr, names))


def _names(network: Network, projection: Projection, ends: dict, signals: dict) -> tuple[dict, dict]:
    """How each name of the rule is printed, and the namespace that this needs."""
    rule = projection.rule
    names = {name: f"r_{name}" for name in rule.variables} | {name: f"p_{name}" for name in rule.params}
    namespace: dict[str, object] = {f"p_{name}": float(value) for name, value in rule.params.items()}
    names |= {"w": "r_w", "dt": "step_length", "noise": "noise_now",
              "w_min": _bound(rule.w_min), "w_max": _bound(rule.w_max)}
    namespace |= {**brian_functions(), "step_length": network.dt, "per_root_step": 1.0 / math.sqrt(network.dt)}
    for name in (*rule.reads, *rule.signals):
        kind, source = network.source_of(projection, name)
        place = rule.place_of(name)
        if kind == "neuron":
            population, variable = source.split(".", 1)
            names[name], needed = _of_neuron(network.population(population), variable, place, network.dt)
            namespace |= {**needed, f"unit_{place}_{variable}": unit_of(ends[place], variable)}
        else:
            names[name] = _at_synapse(f"signal_{name}", network.signal(source).n, place)
            namespace[f"signal_{name}"] = signals[source]
    for alias, (variable, delay) in rule.delayed.items():
        key = (network.source_of(projection, variable)[1], int(in_steps(delay, network.dt)))
        names[alias] = _at_synapse(f"signal_{alias}", network.signal(key[0]).n, rule.place_of(variable))
        namespace[f"signal_{alias}"] = signals[key]
    return names, namespace


def _of_neuron(population: Population, name: str, place: str, dt: float) -> tuple[str, dict[str, object]]:
    """A neuron's variable as a plain number at the synapse, and the constants this needs.

    A subexpression is spelt out here: Brian2 would look for its constants among those of the synapses.
    """
    neuron = population.neuron
    if name not in neuron.subexpressions:
        return f"({name}_{place} / unit_{place}_{name})", {}
    constants = namespace_of(neuron, dt)
    there = {variable: f"{variable}_{place}" for variable in neuron.variables}
    there |= {constant: f"{place}_{constant}" for constant in constants}
    text = brian_text(neuron.subexpressions[name], there)
    return f"(({text}) / unit_{place}_{name})", {f"{place}_{constant}": value for constant, value in constants.items()}


def _bound(value: float) -> str:
    """A bound as Brian2 reads it; infinity has a name there."""
    return repr(float(value)) if math.isfinite(value) else ("inf" if value > 0 else "-inf")


def _at_synapse(name: str, n: int, place: str) -> str:
    return f"{name}(t, {'i' if place == 'pre' else 'j'})" if n else f"{name}(t)"


def _phase(rule: Rule, phase: str, names: dict, saved: frozenset[str], shared: bool) -> str:
    kind, side = phase.split("_")
    own: dict[str, Trace] = {name: trace for name, trace in getattr(rule, side).items() if trace.rise != "none"}
    if kind == "rise":
        return "\n".join(_rise(name, trace, name in saved) for name, trace in own.items())
    return _event(rule, phase, names | {name: f"r_{name}_before" for name in own if name in saved}, shared)


def _rise(name: str, trace: Trace, save: bool) -> str:
    # The rise starts from the copy: Brian2's numpy code would otherwise change both names in place.
    source = f"r_{name}_before" if save else f"r_{name}"
    risen = {"add": f"{source} + 1.0", "set": "1.0"}[trace.rise]
    return (f"r_{name}_before = r_{name}\n" if save else "") + f"r_{name} = {risen}"


def _value(expr: ast.expr, names: dict) -> str:
    """An expression as Brian2 text; a lone name is copied, since numpy would hand on the array that changes next."""
    text = brian_text(expr, names)
    return f"clip({text}, {-LARGE}, {LARGE})" if isinstance(expr, ast.Name) else text


def _event(rule: Rule, event: str, names: dict, shared: bool) -> str:
    """All right-hand sides first, then the assignments, then the bounds. Changes of shared weights are collected."""
    lines = rule.statements.get(event, ())
    if not lines:
        return ""
    reads_noise = any("noise" in expressions.names(line.expr) for line in lines)
    code = ["noise_now = randn() * per_root_step"] if reads_noise else []
    code += [f"change_{k} = {_value(line.expr, names)}" for k, line in enumerate(lines)]
    for k, line in enumerate(lines):
        collects = shared and line.target == "w"
        target, assigned = (COLLECTED, f"change_{k} - r_w") if collects else (f"r_{line.target}", f"change_{k}")
        code.append({"increment": f"{target} = {target} + change_{k}", "assign": f"{target} = {assigned}",
                     "rate": f"{target} = {target} + step_length * change_{k}"}[line.kind])
    bounded = math.isfinite(rule.w_min) or math.isfinite(rule.w_max)
    if not shared and bounded and any(line.target == "w" for line in lines):
        code.append(f"r_w = clip(r_w, {max(rule.w_min, -LARGE)!r}, {min(rule.w_max, LARGE)!r})")
    return "\n".join(code)
