"""Plasticity that waits for reward: what both neurons' spikes propose, a third factor makes happen."""

from __future__ import annotations

from plasticity.errors import PlasticityError
from plasticity.rule import Rule, State, Trace
from plasticity.rules._parts import not_negative, positive


def dopamine_stdp(a_plus: float = 1.0, a_minus: float = 1.5, tau: float = 20e-3, tau_c: float = 1.0, *,
                  order: str = "brian2", w_min: float = 0.0, w_max: float = 4.0) -> Rule:
    """Pairs of spikes leave an eligibility that dopamine turns into change, up to seconds later.

    at a presynaptic spike:   dc = -a_minus y
    at a postsynaptic spike:  dc =  a_plus x
    in every step:            dw/dt = c dopamine

    x, y are traces of the two neurons (tau), c decays with tau_c. `dopamine` is one signal for all synapses: its level
    above what makes no change, 0 at rest; the paper's decays with 0.2 s after each reward.

    a_plus, a_minus: eligibility left by a coincident pair (unit of w per second and dopamine), not negative.
    tau, tau_c: seconds. w_min, w_max: bounds (0 and 4 mV in the paper).

    Source: Izhikevich 2007, Cerebral Cortex 17:2443. The ratio of 1.5 and the time constants are those of its published
    code; the scale of a_plus, which the level of dopamine multiplies, is this library's choice.
    """
    not_negative(a_plus=a_plus, a_minus=a_minus)
    return Rule(
        pre={"x": Trace(tau)},
        post={"y": Trace(tau)},
        syn={"c": State(tau_c)},
        on_pre={"c": "-a_minus * y"},
        on_post={"c": "a_plus * x"},
        on_step={"dw/dt": "c * dopamine"},
        params={"a_plus": a_plus, "a_minus": a_minus}, signals={"dopamine": "global"},
        w_min=w_min, w_max=w_max, order=order, name="dopamine_stdp", family="reward",
        words="Pairs of spikes leave an eligibility that dopamine turns into change, up to seconds later.",
        source="Izhikevich 2007", units={"a_plus": "w/s", "a_minus": "w/s"})


def mstdp(gamma: float = 0.1, a_plus: float = 1.0, a_minus: float = 1.0, tau_plus: float = 20e-3,
          tau_minus: float = 20e-3, *, order: str = "brian2", w_min: float = 0.0, w_max: float = 1.0) -> Rule:
    """Pair STDP multiplied by the reward of the moment; punishment reverses it.

    at a presynaptic spike:   dw = -gamma reward a_minus y
    at a postsynaptic spike:  dw =  gamma reward a_plus x

    x, y are traces of the two neurons. `reward` is one signal for all synapses, read in the step of the spike (the
    paper's discrete form reads it one step later: shift the signal to have that).

    gamma: learning rate (unit of w per reward, not negative). a_plus, a_minus: no unit, not negative.
    tau_plus, tau_minus: seconds. w_min, w_max: bounds.

    Source: Florian 2007, Neural Computation 19:1468, equations for MSTDP; a_plus = a_minus = 1 and 20 ms as there,
    gamma 0.1 (mV) as in its XOR task.
    """
    not_negative(gamma=gamma, a_plus=a_plus, a_minus=a_minus)
    return Rule(
        pre={"x": Trace(tau_plus)},
        post={"y": Trace(tau_minus)},
        on_pre={"w": "-gamma * reward * a_minus * y"},
        on_post={"w": "gamma * reward * a_plus * x"},
        params={"gamma": gamma, "a_plus": a_plus, "a_minus": a_minus}, signals={"reward": "global"},
        w_min=w_min, w_max=w_max, order=order, name="mstdp", family="reward",
        words="Pair STDP multiplied by the reward of the moment; punishment reverses it.",
        source="Florian 2007", units={"gamma": "w", "a_plus": "1", "a_minus": "1"})


def mstdpet(gamma: float = 0.625, a_plus: float = 1.0, a_minus: float = 1.0, tau_plus: float = 20e-3,
            tau_minus: float = 20e-3, tau_z: float = 25e-3, *, order: str = "brian2", w_min: float = 0.0,
            w_max: float = 1.0) -> Rule:
    """Pairs of spikes leave an eligibility, and reward multiplies it: STDP for rewards that come a little later.

    at a presynaptic spike:   dz = -a_minus y / tau_z
    at a postsynaptic spike:  dz =  a_plus x / tau_z
    in every step:            dw/dt = gamma reward z

    x, y are traces of the two neurons, z decays with tau_z. With a constant reward the change sums up to that of
    `mstdp`. `reward` is one signal for all synapses.

    gamma: learning rate (unit of w per reward, not negative). a_plus, a_minus: no unit, not negative.
    tau_plus, tau_minus, tau_z: seconds. w_min, w_max: bounds.

    Source: Florian 2007, Neural Computation 19:1468, equations for MSTDPET; numbers as there (gamma 0.625 mV in its XOR
    task). z decays exactly here, spikes of a step act on it after the step's reward.
    """
    not_negative(gamma=gamma, a_plus=a_plus, a_minus=a_minus)
    positive(tau_z=tau_z)
    return Rule(
        pre={"x": Trace(tau_plus)},
        post={"y": Trace(tau_minus)},
        syn={"z": State(tau_z)},
        on_pre={"z": "-a_minus * y / tau_z"},
        on_post={"z": "a_plus * x / tau_z"},
        on_step={"dw/dt": "gamma * reward * z"},
        params={"gamma": gamma, "a_plus": a_plus, "a_minus": a_minus, "tau_z": tau_z}, signals={"reward": "global"},
        w_min=w_min, w_max=w_max, order=order, name="mstdpet", family="reward",
        words="Pairs of spikes leave an eligibility that decays; reward multiplies it.",
        source="Florian 2007", units={"gamma": "w", "a_plus": "1", "a_minus": "1", "tau_z": "s"})


def r_max(eta: float = 0.1, tau_e: float = 0.5, tau_m: float = 20e-3, tau_s: float = 5e-3, *, order: str = "brian2",
          w_min: float = 0.0, w_max: float = 1.0) -> Rule:
    """Reward strengthens the inputs of spikes that were more than expected: policy gradient for escape noise.

    at a postsynaptic spike:  de = psp
    in every step:            de/dt = -rho psp  (beside the decay with tau_e),  dw/dt = eta reward e

    psp = x - x_s is the input's postsynaptic potential, a difference of two traces (tau_m, tau_s); rho is the
    postsynaptic neuron's own rate of spiking at this moment (Hz), which the neuron must have as a variable. The
    eligibility e is 0 on average, so only the covariance of spikes with `reward` teaches. `reward` is one signal for
    all synapses: the reward minus its expected value.

    eta: learning rate (unit of w per reward and second, not negative); it holds the width of the escape noise and the
    size of a potential. tau_e, tau_m, tau_s: seconds, tau_s < tau_m. w_min, w_max: bounds.

    Source: the rule R-max of Fremaux, Sprekeler & Gerstner 2010, Journal of Neuroscience 30:13326, after Pfister,
    Toyoizumi, Barber & Gerstner 2006, Neural Computation 18:1318. The default numbers are this library's choice.
    """
    not_negative(eta=eta)
    positive(tau_m=tau_m, tau_s=tau_s)
    if not tau_s < tau_m:
        raise PlasticityError(f"tau_s must be below tau_m, got {tau_s!r} and {tau_m!r}")
    return Rule(
        pre={"x": Trace(tau_m), "x_s": Trace(tau_s)},
        syn={"e": State(tau_e)},
        on_post={"e": "x - x_s"},
        on_step={"de/dt": "-rho * (x - x_s)", "dw/dt": "eta * reward * e"},
        params={"eta": eta}, reads={"rho": "post"}, signals={"reward": "global"},
        w_min=w_min, w_max=w_max, order=order, name="r_max", family="reward",
        words="Reward strengthens the inputs of spikes that were more than the neuron's own rate led to expect.",
        source="Fremaux, Sprekeler & Gerstner 2010; numbers: this library's choice", units={"eta": "w/s"})
