"""Network, rule, encoder, readout and engine that fit together, or the reason why they do not."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from functools import cached_property
from types import ModuleType

from plasticity import networks, rules
from plasticity._utils.catalogue import Call, parse
from plasticity._utils.validation import require_above_zero
from plasticity.encoding import catalogue as encoders
from plasticity.encoding.catalogue import Encoder
from plasticity.engines import ENGINES
from plasticity.errors import PlasticityError, RefusedError, choice, unknown
from plasticity.learner.asked import Asked
from plasticity.learner.ways import WAYS, Way, way_of
from plasticity.network.blueprint import Blueprint
from plasticity.network.network import Network
from plasticity.network.presentation import Model
from plasticity.readout import catalogue as readouts
from plasticity.rules import RuleLike

#: engines that compute gradients, beside those of `plasticity.engines.ENGINES`
GRADIENT_ENGINES = {"compiled": "gradients on a CPU: generated programs, forwards and their exact adjoint",
                    "autograd": "gradients on CPU or GPU: step by step through torch"}
_DEFAULTS = {slot.name: slot.default for slot in fields(Asked)}


@dataclass(frozen=True)
class Experiment:
    """The nouns as objects.

    rule: None for the network's own. network: None where the rule brings it. readouts: the first one answers.
    engine: name and options. rule_text: how the rule was asked for, with options that the network names for it.
    words_: the nouns as texts, where they were other objects before.
    """

    asked: Asked
    way: Way
    rule: RuleLike | None
    network: Blueprint | Network | Model | None
    encoder: Encoder | None
    readouts: tuple
    engine: Call
    rule_text: str | None = None
    words_: Mapping[str, str | None] | None = None

    @property
    def epochs(self) -> int:
        return self.way.epochs if self.asked.epochs is None else self.asked.epochs

    @property
    def batch(self) -> int:
        return self.way.batch if self.asked.batch is None else self.asked.batch

    @property
    def lr(self) -> float | None:
        """The step size; None for the rule's own."""
        lr = self.way.lr if self.asked.lr is None else self.asked.lr
        if lr == "rule":
            return None
        require_above_zero(**({} if lr is None else {"lr": lr}))
        return lr

    @property
    def schedule(self) -> str | Callable[[float], float]:
        return self.way.schedule if self.asked.schedule is None else self.asked.schedule

    @property
    def way_module(self) -> ModuleType:
        """The module of the way of learning, imported when it is asked for (torch takes seconds to load)."""
        return importlib.import_module(self.way.place.partition(":")[0])

    @cached_property
    def words(self) -> dict[str, str | None]:
        """The nouns as texts, as far as they have one."""
        if self.words_ is not None:
            return dict(self.words_)
        return {"network": _text(self.network), "rule": self.rule_text or _text(self.rule),
                "encoder": _text(self.encoder), "readout": ", ".join(map(str, self.readouts)) or None,
                "engine": str(self.engine)}


def _text(noun) -> str | None:
    if noun is None or isinstance(noun, str):
        return noun
    return str(noun) if isinstance(noun, Blueprint | Encoder) else getattr(noun, "name", None) or getattr(
        getattr(noun, "network", None), "name", type(noun).__name__)


def experiment(asked: Asked) -> Experiment:
    """The experiment that an estimator is asked for.

    Raises PlasticityError for names and options that there are not, RefusedError for a combination that cannot work,
    naming what is missing. Nothing is built yet.
    """
    rule = None if asked.rule is None else rules.make(asked.rule)
    network = None if asked.network is None else networks.make(asked.network)
    way = way_of(rule) if rule is not None else _way_of_network(network)
    way = WAYS[asked.extras.get("way", way.name)]
    if rule is None and way.name == "rates":
        rule = rules.make("soft_hebb")
    network = _network(rule, network, way)
    rule, network = _brought(rule, network, way)
    options = networks.suited(network, asked.rule)
    rule_text = asked.rule if isinstance(asked.rule, str) else None
    if options:
        rule, rule_text = rules.make(asked.rule, **options), str(Call(asked.rule, (), options))
    encoder = None if asked.encoder is None else encoders.make(asked.encoder)
    made = Experiment(asked, way, rule, network, encoder, _readouts(asked, way, rule), _engine(asked, way, rule),
                      rule_text)
    _check_arguments(made)
    return made


def _way_of_network(network) -> Way:
    """The way of a network that is to learn by its own rule."""
    if network is None or _kind(network) == "presented":
        return WAYS["stream"]
    if isinstance(network, Network) and getattr(network, "rule", None) is not None:
        return way_of(network.rule)
    if isinstance(network, Model) and getattr(network.network, "rule", None) is not None:
        return way_of(network.network.rule)
    if isinstance(network, Network | Model):
        plain = network if isinstance(network, Network) else network.network
        if plain.plastic:
            return WAYS["stream"]
    if _kind(network) in ("rates", "static"):
        return WAYS["rates" if _kind(network) == "rates" else "method"]
    raise RefusedError(f"network {_text(network)!r} has no rule of its own; give rule=, such as 'eprop' or 'bptt'")


def _kind(network) -> str:
    return network.kind if isinstance(network, Blueprint) else "described"


def _network(rule: RuleLike | None, network, way: Way):
    """The network, or the way's own. Raises RefusedError for one that the rule cannot learn in."""
    if network is None:
        return None if way.network is None else networks.make(way.network)
    described = isinstance(network, Network | Model)
    if (described and way.name in ("stream", "gradients")) or _kind(network) in way.networks:
        return network
    name = "the network's own rule" if rule is None else rule.name
    if way.name == "method":
        raise RefusedError(f"{name} brings its own network; leave network={_text(network)!r} away"
                           + (" (backprop trains mlp, cnn, rnn, gru or lstm)" if name == "backprop" else ""))
    has = {"rates": "rates", "static": "units that do not spike", "spiking": "no synapses that learn by themselves",
           "presented": "spikes", "described": "spikes"}[_kind(network)]
    raise RefusedError(f"{name} {way.asks}; network {_text(network)} has {has}: use network {way.network}")


def _brought(rule: RuleLike | None, network, way: Way):
    """A static network is trained by backpropagation of itself: one method has both."""
    if way.name != "method" or network is None:
        return rule, network
    if rule is not None and rule.name != "backprop":
        raise RefusedError(f"{rule.name} brings its own network; leave network={_text(network)!r} away")
    return rules.make("backprop", network=str(network)), None


def _readouts(asked: Asked, way: Way, rule: RuleLike | None) -> tuple:
    wanted = asked.readout if isinstance(asked.readout, tuple | list) else (asked.readout,)
    name = "the network's own rule" if rule is None else rule.name
    if way.readout is None:
        if asked.readout is not None:
            raise RefusedError(f"{name} answers by itself; leave readout={asked.readout!r} away")
        return ()
    made = tuple(readouts.make(way.readout if readout is None else readout) for readout in wanted)
    for readout in made:
        if readout.learns and not way.learned:
            raise RefusedError(f"readout {readout} learns from an error that it brings back; {name} takes none: use "
                               "all_activity, proportion, logistic or ngram, which are fitted after learning")
        if way.learned and not readout.learns:
            raise RefusedError(f"readout {readout} is fitted after learning; {name} needs one that brings an error "
                               "while it learns: use leaky")
    return made


def _engine(asked: Asked, way: Way, rule: RuleLike | None) -> Call:
    call = parse(asked.engine or way.engine or "auto", "engine")
    if call.name == "auto":
        return call
    if call.name not in {**ENGINES, **GRADIENT_ENGINES}:
        raise unknown("engine", call.name, {**ENGINES, **GRADIENT_ENGINES})
    if call.name not in way.engines:
        name = "the network's own rule" if rule is None else rule.name
        raise RefusedError(f"{name} {way.asks}; engine {call.name!r} cannot do that: use engine="
                           f"{' or '.join(map(repr, way.engines))}")
    strange = sorted(set(call.options) - ({"reduce"} if way.name in ("stream", "rates") else set()))
    if strange or call.arguments:
        raise PlasticityError(f"engine {call.name!r} has no option {strange[0] if strange else call.arguments[0]!r}")
    if "reduce" in call.options:
        choice("reduce", call.options["reduce"], ("sum", "mean"))
    return call


#: argument -> why a way that does not use it refuses it
_MEANINGLESS = {
    "lr": "has its learning rate as an option of its own",
    "schedule": "has its learning rate as an option of its own, which stays",
    "optimizer": "changes weights itself, without an optimizer",
    "loss": "minimises no loss that could be chosen",
    "encoder": "takes samples as they are"}


def _check_arguments(made: Experiment) -> None:
    """Raises RefusedError for arguments that mean nothing to the rule."""
    for name, reason in _MEANINGLESS.items():
        value = getattr(made.asked, name)
        if name not in made.way.uses and value != _DEFAULTS[name]:
            rule = "the network's own rule" if made.rule is None else made.rule.name
            raise RefusedError(f"{rule} {reason}; leave {name}={value!r} away")
    if made.way.name == "method" and made.encoder is not None and not made.rule.spikes:
        raise RefusedError(f"{made.rule.name} does not spike, so it takes samples as they are; leave "
                           f"encoder={str(made.encoder)!r} away")


