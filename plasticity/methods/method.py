"""A way to learn, with the network that belongs to it, as data."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

import numpy as np

from plasticity._utils.keeping import Kept
from plasticity._utils.validation import require_positive
from plasticity.errors import PlasticityError

if TYPE_CHECKING:
    from torch import Tensor

Shape = tuple[int, ...]


class Learning(Protocol):
    """What a method builds: a torch module with these two functions."""

    def __call__(self, x: Tensor) -> Tensor:
        """Scores [batch, classes]: the larger, the likelier."""

    def gradient(self, x: Tensor, labels: Tensor, rng: np.random.Generator) -> Tensor:
        """Leaves the method's change in `.grad` of the parameters, with the sign of a gradient; answers the loss."""


@dataclass(frozen=True)
class Method(Kept):
    """name. build(shape of one sample, classes, seed, dtype): the network. form: what samples look like, see `FORMS`.
    lr: Adam's step size, unless the estimator is told otherwise.
    words: what it does. keeps, cuts: what credit there is, and which of backpropagation's paths are closed. memory:
    what has to be kept while one sample is learned from: N units, T steps, L layers. source: authors and year.
    options: what the method was made with. spikes: whether its network spikes, and reads samples as spikes in steps.
    needs: what a change of a weight depends on, of `plasticity.rules.NEEDS`. weighs: whether samples may count
    differently: `Learning.gradient` then takes weight [batch] as well.
    """

    name: str
    build: Callable[..., Learning] = field(compare=False, repr=False)
    form: str
    lr: float
    words: str = ""
    keeps: str = ""
    cuts: str = ""
    memory: str = ""
    source: str = ""
    options: Mapping[str, object] = field(default_factory=dict)
    spikes: bool = False
    needs: tuple[str, ...] = ()
    weighs: bool = False

    @property
    def kind(self) -> str:
        """Of which kind of rules it is: one that brings its own network."""
        return "network"


def _flat(x: np.ndarray) -> np.ndarray:
    return x.reshape(len(x), -1)


def _images(x: np.ndarray) -> np.ndarray:
    if x.ndim not in (3, 4):
        raise PlasticityError("this method takes images, [samples, height, width] or [samples, channels, height, "
                              f"width]; got shape {x.shape}")
    return x if x.ndim == 4 else x[:, None]


def _sequences(x: np.ndarray) -> np.ndarray:
    if x.ndim != 3:
        raise PlasticityError("this method takes sequences, [samples, steps, inputs] (images [samples, height, width] "
                              f"are read row by row); got shape {x.shape}")
    return x


#: form -> how given arrays are brought into it
FORMS: Mapping[str, Callable[[np.ndarray], np.ndarray]] = {"flat": _flat, "images": _images, "sequences": _sequences}


def samples(x, form: str) -> np.ndarray:
    """x as the method takes it: finite numbers, float32 unless they are float64 already.

    Raises PlasticityError for what cannot be shown.
    """
    x = np.asarray(x)
    if x.dtype.kind not in "biuf" or x.ndim < 2 or not x.size:
        raise PlasticityError(f"X must hold numbers, [samples, ...], at least one; got {x.dtype}, shape {x.shape}")
    x = FORMS[form](x if x.dtype.kind == "f" else x.astype(np.float32))
    if not np.isfinite(x).all():
        raise PlasticityError("X holds NaN or infinity")
    return x


def as_sizes(name: str, sizes: int | tuple[int, ...]) -> tuple[int, ...]:
    """The sizes of layers, one number for one layer. Raises PlasticityError for all but whole numbers of at least 1."""
    if isinstance(sizes, int) and not isinstance(sizes, bool):
        sizes = (sizes,)
    if not isinstance(sizes, tuple | list):
        raise PlasticityError(f"{name} must be a number or a tuple with a size per layer, as (500,), got {sizes!r}")
    for size in sizes:
        require_positive(**{f"each of {name}": size})
    return tuple(sizes)


def require_shape(x: np.ndarray, shape: Shape, form: str) -> None:
    """Raises PlasticityError unless samples have the shape a network was built for; sequences may have any length."""
    given, wanted = (s[1:] if form == "sequences" else s for s in (x.shape[1:], shape))
    if given != wanted:
        raise PlasticityError(f"samples have shape {x.shape[1:]}, the network was built for {shape}")
