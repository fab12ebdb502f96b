"""Rules for rates in which the neurons of a population compete for each sample.

One step is one sample: the change of a step does not depend on dt. `r_pre` is the activity of the inputs and `u` the
total input of each postsynaptic neuron (for most uses u = sum_i w_i r_pre_i); who wins is part of the rule's text. See
`HebbianLayer` in `plasticity.learner` for a layer that learns by these rules from data.
"""

from __future__ import annotations

import math

from plasticity._utils.typed import checked
from plasticity.errors import PlasticityError
from plasticity.language.rule import Rule
from plasticity.rules.texts._parts import not_negative

INPUTS = {"r_pre": "pre", "u": "post"}


@checked
def hard_wta(eta: float = 0.05, *, order: str = "brian2", w_min: float = -math.inf, w_max: float = math.inf) -> Rule:
    """The neuron with the largest input moves towards the sample, the others stay: neurons become prototypes.

    in every step:  dw = eta (r_pre - w)  for the neuron with the largest u; ties go to the lower index

    A neuron with no input at all (u = 0) does not win. With u = w.x - |w|^2/2 the nearest prototype wins, which is
    k-means, one sample after the other; with u = w.x inputs and weights should have equal lengths.

    eta: share of the way to the sample, 0 to 1. w_min, w_max: bounds. order has no effect, as no spike acts.

    Source: Rumelhart & Zipser 1985, Cognitive Science 9:75 (there for inputs of sum 1); MacQueen 1967 for k-means.
    """
    not_negative(eta=eta)
    if eta > 1:
        raise PlasticityError(f"eta is the share of the way to the sample and must not exceed 1, got {eta!r}")
    return Rule(
        on_step={"w": "w + eta * winner(u) * (u != 0) * (r_pre - w)"}, reads=INPUTS, params={"eta": eta},
        w_min=w_min, w_max=w_max, order=order, name="hard_wta", family="competitive",
        words="The neuron with the largest input moves towards the sample, the others stay.",
        source="Rumelhart & Zipser 1985; MacQueen 1967", units={"eta": "1"})


@checked
def krotov_hopfield(eta: float = 0.02, delta: float = 0.4, k: int = 2, *, order: str = "brian2",
                    w_min: float = -math.inf, w_max: float = math.inf) -> Rule:
    """The neuron with the largest input learns the sample, the one of rank k unlearns it a little.

    in every step:  dw = eta g (r_pre - u w),   g = 1 for the largest u, -delta for the k-th largest, 0 for the rest

    With u = sum_i |w_i|^(p-1) sign(w_i) x_i, weights of neurons that win settle at a p-norm of 1 (p = 2: length 1).

    eta: learning rate. delta: strength of unlearning. k: which rank unlearns, 2 or more. w_min, w_max: bounds.
    order has no effect, as no spike acts.

    The authors' program sums the changes of 100 samples and scales each such sum so that its largest entry is eta,
    which falls linearly to 0 (`HebbianLayer(largest_step=...)`).

    Source: Krotov & Hopfield 2019, PNAS 116:7723; delta = 0.4, k = 2, p = 2 as in the authors' MNIST program.
    """
    not_negative(eta=eta, delta=delta)
    if not (isinstance(k, int) and k >= 2):
        raise PlasticityError(f"k must be a whole number of at least 2 (the rank that unlearns), got {k!r}")
    return Rule(
        let={"g": "winner(u) - delta * (rank(u) > k - 1.5) * (rank(u) < k - 0.5)"},
        on_step={"w": "w + eta * g * (r_pre - u * w)"}, reads=INPUTS, params={"eta": eta, "delta": delta, "k": k},
        w_min=w_min, w_max=w_max, order=order, name="krotov_hopfield", family="competitive",
        words="The neuron with the largest input learns the sample, the one of rank k unlearns it a little.",
        source="Krotov & Hopfield 2019", units={"eta": "1", "delta": "1", "k": "1"})


@checked
def soft_hebb(eta: float = 0.045, sharpness: float = 12.0, anti_hebbian: bool = False, *, order: str = "brian2",
              w_min: float = -math.inf, w_max: float = math.inf) -> Rule:
    """Every neuron learns the sample in proportion to its share of a soft competition.

    in every step:  dw = eta y (r_pre - u w),   y = softmax(sharpness u) over the postsynaptic neurons

    anti_hebbian: the losers unlearn, -y for all but the neuron with the largest u. Weights settle at length 1.

    eta: learning rate. sharpness: inverse temperature of the competition (1/rate); where differences of u times the
    sharpness stay below the logarithm of the number of neurons, all of them learn the mean of the samples. w_min,
    w_max: bounds. order has no effect, as no spike acts.

    Source: Moraitis, Toichkin, Journe, Chua & Guo 2022, Neuromorphic Computing and Engineering 2:044017 (without the
    bias of that paper); losers that unlearn: Journe, Garcia Rodriguez, Guo & Moraitis 2023, ICLR. 12 and 0.045 are the
    authors' preset for 2,000 neurons on MNIST, where the change of a mini-batch is scaled so that its largest entry is
    eta (`HebbianLayer(largest_step=...)`) and multiplied for each neuron by the square root of its length's distance to
    1, which this rule leaves out.
    """
    not_negative(eta=eta, sharpness=sharpness)
    sign = "(2 * winner(u) - 1) * " if anti_hebbian else ""
    return Rule(
        let={"y": f"{sign}softmax(sharpness * u)"},
        on_step={"w": "w + eta * y * (r_pre - u * w)"}, reads=INPUTS, params={"eta": eta, "sharpness": sharpness},
        w_min=w_min, w_max=w_max, order=order, name="soft_hebb", family="competitive",
        words="Every neuron learns the sample in proportion to its share of a soft competition"
              + (", and those that lose unlearn it." if anti_hebbian else "."),
        source="Moraitis, Toichkin, Journe, Chua & Guo 2022" + ("; Journe et al. 2023" if anti_hebbian else ""),
        units={"eta": "1", "sharpness": "1"})
