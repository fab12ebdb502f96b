"""All rules by name: texts for synapses, choices of paths for credit, ways to learn with networks of their own."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Protocol, runtime_checkable

from plasticity._utils import own
from plasticity._utils.catalogue import Catalogue
from plasticity.errors import PlasticityError

#: what a change of a weight may depend on: one vocabulary of locality for all rules
NEEDS = ("pre", "post", "weight", "own voltage", "other neurons", "third factor", "error of the readout",
         "error of other layers", "past", "future")


@runtime_checkable
class RuleLike(Protocol):
    """What every rule says of itself.

    kind: "synapse", a text run by an engine; "credit", a choice of paths for gradients; "network", a way to learn that
    brings its own network. words: what it does. source: authors and year. needs: of `NEEDS`, what a weight's change
    depends on. memory: what has to be kept while a sample is learned from.
    """

    name: str
    kind: str
    words: str
    source: str
    needs: tuple[str, ...]
    memory: str


def _places(folder: str, **files: tuple[str, ...]) -> dict[str, str]:
    return {name: f"{folder}.{file}:{name}" for file, names in files.items() for name in names}


_SYNAPSE = _places(
    "plasticity.rules.texts", pair=("pair_stdp",), triplet=("triplet_stdp",), symmetric=("symmetric_stdp",),
    vogels=("vogels_istdp",),
    diehl_cook=("diehl_cook",), nearest=("nearest_stdp",), anti=("anti_stdp",), power_law=("power_law_stdp",),
    log_stdp=("log_stdp",), rank_order=("rank_order_stdp",), clopath=("clopath",), sdsp=("sdsp",),
    urbanczik_senn=("urbanczik_senn",), graupner_brunel=("graupner_brunel",),
    reward=("dopamine_stdp", "mstdp", "mstdpet", "r_max"), r_stdp=("r_stdp",), eprop_online=("eprop_online",),
    tsodyks_markram=("tsodyks_markram",), rate=("hebb", "anti_hebb", "oja", "sanger", "bcm"),
    competitive=("hard_wta", "krotov_hopfield", "soft_hebb"))
_CREDIT = _places("plasticity.rules", credit=(
    "bptt", "truncated_bptt", "eprop", "rflo", "ottt", "ostl", "sltt", "decolle", "feedback_alignment", "dfa", "drtp",
    "etlp"))
_NETWORK = _places(
    "plasticity.methods", backprop=("backprop", "mlp", "cnn", "rnn", "gru", "lstm"),
    local=("equilibrium_propagation", "predictive_coding", "forward_forward", "spiking_forward_forward"))

#: kind -> its rules, name -> function
KINDS: Mapping[str, Catalogue] = MappingProxyType({
    kind: Catalogue("rule", places) for kind, places in (
        ("synapse", _SYNAPSE), ("credit", _CREDIT), ("network", _NETWORK))})
#: name -> function that makes the rule; all of its arguments have defaults
catalogue = Catalogue("rule", {**_SYNAPSE, **_CREDIT, **_NETWORK})


def names() -> list[str]:
    """The names of all rules."""
    return list(catalogue)


def make(rule: str | RuleLike, **options) -> RuleLike:
    """The rule that a text names, "pair_stdp", "eprop(feedback=random)" or "my_rules.py:hebb"; a rule as it is.

    Raises PlasticityError for an unknown name, with the nearest match, for an option that the rule does not have, and
    for what is neither a text nor a rule.
    """
    if own.is_own(rule):
        return own.make(rule, "rule", RuleLike, options)
    if isinstance(rule, str):
        return catalogue.make(rule, **options)
    if isinstance(rule, RuleLike) and not isinstance(rule, type):
        if options:
            raise PlasticityError(f"rule {rule.name!r} is made already; options ({', '.join(options)}) go with a name")
        return rule
    raise PlasticityError(f"rule must be a text, NAME or NAME(option=value, ...), or a rule, got {rule!r}")


def of_kind(kind: str, rule: str | RuleLike, **options) -> RuleLike:
    """The same, where only one kind can be used. Raises PlasticityError for the others, saying where they belong."""
    made = make(rule, **options)
    if made.kind != kind:
        raise PlasticityError(f"rule {made.name!r} is of kind {made.kind!r}, and a {kind!r} rule is needed here "
                              f"({', '.join([*KINDS[kind]][:4])}, ...); use {WHERE[made.kind]}")
    return made


#: kind -> where its rules are used
WHERE: Mapping[str, str] = MappingProxyType({
    "synapse": "it as the rule of a projection, or Learner(network, rule=...)",
    "credit": "Learner(network, rule=...), Network.with_rule or GradientNetwork with it",
    "network": "Learner(rule=...) with it, which brings its own network"})
