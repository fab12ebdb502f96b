"""Plasticity that reads the postsynaptic voltage."""

from __future__ import annotations

from plasticity._utils.typed import checked
from plasticity.errors import choice
from plasticity.language.rule import Rule, State, Trace
from plasticity.rules.texts._parts import finite, not_negative, positive

FILTERS = ("rule", "neuron")


@checked
def clopath(a_ltd: float = 0.14, a_ltp: float = 80.0, theta_minus: float = -70.6e-3, theta_plus: float = -45.3e-3,
            tau_x: float = 15e-3, tau_minus: float = 10e-3, tau_plus: float = 7e-3, lag: float = 4e-3,
            homeostasis: bool = True, u_ref2: float = 60e-6, tau_slow: float = 1.0, v_rest: float = -70.6e-3,
            filters: str = "rule", *, order: str = "brian2", w_min: float = 0.0, w_max: float = 3.0) -> Rule:
    """Presynaptic spikes weaken a synapse if the neuron was depolarised; depolarisation after them strengthens it.

    at a presynaptic spike:  dw = -a_ltd (u_slow^2 / u_ref2) [u_minus - theta_minus]+
    in every step:           dw/dt = a_ltp (x / tau_x) [v - theta_plus]+ [u_plus - theta_minus]+

    v is the postsynaptic voltage, u_minus and u_plus its averages over tau_minus and tau_plus as they were `lag`
    seconds ago (so that the spike itself does not count), x the presynaptic trace, u_slow the average of v - v_rest
    over tau_slow, and [.]+ means 0 below 0.

    a_ltd: 1/V; a_ltp: 1/V^2 (per unit of w; not negative). theta_*, v_rest: volts. u_ref2: V^2. tau_*, lag: seconds.
    homeostasis: False leaves the factor u_slow^2/u_ref2 out, as NEST's neurons do by default.
    filters: "rule" computes the averages in the synapse's rule, by exponential Euler over each step; "neuron" reads
    variables "u_minus" and "u_plus" (with homeostasis "u_slow" too) of the postsynaptic neuron, which may integrate
    them as exactly as it likes.
    w_min, w_max: bounds. Raises PlasticityError for values out of range.

    Source: Clopath, Buesing, Vasilaki & Gerstner 2010, Nature Neuroscience 13:344, visual cortex; the lag is in the
    authors' code only. u_ref2 is NEST's default, tau_slow this library's choice (the paper averages over seconds).
    """
    choice("filters", filters, FILTERS)
    not_negative(a_ltd=a_ltd, a_ltp=a_ltp, lag=lag)
    finite(theta_minus=theta_minus, theta_plus=theta_plus, v_rest=v_rest)
    positive(tau_x=tau_x, tau_minus=tau_minus, tau_plus=tau_plus, u_ref2=u_ref2, tau_slow=tau_slow)
    own = filters == "rule"
    averaged = ("u_minus", "u_plus", *("u_slow",) * bool(homeostasis))
    minus, plus = ("u_minus", "u_plus") if own else ("late_minus", "delayed(u_plus, lag)")
    averages = {"u_minus": _average("u_minus", "delayed(v, lag)", "tau_minus"), "u_plus": "plus",
                "u_slow": _average("u_slow", "v - v_rest", "tau_slow")}
    first = {"u_minus": theta_minus, "u_plus": theta_minus, "u_slow": u_ref2**0.5}
    used = {"tau_minus": tau_minus, "tau_plus": tau_plus} if own else {}
    slow = {"tau_slow": tau_slow, "v_rest": v_rest} if own and homeostasis else {}
    return Rule(
        pre={"x": Trace(tau_x)},
        post={name: State(initial=first[name]) for name in averaged} if own else
        {"late_minus": State(initial=theta_minus)},
        let={"plus": _average(plus, "delayed(v, lag)", "tau_plus") if own else plus,
             "above": "(v - theta_plus) * (v > theta_plus) * (plus - theta_minus) * (plus > theta_minus)"},
        on_step=({name: averages[name] for name in averaged} if own else {"late_minus": "delayed(u_minus, lag)"})
        | {"dw/dt": "a_ltp * x / tau_x * above"},
        on_pre={"w": f"-a_ltd{' * u_slow**2 / u_ref2' * homeostasis}"
                     f" * ({minus} - theta_minus) * ({minus} > theta_minus)"},
        params={"a_ltd": a_ltd, "a_ltp": a_ltp, "theta_minus": theta_minus, "theta_plus": theta_plus, "tau_x": tau_x,
                "lag": lag} | used | slow | ({"u_ref2": u_ref2} if homeostasis else {}),
        reads={"v": "post"} | ({} if own else dict.fromkeys(averaged, "post")),
        w_min=w_min, w_max=w_max, order=order, name="clopath", family="voltage",
        words="Presynaptic spikes weaken a synapse if the neuron was depolarised; depolarisation after them "
              "strengthens it.",
        source="Clopath, Buesing, Vasilaki & Gerstner 2010",
        units={"a_ltd": "w/V", "a_ltp": "w/V^2", "theta_minus": "V", "theta_plus": "V", "tau_x": "s", "lag": "s"}
        | dict.fromkeys(used, "s") | ({"tau_slow": "s", "v_rest": "V"} if slow else {})
        | ({"u_ref2": "V^2"} if homeostasis else {}))


def _average(name: str, of: str, tau: str) -> str:
    return f"{name} + (1 - exp(-dt / {tau})) * ({of} - {name})"
