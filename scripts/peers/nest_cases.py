"""Which runs of NEST's plastic synapses are compared with ours, their spikes and first weights; needs numpy only."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

PAIRS = {"lambda": 0.01, "alpha": 0.65, "Wmax": 1.5, "mu_plus": 0.0, "mu_minus": 0.0, "tau_plus": 17.0}
TRIPLETS = {"Aplus": 4e-3, "Aplus_triplet": 8e-3, "Aminus": 6e-3, "Aminus_triplet": 3e-3, "Wmax": 1.5}
#: other time constants (ms) and powers, wherever a model has them
UNEQUAL = {"tau_plus": 9.0, "tau_minus": 41.0, "tau_plus_triplet": 60.0, "tau_minus_triplet": 200.0, "tau": 12.0,
           "mu_plus": 0.3, "mu_minus": 0.6, "mu": 0.7}
#: model, if it has no pairs -> what drives its weights from bound to bound
STRONG = {"stdp_triplet_synapse": {"Aplus": 0.06, "Aplus_triplet": 0.03, "Aminus": 0.08, "Aminus_triplet": 0.01,
                                   "Wmax": 0.8},
          "vogels_sprekeler_synapse": {"eta": 0.2, "alpha": 1.5, "Wmax": 0.8}}
STRONG_PAIRS = {"lambda": 0.3, "alpha": 0.6, "Wmax": 0.8, "mu_plus": 0.0, "mu_minus": 0.0}


@dataclass(frozen=True)
class Case:
    """One run, in NEST's units: ms. `synapse` and `neuron` hold parameters by NEST's names.

    delay: of the synapse, which NEST takes to lie in the dendrite. The neuron behind it is `post_model`.
    """

    name: str
    model: str
    synapse: Mapping[str, float]
    neuron: Mapping[str, object] = field(default_factory=lambda: {"tau_minus": 26.0})
    delay: float = 1.0
    dt: float = 1.0
    steps: int = 400
    rate: float = 0.06  # spikes per step
    w_low: float = 0.3
    w_high: float = 0.7
    seed: int = 0
    n_pre: int = 6
    n_post: int = 4
    post_model: str = "parrot_neuron"
    port: int = 1  # of the neuron behind the synapses; a parrot does not repeat what arrives at its port 1
    drive: float = 1.0  # weight of what makes the neurons spike when imposed; 0: they spike by themselves
    records: tuple[str, ...] = ()
    quiet: int = 0  # steps before the first presynaptic spike
    dopamine: float = 0.0  # spikes per step of a neuron that releases it


def cases() -> Iterator[Case]:
    """All runs; each model with a delay of one step and of several, and each as in `varied`."""
    plain = (
        Case("pairs", "stdp_synapse", PAIRS),
        Case("pairs_multiplicative", "stdp_synapse", {**PAIRS, "mu_plus": 1.0, "mu_minus": 1.0}),
        Case("pairs_power", "stdp_synapse", {**PAIRS, "mu_plus": 0.4, "mu_minus": 0.7}),
        Case("pairs_to_bounds", "stdp_synapse", {**PAIRS, "lambda": 0.3, "Wmax": 1.0}),
        Case("nearest_symmetric", "stdp_nn_symm_synapse", PAIRS),
        Case("nearest_centred", "stdp_nn_pre_centered_synapse", PAIRS),
        Case("nearest_reduced", "stdp_nn_restr_synapse", PAIRS),
        Case("power_law", "stdp_pl_synapse_hom", {"lambda": 0.05, "alpha": 0.8, "mu": 0.4, "tau_plus": 17.0}),
        Case("triplets", "stdp_triplet_synapse", {**TRIPLETS, "tau_plus": 16.8, "tau_plus_triplet": 101.0},
             {"tau_minus": 33.7, "tau_minus_triplet": 125.0}),
        Case("inhibitory", "vogels_sprekeler_synapse", {"eta": 0.02, "alpha": 0.24, "tau": 20.0, "Wmax": 2.0},
             {"tau_minus": 20.0}),
    )
    for seed, case in enumerate(plain):
        yield replace(case, seed=seed)
        yield replace(case, name=f"{case.name}_delayed", delay=7.0, seed=100 + seed)
    yield replace(plain[0], name="pairs_fine", dt=0.1, delay=0.3, rate=0.02, steps=2000, seed=200)
    for seed, case in enumerate((plain[2], *plain[4:])):
        yield from varied(replace(case, seed=300 + seed, steps=140, rate=0.1, n_pre=4, n_post=2))


def varied(case: Case) -> Iterator[Case]:
    """With other time constants and powers; with a bound, with negative weights and from bound to bound too."""
    times = {name: UNEQUAL[name] for name in case.synapse if name in UNEQUAL}
    slow = {name: UNEQUAL[name] for name in case.neuron if name in UNEQUAL}
    unequal = replace(case, name=f"{case.name}_unequal", synapse={**case.synapse, **times}, neuron=slow, delay=3.0)
    yield unequal
    if "Wmax" in case.synapse:
        yield replace(unequal, name=f"{case.name}_negative", synapse={**unequal.synapse, "Wmax": -1.5}, delay=2.0,
                      w_low=-0.7, w_high=-0.3, seed=case.seed + 20)
        strong = STRONG.get(case.model, STRONG_PAIRS)
        yield replace(case, name=f"{case.name}_bounds", synapse={**case.synapse, **strong}, seed=case.seed + 40)


def rewarded() -> Iterator[Case]:
    """Synapses that dopamine changes; its spikes are `dopamine(case)`."""
    given = {"A_plus": 1.0, "A_minus": 1.3, "tau_plus": 17.0, "tau_c": 200.0, "tau_n": 50.0, "b": 0.02, "Wmin": 0.0,
             "Wmax": 50.0}
    for name, delay in (("dopamine", 1.0), ("dopamine_delayed", 7.0)):
        yield Case(name, "stdp_dopamine_synapse", given, delay=delay, w_low=10.0, w_high=30.0, dopamine=0.03)
    few = {"dopamine": 0.03, "steps": 240, "n_pre": 4, "n_post": 2}
    unequal = {**given, "A_plus": 0.7, "tau_plus": 9.0, "tau_c": 40.0, "tau_n": 120.0, "b": 0.04, "Wmin": -50.0}
    yield Case("dopamine_unequal", "stdp_dopamine_synapse", unequal, {"tau_minus": 41.0}, 3.0, w_low=-30.0,
               w_high=-10.0, seed=1, **few)
    narrow = {**given, "A_plus": 0.4, "A_minus": 0.3, "Wmin": 12.0, "Wmax": 18.0}
    yield Case("dopamine_bounds", "stdp_dopamine_synapse", narrow, w_low=12.0, w_high=18.0, seed=2, **few)


def short_term() -> Iterator[Case]:
    """Synapses whose transmitted strength is compared, not their weight."""
    resources = {"U": 0.4, "tau_rec": 120.0}
    yield Case("depressing", "tsodyks2_synapse", {**resources, "u": 0.4, "tau_fac": 0.0}, {})
    yield Case("facilitating", "tsodyks2_synapse", {**resources, "U": 0.1, "u": 0.1, "tau_fac": 300.0}, {}, seed=1)
    yield Case("three_states", "tsodyks_synapse", {**resources, "tau_psc": 4.0, "tau_fac": 0.0}, {}, seed=2)
    yield Case("three_states_facilitating", "tsodyks_synapse", {**resources, "U": 0.1, "tau_psc": 4.0,
                                                                "tau_fac": 200.0}, {}, seed=3)


def watched() -> Iterator[Case]:
    """Synapses that read their neuron, whose variables (`records`) are recorded; `neuron` holds its parameters.

    The averaged voltages of NEST's Clopath neurons begin, `delay_u_bars` (5 ms) late, at 0 mV: the second case has
    spikes then, the first has none. The third has depression that the slow average of the voltage scales.
    """
    voltage = Case("voltage", "clopath_synapse", {"tau_x": 15.0, "Wmax": 3.0}, {"A_LTD": 3e-5, "A_LTP": 2e-5}, dt=0.5,
                   delay=0.5, rate=0.03, n_post=1, seed=1, post_model="aeif_psc_delta_clopath",
                   records=("V_m", "u_bar_plus", "u_bar_minus"), drive=80.0, port=0, quiet=12)
    yield voltage
    yield replace(voltage, name="voltage_bounds", synapse={"tau_x": 40.0, "Wmin": 0.4, "Wmax": 0.6}, delay=2.0,
                  neuron={"A_LTD": 1.5e-3, "A_LTP": 1e-4, "theta_minus": -68.0, "theta_plus": -50.0,
                          "delay_u_bars": 3.0},
                  rate=0.05, steps=200, quiet=0, seed=3, w_low=0.45, w_high=0.55)
    yield replace(voltage, name="voltage_homeostatic", delay=1.0, rate=0.05, steps=200, quiet=0, seed=4, w_low=0.5,
                  w_high=0.57, synapse={"tau_x": 15.0, "Wmin": 0.48, "Wmax": 0.58},
                  neuron={"A_LTD": 1.5e-5, "A_LTP": 2e-5, "A_LTD_const": False, "tau_u_bar_bar": 60.0},
                  records=(*voltage.records, "u_bar_bar"))
    dendrite = Case("dendrite", "urbanczik_synapse", {"eta": 0.02, "tau_Delta": 40.0, "Wmax": 150.0, "Wmin": 0.0},
                    {"t_ref": 1.0, "soma": {"I_e": 6000.0}}, dt=0.5, delay=0.5, rate=0.1, n_post=1, w_low=40.0,
                    w_high=90.0, seed=2, port=3, drive=0.0, post_model="pp_cond_exp_mc_urbanczik", records=("V_m.p",))
    yield dendrite
    yield replace(dendrite, name="dendrite_bounds", delay=2.0, steps=200, seed=5, w_low=85.0, w_high=85.01,
                  synapse={"eta": 0.05, "tau_Delta": 15.0, "Wmax": 110.0, "Wmin": 85.0},
                  neuron={"t_ref": 1.0, "g_sp": 400.0, "phi_max": 0.2, "rate_slope": 0.7, "beta": 0.25, "theta": -57.0,
                          "soma": {"I_e": 6000.0, "E_L": -68.0, "g_L": 40.0},
                          "dendritic": {"g_L": 25.0, "tau_syn_ex": 4.0}})


def trains(case: Case) -> tuple[np.ndarray, np.ndarray]:
    """Random spikes, bool [steps, n], with volleys in which all spike at once or a delay apart.

    All presynaptic neurons spike in the last step: NEST's synapses act at presynaptic spikes only, and then catch up.
    """
    rng, late = np.random.default_rng(case.seed), round(case.delay / case.dt)
    pre, post = (rng.random((case.steps, n)) < case.rate for n in (case.n_pre, case.n_post))
    middle = case.steps // 2
    pre[middle] = post[middle] = post[middle - late] = True
    pre[:case.quiet], pre[-1] = False, True
    return pre, post


def dopamine(case: Case) -> np.ndarray:
    """Spikes of the neuron that releases dopamine, bool [steps, 1]."""
    return np.random.default_rng([case.seed, 2]).random((case.steps, 1)) < case.dopamine


def start(case: Case) -> np.ndarray:
    """Weights at the start [pre, post]."""
    return np.random.default_rng([case.seed, 1]).uniform(case.w_low, case.w_high, (case.n_pre, case.n_post))
