"""Methods that need no backpropagation through layers. Their networks are loaded when they are built."""

from __future__ import annotations

from functools import partial

from plasticity._utils.ranges import Count, Finite, Positive, ProperShare
from plasticity._utils.typed import checked
from plasticity.methods.method import Method, as_sizes

Sizes = int | tuple[int, ...]


def _equilibrium(hidden, options, shape, classes, seed, dtype):
    from plasticity.methods.networks.equilibrium import EquilibriumNetwork

    return EquilibriumNetwork((*shape, *hidden, classes), **options, seed=seed, dtype=dtype)


@checked
def equilibrium_propagation(hidden: Sizes = (500,), beta: Positive = 1.0, free_steps: Count = 20,
                            nudged_steps: Count = 4, step: ProperShare = 0.5, estimator: str = "symmetric") -> Method:
    """Equilibrium propagation in layers of hard sigmoid units, see `EquilibriumNetwork`.

    Source: Scellier & Bengio 2017; symmetric nudging Laborieux et al. 2021.
    """
    hidden = as_sizes("hidden", hidden)
    options = {"beta": beta, "free_steps": free_steps, "nudged_steps": nudged_steps, "step": step,
               "estimator": estimator}
    return Method("equilibrium_propagation", partial(_equilibrium, hidden, options), "flat", lr=1e-3,
                  words="settle freely, settle nudged towards the target; change by the difference of Hebbian products",
                  keeps="the whole gradient of the settled state, as beta -> 0", cuts="nothing is sent backwards but "
                  "rates, over the same symmetric weights", memory="O(N): two or three settled states, O(1) in T",
                  source="Scellier & Bengio 2017; Laborieux et al. 2021", options={"hidden": hidden, **options},
                  needs=("pre", "post", "third factor", "past"))


def _predictive(hidden, options, shape, classes, seed, dtype):
    from plasticity.methods.networks.predictive import PredictiveNetwork

    return PredictiveNetwork((*shape, *hidden, classes), **options, seed=seed, dtype=dtype)


@checked
def predictive_coding(hidden: Sizes = (500,), f: str = "relu", steps: Count = 20, step: ProperShare = 0.2,
                      output_variance: Positive = 1.0, fixed_prediction: bool = False) -> Method:
    """Predictive coding, see `PredictiveNetwork`.

    Source: Whittington & Bogacz 2017; fixed predictions Millidge, Tschantz & Buckley 2022.
    """
    hidden = as_sizes("hidden", hidden)
    options = {"f": f, "steps": steps, "step": step, "output_variance": output_variance,
               "fixed_prediction": fixed_prediction}
    return Method("predictive_coding", partial(_predictive, hidden, options), "flat", lr=1e-3,
                  words="activities relax on local prediction errors; change by activity times the next layer's error",
                  keeps="backpropagation's gradient for small errors, exactly with fixed_prediction",
                  cuts="errors move by relaxation between neighbouring layers, not in one backward pass",
                  memory="O(N): an activity and an error per unit, O(1) in T",
                  source="Whittington & Bogacz 2017; Millidge, Tschantz & Buckley 2022",
                  options={"hidden": hidden, **options}, needs=("pre", "error of other layers"))


def _forward_forward(hidden, options, shape, classes, seed, dtype):
    from plasticity.methods.networks.goodness import ForwardForwardNetwork

    return ForwardForwardNetwork((*shape, *hidden), classes, **options, seed=seed, dtype=dtype)


@checked
def forward_forward(hidden: Sizes = (500, 500), threshold: Finite = 1.0, sharpness: Positive = 5.0,
                    negatives: str = "hard", label_size: Finite = 1.0, skip_first: bool = False) -> Method:
    """Forward-forward in layers of rectified units, see `ForwardForwardNetwork`.

    Source: Hinton 2022.
    """
    hidden = as_sizes("hidden", hidden)
    options = {"threshold": threshold, "sharpness": sharpness, "negatives": negatives, "label_size": label_size,
               "skip_first": skip_first}
    return Method("forward_forward", partial(_forward_forward, hidden, options), "flat", lr=5e-3,
                  words="each layer raises its goodness for the true label and lowers it for a wrong one",
                  keeps="the gradient of a layer's own goodness", cuts="all credit between layers",
                  memory="O(N) of one layer at a time, O(1) in T and L", source="Hinton 2022",
                  options={"hidden": hidden, **options}, needs=("pre", "post", "other neurons", "third factor"))


def _spiking(hidden, gain, dt, options, shape, classes, seed, dtype):
    from plasticity.engines.gradient.surrogates import triangular
    from plasticity.methods.networks.spiking import SpikingForwardForward
    from plasticity.network.builders import layered_network
    from plasticity.neurons.lsnn import lsnn_neuron

    network = layered_network(shape[1] + classes, hidden, lsnn_neuron(), gain, dt=dt, seed=seed)
    return SpikingForwardForward(network, classes, triangular(width=0.6), **options, seed=seed, dtype=dtype)


@checked
def spiking_forward_forward(hidden: Sizes = (200,), threshold: Finite = 1.0, sharpness: Positive = 4.0,
                            negatives: str = "even", rate: Positive = 0.3, label_size: Finite = 2.0, gain: Finite = 1.0,
                            dt: Positive = 1e-3) -> Method:
    """Forward-forward in populations of leaky spiking neurons, see `SpikingForwardForward`.

    gain: of the first weights, which are normal with variance gain^2/n of the presynaptic side. dt: seconds per step.

    Source: Hinton 2022; with spike counts Ghader, Kheradpisheh, Farahani & Fazlali 2025.
    """
    hidden = as_sizes("hidden", hidden)
    options = {"threshold": threshold, "sharpness": sharpness, "negatives": negatives, "rate": rate,
               "label_size": label_size}
    return Method("spiking_forward_forward", partial(_spiking, hidden, gain, dt, options), "sequences", lr=5e-3,
                  words="each population raises the goodness of its rates for the true label, lowers it for a wrong "
                  "one", keeps="a neuron's own past", cuts="all credit between neurons, and the reset",
                  memory="O(N) eligibility traces per population, O(1) in T and L; autograd keeps O(T N)",
                  source="Hinton 2022; Ghader, Kheradpisheh, Farahani & Fazlali 2025",
                  options={"hidden": hidden, **options, "gain": gain, "dt": dt}, spikes=True,
                  needs=("pre", "own voltage", "other neurons", "third factor", "past"))
