"""Arguments that say nothing to a rule, and values that cannot be: refused before samples are seen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from types import MappingProxyType

import numpy as np

from plasticity._utils.ranges import RATE, require
from plasticity.errors import PlasticityError, RefusedError
from plasticity.learner.asked import Asked
from plasticity.learner.augmenting import require_augment
from plasticity.learner.suiting import name_of
from plasticity.readout.catalogue import READOUTS
from plasticity.readout.losses import require_outputs
from plasticity.readout.weights import require_by_class

_DEFAULTS = {slot.name: slot.default for slot in fields(Asked)}
#: argument -> why a way that does not use it refuses it
_MEANINGLESS: Mapping[str, str] = MappingProxyType({
    "lr": "has its learning rate as an option of its own",
    "schedule": "has its learning rate as an option of its own, which stays",
    "optimizer": "changes weights itself, without an optimizer",
    "loss": "minimises no loss that could be chosen",
    "encoder": "takes samples as they are"})


def require_arguments(experiment) -> None:
    """Raises RefusedError for arguments that mean nothing to the rule, PlasticityError for values that cannot be."""
    _require_meaning(experiment)
    _require_encoder(experiment)
    require_augment(experiment)
    _require_class_weight(experiment)
    if experiment.way.name == "gradients":
        require_outputs(experiment.asked.loss, experiment.readouts[0].outputs)
    _require_values(experiment)


def _require_meaning(experiment) -> None:
    for name, reason in _MEANINGLESS.items():
        value = getattr(experiment.asked, name)
        if name not in experiment.way.uses and value != _DEFAULTS[name]:
            raise RefusedError(f"{name_of(experiment.rule)} {reason}; leave {name}={value!r} away")


def _require_encoder(experiment) -> None:
    encoder, name = experiment.encoder, name_of(experiment.rule)
    if encoder is None:
        return
    if experiment.way.name == "method" and not experiment.rule.spikes:
        raise RefusedError(f"{name} does not spike, so it takes samples as they are; leave encoder={str(encoder)!r} "
                           "away")
    if experiment.way.name == "stream" and (encoder.takes, encoder.gives) == ("samples", "values"):
        raise RefusedError(f"encoder {encoder.name} gives graded values; {name} acts at spikes: use latency, rate or "
                           "rank_order")


def _require_class_weight(experiment) -> None:
    """Means over each class, and methods that know no weights, stay what they are whatever a class weighs."""
    name = name_of(experiment.rule)
    weight = experiment.asked.class_weight
    if weight is None:
        return
    _require_weights(weight)
    if experiment.way.name == "method" and not experiment.rule.weighs:
        raise RefusedError(f"{name} knows no weights of samples; leave class_weight away")
    names = [] if experiment.way.learned else [readout.name for readout in experiment.readouts]
    if names and not any(READOUTS[each].weighs_classes for each in names):
        raise RefusedError(f"readout {names[0]} compares means over the samples of each class, which class_weight does "
                           "not change; use readout='logistic', or leave class_weight away")


def _require_weights(weight: object) -> None:
    if isinstance(weight, str) and weight == "balanced":
        return
    if not isinstance(weight, Mapping):
        raise PlasticityError(f"class_weight must be None, 'balanced' or a dictionary, got {weight!r}")
    require_by_class(weight)


def _require_values(experiment) -> None:
    """Numbers of the plan, and what is held out."""
    asked, plan = experiment.asked, experiment.plan
    if experiment.lr is not None:
        require(RATE, lr=experiment.lr)
    _require_validation(asked.validation)
    if plan.patience is not None and not _held_out(asked.validation):
        raise PlasticityError("patience needs held-out samples to tell whether training still helps: give "
                              "validation > 0 as well")


def _held_out(validation: object) -> bool:
    return isinstance(validation, tuple | list) or validation > 0


def _require_validation(validation: object) -> None:
    pair = isinstance(validation, tuple | list) and len(validation) in (2, 3)
    number = isinstance(validation, int | float | np.number) and not isinstance(validation, bool)
    if not pair and not (number and 0 <= validation < 1):
        raise PlasticityError(f"validation must lie in [0, 1), or be (X, y) or (X, y, sample_weight), got "
                              f"{validation!r}")
