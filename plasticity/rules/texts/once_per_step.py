"""A rule whose weight changes once per step, whatever the spikes of the step."""

from __future__ import annotations

from plasticity._utils.typed import checked
from plasticity.errors import PlasticityError
from plasticity.language.rule import Rule, State
from plasticity.rules.texts._parts import not_negative, positive


@checked
def once_per_step(rule: Rule, weight_decay: float = 0.0, batch: int = 1) -> Rule:
    """The same rule, but all spikes of a step see the same weight, and it changes and is clipped once.

    at every spike:   due = due + what `rule` adds to w
    in every step:    w = (w + due) (1 - weight_decay), then due = 0

    Rules change the weight at each event, and the bounds act each time; many simulators (BindsNET 0.3.4 among them) add
    up what a step's events propose, over the samples of a batch too, and clip the sum. The change is made at the start
    of the next step, before that step transmits, so nothing but the weights read after a presentation's last step can
    tell; what is due then is lost. Every synapse is visited in every step, so this costs time.

    weight_decay: share of itself that the weight loses in each step, 0 to 1. batch: how many samples share that loss,
    as the engine adds up what all of them propose (with reduce="mean": 1).
    Raises PlasticityError for a rule that changes the weight in steps already, or at no event, and for values out of
    range.
    """
    not_negative(weight_decay=weight_decay)
    positive(batch=batch)
    if weight_decay > 1 or batch < 1:
        raise PlasticityError("weight_decay must not exceed 1 and batch not be below 1, got "
                              f"weight_decay={weight_decay!r}, batch={batch!r}")
    if any(line.target == "w" for line in rule.statements.get("on_step", ())):
        raise PlasticityError(f"rule {rule.name!r} already changes the weight once per step")
    if not ("w" in rule.on_pre or "w" in rule.on_post):
        raise PlasticityError(f"rule {rule.name!r} changes the weight at no spike, so there is nothing to collect")
    lasting = _decaying(weight_decay, batch) if weight_decay else {"on_step": {"w": "w + due"}, "syn": {}, "params": {}}
    return rule.with_(
        syn={**rule.syn, "due": State(), **lasting["syn"]}, params={**rule.params, **lasting["params"]},
        on_pre=_collected(rule.on_pre), on_post=_collected(rule.on_post),
        on_step={**rule.on_step, **lasting["on_step"], "due": "0"}, name=f"{rule.name}_once_per_step",
        words=f"{rule.words} The changes of a step are added up and made at once.")


def _collected(lines) -> dict[str, str]:
    return {"due" if target == "w" else target: text for target, text in lines.items()}


def _decaying(weight_decay: float, batch: int) -> dict:
    """Nothing has passed by the first step, so the weight decays from the second one on."""
    return {"syn": {"begun": State()}, "params": {"weight_decay": weight_decay, "batch": float(batch)},
            "on_step": {"w": "w + due * (1 - weight_decay) - weight_decay / batch * w * begun", "begun": "1"}}
