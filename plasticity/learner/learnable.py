"""Which rules of synapses can learn from samples alone."""

from __future__ import annotations

from collections.abc import Sequence

from plasticity.errors import RefusedError
from plasticity.language.rule import Rule
from plasticity.network.network import Network


def require_stream(rule: Rule | None, network: Network | None) -> None:
    """Raises RefusedError where samples alone teach nothing, as far as that is known.

    rule: None for the network's own. network: None where it is not built yet.
    """
    if network is not None:
        require_no_signals(network)
    own = () if network is None else [projection.rule for projection in network.plastic]
    require_learnable(own if rule is None else [rule])


def require_learnable(rules: Sequence[Rule]) -> None:
    """Raises RefusedError where none of the rules changes a weight, or one waits for a third factor: samples bring
    none."""
    if rules and not any(map(changes_weights, rules)):
        raise RefusedError(f"{rules[0].name} says what a spike sends and changes no weight, so nothing can be learned "
                           "with it; choose another rule")
    for rule in rules:
        if rule.signals:
            raise RefusedError(_unheard(f"{rule.name} needs", [*rule.signals]))


def require_no_signals(network: Network) -> None:
    """Raises RefusedError for a network that waits for signals."""
    if network.signals:
        raise RefusedError(_unheard(f"network {network.name!r} waits for", [each.name for each in network.signals]))


def changes_weights(rule: Rule) -> bool:
    return any(line.target == "w" for lines in rule.statements.values() for line in lines)


def _unheard(who: str, signals: Sequence[str]) -> str:
    named = " and ".join(map(repr, signals))
    given = ", ".join(f"{name!r}: ..." for name in signals)
    return (f"{who} the signal{'s' * (len(signals) > 1)} {named}, which samples do not bring: run the network "
            f"yourself, plasticity.build(network).run(spikes, signals={{{given}}})")
