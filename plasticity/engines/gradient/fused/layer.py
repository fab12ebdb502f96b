"""What a recurrent spiking layer is to the fused kernel: its constants, chosen by name and in SI units."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from plasticity.errors import PlasticityError, choice

RESETS: Mapping[str, str] = MappingProxyType({
    "subtract": "the threshold is subtracted at once, so that it decays with the membrane in the next step",
    "subtract_delayed": "the threshold is subtracted in the next step, undecayed (Bellec et al. 2020)",
    "fixed": "the membrane is set to reset_to and goes on integrating",
    "clamped": "the membrane is set to reset_to and held there while the neuron is refractory",
})
DTYPES = ("float32", "float64")


class Constants(NamedTuple):
    """A layer as the compiled code sees it; numbers are of the type that is computed in."""

    decay: float
    scale: float
    amount: float
    rho: float
    threshold: float
    height: float
    per_width: float
    reset_to: float
    kappa: float
    inflow: float
    zero: float
    one: float
    tiny: float
    refractory: int
    replaces: bool
    clamps: bool
    loses: bool
    reset_credit: bool
    autapse_credit: bool
    general: bool


@dataclass(frozen=True)
class Layer:
    """Leaky integrate-and-fire neurons, each with or without an adaptive threshold, and a leaky readout.

    v[t] = exp(-dt/tau) v[t-1] + input_scale (x[t] w_in + z[t-1] w_rec), and the reset
    a[t] = exp(-dt/tau_a) a[t-1] + z[t-1],  A = threshold + beta a
    z[t] = 1 where v >= A and the neuron is not refractory; then for refractory/dt steps no spike and psi = 0
    psi = dampening/threshold max(0, 1 - |v - A|/width)
    y[t] = kappa y[t-1] + (1 - kappa) z[t] w_out,  kappa = exp(-dt/tau_out)

    tau, tau_a, tau_out, refractory, dt: seconds. threshold, reset_to, width (default: threshold): in the unit of v,
    which is 0 at rest. beta: a number or one per neuron [n]; 0 is a neuron without adaptation.
    reset: "subtract", "subtract_delayed", "fixed" or "clamped" (see RESETS).
    arrivals: "kept", or "lost": what was sent to a neuron in the step of its own spike (and, if clamped, while it was
    refractory) never arrives, as where a reset comes after transmission. For input spikes that take a step to arrive,
    shift x.
    autapses: whether a neuron may project onto itself. reset_credit, autapse_credit: whether eligibility also follows
    the neuron's own spike through its reset and its autapse (published e-prop cuts both).
    Raises PlasticityError for constants out of range.

    Source: Bellec, Scherr, Subramoney, Hajek, Salaj, Legenstein & Maass 2020, Nature Communications 11:3625. Its
    network is the default; the other resets and the credit through them are this library's.
    """

    tau: float = 20e-3
    threshold: float = 1.0
    beta: float | np.ndarray = 0.0
    tau_a: float = 0.2
    refractory: float = 0.0
    tau_out: float = 20e-3
    dt: float = 1e-3
    input_scale: float = 1.0
    dampening: float = 0.3
    width: float | None = None
    reset: str = "subtract_delayed"
    reset_to: float = 0.0
    arrivals: str = "kept"
    autapses: bool = False
    reset_credit: bool = False
    autapse_credit: bool = False

    def __post_init__(self) -> None:
        choice("reset", self.reset, RESETS)
        choice("arrivals", self.arrivals, ("kept", "lost"))
        positive = {name: getattr(self, name) for name in ("tau", "threshold", "tau_a", "tau_out", "dt", "dampening")}
        if self.width is not None:
            positive["width"] = self.width
        for name, value in positive.items():
            if not (value > 0 and math.isfinite(value)):
                raise PlasticityError(f"{name} must be a positive number, got {value!r}")
        if not self.refractory >= 0 or not math.isfinite(self.refractory):
            raise PlasticityError(f"refractory must be a number of seconds of at least 0, got {self.refractory!r}")
        if np.ndim(self.beta) > 1 or not np.isfinite(self.beta).all():
            raise PlasticityError("beta must be a finite number or one per neuron, shape [n]")
        if self.autapse_credit and not self.autapses:
            raise PlasticityError("autapse_credit=True needs autapses=True")
        if self.arrivals == "lost" and self.reset not in ("fixed", "clamped"):
            raise PlasticityError(f"arrivals='lost' needs reset='fixed' or 'clamped', got reset={self.reset!r}")

    def betas(self, n: int, dtype: str) -> np.ndarray:
        """beta per neuron [n]."""
        if np.ndim(self.beta) == 1 and len(self.beta) != n:
            raise PlasticityError(f"beta holds {len(self.beta)} numbers, the layer has {n} neurons")
        return np.ascontiguousarray(np.broadcast_to(np.asarray(self.beta, dtype), n))

    def constants(self, dtype: str) -> Constants:
        """The numbers of this layer, in the type that is computed in."""
        number = np.dtype(choice("dtype", dtype, DTYPES)).type
        decay, kappa = math.exp(-self.dt / self.tau), math.exp(-self.dt / self.tau_out)
        replaces, clamps = self.reset in ("fixed", "clamped"), self.reset == "clamped"
        amount = 0.0 if replaces else self.threshold * (decay if self.reset == "subtract" else 1.0)
        return Constants(
            decay=number(decay), scale=number(self.input_scale), amount=number(amount),
            rho=number(math.exp(-self.dt / self.tau_a)), threshold=number(self.threshold),
            height=number(self.dampening / self.threshold), per_width=number(1 / (self.width or self.threshold)),
            reset_to=number(self.reset_to), kappa=number(kappa), inflow=number(1 - kappa), zero=number(0),
            one=number(1), tiny=number(np.finfo(dtype).tiny * 1e6), refractory=round(self.refractory / self.dt),
            replaces=replaces, clamps=clamps, loses=self.arrivals == "lost", reset_credit=self.reset_credit,
            autapse_credit=self.autapse_credit,
            general=replaces or self.reset_credit or self.autapse_credit)
