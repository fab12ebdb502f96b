"""Surrogate derivatives: what stands in for the derivative of a spike with respect to the distance from threshold.

A spike is a step function of u = v - threshold, whose derivative is zero or infinite; every gradient rule for spiking
neurons puts a finite function psi(u) in its place. u is in the unit of the membrane (volts or dimensionless), so for
neurons in volts the width or slope has to be given in volts too.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import torch

from plasticity._utils.catalogue import Catalogue
from plasticity._utils.ranges import FINITE, POSITIVE, require
from plasticity.engines.torch.language import FUNCTIONS, expression
from plasticity.language import expressions


@dataclass(frozen=True)
class Surrogate:
    """psi(u), as a function of a tensor; `words` is its formula, `source` where it is from.

    text: the same as an expression of the language over u and params, for compiled networks; empty if there is none.
    """

    name: str
    psi: Callable[[torch.Tensor], torch.Tensor] = field(compare=False, repr=False)
    params: Mapping[str, float]
    words: str
    source: str
    text: str = ""

    def __call__(self, u: torch.Tensor) -> torch.Tensor:
        return self.psi(u)

    def __reduce__(self):
        about = dict(self.params), self.words, self.source
        return (_written, (self.name, self.text, *about)) if self.text else (Surrogate, (self.name, self.psi, *about))


def triangular(height: float = 0.3, width: float = 1.0) -> Surrogate:
    """psi = height/width max(0, 1 - |u|/width): e-prop's pseudo-derivative, with `width` the baseline threshold.

    Source: Bellec, Salaj, Subramoney, Legenstein & Maass 2018; Bellec et al. 2020.
    """
    _positive(height=height, width=width)
    return _written("triangular", "height/width*relu(1 - abs(u)/width)", {"height": height, "width": width},
                    "height/width max(0, 1 - |u|/width)", "Bellec et al. 2020")


def fast_sigmoid(slope: float = 25.0) -> Surrogate:
    """psi = 1 / (1 + slope |u|)^2, the derivative of u/(1 + slope |u|).

    The same function as `superspike`, under the name and with the steepness that it often has today.

    Source: Zenke & Ganguli 2018, Neural Computation 30:1514; slope 25 is snnTorch's default (Eshraghian et al. 2023).
    """
    _positive(slope=slope)
    return _written("fast_sigmoid", "1/(1 + slope*abs(u))**2", {"slope": slope}, "1/(1 + slope |u|)^2",
                    "Zenke & Ganguli 2018")


def superspike(beta: float = 10.0) -> Surrogate:
    """psi = 1 / (1 + beta |u|)^2.

    Source: Zenke & Ganguli 2018, Neural Computation 30:1514; beta 10 after Zenke & Vogels 2021, ibid. 33:899.
    """
    _positive(beta=beta)
    return _written("superspike", "1/(1 + beta*abs(u))**2", {"beta": beta}, "1/(1 + beta |u|)^2",
                    "Zenke & Ganguli 2018; Zenke & Vogels 2021")


def sigmoid_derivative(beta: float = 10.0) -> Surrogate:
    """psi = beta s (1 - s), s = sigmoid(beta u): the derivative of that sigmoid, with area 1.

    Source: Zenke & Vogels 2021 (who leave out the factor beta).
    """
    _positive(beta=beta)
    return _written("sigmoid_derivative", "beta*sigmoid(beta*u)*sigmoid(-beta*u)", {"beta": beta},
                    "beta s (1 - s), s = sigmoid(beta u)", "Zenke & Vogels 2021")


def arctan(alpha: float = 2.0) -> Surrogate:
    """psi = alpha/2 / (1 + (pi/2 alpha u)^2), the derivative of arctan(pi/2 alpha u)/pi.

    Source: Fang, Yu, Chen, Masquelier, Huang & Tian 2021, ICCV.
    """
    _positive(alpha=alpha)
    return _written("arctan", f"alpha/2/(1 + ({math.pi / 2!r}*alpha*u)**2)", {"alpha": alpha},
                    "alpha/2 / (1 + (pi/2 alpha u)^2)", "Fang et al. 2021")


def multi_gaussian(gamma: float = 0.5, sigma: float = 0.5, height: float = 0.15, scale: float = 6.0) -> Surrogate:
    """psi = gamma [(1 + h) N(u; 0, sigma) - h N(u; sigma, s sigma) - h N(u; -sigma, s sigma)]: negative far away.

    N(u; m, d) is the normal density with mean m and standard deviation d; h is `height`, s is `scale`.

    Source: Yin, Corradi & Bohte 2021, Nature Machine Intelligence 3:905; the numbers are those of their code.
    """
    _positive(gamma=gamma, sigma=sigma, scale=scale)
    require(FINITE, height=height)

    middle, right, left = (_normal(*place) for place in (
        ("u", "sigma"), ("(u - sigma)", "(scale*sigma)"), ("(u + sigma)", "(scale*sigma)")))
    return _written("multi_gaussian", f"gamma*((1 + height)*{middle} - height*({right} + {left}))",
                    {"gamma": gamma, "sigma": sigma, "height": height, "scale": scale},
                    "gamma [(1 + h) N(u; 0, sigma) - h N(u; sigma, s sigma) - h N(u; -sigma, s sigma)]",
                    "Yin, Corradi & Bohte 2021")


def _normal(u: str, deviation: str) -> str:
    return f"exp(-({u}/{deviation})**2/2)/({deviation}*{math.sqrt(2 * math.pi)!r})"


def _written(name: str, text: str, params: Mapping[str, float], words: str, source: str) -> Surrogate:
    known = {f"f_{name}": function for name, function in FUNCTIONS.items()}
    psi = expression(expressions.parse(text, expressions.NEURON_FUNCTIONS), params, {"u": "v"}, known)
    return Surrogate(name, psi, params, words, source, text)


def _positive(**values: float) -> None:
    require(POSITIVE, **{f"{name} of a surrogate derivative": value for name, value in values.items()})


#: name -> function that makes the surrogate; all of its arguments have defaults
catalogue = Catalogue("surrogate derivative", {make.__name__: f"{__name__}:{make.__name__}" for make in (
    triangular, fast_sigmoid, superspike, sigmoid_derivative, arctan, multi_gaussian)})


def make(surrogate: str | Surrogate, options: Mapping[str, float] | None = None) -> Surrogate:
    """The surrogate of that name, with options in the text or apart ("arctan(alpha=3)"), or itself.

    Raises PlasticityError for an unknown name or option.
    """
    return surrogate if isinstance(surrogate, Surrogate) else catalogue.make(surrogate, **(options or {}))


def spike(u: torch.Tensor, strict: bool, surrogate: Surrogate, able: torch.Tensor | None = None) -> torch.Tensor:
    """1 where u > 0 (u >= 0 unless strict) and the neuron is able to spike, else 0; differentiates as psi(u).

    able: bool; where False (refractory) there is neither a spike nor a derivative.
    """
    with torch.no_grad():
        fired, slope = (u > 0 if strict else u >= 0).to(u.dtype), surrogate(u)
        if able is not None:
            fired, slope = fired * able, slope * able
    return fired + slope * (u - u.detach()) if u.requires_grad else fired
