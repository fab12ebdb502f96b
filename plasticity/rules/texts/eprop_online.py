"""e-prop as text: a gradient that every synapse computes for itself while the network runs."""

from __future__ import annotations

from plasticity._utils.typed import checked
from plasticity.language.rule import Rule, State, Trace
from plasticity.rules.texts._parts import not_negative, positive


@checked
def eprop_online(eta: float = 1e-3, beta: float = 0.07, tau_m: float = 20e-3, tau_a: float = 0.2,
                 tau_out: float = 20e-3, *, order: str = "brian2", w_min: float = float("-inf"),
                 w_max: float = float("inf")) -> Rule:
    """A synapse remembers what it did to its neuron's spikes, and changes by it when it hears the neuron's error.

    in every step, from spikes of the steps before:
        eps_v = z exp(dt / tau_m)                             what the spikes did to the membrane
        e     = psi (eps_v - beta eps_a)                      ... and thereby to the neuron's spike
        eps_a = psi eps_v + (rho - psi beta) eps_a            ... and to its adaptation
        e_bar = kappa e_bar + (1 - kappa) e                   as a leaky readout remembers it
        w     = w - eta L e_bar

    z is the trace of presynaptic spikes (tau_m); rho = exp(-dt / tau_a), kappa = exp(-dt / tau_out). A spike reaches
    the membrane one step later. `psi`, the pseudo-derivative of the neuron's spike, is read from the postsynaptic
    neuron, or given; `L` is its learning signal, the readout's error over fixed weights. The change is that of e-prop
    with credit neither through resets nor through other neurons; its memory does not grow with time. With beta = 0 the
    neuron does not adapt, and eps_a is left out.

    eta: learning rate (unit of w per unit of L). beta: rise of the threshold per spike. tau_m, tau_a, tau_out: seconds,
    of membrane, adaptation and readout. w_min, w_max: bounds.

    Source: Bellec, Scherr, Subramoney, Hajek, Salaj, Legenstein & Maass 2020, Nature Communications 11:3625, Methods
    (eligibility traces of LIF and ALIF neurons). tau_m and tau_out are those of the
    paper's tasks; eta, beta and tau_a are this library's choice, as they depend on the task.
    """
    not_negative(eta=eta, beta=beta)
    positive(tau_m=tau_m, tau_a=tau_a, tau_out=tau_out)
    adapts = beta > 0
    slow = {"eps_a": "psi * eps_v + (rho - psi * beta) * eps_a"} if adapts else {}
    rho = {"rho": "exp(-dt / tau_a)"} if adapts else {}
    return Rule(
        pre={"z": Trace(tau_m)},
        syn={**{name: State() for name in slow}, "e_bar": State()},
        let={**rho, "kappa": "exp(-dt / tau_out)", "eps_v": "z * exp(dt / tau_m)",
             "e": "psi * (eps_v - beta * eps_a)" if adapts else "psi * eps_v",
             "filtered": "kappa * e_bar + (1 - kappa) * e"},
        on_step={**slow, "e_bar": "filtered", "w": "w - eta * L * filtered"},
        params={"eta": eta, "tau_m": tau_m, "tau_out": tau_out} | ({"beta": beta, "tau_a": tau_a} if adapts else {}),
        reads={"psi": "post"}, signals={"L": "post"}, w_min=w_min, w_max=w_max, order=order, name="eprop_online",
        family="gradient",
        words="A synapse remembers what it did to its neuron's spikes, and changes by it when it hears the error.",
        source="Bellec et al. 2020",
        units={"eta": "w/L", "tau_m": "s", "tau_out": "s"} | ({"beta": "1", "tau_a": "s"} if adapts else {}))
