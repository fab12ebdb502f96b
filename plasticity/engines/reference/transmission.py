"""What the efficacy of a rule does to a train of spikes, as a plain numpy loop: the definition."""

from __future__ import annotations

import math

import numpy as np

from plasticity._utils import moved
from plasticity.engines.reference.interpreter import risen
from plasticity.errors import PlasticityError
from plasticity.language import expressions
from plasticity.language.rule import ORDERS, Rule


def transmitted(rule: Rule, spikes: np.ndarray, dt: float) -> np.ndarray:
    """How much of its weight each spike transmits: [steps, n], 0 without a spike (1 for rules that do not say).

    spikes: bool [steps, n], as they arrive. dt: s. In each step variables decay, `on_step` acts, spikes transmit, and
    then the rule's own events follow. Raises PlasticityError for another shape or dt.
    """
    spikes = np.asarray(spikes, bool)
    if spikes.ndim != 2:
        raise PlasticityError(f"spikes must be bool [steps, n], got shape {spikes.shape}")
    if not 0 < dt < math.inf:
        raise PlasticityError(f"dt must be positive and finite (seconds), got {dt!r}")
    if rule.efficacy_expr is None:
        return spikes.astype(float)
    values = {name: np.full(spikes.shape[1], trace.initial) for name, trace in rule.pre.items()}
    amounts, everyone = np.zeros(spikes.shape), np.ones(spikes.shape[1], bool)
    for t, fired in enumerate(spikes):
        values = {name: value * math.exp(-dt / rule.pre[name].tau) for name, value in values.items()}
        values |= _changed(rule, "on_step", values, values, everyone, dt)
        amounts[t] = np.where(fired, expressions.evaluate(rule.efficacy_expr, {**rule.constants, **values}), 0.0)
        own = {name: values[name] for name, trace in rule.pre.items() if trace.rise != "none"}
        for phase in ORDERS[rule.order]:
            if phase == "on_pre":
                values |= _changed(rule, phase, values, own, fired, dt)
            elif phase == "rise_pre":
                values = {name: risen(rule.pre[name], value, fired) for name, value in values.items()}
    return amounts


def _changed(rule: Rule, event: str, values: dict, own: dict, where: np.ndarray, dt: float) -> dict[str, np.ndarray]:
    """The variables that an event changes, all evaluated before any is assigned; `own` are read before their rise."""
    namespace, changed = {**rule.constants, "dt": dt, **values, **own}, {}
    for line in rule.statements.get(event, ()):
        result, old = expressions.evaluate(line.expr, namespace), values[line.target]
        new = {"increment": old + result, "rate": old + dt * result, "assign": result}[line.kind]
        changed[line.target] = np.where(where, new, old)
    return changed


__getattr__ = moved.names(__name__, sent="plasticity.engines.reference.transmission:transmitted")
