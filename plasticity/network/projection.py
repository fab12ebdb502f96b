"""Projections between populations. Data only; what each kind of `connect` means stands in `kinds`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse

from plasticity._utils.catalogue import parse
from plasticity._utils.content import ByContent
from plasticity._utils.keeping import Kept
from plasticity._utils.ranges import Delays, Finite, Numbers, Positive
from plasticity._utils.seconds import warn_of_milliseconds
from plasticity._utils.typed import require_fields
from plasticity.errors import PlasticityError, RefusedError, choice
from plasticity.language.rule import Rule
from plasticity.network import connecting
from plasticity.network.homeostasis import factors
from plasticity.network.kinds import KINDS, Kind, Shape, exists_in, weights_of
from plasticity.network.pairs import Pairs
from plasticity.network.window import Window
from plasticity.rules.catalogue import of_kind


@dataclass(frozen=True, eq=False)
class Projection(Kept, ByContent):
    """Synapses from `pre` to `post` (names of inputs or populations).

    weights: [n_pre, n_post], or a number for all synapses; one_to_one also [n]; convolution [fan_in, channels], shared
        by all positions (places of a patch as in `Window.patches`); all_but_self and pools a number.
    connect: dense; sparse (needs `mask`, bool [n_pre, n_post]); one_to_one; all_but_self (every neuron but the one with
        the same index); pairs (needs `pairs`, a list of synapses: what takes memory are these alone, weights [synapses]
        and delays likewise, and so `get` answers them; `pairs.matrix` makes a sparse matrix of it). Weights or a mask
        of scipy.sparse make a projection of pairs, and so does what names or is a way to draw them: "random(p=0.1)",
        "fixed_in_degree(k=100)", "fixed_out_degree(k=100)", "distance(sigma=0.1)" (with `seed=`, else the projection's
        name seeds them), or a function (n_pre, n_post) -> matrix.
        With a `window`: convolution; locally_connected (the same synapses, every weight its own);
        average_pool (weights * the mean of the spikes in each window, map by map); max_pool (weights, if any neuron in
        the window spiked in this step).
    onto: variable of the postsynaptic neuron that receives `scale * w` per spike (None: synapses that only learn).
    rule: how the weights learn, a Rule or a text that names one (all kinds but all_but_self and pools). On a
        convolution each position's synapses have traces and states of their own; the increments that one event makes to
        a shared weight are summed over positions before its bounds act. Reductions over the postsynaptic population run
        over the channels of each position on a convolution, over the whole population on everything else.
    axonal_delay: s from the presynaptic spike to the synapse (transmission and plasticity), a number or
        [n_pre, n_post] (convolution and max_pool: a number). dendritic_delay: s from the postsynaptic spike back to the
        synapse (plasticity only).
    normalize: sum to which the absolute weights onto each postsynaptic neuron (convolution: those of each channel) are
        scaled, when the network is built and after each learning presentation (after each batch); clipped to the rule's
        bounds; None for not at all.
    frozen: whether it stays as it is under rules that train the whole network by gradients, and under those that
        `with_rule` gives to all projections that could learn. Without such a rule, and without one of its own, a
        projection does not learn anyway; with one of its own it cannot be frozen.
    """

    pre: str
    post: str
    weights: Numbers
    connect: str | Callable = "dense"
    onto: str | None = None
    scale: Finite = 1.0
    rule: Rule | None = None
    axonal_delay: Delays = 0.0
    dendritic_delay: Delays = 0.0
    normalize: Positive | None = None
    mask: np.ndarray | None = None
    label: str = ""
    window: Window | None = None
    frozen: bool = False
    pairs: Pairs | None = None

    def __post_init__(self):
        _take_sparse(self)
        if self.rule is not None and not isinstance(self.rule, Rule):
            object.__setattr__(self, "rule", of_kind("synapse", self.rule))
        require_fields(self)
        for argument in ("axonal_delay", "dendritic_delay"):
            longest = float(np.max(getattr(self, argument), initial=0))
            warn_of_milliseconds(0.999, **{f"{argument} of projection {self.name!r}": longest})

    @property
    def name(self) -> str:
        return self.label if isinstance(self.label, str) and self.label else f"{self.pre}->{self.post}"

    @property
    def kind(self) -> Kind:
        return KINDS[self.connect]


def _take_sparse(projection: Projection) -> None:
    """Weights or a mask of scipy.sparse become a list of pairs."""
    for name in ("weights", "mask"):
        matrix = getattr(projection, name)
        if not sparse.issparse(matrix):
            continue
        if projection.pairs is not None or projection.connect not in ("dense", "sparse"):
            raise PlasticityError(f"{name} of projection {projection.name!r} are of scipy.sparse, which says itself "
                                  "which synapses there are; leave connect and pairs away")
        pairs, values = Pairs.valued(matrix)
        object.__setattr__(projection, "pairs", pairs)
        object.__setattr__(projection, "connect", "pairs")
        object.__setattr__(projection, name, values if name == "weights" else None)


def connected(projection: Projection, shape: Shape) -> Projection:
    """The projection with its synapses drawn, where `connect` says how to draw them; else as it is.

    shape: (n_pre, n_post). Raises PlasticityError for what names neither a kind nor a way to draw.
    """
    connect = projection.connect
    if isinstance(connect, str) and (connect in KINDS or not connecting.is_known(connect)):
        return projection
    if projection.pairs is not None or projection.mask is not None:
        raise PlasticityError(f"projection {projection.name!r} draws its synapses; leave pairs and mask away")
    drawn = connecting.draw(connect, shape, f"connect of projection {projection.name!r}", projection.name)
    return replace(projection, connect="pairs", pairs=drawn)


def normalized(projection: Projection, w: np.ndarray) -> np.ndarray:
    """Weights, as `get` answers them, after the projection's normalisation, within the bounds of its rule."""
    kind = projection.kind
    scaled = w * kind.of_post(projection, factors(kind.sums(projection, np.abs(w)), projection.normalize))
    if projection.rule is None:
        return scaled
    return np.where(exists_in(projection, w.shape), np.clip(scaled, projection.rule.w_min, projection.rule.w_max), 0.0)


def check_kind(projection: Projection) -> None:
    """Raises PlasticityError for a kind of `connect` that is none, and a window where it does not belong."""
    named = parse(projection.connect, "connect").name
    choice(f"connect of projection {projection.name!r}", projection.connect if named in KINDS else named,
           (*KINDS, *connecting.GENERATORS))  # kinds have no options
    if ("window" in projection.kind.needs) != (projection.window is not None):
        kinds = ", ".join(kind for kind, known in KINDS.items() if "window" in known.needs)
        raise PlasticityError(f"projection {projection.name!r}: a window goes with connect = {kinds}, and only with "
                              "these")


def check(projection: Projection, shape: Shape) -> None:
    """Raises PlasticityError where a projection's parts do not fit each other or its populations' sizes."""
    name = projection.name
    _check_extras(projection, shape)
    allowed = projection.kind.weights(projection, shape)
    if np.shape(projection.weights) not in allowed:
        raise PlasticityError(f"weights of {projection.connect} projection {name!r} must have shape "
                              f"{' or '.join(map(str, allowed))}, got {np.shape(projection.weights)}")
    each = projection.kind.each(projection, shape)
    shapes = [()] if "one delay" in projection.kind.needs else [(), each]
    for argument in ("axonal_delay", "dendritic_delay"):
        delay = np.asarray(getattr(projection, argument))
        if delay.shape not in shapes:
            array = f" or an array of shape {each}" if len(shapes) > 1 else f" (a {projection.connect} has one delay)"
            raise PlasticityError(f"{argument} of projection {name!r} must be seconds >= 0, a number{array}")
    if projection.normalize is not None and projection.connect in ("average_pool", "max_pool"):
        raise PlasticityError(f"projection {name!r} is a {projection.connect}, whose weights are fixed; leave "
                              "normalize=None")
    if projection.rule is not None:
        _check_learning(projection, shape)


def _check_extras(projection: Projection, shape: Shape) -> None:
    name, needs, window = projection.name, projection.kind.needs, projection.window
    if "equal sizes" in needs and shape[0] != shape[1]:
        raise PlasticityError(f"{projection.connect} projection {name!r} needs equal sizes, got {shape}")
    if ("mask" in needs) != (projection.mask is not None):
        raise PlasticityError(f"projection {name!r}: a mask [pre, post] goes with connect='sparse', and only with it")
    if projection.mask is not None and np.shape(projection.mask) != shape:
        raise PlasticityError(f"mask of projection {name!r} must have shape {shape}, got {np.shape(projection.mask)}")
    if ("pairs" in needs) != (projection.pairs is not None):
        raise PlasticityError(f"projection {name!r}: pairs go with connect='pairs', and only with it")
    if projection.pairs is not None and projection.pairs.shape != shape:
        raise PlasticityError(f"pairs of projection {name!r} join {projection.pairs.shape} neurons, but the "
                              f"populations {projection.pre!r} and {projection.post!r} have {shape[0]} and {shape[1]}")
    if window is not None and (window.n_pre, window.n_post) != shape:
        raise PlasticityError(
            f"the window of projection {name!r} leads from {window.n_pre} neurons {window.shape} to {window.n_post} "
            f"{window.out_shape}, but the populations {projection.pre!r} and {projection.post!r} have {shape[0]} and "
            f"{shape[1]}")
    if window is not None and not projection.kind.learns and window.channels != window.shape[0]:
        raise PlasticityError(f"projection {name!r} is a {projection.connect}: pooling keeps its {window.shape[0]} "
                              f"maps, so channels of the window must be that, got {window.channels}")


def _check_learning(projection: Projection, shape: Shape) -> None:
    name, rule = projection.name, projection.rule
    if not projection.kind.learns:
        learning = ", ".join(kind for kind, found in KINDS.items() if found.learns)
        raise PlasticityError(f"projection {name!r} is {projection.connect} and cannot learn; leave rule=None or use "
                              f"connect = {learning}")
    if projection.frozen:
        raise RefusedError(f"projection {name!r} is frozen, so it cannot learn by rule {rule.name!r}: leave "
                           "frozen=True or the rule away")
    if projection.pairs is not None and rule.reduces:
        raise RefusedError(f"rule {rule.name!r} compares all neurons of a population at each synapse, and projection "
                           f"{name!r} lists those that are joined only; use connect='sparse' with a mask")
    inside = weights_of(projection, shape)[exists_in(projection, shape)]
    if inside.size and (inside.min() < rule.w_min or inside.max() > rule.w_max):
        raise PlasticityError(f"weights of projection {name!r} ({inside.min():.6g} to {inside.max():.6g}) "
                              f"leave the bounds of rule {rule.name!r} [{rule.w_min:g}, {rule.w_max:g}]")
