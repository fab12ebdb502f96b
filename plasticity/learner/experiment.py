"""Network, rule, encoder, readout and engine that fit together, or the reason why they do not."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from types import ModuleType

from plasticity import networks, rules
from plasticity._utils.catalogue import Call
from plasticity.encoding import catalogue as encoders
from plasticity.encoding.augmentation import catalogue as augmentations
from plasticity.encoding.augmentation.catalogue import Augmentation
from plasticity.encoding.catalogue import Encoder
from plasticity.learner.arguments import require_arguments
from plasticity.learner.asked import Asked
from plasticity.learner.learnable import require_stream
from plasticity.learner.plan import Plan
from plasticity.learner.suiting import (
    plain,
    suited_engine,
    suited_network,
    suited_readouts,
    text_of,
    way_of_network,
)
from plasticity.learner.ways import WAYS, Way, way_of
from plasticity.network import cells
from plasticity.network.blueprint import Blueprint
from plasticity.network.cells import Device
from plasticity.network.network import Network
from plasticity.network.presentation import Model
from plasticity.rules import RuleLike


@dataclass(frozen=True)
class Experiment:
    """The nouns as objects.

    rule: None for the network's own. network: None where the rule brings it. readouts: the first one answers.
    engine: name and options. rule_text: how the rule was asked for, with options that the network names for it.
    words_: the nouns as texts, where they were other objects before. augments: what training samples become, in order.
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
    augments: tuple[Augmentation, ...] = ()

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
        return None if lr == "rule" else lr

    @property
    def memory(self) -> Device | None:
        """What keeps the weights while gradients are taken, engine="compiled(store=pcm)"; None for nothing."""
        store = self.engine.options.get("store")
        return None if store is None else cells.make(store)

    @property
    def schedule(self) -> str | Callable[[float], float]:
        return self.way.schedule if self.asked.schedule is None else self.asked.schedule

    @property
    def plan(self) -> Plan:
        """In which order samples are shown, in batches of those that share their weights."""
        return Plan(self.epochs, self.batch, self.asked.seed, self.asked.shuffle, self.schedule, self.asked.patience,
                    self.asked.verbose)

    @property
    def way_module(self) -> ModuleType:
        """The module of the way of learning, imported when it is asked for (torch takes seconds to load)."""
        return importlib.import_module(self.way.place.partition(":")[0])

    @cached_property
    def words(self) -> dict[str, str | None]:
        """The nouns as texts, as far as they have one, and what training samples become."""
        if self.words_ is not None:
            return dict(self.words_)
        return {"network": text_of(self.network), "rule": self.rule_text or text_of(self.rule),
                "encoder": text_of(self.encoder), "readout": ", ".join(map(str, self.readouts)) or None,
                "engine": str(self.engine), "augment": augmentations.text_of(self.augments)}


def experiment(asked: Asked) -> Experiment:
    """The experiment that an estimator is asked for.

    Raises PlasticityError for names and options that there are not, RefusedError for a combination that cannot work,
    naming what is missing. Nothing is built yet.
    """
    rule = None if asked.rule is None else rules.make(asked.rule)
    network = None if asked.network is None else networks.make(asked.network)
    way = way_of(rule) if rule is not None else way_of_network(network)
    way = WAYS[asked.extras.get("way", way.name)]
    if rule is None and way.name == "rates":
        rule = rules.make("soft_hebb")
    rule, network = suited_network(rule, network, way)
    if way.name == "stream":
        require_stream(rule, plain(network))
    options = networks.suited(network, asked.rule)
    rule_text = asked.rule if isinstance(asked.rule, str) else None
    if options:
        rule, rule_text = rules.make(asked.rule, **options), str(Call(asked.rule, (), options))
    encoder = None if asked.encoder is None else encoders.make(asked.encoder)
    suited = Experiment(asked, way, rule, network, encoder, suited_readouts(rule, asked, way),
                        suited_engine(rule, asked, way), rule_text, augments=augmentations.make(asked.augment))
    require_arguments(suited)
    return suited
