"""Integrate-and-fire neurons whose threshold rises with their own spikes."""

from __future__ import annotations

from plasticity._utils.ranges import FINITE, POSITIVE, require
from plasticity._utils.typed import checked
from plasticity.neurons._parts import seconds, volts
from plasticity.neurons.neuron import Neuron


@checked
def diehl_cook(theta_plus: float = 0.05e-3, tau: float = 0.1, tau_theta: float = 1e4, v_rest: float = -65e-3,
               v_reset: float = -60e-3, v_threshold: float = -52e-3, refractory: float = 5e-3) -> Neuron:
    """A leaky neuron whose threshold rises a little with each spike and hardly ever falls: all neurons get their turn.

    tau dv/dt = v_rest - v;  tau_theta dtheta/dt = -theta;  spike where v > v_threshold + theta;
    then v = v_reset, and, while learning, theta += theta_plus

    theta lives on between presentations and is frozen when learning is off. Project onto "v" (weights in volts).
    theta_plus, v_*: volts. tau, tau_theta, refractory: seconds.

    Source: Diehl & Cook 2015, Frontiers in Computational Neuroscience 9:99, section 2.4; current-based and with the
    numbers of BindsNET (Hazan et al. 2018). The published network has conductances: see `plasticity.networks`.
    """
    return Neuron(
        "dv/dt = (v_rest - v)/tau : volt (unless refractory)\ndtheta/dt = -theta/tau_theta : volt",
        threshold="v > v_threshold + theta", reset="v = v_reset", adapt="theta += theta_plus", slow=("theta",),
        refractory=refractory, initial={"v": "v_rest"}, name="diehl_cook",
        params=seconds(tau=tau, tau_theta=tau_theta) | volts(
            v_rest=v_rest, v_reset=v_reset, v_threshold=v_threshold, theta_plus=theta_plus),
        source="Diehl & Cook 2015; numbers of BindsNET (Hazan et al. 2018)")


@checked
def alif(tau: float = 20e-3, tau_a: float = 200e-3, beta: float = 0.07, threshold: float = 1.0,
         gamma: float = 0.3, refractory: float = 2e-3) -> Neuron:
    """A leaky neuron with a threshold that jumps at each spike and decays: memory over seconds without recurrence.

    v[t+1] = exp(-dt/tau) (v[t] + inputs - threshold z[t]);  a[t+1] = exp(-dt/tau_a) (a[t] + z[t])
    z = v > A,  A = threshold + beta a;  psi = gamma/threshold max(0, 1 - |v - A|/threshold)

    Dimensionless; the spike is subtracted in the step after it. psi is the pseudo-derivative that e-prop reads; the
    paper silences it while the neuron is refractory, which equations cannot know: take refractory=0 for its exact
    value. Project onto "v".
    tau, tau_a, refractory: seconds. beta, threshold, gamma: numbers.

    Source: Bellec, Scherr, Subramoney, Hajek, Salaj, Legenstein & Maass 2020, Nature Communications 11:3625.
    """
    require(FINITE, beta=beta, gamma=gamma)
    require(POSITIVE, threshold=threshold)
    return Neuron(
        """dv/dt = -v/tau : 1
           da/dt = -a/tau_a : 1
           A = threshold + beta*a : 1
           psi = gamma/threshold*clip(1 - abs(v - A)/threshold, 0, 1) : 1""",
        threshold="v > threshold + beta*a", reset="v -= threshold; a += 1", reset_delay=1, refractory=refractory,
        params=seconds(tau=tau, tau_a=tau_a) | {"beta": beta, "threshold": threshold, "gamma": gamma}, name="alif",
        source="Bellec, Scherr, Subramoney, Hajek, Salaj, Legenstein & Maass 2020")
