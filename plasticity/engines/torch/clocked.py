"""The clocked changes of one rule as a function of tensors: for layers of rates, which have no spikes and no delays."""

from __future__ import annotations

from collections.abc import Mapping

import torch

from plasticity.engines.torch.language import Context
from plasticity.engines.torch.products import Sum
from plasticity.engines.torch.statements import Change, Compiler
from plasticity.errors import RefusedError
from plasticity.language import expressions
from plasticity.language.rule import Rule


class Clocked:
    """What `on_step` of a rule changes, reduced over a batch of samples that all see the same weights and states.

    States are one value per neuron for the whole batch, as slow variables of populations are. Raises RefusedError for a
    rule that does more than that: acts at spikes, keeps traces that decay or states of synapses, or reads noise.
    """

    def __init__(self, rule: Rule, n_post: int, context: Context):
        reason = refusal(rule)
        if reason:
            raise RefusedError(f"rule {rule.name!r} {reason}; a layer of rates runs rules of on_step alone")
        self.rule, self.context = rule, context
        self.changes = Compiler(rule, context, n_post, ()).events()["on_step"]

    def __call__(self, w: torch.Tensor, values: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        """target -> change: [pre, post] of w, [n] of states.

        values: activities [batch, n] and states [1, n], by name.
        """
        v = {**values, "w": w}
        return {change.target: self._of_weights(change, v) if change.target == "w" else self._of_state(change, v)
                for change in self.changes}

    def _of_weights(self, change: Change, v: Mapping[str, torch.Tensor]) -> torch.Tensor:
        w, batch = v["w"], max(len(value) for name, value in v.items() if name != "w")
        total = Sum(batch, tuple(w.shape), self.context.share(batch))
        for product in change.products:
            total.product(product, "step", None, v)
        if change.remainder:
            total.full(self.context.tensor(change.remainder(v)).expand(batch, *w.shape))
        result = torch.zeros_like(w)
        total.add_to(result)
        return result

    def _of_state(self, change: Change, v: Mapping[str, torch.Tensor]) -> torch.Tensor:
        value = self.context.tensor(change.remainder(v))
        moved = value - v[change.target] if change.assigns else value
        return moved.sum(0) if self.context.reduce == "sum" else moved.mean(0)


def refusal(rule: Rule) -> str:
    """What a rule does beyond clocked changes; empty when it does nothing else."""
    if rule.on_pre or rule.on_post:
        return "acts at spikes"
    if rule.syn or any(trace.tau != float("inf") for trace in rule.variables.values()):
        return "keeps traces that decay, or states of synapses"
    if "noise" in rule.reads_names or rule.delayed:
        return "reads noise or past values"
    if any(expressions.names(line.expr) & set(rule.signals) for line in rule.statements["on_step"]):
        return f"needs the signal {', '.join(rule.signals)}"
    return ""
