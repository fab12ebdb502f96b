"""The rules of the catalogue as they are tested: with which options, against which formula."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
from reference import pairs

from plasticity import rules
from plasticity.language.rule import Rule
from plasticity.network.network import Input, Network, Projection, Signal
from support.stress_rules import STRESS
from support.trains import N_POST, N_PRE, times

DT = 1e-3
Train = np.ndarray


class Case(NamedTuple):
    """A rule, and the formula that answers one synapse's weight change at a pre and at a post spike."""

    make: Callable[..., Rule]
    formula: Callable

    def expected(self, w: np.ndarray, pre: Train, post: Train, order: str) -> np.ndarray:
        """Final weights, synapse by synapse."""
        before, after = times(pre), times(post)
        return np.array([[self.formula(w[i, j], before[i], after[j], len(pre), order)
                          for j in range(w.shape[1])] for i in range(w.shape[0])])


def alone(rule: Rule) -> Network:
    """The smallest network with this rule: one projection between two inputs."""
    sizes = {"global": 0, "pre": N_PRE, "post": N_POST}
    return Network(
        (Input("pre", N_PRE), Input("post", N_POST)), dt=DT, name="alone",
        projections=(Projection("pre", "post", np.full((N_PRE, N_POST), 0.5), rule=rule),),
        signals=tuple(Signal(name, sizes[place]) for name, place in {**rule.reads, **rule.signals}.items()))


def _events(formula: Callable, **numbers) -> Callable:
    def synapse(w, pre, post, steps, order):
        at_pre, at_post = formula(pre, post, DT, **numbers)
        return pairs.run(w, pre, post, steps, order, at_pre, at_post, 0.0, 1.0)
    return synapse


def _bindsnet(w, pre, post, steps, order):
    if order == "inclusive":
        return pairs.bindsnet(w, pre, post, steps, DT, 0.02, 0.05, 20e-3, 0.0, 1.0)
    events = pairs.pair(pre, post, DT, 0.05, 0.02, 20e-3, 20e-3, past=pairs.last)
    return pairs.run(w, pre, post, steps, order, *events, 0.0, 1.0)


def _nearest(scheme):
    numbers = {"a_plus": 0.05, "a_minus": 0.06, "tau_plus": 17e-3, "tau_minus": 34e-3}
    return Case(partial(rules.nearest_stdp, scheme, **numbers), _events(pairs.nearest, scheme=scheme, **numbers))


CASES: Mapping[str, Case] = MappingProxyType({
    "pair": Case(partial(rules.pair_stdp, 0.05, 0.06, 17e-3, 34e-3),
                 _events(pairs.pair, a_plus=0.05, a_minus=0.06, tau_plus=17e-3, tau_minus=34e-3)),
    "pair_soft": Case(partial(rules.pair_stdp, 0.05, 0.06, mu_plus=0.4, mu_minus=0.7),
                      _events(pairs.pair, a_plus=0.05, a_minus=0.06, tau_plus=20e-3, tau_minus=20e-3, mu_plus=0.4,
                              mu_minus=0.7)),
    "pair_multiplicative_nearest": Case(
        partial(rules.pair_stdp, 0.05, 0.06, mu_plus=1.0, mu_minus=1.0, pairing="nearest"),
        _events(pairs.pair, a_plus=0.05, a_minus=0.06, tau_plus=20e-3, tau_minus=20e-3, mu_plus=1.0, mu_minus=1.0,
                past=pairs.last)),
    "triplet_visual_cortex": Case(
        rules.triplet_stdp, _events(pairs.triplet, a2p=5e-10, a3p=6.2e-3, a2m=7e-3, a3m=2.3e-4, tau_x=0.101,
                                    tau_y=0.125)),
    "triplet_hippocampus_nearest": Case(
        partial(rules.triplet_stdp, "nearest", "hippocampus"),
        _events(pairs.triplet, a2p=4.6e-3, a3p=9.1e-3, a2m=3e-3, a3m=7.5e-9, tau_x=0.575, tau_y=0.047,
                past=pairs.last)),
    "triplet_minimal": Case(
        partial(rules.triplet_stdp, "nearest", minimal=True),
        _events(pairs.triplet, a2p=0.0, a3p=5e-2, a2m=8e-3, a3m=0.0, tau_x=1.0, tau_y=0.04, past=pairs.last)),
    "symmetric": Case(partial(rules.symmetric_stdp, 0.03, 15e-3), _events(pairs.symmetric, a=0.03, tau=15e-3)),
    "anti_hebbian_nearest": Case(partial(rules.symmetric_stdp, -0.03, pairing="nearest"),
                                 _events(pairs.symmetric, a=-0.03, tau=20e-3, past=pairs.last)),
    "vogels": Case(partial(rules.vogels_istdp, 0.04, 8.0), _events(pairs.vogels, eta=0.04, rho0=8.0, tau=20e-3)),
    "diehl_cook_paper": Case(partial(rules.diehl_cook, "paper", eta=0.05, mu=0.6),
                             _events(pairs.diehl_cook_paper, eta=0.05, x_tar=0.4, mu=0.6, tau=20e-3)),
    "diehl_cook_released": Case(partial(rules.diehl_cook, "released"), _events(pairs.diehl_cook_released)),
    "diehl_cook_bindsnet": Case(partial(rules.diehl_cook, "bindsnet", nu_pre=0.02, nu_post=0.05), _bindsnet),
    "nearest_symmetric": _nearest("symmetric"),
    "nearest_presynaptic_centred": _nearest("presynaptic_centred"),
    "nearest_reduced_symmetric": _nearest("reduced_symmetric"),
    "power_law": Case(partial(rules.power_law_stdp, 0.06, 0.9, 0.4, 0.7, 17e-3, 34e-3, w_max=1.0),
                      _events(pairs.power_law, rate=0.06, alpha=0.9, mu=0.4, w_0=0.7, tau_plus=17e-3,
                              tau_minus=34e-3)),
    "log": Case(partial(rules.log_stdp, 0.02, 0.3, w_max=1.0), _events(pairs.log_stdp, eta=0.02, w_0=0.3)),
    "anti": Case(partial(rules.anti_stdp, 0.05, 0.06, 17e-3, 34e-3),
                 _events(pairs.pair, a_plus=-0.05, a_minus=-0.06, tau_plus=17e-3, tau_minus=34e-3)),
    "rank_order": Case(partial(rules.rank_order_stdp, 0.2, 0.15),
                       _events(pairs.rank_order, a_plus=0.2, a_minus=0.15)),
})

#: rules that change in every step or read more than spikes: see `trains.signals_for`
CONTINUOUS: Mapping[str, Callable[..., Rule]] = MappingProxyType({
    **STRESS,
    **{make.__name__: make for make in (rules.clopath, rules.eprop_online, rules.graupner_brunel, rules.dopamine_stdp,
                                        rules.mstdp, rules.mstdpet, rules.r_max, rules.urbanczik_senn)},
    "r_stdp": partial(rules.r_stdp, 0.05, 0.02, 0.03, 0.06),
    "sdsp": partial(rules.sdsp, up=(0.5, 3.0), down=(0.2, 1.5))})
