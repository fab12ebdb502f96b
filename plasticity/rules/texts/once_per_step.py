"""A rule whose weight changes once per step, whatever the spikes of the step."""

from __future__ import annotations

from plasticity._utils.typed import checked
from plasticity.errors import PlasticityError
from plasticity.language.rule import Rule, State


@checked
def once_per_step(rule: Rule) -> Rule:
    """The same rule, but all spikes of a step see the same weight, and it changes and is clipped once.

    at every spike:   due = due + what `rule` adds to w
    in every step:    w = w + due, then due = 0

    Rules change the weight at each event, and the bounds act each time; many simulators (BindsNET 0.3.4 among them) add
    up what a step's events propose, over the samples of a batch too, and clip the sum. The change is made at the start
    of the next step, before that step transmits, so nothing but the weights read after a presentation's last step can
    tell; what is due then is lost. Every synapse is visited in every step, so this costs time.

    Raises PlasticityError for a rule that changes the weight in steps already, or at no event.
    """
    if any(line.target == "w" for line in rule.statements.get("on_step", ())):
        raise PlasticityError(f"rule {rule.name!r} already changes the weight once per step")
    if not ("w" in rule.on_pre or "w" in rule.on_post):
        raise PlasticityError(f"rule {rule.name!r} changes the weight at no spike, so there is nothing to collect")
    return rule.with_(
        syn={**rule.syn, "due": State()}, on_pre=_collected(rule.on_pre), on_post=_collected(rule.on_post),
        on_step={**rule.on_step, "w": "w + due", "due": "0"}, name=f"{rule.name}_once_per_step",
        words=f"{rule.words} The changes of a step are added up and made at once.")


def _collected(lines) -> dict[str, str]:
    return {"due" if target == "w" else target: text for target, text in lines.items()}
