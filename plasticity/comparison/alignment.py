"""How close a rule's update comes to the gradient: direction and length, for every parameter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import torch

from plasticity.engines.gradient.exact import Objective, gradients
from plasticity.engines.gradient.network import GradientNetwork
from plasticity.rules import of_kind
from plasticity.rules.paths import GradientRule


class Alignment(NamedTuple):
    """cosine between two updates (NaN if one is zero), and norm, the length of the first relative to the second."""

    cosine: float
    norm: float


def compare(update: torch.Tensor, reference: torch.Tensor) -> Alignment:
    """Two updates of the same shape."""
    a, b = update.flatten().double(), reference.flatten().double()
    return Alignment(float(a @ b / (a.norm() * b.norm())), float(a.norm() / b.norm()))


def alignment(network: GradientNetwork, x, objective: Objective, rule: str | GradientRule | None = None,
              reference: str | GradientRule = "bptt", seed: int = 0) -> dict[str, Alignment]:
    """The update of a rule against that of `reference`, {parameter: Alignment}, with the network's present weights.

    rule: None for the network's own. x: [batch, steps, n]. objective: from a `Output` to a number. seed: of random
    feedback weights, where `rule` is given.
    """
    under = network if rule is None else network.with_rule(of_kind("credit", rule), seed=seed)
    found = gradients(under, x, objective)
    exact = gradients(network.with_rule(reference), x, objective)
    return {name: compare(found[name], exact[name]) for name in found if name in exact}


def table(network: GradientNetwork, x, objective: Objective, names: Sequence[str | GradientRule],
          reference: str | GradientRule = "bptt") -> Mapping[str, dict[str, Alignment]]:
    """`alignment` for several rules, {rule name: {parameter: Alignment}}."""
    made = [of_kind("credit", name) for name in names]
    return {rule.name: alignment(network, x, objective, rule, reference) for rule in made}
