"""Transforms of training samples by name, with their options."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import singledispatch
from types import MappingProxyType
from typing import Annotated

import numpy as np

from plasticity._utils import own
from plasticity._utils.catalogue import Call, Catalogue
from plasticity._utils.keeping import Kept
from plasticity._utils.ranges import SMALL, Range, Share, Steps
from plasticity._utils.typed import checked
from plasticity.encoding.augmentation import images, values
from plasticity.encoding.augmentation.draw import seed_of
from plasticity.errors import PlasticityError, RefusedError, quoted

#: what single precision can hold; the width of a Gaussian in pixels
Small = Annotated[float, SMALL]
Width = Annotated[float, Range("above 0 and at most 1000 (pixels)", lambda x: (x > 0) & (x <= 1000))]


@dataclass(frozen=True)
class Augmentation(Kept):
    """A function of samples and a seed. Equal seeds and numbers of samples draw equal transforms.

    transform(x, seed, numbers, **options): x [samples, ...], images as [samples, channels, rows, columns]; answers the
    same shape. takes: "images", "sequences" [samples, steps, inputs], or "any". graded: whether it makes other values
    of spikes.
    """

    name: str
    transform: Callable[..., np.ndarray] = field(repr=False)
    options: Mapping[str, object] = field(default_factory=dict)
    takes: str = "any"
    graded: bool = False

    def __post_init__(self):
        object.__setattr__(self, "options", MappingProxyType(dict(self.options)))

    def __call__(self, x: np.ndarray, seed: int, numbers: np.ndarray) -> np.ndarray:
        """Transformed samples, shape and dtype kept. numbers: of the samples, [samples]."""
        into, back = _LAYOUT.get(self.takes, _AS_THEY_ARE)
        changed = np.asarray(back(self.transform(into(x), seed, numbers, **self.options), x.shape))
        if changed.shape != x.shape:
            raise PlasticityError(f"augmentation {self.name} answers shape {changed.shape} for samples of shape "
                                  f"{x.shape}; it must keep the shape")
        return changed.astype(x.dtype, copy=False)

    def __str__(self) -> str:
        return str(Call(self.name, (), self.options))

    def __reduce__(self):
        return Augmentation, (self.name, self.transform, dict(self.options), self.takes, self.graded)


_AS_THEY_ARE = (lambda x: x, lambda x, shape: x)
def of_catalogue(augment: Augmentation) -> bool:
    """Whether its text is enough to make it again."""
    return augment.name in catalogue and catalogue.make(str(augment)) == augment


def forgotten() -> Augmentation:
    """What stands for a function of a person's own in a learner that was kept: it answers as ever, and learns no more.
    """
    return Augmentation("forgotten", _forgotten)


def _forgotten(x: np.ndarray, seed: int, numbers: np.ndarray) -> np.ndarray:
    raise RefusedError("samples were augmented by a function of your own, which is not kept with a learner: it "
                       "answers, but to learn on it has to be fitted anew, with augment=")


#: what a transform takes -> how samples are brought into that form, and back
_LAYOUT: Mapping[str, tuple[Callable, Callable]] = MappingProxyType({"images": (images.as_images, images.as_before)})


@checked
def elastic(alpha: Small = 34.0, sigma: Width = 4.0) -> Augmentation:
    """Images are bent: each pixel takes the value at a random displacement.

    Displacements are uniform in [-1, 1], smoothed by a Gaussian of `sigma` pixels and multiplied by `alpha`; values
    between pixels are bilinear, outside of the image there is 0. The defaults are those of much public code for MNIST;
    they move pixels by 1.4 of their widths (the root of the mean square, per axis).

    Source: Simard, Steinkraus & Platt 2003, "Best practices for convolutional neural networks applied to visual
    document analysis", ICDAR, section 2.
    """
    return Augmentation("elastic", images.elastic, {"alpha": alpha, "sigma": sigma}, "images")


@checked
def shift(pixels: Steps = 2) -> Augmentation:
    """Images move by up to so many pixels along rows and columns, whole ones; the border becomes 0.

    It is the same to pad with so many pixels of 0 and to cut the old size out at a random place (He, Zhang, Ren & Sun
    2016, CVPR; recalled).
    """
    return Augmentation("shift", images.shift, {"pixels": pixels}, "images")


@checked
def crop(pixels: Steps = 4) -> Augmentation:
    """A part of each image at a random place, so many pixels smaller, stretched to the old size (bilinear)."""
    return Augmentation("crop", images.crop, {"pixels": pixels}, "images")


@checked
def flip(p: Share = 0.5) -> Augmentation:
    """Images are mirrored, left to right, with probability p."""
    return Augmentation("flip", images.flip, {"p": p}, "images")


@checked
def flicker(strength: Share = 1.0) -> Augmentation:
    """Each value times its own uniform number in [1 - strength, 1]."""
    return Augmentation("flicker", values.flicker, {"strength": strength}, graded=True)


@checked
def noise(sd: Small = 0.1) -> Augmentation:
    """Each value plus its own normal number of standard deviation sd."""
    return Augmentation("noise", values.noise, {"sd": sd}, graded=True)


@checked
def time_shift(steps: Steps = 10) -> Augmentation:
    """Sequences move by up to so many steps, earlier or later; 0 moves in."""
    return Augmentation("time_shift", values.time_shift, {"steps": steps}, "sequences")


#: name -> function that makes the transform; all of its arguments have defaults
catalogue = Catalogue("augmentation", {make.__name__: f"{__name__}:{make.__name__}" for make in (
    elastic, shift, crop, flip, flicker, noise, time_shift)})


@singledispatch
def make(augment: object) -> tuple[Augmentation, ...]:
    """The transforms that are meant, in order: a text, "shift(pixels=2)+flip" or "my_code.py:bend"; an Augmentation; a
    function (X, seed) -> X; a tuple of these; None for none.

    Raises PlasticityError for names and options that there are not.
    """
    if not callable(augment):
        raise PlasticityError("augment must be a text, NAME or NAME(option=value, ...), a function (X, seed) -> X, or "
                              f"a tuple of these, got {quoted(augment)}")
    name = getattr(augment, "__name__", type(augment).__name__)
    return (Augmentation(name, augment if own.takes(augment, "numbers") else _Together(augment)),)


@make.register(type(None))
def _(augment: None) -> tuple[Augmentation, ...]:
    return ()


@make.register
def _(augment: Augmentation) -> tuple[Augmentation, ...]:
    return (augment,)


@make.register(tuple)
@make.register(list)
def _(augment) -> tuple[Augmentation, ...]:
    return tuple(each for part in augment for each in make(part))


@make.register
def _(augment: str) -> tuple[Augmentation, ...]:
    parts = joined_by_plus(augment)
    return _named(augment) if len(parts) == 1 else make(parts)


def _named(text: str) -> tuple[Augmentation, ...]:
    if not own.is_own(text):
        return (catalogue.make(text),)
    found, call = own.load(text, "augmentation")
    return make(found(*call.arguments, **call.options) if call.arguments or call.options else found)


def joined_by_plus(text: str) -> tuple[str, ...]:
    """The parts of a text that + joins, outside of brackets."""
    parts, depth = [""], 0
    for letter in text:
        depth += {"(": 1, ")": -1}.get(letter, 0)
        if letter == "+" and not depth:
            parts.append("")
        else:
            parts[-1] += letter
    return tuple(part.strip() for part in parts)


def text_of(augments: tuple[Augmentation, ...]) -> str | None:
    """The transforms as one text; None for none."""
    return "+".join(map(str, augments)) or None


@dataclass(frozen=True)
class _Together:
    """A function of samples and a seed that does not ask for their numbers: it has a seed for all that it is given."""

    function: Callable

    def __call__(self, x: np.ndarray, seed: int, numbers: np.ndarray) -> np.ndarray:
        return self.function(x, seed_of(seed, numbers))
