"""The three rules that are called "Diehl & Cook": the paper's, the released code's, and BindsNET's."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from plasticity._utils.typed import checked
from plasticity.errors import PlasticityError, choice
from plasticity.language.rule import Rule, Trace
from plasticity.rules.texts._parts import finite, not_negative, positive, soft_bounds, toward, trace


@checked
def diehl_cook(variant: str = "paper", *, order: str | None = None, w_min: float = 0.0, w_max: float = 1.0,
               **options: float | str) -> Rule:
    """One of three rules used for digits under this name; say which one a result comes from.

    variant="paper": only postsynaptic spikes act; inputs that were silent lose strength.

        at a postsynaptic spike:  dw = eta (x - x_tar) (w_max - w)^mu

        options eta=0.01, x_tar=0.4, mu=1, tau=20e-3 (s), pairing="all": x gains 1 per presynaptic spike ("nearest": is
        set to 1). The paper gives the equation without values for x_tar and mu; these are this library's choice.
        BindsNET 0.3.4's DiehlAndCook is this rule with order="inclusive" and x_tar=0.

    variant="released": the code published with the paper, a nearest-spike triplet rule.

        at a presynaptic spike:   dw = -nu_pre y
        at a postsynaptic spike:  dw =  nu_post x y2      (y2 from before this spike)

        options nu_pre=1e-4, nu_post=1e-2, tau_pre=20e-3, tau_post=20e-3, tau_post2=40e-3 (s); spikes set x, y, y2 to 1.

    variant="bindsnet": the rule that BindsNET's network of this name uses, pair STDP with traces set to 1.

        at a presynaptic spike:   dw = -nu_pre y
        at a postsynaptic spike:  dw =  nu_post x

        options nu_pre=1e-4, nu_post=1e-2, tau=20e-3 (s). BindsNET 0.3.4 decays and sets both layers' traces first, then
        adds the presynaptic change, then the postsynaptic one: that is order="inclusive", the default of this variant.
        It clips the weight once, after both; rules here are clipped after each event. So the text lets the
        postsynaptic event make both changes when the two spikes coincide, which a trace of exactly 1 tells: with one
        sample at a time the weights are BindsNET's, at the bounds too. In a batch a difference of at most nu_pre is
        left, at a synapse on its lower bound where one sample's presynaptic and another's postsynaptic spike coincide.

    order: defaults to "brian2" for the first two. w_min, w_max: bounds.

    Sources: Diehl & Cook 2015, Frontiers in Computational Neuroscience 9:99, section 2.3; the code released with it;
    Hazan et al. 2018, Frontiers in Neuroinformatics 12:89 (BindsNET).
    """
    choice("variant", variant, VARIANTS)
    preset, build = VARIANTS[variant]
    bounds = {"w_min": w_min, "w_max": w_max, "order": preset if order is None else order}
    try:
        return build(bounds, **options).with_(name=f"diehl_cook_{variant}", family="diehl_cook")
    except TypeError as error:
        raise PlasticityError(f"variant={variant!r}{str(error).removeprefix(build.__name__ + '()')}") from None


def _paper(common: Mapping, eta: float = 0.01, x_tar: float = 0.4, mu: float = 1.0, tau: float = 20e-3,
           pairing: str = "all") -> Rule:
    not_negative(eta=eta)
    finite(x_tar=x_tar)
    powers = soft_bounds(0.0, common["w_max"], mu=mu)
    return Rule(
        pre={"x": trace(tau, pairing)},
        on_post={"w": toward("eta * (x - x_tar)", "w_max - w", "mu", mu)},
        params={"eta": eta, "x_tar": x_tar, **powers}, **common,
        words="At a postsynaptic spike, inputs whose trace exceeds a target gain strength and the others lose it.",
        source="Diehl & Cook 2015, section 2.3; x_tar and mu: this library's choice",
        units={"eta": "w^(1-mu)", "x_tar": "1", **dict.fromkeys(powers, "1")})


def _released(common: Mapping, nu_pre: float = 1e-4, nu_post: float = 1e-2, tau_pre: float = 20e-3,
              tau_post: float = 20e-3, tau_post2: float = 40e-3) -> Rule:
    not_negative(nu_pre=nu_pre, nu_post=nu_post)
    positive(tau_pre=tau_pre, tau_post=tau_post, tau_post2=tau_post2)
    return Rule(
        pre={"x": Trace(tau_pre, "set")},
        post={"y": Trace(tau_post, "set"), "y2": Trace(tau_post2, "set")},
        on_pre={"w": "-nu_pre * y"},
        on_post={"w": "nu_post * x * y2"},
        params={"nu_pre": nu_pre, "nu_post": nu_post}, **common,
        words="A postsynaptic spike that soon follows another strengthens recently active inputs; a presynaptic spike "
              "after a postsynaptic one weakens the synapse slightly.",
        source="Diehl & Cook 2015, released code", units={"nu_pre": "w", "nu_post": "w"})


def _bindsnet(common: Mapping, nu_pre: float = 1e-4, nu_post: float = 1e-2, tau: float = 20e-3) -> Rule:
    not_negative(nu_pre=nu_pre, nu_post=nu_post)
    # A trace is exactly 1 in the step of its neuron's spike, but only where both rise before they are read.
    together = common["order"] == "inclusive"
    return Rule(
        pre={"x": Trace(tau, "set")},
        post={"y": Trace(tau, "set")},
        on_pre={"w": "-nu_pre * y * (y < 1)" if together else "-nu_pre * y"},
        on_post={"w": "x * (nu_post - nu_pre * (x == 1))" if together else "nu_post * x"},
        params={"nu_pre": nu_pre, "nu_post": nu_post}, **common,
        words="Nearest-spike pair STDP; coincident spikes do both and the weight is clipped once.",
        source="BindsNET 0.3.4 (Hazan et al. 2018), PostPre", units={"nu_pre": "w", "nu_post": "w"})


#: variant -> (its own order of coincident spikes, what makes it)
VARIANTS: Mapping[str, tuple[str, Callable[..., Rule]]] = MappingProxyType({
    "paper": ("brian2", _paper), "released": ("brian2", _released), "bindsnet": ("inclusive", _bindsnet)})
