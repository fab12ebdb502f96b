"""Plasticity that waits for reward: what both neurons' spikes propose, a third factor makes happen."""

from __future__ import annotations

from plasticity._utils.typed import checked
from plasticity.errors import PlasticityError, choice
from plasticity.language.rule import Rule, State, Trace
from plasticity.rules.texts._parts import not_negative, positive

#: form of Florian's rules -> its own order of coincident spikes
FORMS = {"continuous": "brian2", "discrete": "inclusive"}
#: form of R-max -> the same
R_MAX_FORMS = {"exact": "brian2", "bindsnet": "inclusive"}


@checked
def dopamine_stdp(a_plus: float = 1.0, a_minus: float = 1.5, tau_plus: float = 20e-3, tau_minus: float = 20e-3,
                  tau_c: float = 1.0, *, order: str = "brian2", w_min: float = 0.0, w_max: float = 4.0) -> Rule:
    """Pairs of spikes leave an eligibility that dopamine turns into change, up to seconds later.

    at a presynaptic spike:   dc = -a_minus y
    at a postsynaptic spike:  dc =  a_plus x
    in every step:            dw/dt = c dopamine

    x, y are traces of the two neurons (tau_plus, tau_minus), c decays with tau_c. `dopamine` is one signal for all
    synapses: its level above what makes no change, 0 at rest; the paper's decays with 0.2 s after each reward. A step
    changes w by dt times the dopamine of the step and the c that has decayed up to it.

    a_plus, a_minus: eligibility left by a coincident pair (unit of w per second and dopamine), not negative.
    tau_plus, tau_minus, tau_c: seconds. w_min, w_max: bounds (0 and 4 mV in the paper).

    NEST's stdp_dopamine_synapse integrates c times dopamine exactly over each step instead, and its dopamine decays by
    itself (tau_n) and counts above its baseline b: the same with `dopamine` as its mean over the step weighted with c.

    Source: Izhikevich 2007, Cerebral Cortex 17:2443. The ratio of 1.5 and the time constants are those of its published
    code; the scale of a_plus, which the level of dopamine multiplies, is this library's choice.
    """
    not_negative(a_plus=a_plus, a_minus=a_minus)
    positive(tau_plus=tau_plus, tau_minus=tau_minus, tau_c=tau_c)
    return Rule(
        pre={"x": Trace(tau_plus)},
        post={"y": Trace(tau_minus)},
        syn={"c": State(tau_c)},
        on_pre={"c": "-a_minus * y"},
        on_post={"c": "a_plus * x"},
        on_step={"dw/dt": "c * dopamine"},
        params={"a_plus": a_plus, "a_minus": a_minus}, signals={"dopamine": "global"},
        w_min=w_min, w_max=w_max, order=order, name="dopamine_stdp", family="reward",
        words="Pairs of spikes leave an eligibility that dopamine turns into change, up to seconds later.",
        source="Izhikevich 2007", units={"a_plus": "w/s", "a_minus": "w/s"})


@checked
def mstdp(gamma: float = 0.1, a_plus: float = 1.0, a_minus: float = 1.0, tau_plus: float = 20e-3,
          tau_minus: float = 20e-3, form: str = "continuous", *, order: str | None = None, w_min: float = 0.0,
          w_max: float = 1.0) -> Rule:
    """Pair STDP multiplied by the reward of the moment; punishment reverses it.

    at a presynaptic spike:   dw = -gamma reward a_minus y
    at a postsynaptic spike:  dw =  gamma reward a_plus x

    x, y are traces of the two neurons. `reward` is one signal for all synapses.

    form="continuous": the reward is that of the spike's own step. form="discrete": the equations as the paper
    simulates them, w(t+dt) = w(t) + gamma reward(t+dt) zeta(t): what the spikes of a step propose waits in the synapse
    for the reward of the next step, and the weight changes (and is clipped) once per step, before it transmits. That
    costs a look at every synapse in every step. BindsNET 0.3.4 does the same by default; its zero_lag=True is the
    continuous form with order="inclusive", once per step (`plasticity.rules.once_per_step`).

    gamma: learning rate (unit of w per reward, not negative). a_plus, a_minus: no unit, not negative.
    tau_plus, tau_minus: seconds. order: by default "brian2", and "inclusive" for the discrete form, whose traces hold
    the spikes of their own step. w_min, w_max: bounds.

    Source: Florian 2007, Neural Computation 19:1468, equations for MSTDP; a_plus = a_minus = 1 and 20 ms as there,
    gamma 0.1 (mV) as in its XOR task.
    """
    not_negative(gamma=gamma, a_plus=a_plus, a_minus=a_minus)
    positive(tau_plus=tau_plus, tau_minus=tau_minus)
    choice("form", form, FORMS)
    waits = form == "discrete"
    factor, target = ("", "zeta") if waits else ("gamma * reward * ", "w")
    return Rule(
        pre={"x": Trace(tau_plus)},
        post={"y": Trace(tau_minus)},
        syn={"zeta": State()} if waits else {},
        on_pre={target: f"-{factor}a_minus * y"},
        on_post={target: f"{factor}a_plus * x"},
        on_step={"w": "w + gamma * reward * zeta", "zeta": "0"} if waits else {},
        params={"gamma": gamma, "a_plus": a_plus, "a_minus": a_minus}, signals={"reward": "global"},
        w_min=w_min, w_max=w_max, order=order or FORMS[form], name="mstdp", family="reward",
        words="Pair STDP multiplied by the reward of the moment; punishment reverses it.",
        source="Florian 2007", units={"gamma": "w", "a_plus": "1", "a_minus": "1"})


@checked
def mstdpet(gamma: float = 0.625, a_plus: float = 1.0, a_minus: float = 1.0, tau_plus: float = 20e-3,
            tau_minus: float = 20e-3, tau_z: float = 25e-3, form: str = "continuous", *, order: str | None = None,
            w_min: float = 0.0, w_max: float = 1.0) -> Rule:
    """Pairs of spikes leave an eligibility, and reward multiplies it: STDP for rewards that come a little later.

    at a presynaptic spike:   dz = -a_minus y / tau_z
    at a postsynaptic spike:  dz =  a_plus x / tau_z
    in every step:            dw/dt = gamma reward z

    x, y are traces of the two neurons, z decays with tau_z. With a constant reward the change sums up to that of
    `mstdp`. `reward` is one signal for all synapses. The spikes of a step act on z after the step's reward.

    form="continuous": z decays from the moment of the spikes. form="discrete": the paper's recursion
    z(t+dt) = exp(-dt/tau_z) z(t) + zeta(t)/tau_z, in which what the spikes of a step leave decays from the next step
    on: larger by exp(dt/tau_z), and what BindsNET 0.3.4 does by default (its zero_lag=True: the same with the reward
    given a step later).

    gamma: learning rate (unit of w per reward, not negative). a_plus, a_minus: no unit, not negative.
    tau_plus, tau_minus, tau_z: seconds. order: by default "brian2", and "inclusive" for the discrete form.
    w_min, w_max: bounds.

    Source: Florian 2007, Neural Computation 19:1468, equations for MSTDPET; numbers as there (gamma 0.625 mV in its XOR
    task).
    """
    not_negative(gamma=gamma, a_plus=a_plus, a_minus=a_minus)
    positive(tau_plus=tau_plus, tau_minus=tau_minus, tau_z=tau_z)
    choice("form", form, FORMS)
    return Rule(
        pre={"x": Trace(tau_plus)},
        post={"y": Trace(tau_minus)},
        syn={"z": State(tau_z)},
        on_pre={"z": "-a_minus * y / tau_z"},
        on_post={"z": "a_plus * x / tau_z"},
        on_step={"dw/dt": "gamma * reward * z" + " * exp(dt / tau_z)" * (form == "discrete")},
        params={"gamma": gamma, "a_plus": a_plus, "a_minus": a_minus, "tau_z": tau_z}, signals={"reward": "global"},
        w_min=w_min, w_max=w_max, order=order or FORMS[form], name="mstdpet", family="reward",
        words="Pairs of spikes leave an eligibility that decays; reward multiplies it.",
        source="Florian 2007", units={"gamma": "w", "a_plus": "1", "a_minus": "1", "tau_z": "s"})


@checked
def r_max(eta: float = 0.1, tau_e: float = 0.5, tau_m: float = 20e-3, tau_s: float | None = None, tau_c: float = 0.0,
          form: str = "exact", *, order: str | None = None, w_min: float = 0.0, w_max: float = 1.0) -> Rule:
    """Reward strengthens the inputs of spikes that were more than expected: policy gradient for escape noise.

    at a postsynaptic spike:  de = psp
    in every step:            de/dt = -rho / (1 + tau_c rho) psp  (beside the decay with tau_e),  dw/dt = eta reward e

    psp = x - x_s is the input's postsynaptic potential, a difference of two traces (tau_m, tau_s); rho is the
    postsynaptic neuron's own rate of spiking at this moment (Hz), which the neuron must have as a variable. With
    tau_c = 0 the eligibility e is 0 on average, so only the covariance of spikes with `reward` teaches; a larger tau_c
    expects less, up to naive Hebbian learning. `reward` is one signal for all synapses: the reward minus its expected
    value.

    form="exact": psp and rho are those of the step before its own spikes, from which the neuron decided.
    form="bindsnet": as BindsNET 0.3.4 computes its Rmax, with a potential of one trace (tau_s = 0) that holds the
    spikes of the step, the probability of a spike 1 - exp(-rho dt) instead of rho dt, and an eligibility that loses
    e dt/tau_e per step. All of a step's values act at the start of the next one, before it transmits, when all
    synapses are visited; what is due after the last step of a presentation is lost.

    eta: learning rate (unit of w per reward and second, not negative); it holds the width of the escape noise and the
    size of a potential. tau_e, tau_m, tau_s, tau_c: seconds, tau_s < tau_m; tau_s = 0 for a potential that rises at
    once, by default 5 ms. order: by default "brian2", and "inclusive" for BindsNET's form. w_min, w_max: bounds.

    Source: the rule R-max of Fremaux, Sprekeler & Gerstner 2010, Journal of Neuroscience 30:13326, after Pfister,
    Toyoizumi, Barber & Gerstner 2006, Neural Computation 18:1318; tau_c: Vasilaki, Fremaux, Urbanczik, Senn & Gerstner
    2009, PLoS Computational Biology 5:e1000586, equation 8. The default numbers are this library's choice.
    """
    not_negative(eta=eta, tau_c=tau_c)
    positive(tau_m=tau_m, tau_e=tau_e)
    choice("form", form, R_MAX_FORMS)
    bindsnet = form == "bindsnet"
    tau_s = (0.0 if bindsnet else 5e-3) if tau_s is None else tau_s
    not_negative(tau_s=tau_s)
    if not tau_s < tau_m:
        raise PlasticityError(f"tau_s must be below tau_m, got {tau_s!r} and {tau_m!r}")
    if bindsnet and tau_s:
        raise PlasticityError(f"form='bindsnet' has potentials of one trace: tau_s must be 0, got {tau_s!r}")
    parts = _r_max_bindsnet(tau_e, tau_m, tau_c) if bindsnet else _r_max_exact(tau_e, tau_s, tau_c)
    params = {"eta": eta} | parts.pop("params")
    return Rule(
        pre={"x": Trace(tau_m), **({"x_s": Trace(tau_s)} if tau_s else {})},
        params=params, **parts, reads={"rho": "post"}, signals={"reward": "global"},
        w_min=w_min, w_max=w_max, order=order or R_MAX_FORMS[form], name="r_max", family="reward",
        words="Reward strengthens the inputs of spikes that were more than the neuron's own rate led to expect.",
        source="Fremaux, Sprekeler & Gerstner 2010; numbers: this library's choice",
        units={"eta": "w/s"} | dict.fromkeys(set(params) - {"eta"}, "s"))


def _r_max_exact(tau_e: float, tau_s: float, tau_c: float) -> dict:
    psp, expected = "x - x_s" if tau_s else "x", "rho / (1 + tau_c * rho)" if tau_c else "rho"
    return {"syn": {"e": State(tau_e)}, "on_post": {"e": psp},
            "on_step": {"de/dt": f"-{expected} * ({psp})", "dw/dt": "eta * reward * e"},
            "params": {"tau_c": tau_c} if tau_c else {}}


def _r_max_bindsnet(tau_e: float, tau_m: float, tau_c: float) -> dict:
    """At the start of a step all values of the last one are known: x before its decay, rho and reward remembered."""
    return {"syn": {"e": State()}, "post": {"rho_last": State(), "reward_last": State()},
            "on_post": {"e": "x / (1 - dt / tau_e)"},
            "let": {"chance": "1 - exp(-rho_last * dt)",
                    "now": "(1 - dt / tau_e) * e - chance / (1 + tau_c / dt * chance) * x * exp(dt / tau_m)"},
            "on_step": {"e": "now", "dw/dt": "eta * reward_last * now", "rho_last": "rho", "reward_last": "reward"},
            "params": {"tau_e": tau_e, "tau_m": tau_m, "tau_c": tau_c}}
