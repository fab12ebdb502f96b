"""Small networks that each show one feature, with seeded imposed input: engines must agree on them spike for spike."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from plasticity.language.rule import Rule, State, Trace
from plasticity.network.network import Input, Network, Population, Projection, Signal
from plasticity.network.window import Window
from plasticity.neurons.neuron import Neuron

STEPS = 150


@dataclass(frozen=True)
class Feature:
    """A network, what is imposed on it ([samples, steps, n]), and the fewest spikes that make it worth comparing."""

    network: Network
    spikes: Mapping[str, np.ndarray]
    signals: Mapping[str, np.ndarray] = field(default_factory=dict)
    least: int = 20


def lif(**changes) -> Neuron:
    """Leaky integrate-and-fire in volts, inputs as jumps of v."""
    return Neuron("dv/dt = (v_rest - v)/tau : volt", threshold="v > v_threshold", reset="v = v_rest",
                  params={"v_rest": "-65*mV", "v_threshold": "-52*mV", "tau": "20*ms"}, initial={"v": "v_rest"},
                  name="lif").with_(**changes)


def imposed(n: int, rate: float, seed: int, samples: int = 2, steps: int = STEPS) -> np.ndarray:
    """Random spikes: bool [samples, steps, n], each with probability `rate`."""
    return np.random.default_rng(seed).random((samples, steps, n)) < rate


def uniform(shape: tuple[int, ...], low: float, high: float, seed: int) -> np.ndarray:
    return np.random.default_rng(1000 + seed).uniform(low, high, shape)


def fed(neuron: Neuron, onto: str = "v", low: float = 1e-3, high: float = 4e-3, n: int = 6, seed: int = 1,
        population: Mapping | None = None, more: tuple[Projection, ...] = (), **projection) -> Feature:
    """20 inputs onto one population of `neuron`."""
    feed = Projection("in", "E", uniform((20, n), low, high, seed), onto=onto, label="feed")
    network = Network((Input("in", 20),), (Population("E", n, neuron, **(population or {})),),
                      (_changed(feed, projection), *more))
    return Feature(network, {"in": imposed(20, 0.08, seed)})


def _changed(projection: Projection, changes: Mapping) -> Projection:
    return Projection(**{name: getattr(projection, name) for name in projection.__dataclass_fields__} | dict(changes))


def fixed_reset() -> Feature:
    return fed(lif())


def subtractive_reset() -> Feature:
    return fed(lif(reset="v -= 13*mV"))


def delayed_subtractive_reset() -> Feature:
    return fed(lif(reset="v -= 13*mV", reset_delay=1))


def delayed_reset_with_refractoriness() -> Feature:
    return fed(lif(equations="dv/dt = (v_rest - v)/tau : volt (unless refractory)", reset="v -= 13*mV", reset_delay=1,
                   refractory=3e-3))


def clamped() -> Feature:
    return fed(lif(equations="dv/dt = (v_rest - v)/tau : volt (unless refractory)", refractory=4e-3))


def refractory() -> Feature:
    return fed(lif(refractory=5e-3, reset=""))


def exponential_synapse() -> Feature:
    neuron = lif(equations="""dv/dt = (v_rest - v + I)/tau : volt (unless refractory)
                              dI/dt = -I/tau_s : volt""", params={"tau_s": "5*ms"}, refractory=2e-3)
    return fed(neuron, onto="I", low=5e-3, high=20e-3)


def alpha_synapse() -> Feature:
    neuron = lif(equations="""dv/dt = (v_rest - v + I)/tau : volt
                              dI/dt = (g - I)/tau_s : volt
                              dg/dt = -g/tau_s : volt""", params={"tau_s": "5*ms"})
    return fed(neuron, onto="g", low=5e-3, high=20e-3)


def conductance_synapse() -> Feature:
    neuron = lif(equations="""dv/dt = (v_rest - v + ge*(e_exc - v) + gi*(e_inh - v))/tau : volt (unless refractory)
                              dge/dt = -ge/tau_e : 1
                              dgi/dt = -gi/tau_i : 1""", method="exponential_euler", refractory=3e-3,
                 params={"e_exc": "0*mV", "e_inh": "-85*mV", "tau_e": "3*ms", "tau_i": "8*ms"})
    feature = fed(neuron, onto="ge", low=0.02, high=0.25)
    inhibit = Projection("in2", "E", uniform((10, 6), 0.0, 0.2, 3), onto="gi", label="inhibit")
    network = feature.network.with_(inputs=(*feature.network.inputs, Input("in2", 10)),
                                    projections=(*feature.network.projections, inhibit))
    return Feature(network, {**feature.spikes, "in2": imposed(10, 0.05, 9)})


def euler_and_runge_kutta() -> Feature:
    equations = "dv/dt = (v_rest - v + k*(v - v_rest)**2/volt)/tau : volt"
    slow, fast = (lif(equations=equations, method=method, params={"k": 8}) for method in ("rk4", "euler"))
    network = Network((Input("in", 20),), (Population("E", 5, slow), Population("F", 5, fast)), (
        Projection("in", "E", uniform((20, 5), 1e-3, 3e-3, 1), onto="v"),
        Projection("in", "F", uniform((20, 5), 1e-3, 3e-3, 2), onto="v")))
    return Feature(network, {"in": imposed(20, 0.08, 2)})


def scalar_delay() -> Feature:
    return fed(lif(), axonal_delay=4e-3)


def heterogeneous_delays() -> Feature:
    return fed(lif(), axonal_delay=np.random.default_rng(5).integers(0, 9, (20, 6)) * 1e-3)


def one_to_one() -> Feature:
    network = Network((Input("in", 8),), (Population("E", 8, lif()),), (
        Projection("in", "E", uniform((8,), 8e-3, 16e-3, 4), connect="one_to_one", onto="v"),))
    return Feature(network, {"in": imposed(8, 0.15, 4)})


def all_but_self_inhibition() -> Feature:
    inhibit = Projection("E", "E", 5e-3, connect="all_but_self", onto="v", scale=-1.0, label="inhibit")
    return fed(lif(), high=6e-3, more=(inhibit,))


def sparse_mask() -> Feature:
    return fed(lif(), high=8e-3, connect="sparse", mask=np.random.default_rng(6).random((20, 6)) < 0.5)


def two_projections_in_order() -> Feature:
    """A refractory neuron is excited and inhibited in one step, and drives itself with a delay."""
    inhibit = Projection("E", "E", uniform((6, 6), 0.0, 3e-3, 7), onto="v", scale=-1.0, axonal_delay=2e-3,
                         label="inhibit")
    return fed(lif(equations="dv/dt = (v_rest - v)/tau : volt (unless refractory)", refractory=2e-3), high=6e-3,
               more=(inhibit,))


def theta_adaptation() -> Feature:
    neuron = lif(equations="""dv/dt = (v_rest - v)/tau : volt
                              dtheta/dt = -theta/tau_theta : volt""", threshold="v > v_threshold + theta",
                 adapt="theta += 0.4*mV", slow=("theta",), params={"tau_theta": "500*ms"})
    return fed(neuron)


def winner_highest() -> Feature:
    neuron = lif(equations="dv/dt = (v_rest - v)/tau : volt (unless refractory)", refractory=2e-3)
    return fed(neuron, high=5e-3, population={"winner": "highest"})


def winner_highest_losers_reset() -> Feature:
    neuron = lif(equations="""dv/dt = (v_rest - v)/tau : volt (unless refractory)
                              theta : volt""", threshold="v > v_threshold + theta", adapt="theta += 0.2*mV",
                 slow=("theta",), refractory=2e-3)
    return fed(neuron, high=5e-3, population={"winner": "highest", "losers_reset": True})


def current_drive() -> Feature:
    neuron = lif(equations="""dv/dt = (v_rest - v + I)/tau : volt
                              I : volt""")
    network = Network((), (Population("E", 6, neuron),), signals=(Signal("current", 6, drives="E.I"),))
    rng = np.random.default_rng(8)
    return Feature(network, {}, {"current": rng.uniform(0, 60e-3, (2, STEPS, 6))})


def discrete_map() -> Feature:
    neuron = Neuron(update="v = decay*v*(1 - (v > 1)) + I; I = 0.5*I", threshold="v > 1", params={"decay": 0.9},
                    name="map")
    return fed(neuron, onto="I", low=0.0, high=0.25)


def adex() -> Feature:
    neuron = Neuron("""dv/dt = (g_l*(e_l - v) + g_l*delta*exp((v - v_t)/delta) - w + I)/c : volt
                       dw/dt = (a*(v - e_l) - w)/tau_w : amp
                       dI/dt = -I/tau_s : amp""",
                    threshold="v > v_t + 5*delta", reset="v = v_r; w += b", method="euler",
                    params={"g_l": "30*nS", "e_l": "-70.6*mV", "delta": "2*mV", "v_t": "-50.4*mV", "c": "281*pF",
                            "a": "4*nS", "tau_w": "144*ms", "tau_s": "5*ms", "v_r": "-60*mV", "b": "80.5*pA"},
                    initial={"v": "e_l"}, name="adex")
    return fed(neuron, onto="I", low=0.1e-9, high=1.2e-9)


def izhikevich() -> Feature:
    neuron = Neuron("""dv/dt = (0.04*v**2 + 5*v + 140 - u + I)/ms : 1
                       du/dt = a*(b*v - u)/ms : 1
                       dI/dt = -I/(3*ms) : 1""", threshold="v >= 30", reset="v = c; u += d", method="euler",
                    params={"a": 0.02, "b": 0.2, "c": -65.0, "d": 8.0}, initial={"v": -65.0, "u": -13.0},
                    name="izhikevich")
    return fed(neuron, onto="I", low=1.0, high=8.0)


def pair_rule(**changes) -> Rule:
    return Rule(pre={"x": Trace(15e-3)}, post={"y": Trace(25e-3)},
                on_pre={"w": "-a_minus*y"}, on_post={"w": "a_plus*x"},
                params={"a_plus": 1e-4, "a_minus": 1.1e-4}, w_min=0.0, w_max=6e-3, name="pair").with_(**changes)


def pair_learning() -> Feature:
    """Pair STDP from the input, and between two spiking populations."""
    network = Network((Input("in", 20),), (Population("E", 6, lif()), Population("F", 5, lif(refractory=2e-3))), (
        Projection("in", "E", uniform((20, 6), 1e-3, 4e-3, 1), onto="v", rule=pair_rule(), label="feed"),
        Projection("E", "F", uniform((6, 5), 3e-3, 6e-3, 2), onto="v", rule=pair_rule(), label="forward"),
        Projection("in", "F", uniform((20, 5), 1e-3, 3e-3, 3), onto="v", label="context")))
    return Feature(network, {"in": imposed(20, 0.08, 11)})


def normalised_learning() -> Feature:
    return fed(lif(), rule=pair_rule(order="strict", w_max=20e-3), normalize=0.05)


def learning_with_delays() -> Feature:
    rng = np.random.default_rng(12)
    return fed(lif(), rule=pair_rule(order="inclusive"), axonal_delay=rng.integers(0, 7, (20, 6)) * 1e-3,
               dendritic_delay=rng.integers(0, 5, (20, 6)) * 1e-3)


def voltage_rule() -> Feature:
    """Weights follow the postsynaptic voltage at presynaptic spikes, and a third factor every step."""
    rule = Rule(pre={"x": Trace(15e-3)}, syn={"e": State(40e-3)},
                on_pre={"w": "a*(v - v_mid)*(v > v_mid)", "e": "v + 0.06"},
                on_step={"dw/dt": "eta*e*x*reward"}, params={"a": 0.01, "v_mid": -0.058, "eta": 0.05},
                reads={"v": "post"}, signals={"reward": "global"}, w_min=0.0, w_max=6e-3, name="voltage")
    feature = fed(lif())
    network = feature.network.with_(signals=(Signal("reward"),),
                                    projections=(_changed(feature.network.projections[0], {"rule": rule}),))
    return Feature(network, feature.spikes, {"reward": np.random.default_rng(13).normal(size=(2, STEPS))})


def alif(**changes) -> Neuron:
    """Adaptive integrate-and-fire of Bellec et al. (2020): delayed subtractive reset, a threshold that adapts."""
    return Neuron("""dv/dt = -v/tau_m : 1
                     da/dt = -a/tau_a : 1
                     psi = clip(1 - abs((v - 1 - beta*a)), 0, 1) : 1""",
                  threshold="v > 1 + beta*a", reset="v -= 1 + beta*a; a += 1", reset_delay=1, refractory=2e-3,
                  params={"tau_m": "20*ms", "tau_a": "120*ms", "beta": 0.15}, name="alif").with_(**changes)


def eligibility_rule() -> Rule:
    """An e-prop-like recursion: filtered presynaptic spikes times the pseudo-derivative, times a learning signal."""
    return Rule(pre={"z": Trace(20e-3)}, syn={"ea": State(), "ebar": State(30e-3, keep=True)},
                on_step={"ea": "psi*z + (0.99 - 0.1*psi)*ea", "ebar": "ebar + psi*(z - 0.15*ea)",
                         "dw/dt": "-eta*ebar*L"},
                params={"eta": 0.02}, reads={"psi": "post"}, signals={"L": "post"}, w_min=-2.0, w_max=2.0,
                name="eligible")


def recurrent_alif() -> Feature:
    """Two recurrent populations with delays and a plastic projection whose rule runs each step."""
    populations = Population("E", 8, alif()), Population("I", 5, alif(params={"beta": 0.0}))
    network = Network((Input("in", 20),), populations, (
        Projection("in", "E", uniform((20, 8), 0.0, 0.4, 1), onto="v", rule=eligibility_rule(), label="feed"),
        Projection("E", "E", uniform((8, 8), -0.2, 0.4, 2), onto="v", axonal_delay=2e-3, rule=eligibility_rule(),
                   label="recurrent"),
        Projection("E", "I", uniform((8, 5), 0.2, 0.8, 3), onto="v", axonal_delay=1e-3, label="excite"),
        Projection("I", "E", uniform((5, 8), 0.0, 0.4, 4), onto="v", scale=-1.0, axonal_delay=3e-3, label="inhibit")),
        signals=(Signal("L", 8),))
    return Feature(network, {"in": imposed(20, 0.1, 14)}, {"L": np.random.default_rng(15).normal(size=(2, STEPS, 8))})


def convolution() -> Feature:
    """A convolution with padding learns with delays from maps, and a second one from spiking maps in every step."""
    first, second = Window((2, 4, 4), 3, 2, stride=2, padding=1), Window((2, 2, 2), 2, 3)
    rule = Rule(pre={"x": Trace(15e-3)}, syn={"e": State(40e-3)}, on_pre={"e": "v + 0.06"},
                on_step={"dw/dt": "eta*e*x"}, params={"eta": 0.05}, reads={"v": "post"}, w_min=0.0, w_max=12e-3,
                name="clocked")
    network = Network((Input("in", 32),), (Population("E", 8, lif()), Population("F", 3, lif(refractory=2e-3))), (
        Projection("in", "E", uniform((18, 2), 1e-3, 4e-3, 1), "convolution", "v", rule=pair_rule(), label="feed",
                   axonal_delay=2e-3, dendritic_delay=1e-3, normalize=0.055, window=first),
        Projection("E", "F", uniform((8, 3), 4e-3, 10e-3, 2), "convolution", "v", rule=rule, window=second)))
    return Feature(network, {"in": imposed(32, 0.1, 21)})


def pools() -> Feature:
    average, largest = Window((2, 4, 4), 2, 2, stride=2), Window((2, 4, 4), 3, 2, stride=2, padding=1)
    network = Network((Input("in", 32),), (Population("E", 8, lif()), Population("F", 8, lif())), (
        Projection("in", "E", 25e-3, "average_pool", "v", window=average, axonal_delay=3e-3, label="average"),
        Projection("in", "F", 6e-3, "max_pool", "v", window=largest, axonal_delay=1e-3, label="largest")))
    return Feature(network, {"in": imposed(32, 0.15, 22)})


def locally_connected_and_one_to_one() -> Feature:
    """Both learn; so does a sparse projection with one delay."""
    window, rng = Window((1, 4, 4), 3, 2, stride=1), np.random.default_rng(23)
    back = rng.random((8, 8)) < 0.5
    network = Network((Input("in", 16),), (Population("E", 8, lif()), Population("F", 8, lif(refractory=2e-3))), (
        Projection("in", "E", uniform((16, 8), 3e-3, 5e-3, 1), "locally_connected", "v", rule=pair_rule(),
                   window=window),
        Projection("E", "F", uniform((8,), 13.5e-3, 18e-3, 2), "one_to_one", "v", rule=pair_rule(w_max=20e-3)),
        Projection("F", "E", uniform((8, 8), 0.0, 4e-3, 3), "sparse", "v", rule=pair_rule(), axonal_delay=4e-3,
                   mask=back)))
    return Feature(network, {"in": imposed(16, 0.12, 24)})


FEATURES: Mapping[str, Callable[[], Feature]] = {make.__name__: make for make in (
    fixed_reset, subtractive_reset, delayed_subtractive_reset, delayed_reset_with_refractoriness, clamped, refractory,
    exponential_synapse, alpha_synapse, conductance_synapse, euler_and_runge_kutta, scalar_delay, heterogeneous_delays,
    one_to_one, all_but_self_inhibition, sparse_mask, two_projections_in_order, theta_adaptation, winner_highest,
    winner_highest_losers_reset, current_drive, discrete_map, adex, izhikevich, pair_learning, normalised_learning,
    learning_with_delays, voltage_rule, recurrent_alif, convolution, pools, locally_connected_and_one_to_one)}
