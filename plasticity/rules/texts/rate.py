"""Rules for rates: one neuron learns from its own activity and that of its inputs.

One step is one sample: the change of a step does not depend on dt, and samples follow each other as steps do. Activity
is read from the two neurons by the names `r_pre` and `r_post` and may have any sign. See `HebbianLayer` in
`plasticity.learner` for a layer that learns by these rules from data.
"""

from __future__ import annotations

import math

from plasticity._utils.typed import checked
from plasticity.errors import PlasticityError
from plasticity.language.rule import Rule, State
from plasticity.rules.texts._parts import not_negative

RATES = {"r_pre": "pre", "r_post": "post"}


@checked
def hebb(eta: float = 0.01, *, order: str = "brian2", w_min: float = -math.inf, w_max: float = math.inf) -> Rule:
    """What is active together is connected more strongly.

    in every step:  dw = eta r_pre r_post

    Nothing holds the weights back but their bounds, or the normalisation of a projection.

    eta: learning rate (unit of w per squared rate). w_min, w_max: bounds. order has no effect, as no spike acts.

    Source: Hebb 1949, The Organization of Behavior, in its usual form as a product of rates.
    """
    not_negative(eta=eta)
    return Rule(
        on_step={"w": "w + eta * r_pre * r_post"}, reads=RATES, params={"eta": eta},
        w_min=w_min, w_max=w_max, order=order, name="hebb", family="rate",
        words="What is active together is connected more strongly.", source="Hebb 1949", units={"eta": "w"})


@checked
def anti_hebb(eta: float = 0.01, *, order: str = "brian2", w_min: float = -math.inf, w_max: float = math.inf) -> Rule:
    """What is active together is connected less: a neuron stops answering to what it sees often.

    in every step:  dw = -eta r_pre r_post

    On the feed-forward weights of a linear neuron this is Kohonen's novelty filter: the answer to what was shown fades,
    the answer to all that is orthogonal to it stays. On lateral weights it makes neurons independent of each other.

    eta: learning rate (unit of w per squared rate). w_min, w_max: bounds. order has no effect, as no spike acts.

    Source: Kohonen & Oja 1976, Biological Cybernetics 21:85; lateral: Foldiak 1990, Biological Cybernetics 64:165
    (whose rule has the square of a target rate besides, for which this one has 0).
    """
    not_negative(eta=eta)
    return Rule(
        on_step={"w": "w - eta * r_pre * r_post"}, reads=RATES, params={"eta": eta},
        w_min=w_min, w_max=w_max, order=order, name="anti_hebb", family="rate",
        words="What is active together is connected less, so that answers to what is familiar fade.",
        source="Kohonen & Oja 1976; Foldiak 1990", units={"eta": "w"})


@checked
def oja(eta: float = 0.01, *, order: str = "brian2", w_min: float = -math.inf, w_max: float = math.inf) -> Rule:
    """Hebbian growth with a decay that keeps the weights at length 1: each neuron finds the first principal component.

    in every step:  dw = eta r_post (r_pre - r_post w)

    with a linear neuron, r_post = sum_i w_i r_pre_i, and inputs of mean 0.

    eta: learning rate (per squared rate); small against 1 / (largest variance of the inputs along any direction).
    w_min, w_max: bounds. order has no effect, as no spike acts.

    Source: Oja 1982, Journal of Mathematical Biology 15:267.
    """
    not_negative(eta=eta)
    return Rule(
        on_step={"w": "w + eta * r_post * (r_pre - r_post * w)"}, reads=RATES, params={"eta": eta},
        w_min=w_min, w_max=w_max, order=order, name="oja", family="rate",
        words="Hebbian growth with a decay that keeps the weights at length 1: a linear neuron finds the first "
              "principal component of its inputs.",
        source="Oja 1982", units={"eta": "1"})


@checked
def sanger(eta: float = 0.01, *, order: str = "brian2", w_min: float = -math.inf, w_max: float = math.inf) -> Rule:
    """Each neuron learns, as by Oja's rule, what the neurons before it leave over: principal components in order.

    in every step:  dw_ij = eta r_post_j (r_pre_i - sum_(k <= j) r_post_k w_ik)

    with linear neurons and inputs of mean 0. The sum runs over the postsynaptic population in its order, so this rule
    is local only if neighbours pass the remainder on.

    eta: learning rate (per squared rate). w_min, w_max: bounds. order has no effect, as no spike acts.

    Source: Sanger 1989, Neural Networks 2:459 (the generalised Hebbian algorithm).
    """
    not_negative(eta=eta)
    return Rule(
        on_step={"w": "w + eta * r_post * (r_pre - prefix_sum(w * r_post))"}, reads=RATES, params={"eta": eta},
        w_min=w_min, w_max=w_max, order=order, name="sanger", family="rate",
        words="Each neuron learns what the neurons before it leave over: the principal components in order.",
        source="Sanger 1989", units={"eta": "1"})


@checked
def bcm(eta: float = 0.01, memory: float = 100.0, theta: float = 1.0, power: float = 2.0, *, order: str = "brian2",
        w_min: float = -math.inf, w_max: float = math.inf) -> Rule:
    """Activity above a threshold strengthens, below it weakens, and the threshold follows the activity: selectivity.

    in every step:  dw     = eta r_pre r_post (r_post - theta)
                    dtheta = (r_post^power - theta) / memory

    both read at the values before the step. The threshold lives on between presentations.

    eta: learning rate (unit of w per cubed rate). memory: steps over which the threshold averages; it must move faster
    than the weights. theta: the threshold at the start. power: how it grows with activity, above 1. w_min, w_max:
    bounds. order has no effect, as no spike acts.

    Among K equally frequent, linearly independent patterns a linear neuron ends up answering to one, with K, and not at
    all to the others.

    Source: Bienenstock, Cooper & Munro 1982, Journal of Neuroscience 2:32; this quadratic form with theta = <r_post^2>:
    Intrator & Cooper 1992, Neural Networks 5:3. The exponential average and its length are the library's choice.
    """
    not_negative(eta=eta, theta=theta)
    if not memory >= 1:
        raise PlasticityError(f"memory must be at least 1 step, got {memory!r}")
    if not power > 1:
        raise PlasticityError(f"power must be above 1, or the threshold does not catch up with activity; got {power!r}")
    return Rule(
        post={"theta": State(initial=theta, keep=True)},
        on_step={"w": "w + eta * r_pre * r_post * (r_post - theta)",
                 "theta": "theta + (abs(r_post)**power - theta) / memory"},
        reads=RATES, params={"eta": eta, "memory": memory, "power": power},
        w_min=w_min, w_max=w_max, order=order, name="bcm", family="rate",
        words="Activity above a threshold strengthens, below it weakens; the threshold follows the mean square of "
              "activity.",
        source="Bienenstock, Cooper & Munro 1982; Intrator & Cooper 1992",
        units={"eta": "w", "memory": "steps", "power": "1"})
