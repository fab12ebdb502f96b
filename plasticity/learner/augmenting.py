"""Training samples are transformed when they are shown; nothing else is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from plasticity.encoding.augmentation.catalogue import Augmentation
from plasticity.errors import PlasticityError, RefusedError
from plasticity.learner.plan import Step

_PURPOSE = 1  # parts these seeds from those of the order and of updates


@dataclass(frozen=True)
class Augmenting:
    """What is done to the samples of an update.

    What a sample becomes depends on the seed, on the epoch and on its place among the training samples: not on the
    batch it is in, nor on whether training was interrupted.

    transforms: one after the other. seed: of what they draw. shape: of one sample as they see it. unit: whether samples
    are intensities, and stay within [0, 1].
    """

    transforms: tuple[Augmentation, ...]
    seed: int
    shape: tuple[int, ...]
    unit: bool

    def __call__(self, x: np.ndarray, step: Step) -> np.ndarray:
        """Samples x of a step, transformed; shape and dtype stay."""
        shown = x.reshape(len(x), *self.shape)
        for place, transform in enumerate(self.transforms):
            shown = transform(shown, self._seed(step.epoch, place), step.samples)
        return (shown.clip(0, 1) if self.unit else shown).reshape(x.shape)

    def _seed(self, epoch: int, place: int) -> int:
        drawn = np.random.SeedSequence((self.seed, epoch, place, _PURPOSE)).generate_state(1, np.uint64)
        return int(drawn[0])


def augmenting(experiment, given: tuple[int, ...], x: np.ndarray, in_time: bool = False) -> Augmenting | None:
    """What is done to samples x; None for nothing.

    given: the shape of a sample as it came. in_time: whether steps have targets or weights of their own. Raises
    RefusedError for transforms that such samples cannot have, PlasticityError for images that came flat and for what a
    transform itself does not take.
    """
    transforms = experiment.augments
    if not transforms:
        return None
    _require_suited(transforms, _sequences(experiment) or (x.ndim == 3 and experiment.way.name != "method"),
                    x.ndim == 3)
    _require_still(transforms, in_time)
    shape = given if x.ndim == 2 and int(np.prod(given)) == x.shape[1] else x.shape[1:]
    flat = next((each for each in transforms if each.takes == "images" and len(shape) < 2), None)
    if flat is not None:
        raise PlasticityError(f"augment={flat} needs rows and columns of images, and samples came flat, with "
                              f"{x.shape[1]} features; give X as [samples, rows, columns]")
    found = Augmenting(transforms, experiment.asked.seed, shape, bool(x.min() >= 0 and x.max() <= 1))
    found(x[:1], Step(0, 0, np.arange(1), 1, False, 0.0, 0))
    return found


def _require_suited(transforms: tuple[Augmentation, ...], sequences: bool, steps: bool) -> None:
    """sequences: whether samples are these and no images. steps: whether they have any."""
    for each in transforms:
        if each.takes == "images" and sequences:
            raise RefusedError(f"augment={each} changes images, and these samples are sequences, [samples, steps, "
                               "inputs]: use time_shift, flicker or noise, or give images an encoder")
        if each.takes == "sequences" and not steps:
            raise RefusedError(f"augment={each} moves sequences along their steps, and these samples have no steps: "
                               "use shift, flicker or noise")


def _require_still(transforms: tuple[Augmentation, ...], in_time: bool) -> None:
    for each in transforms:
        if in_time and each.takes == "sequences":
            raise RefusedError(f"augment={each} moves samples against their steps' own targets or weights, which stay: "
                               "use flicker or noise")


def require_augment(experiment) -> None:
    """Raises RefusedError for transforms that samples of this experiment cannot have, as far as that is known without
    them."""
    sequences = _sequences(experiment)
    _require_suited(experiment.augments, sequences, _may_have_steps(experiment))
    for each in experiment.augments if sequences else ():
        if experiment.encoder.of_numbers and (each.graded or each.takes == "sequences"):
            raise RefusedError(f"augment={each} makes other words of words, which are numbers of inputs: use a "
                               "function of your own that answers such numbers, and -1 for none")
        if each.graded and experiment.way.name == "stream":
            raise RefusedError(f"augment={each} makes graded values of spikes, and what acts at spikes learns from "
                               "nothing else: use time_shift")
        if each.takes == "sequences" and experiment.encoder.options.get("stream"):
            raise RefusedError(f"augment={each} moves windows against each other, and stream=True joins them: use "
                               "flicker or noise")


def _sequences(experiment) -> bool:
    """Whether samples are told to be sequences."""
    encoder = experiment.encoder
    return encoder is not None and encoder.takes == "sequences"


def _may_have_steps(experiment) -> bool:
    """Whether samples are sequences, or would be if they were given as such."""
    if experiment.way.name == "method":
        return experiment.rule.form == "sequences" and (experiment.encoder is None or _sequences(experiment))
    return _sequences(experiment) or (experiment.way.name == "gradients" and experiment.encoder is None)
