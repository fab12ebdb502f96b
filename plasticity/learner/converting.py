"""Networks of rates, trained, that go on as networks of spikes on every engine."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import singledispatch
from typing import Annotated

import numpy as np
from sklearn.utils.validation import check_is_fitted

from plasticity import engines
from plasticity._utils.arrays import as_finite
from plasticity._utils.ranges import SECONDS, Count, require
from plasticity._utils.typed import checked
from plasticity.encoding.spikes import Spikes, densified
from plasticity.engines.gradient.network import GradientNetwork
from plasticity.errors import PlasticityError, RefusedError
from plasticity.learner.estimator import Estimator
from plasticity.learner.gradients.presenting import Presented
from plasticity.network import conversion
from plasticity.network.conversion import Readout, Spiking
from plasticity.network.network import Network

Seconds = Annotated[float, SECONDS]


@dataclass(frozen=True)
class Answer:
    """outputs: [samples, n], as the rate network's. rates: population -> Hz of each neuron, [samples, n]."""

    outputs: np.ndarray
    rates: Mapping[str, np.ndarray]


def _parts(x, batch: int) -> Iterator:
    """Samples, or those of each input by name, so many at a time."""
    samples = len(next(iter(x.values()), ()) if isinstance(x, Mapping) else x)
    if not samples:
        raise PlasticityError("X holds no samples")
    for part in (slice(begin, begin + batch) for begin in range(0, samples, batch)):
        yield {name: values[part] for name, values in x.items()} if isinstance(x, Mapping) else x[part]


@dataclass(frozen=True)
class Converted:
    """What `convert` answers: a spiking network, and how samples become its currents.

    spiking: the network, and what its parts stand for. values: X -> {input: [samples, n]}.
    """

    spiking: Spiking
    values: Callable[[object], Mapping[str, np.ndarray]]

    @property
    def network(self) -> Network:
        """The spiking network, which every engine runs with `signals`."""
        return self.spiking.network

    @property
    def hearing(self) -> Network:
        """The spiking network with its inputs, which send their values in every step over filtered synapses: a learner
        goes on with it by any rule that takes gradients, `Learner(converted.hearing, encoder="current(steps=400)",
        ...)`. Its answer is that of `network` once the filters have risen; a readout that learned is not part of it."""
        return self.spiking.hearing

    def signals(self, X, steps: int) -> dict[str, np.ndarray]:
        """signal -> [samples, steps, n]: constant currents, for `Simulation.run`."""
        return {name: np.repeat(values[:, None], steps, 1)
                for name, values in self.spiking.currents(self.values(X)).items()}

    @checked
    def run(self, X, seconds: Seconds = 0.2, last: Seconds = 0.1, engine: str = "torch", batch: Count = 100) -> Answer:
        """Shows samples for so many seconds, and answers what their last part has: mean filtered outputs, and rates.

        X: what the rate network takes, without steps; of several inputs {input: [samples, n]}. batch: samples at once.
        Raises PlasticityError where `last` is longer than `seconds` or shorter than a step, and for no samples.
        """
        steps, counted = (round(time / self.network.dt) for time in (seconds, last))
        if not 1 <= counted <= steps:
            raise PlasticityError(f"last must be at least one step ({self.network.dt:g} s) and at most seconds="
                                  f"{seconds:g}, got {last:g}")
        simulation = engines.build(self.network, engine, batch=batch)
        parts = [self._part(simulation, part, steps, counted) for part in _parts(X, batch)]
        return Answer(np.concatenate([part.outputs for part in parts]),
                      {name: np.concatenate([part.rates[name] for part in parts]) for name in parts[0].rates})

    def _part(self, simulation: engines.Simulation, x, steps: int, last: int) -> Answer:
        names = [part.name for part in self.network.populations if part.name in self.spiking.amplitudes]
        read = self.spiking.read
        ran = simulation.run(signals=self.signals(x, steps), learn=False, record=[
            *(f"{name}.spikes" for name in names), *[read] * ("." in read)])
        rates = {name: Spikes(ran.spikes[name].ptr[:, -last - 1:], ran.spikes[name].index, ran.spikes[name].n).counts()
                 / (last * self.network.dt) for name in names}
        outputs = ran.values[read][:, -last:].mean(1) if "." in read else self.spiking.amplitudes[read] * rates[read]
        return Answer(outputs, rates)


def convert(trained: Network | GradientNetwork | Estimator, dt: float = 0.25e-3, synapse: str = "alpha",
            tau_s: float = 5e-3) -> Converted:
    """A trained network of rates as one of spiking neurons, without further training.

    Each unit becomes its spiking twin (`softlif` a `lif`), each weight w onto a population that of a filtered synapse:

    tau_rc dv/dt = -v + J + I;  a spike where v > 1, then v = 0 for tau_ref
    I = sum_i w_i amplitude sum_k alpha(t - t_ik),  alpha(t) = t/tau_s^2 exp(-t/tau_s)

    J: biases (of the unit, and from inputs that always send) and, in populations that hear inputs, sum_i w_i x_i, as a
    constant current. The rates are those of the units but for their softness, for the time that a spike waits for a
    step (up to dt, and the library holds a neuron one step less than tau_ref), and for the ripple of the filter.

    trained: a fitted `Learner` or preset, with its readout as a population "readout" that never spikes; a
    `GradientNetwork`, likewise; or a `Network`, whose last population answers. Samples have to be the same in every
    step. dt: s, of the spiking network; a fraction of tau_ref. synapse: "alpha", or "exponential", exp(-t/tau_s)/tau_s.
    tau_s: s.

    Raises RefusedError, naming the part, for what has no spiking twin.

    Source: Hunsberger & Eliasmith 2015, arXiv:1510.08829, equations 1, 2 and 5.

    >>> from plasticity import convert, networks
    >>> units = networks.make("layers(5, 3, neuron='softlif(amplitude=0.02, bias=1)')").build((4,))
    >>> convert(units).run([[0.5, 0.1, 0.9, 0.2]]).outputs.shape
    (1, 3)
    """
    require(SECONDS, dt=dt, tau_s=tau_s)
    return _converted(trained, dt, synapse, tau_s)


@singledispatch
def _converted(trained: object, dt: float, synapse: str, tau_s: float) -> Converted:
    raise PlasticityError("trained must be a Network, a GradientNetwork or a fitted Learner, got "
                          f"{type(trained).__name__}")


@_converted.register
def _(network: Network, dt: float, synapse: str, tau_s: float) -> Converted:
    made = conversion.spiking(network, dt, synapse, tau_s)
    return Converted(made, _Given(made.sizes))


@_converted.register
def _(net: GradientNetwork, dt: float, synapse: str, tau_s: float) -> Converted:
    made = conversion.spiking(net.to_network(), dt, synapse, tau_s, _readout(net))
    return Converted(made, _Given(made.sizes))


@_converted.register
def _(learner: Estimator, dt: float, synapse: str, tau_s: float) -> Converted:
    check_is_fitted(learner, "trainer_")
    presented = getattr(learner.trainer_, "presented", None)
    if presented is None:
        raise RefusedError(f"{learner.described_.experiment.words['rule']} learned in no network of units with a "
                           "spiking twin; learn by bptt in layers(neuron=softlif)")
    made = _converted(presented.network, dt, synapse, tau_s).spiking
    return Converted(made, _Encoded(learner, presented))


def _readout(net: GradientNetwork) -> Readout | None:
    """The readout as it is where units send what they will send for ever; None where a population's spikes are it."""
    if net.readout is None or net.readout.spiking:
        return None
    kappa, gain = net.readout.leak(net.network.dt)
    weights = {name: gain / (1 - kappa) * w.detach().cpu().numpy().astype(float) for name, w in net.readouts.items()}
    bias = np.zeros(net.readout.n) if net.bias is None else net.bias.detach().cpu().numpy().astype(float)
    return Readout(weights, bias)


@dataclass(frozen=True)
class _Given:
    """Values of inputs as they are: by name, or an array where there is one input."""

    sizes: Mapping[str, int]

    def __call__(self, x) -> dict[str, np.ndarray]:
        values = x if isinstance(x, Mapping) else dict.fromkeys(self.sizes, x)
        found = {name: as_finite(f"input {name!r}", each) for name, each in values.items()}
        for name, each in found.items():
            if each.ndim != 2 or name not in self.sizes or each.shape[1] != self.sizes[name]:
                raise PlasticityError(f"input {name!r} must have shape [samples, n] of {dict(self.sizes)}, got "
                                      f"{each.shape}")
        if {*found} != {*self.sizes} or len({len(each) for each in found.values()}) > 1:
            raise PlasticityError(f"the inputs {[*self.sizes]} must all have as many samples, got "
                                  f"{ {name: len(each) for name, each in found.items()} }")
        return found


@dataclass(frozen=True)
class _Encoded:
    """Samples as a learner takes them, in the encoding in which it learned."""

    learner: Estimator
    presented: Presented

    def __call__(self, X) -> dict[str, np.ndarray]:
        shown = densified(self.presented.shown(self.learner.taken(X), self.presented.seed))
        shown = np.asarray(shown, float)
        if (shown != shown[:, :1]).any():
            raise RefusedError("samples change from step to step; a spiking network is driven by constant currents: "
                               "train with encoder='current'")
        (name,) = (part.name for part in self.presented.network.network.shown)
        return {name: shown[:, 0]}
