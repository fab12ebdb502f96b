"""From an experiment to a trainer: rules that take gradients through spiking networks."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch

from plasticity._utils.devices import torch_device
from plasticity.encoding import catalogue as encoders
from plasticity.encoding.catalogue import Encoder
from plasticity.encoding.spikes import Spikes
from plasticity.engines.gradient import losses
from plasticity.engines.gradient.network import GradientNetwork
from plasticity.engines.gradient.surrogates import triangular
from plasticity.errors import PlasticityError, RefusedError
from plasticity.learner import samples
from plasticity.learner.experiment import Experiment
from plasticity.learner.gradients.optimisers import make_optimizer
from plasticity.learner.gradients.presenting import Presented
from plasticity.learner.gradients.trainer import TorchTrainer
from plasticity.network.blueprint import Blueprint
from plasticity.network.network import Network
from plasticity.network.presentation import Model
from plasticity.neurons.neuron import Neuron
from plasticity.readout.catalogue import Counted, Leaky


def encoder_of(experiment: Experiment, x: np.ndarray) -> Encoder | None:
    """The encoder; by default latency for samples of features, None for sequences, which are shown as they are."""
    encoder = experiment.encoder
    if encoder is not None and encoder.as_they_are:
        return None
    if encoder is None and isinstance(experiment.network, Model):
        return presented(experiment.network)
    if encoder is not None or x.ndim == 3:
        return encoder
    return encoders.make("latency")


def presented(model: Model) -> Encoder:
    """The way a model shows samples, as an encoder."""
    shown, dt = model.presentation, model.network.dt
    if shown.encoder is not None:
        return encoders.make(shown.encoder)
    return encoders.poisson(shown.steps, shown.max_rate, shown.total_rate, shown.rest, dt)


def accept(experiment: Experiment, encoder: Encoder | None, x: np.ndarray) -> np.ndarray:
    if encoder is None:
        return samples.sequences(x)
    return samples.of_steps(x) if encoder.takes == "sequences" else samples.flat(x)


def unit(encoder: Encoder | None) -> bool:
    """Whether samples are intensities in [0, 1]."""
    return encoder is not None and encoder.takes == "samples"


def trainer(experiment: Experiment, encoder: Encoder | None, shape: tuple[int, ...], outputs: int,
            presentations: int) -> TorchTrainer:
    """A new trainer for samples of that shape; its first weights are drawn from the seed."""
    asked = experiment.asked
    torch_device(asked.device)
    network = network_of(experiment, encoder, shape, outputs)
    rule, readout = network.rule, experiment.readouts[0]
    presented = Presented(network, encoder, loss_of(asked.loss, readout), readout.last, rule.rate,
                          rule.rate_strength, rule.online, asked.seed, streams_of(experiment))
    learning = [p for p in network.parameters() if p.requires_grad]
    descent = make_optimizer(asked.optimizer, learning, experiment.lr)
    return TorchTrainer(network, descent.optimizer, presented.gradient, presented.scores, locate=presented.locate,
                        require_targets=presented.require, largest=descent.largest, presented=presented,
                        memory=experiment.memory)


def streams_of(experiment: Experiment) -> int:
    """How many streams run side by side; 0 where samples have nothing to do with each other.

    Raises RefusedError where the order of samples would be lost, or gradients are computed online.
    """
    encoder = experiment.encoder
    if encoder is None or not encoder.options.get("stream"):
        return 0
    if experiment.asked.shuffle:
        raise RefusedError("stream=True passes the network's state from batch to batch, which needs them in order: use "
                           "shuffle=False")
    if experiment.asked.validation and not isinstance(experiment.asked.validation, tuple | list):
        raise RefusedError("stream=True cannot hold out samples in the middle of streams: give validation=(X, y), or "
                           "validation=0")
    if experiment.rule is not None and getattr(experiment.rule, "online", False):
        raise RefusedError("online=True starts each sample anew; leave stream=True or online=True away")
    return experiment.batch


def network_of(experiment: Experiment, encoder: Encoder | None, shape: tuple[int, ...],
               outputs: int) -> GradientNetwork:
    """The network as a torch module, with its readout."""
    asked, readout = experiment.asked, experiment.readouts[0]
    if encoder is None:
        n_inputs = shape[-1:]
    else:
        in_time = encoder.takes == "sequences"
        shown = encoder(np.zeros((1, *(shape if in_time else (int(np.prod(shape)),))), np.float32))
        n = shown.n if isinstance(shown, Spikes) else shown.shape[2]
        n_inputs = shape if n == int(np.prod(shape)) and not in_time else (n,)
    network = described(experiment, n_inputs, outputs)
    heard = readout.of(tuple(part.name for part in network.populations), outputs)
    surrogate = asked.extras.get("surrogate")
    if surrogate is None:
        surrogate = experiment.engine.options.get("surrogate") or triangular(
            width=_threshold(network.populations[-1].neuron))
    backend = asked.extras.get("backend", experiment.engine.name)
    rule = experiment.rule if experiment.rule is not None else network.rule
    return GradientNetwork(network, heard, rule, surrogate, seed=asked.seed, dtype=dtype_of(asked.dtype),
                           backend=backend).to(asked.device)


def loss_of(loss: object, readout: Leaky | Counted) -> Callable:
    """The loss that is asked for; cross-entropy of the steps that count, or of all of them where spikes are counted."""
    if loss is not None:
        return losses.make(loss)
    make = losses.cumulative_cross_entropy if readout.outputs else losses.cross_entropy
    return make(last=readout.last)


def described(experiment: Experiment, n_inputs: tuple[int, ...], outputs: int) -> Network:
    """The network as data, under its rule. Raises RefusedError for what that rule cannot learn with (winners,
    normalisation, slow variables)."""
    network, rule = experiment.network, experiment.rule
    if isinstance(network, Blueprint):
        network = network.build(n_inputs, seed=experiment.asked.seed,
                                outputs=outputs if experiment.readouts[0].outputs else 0)
    network = network.network if isinstance(network, Model) else network
    if not isinstance(network, Network):
        raise PlasticityError(f"a gradient rule learns in a Network, got {network!r}")
    another = network.plastic or network.rule not in (None, rule)
    return network.with_rule(rule) if rule is not None and another else network


def dtype_of(dtype: str | torch.dtype | None) -> torch.dtype:
    """The dtype of a name, float32 unless something is said."""
    if isinstance(dtype, torch.dtype):
        return dtype
    names = {"float32": torch.float32, "float64": torch.float64}
    if dtype is not None and str(dtype) not in names:
        raise PlasticityError(f"dtype must be 'float32' or 'float64', got {dtype!r}")
    return names[str(dtype or "float32")]


def _threshold(neuron: Neuron) -> float:
    """The width of the surrogate: the neuron's baseline threshold where it has one of that name, else 1."""
    return float(neuron.constants.get("threshold", 1.0))

