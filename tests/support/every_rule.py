"""The whole catalogue as one table, with something for every rule to read, for projections of any size."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np

from plasticity import rules
from plasticity.language.rule import Rule
from support.rates import CASES as RATES
from support.rule_cases import CASES, CONTINUOUS

DT = 1e-3
def learns(rule: Rule) -> bool:
    """Whether the rule changes weights (short-term plasticity changes what spikes send)."""
    return any(line.target == "w" for lines in rule.statements.values() for line in lines)


_CHOSEN: Mapping[str, Callable[[], Rule]] = {
    **{name: case.make for name, case in CASES.items()}, **CONTINUOUS,
    **{name: lambda rule=rule: rule for name, (rule, _) in RATES.items()}}
_NAMES = {make().name for make in _CHOSEN.values()}
#: rules with options that show them at work, and those of the catalogue that are not among them with their defaults
EVERY: Mapping[str, Callable[[], Rule]] = MappingProxyType({
    **_CHOSEN,
    **{name: make for name, make in rules.KINDS["synapse"].items() if make().name not in _NAMES and learns(make())}})
#: name read from outside -> its values, of numbers drawn uniformly from 0 to 1
RANGES: Mapping[str, Callable[[np.ndarray], np.ndarray]] = MappingProxyType({
    "v": lambda x: np.where(x > 0.9, 0.02, -0.065 + 0.03 * x**2), "v_dendrite": lambda x: -0.07 + 0.03 * x,
    "rho": lambda x: 40 * x, "psi": lambda x: 0.3 * x, "reward": lambda x: np.where(x < 0.5, 0.0, 8 * x - 6)})


def outside(rule: Rule, lead: tuple[int, ...], n_pre: int, n_post: int, seed: int = 9) -> dict[str, np.ndarray]:
    """What the rule reads beside spikes, [*lead, n] or [*lead]; lead: (steps,) or (steps, batch)."""
    rng, size = np.random.default_rng(seed), {"pre": (n_pre,), "post": (n_post,), "global": ()}
    ranges = {**RANGES, "v": lambda x: 1.6 * x} if rule.name == "sdsp" else RANGES
    return {name: ranges.get(name, lambda x: 2 * x - 1)(rng.random((*lead, *size[place])))
            for name, place in {**rule.reads, **rule.signals}.items()}


def spikes(lead: tuple[int, ...], n: int, rate: float, seed: int) -> np.ndarray:
    """Random spikes, bool [*lead, n]."""
    return np.random.default_rng(seed).random((*lead, n)) < rate


def within(rule: Rule, shape: tuple[int, ...], seed: int = 5) -> np.ndarray:
    """Weights well within the bounds that the rules of the table have."""
    return np.random.default_rng(seed).uniform(0.2, 0.8, shape)


def reduces(rule: Rule) -> bool:
    """Whether the rule reads the whole postsynaptic population at once."""
    from plasticity.language import expressions

    lines = (line for lines in rule.statements.values() for line in lines)
    return any(expressions.calls(line.expr) & expressions.REDUCTIONS for line in lines)
