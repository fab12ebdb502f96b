"""From an experiment to a trainer: rules that act at spikes."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np

from plasticity import engines
from plasticity.encoding.catalogue import Encoder
from plasticity.errors import PlasticityError, RefusedError
from plasticity.learner import samples
from plasticity.learner.experiment import Experiment
from plasticity.learner.learnable import require_stream
from plasticity.learner.stream import checks
from plasticity.learner.stream.reading import Reading
from plasticity.learner.stream.trainer import StreamTrainer
from plasticity.network.blueprint import Blueprint
from plasticity.network.network import Network
from plasticity.network.presentation import Model, Presentation

STEPS = 250  # of a presentation, for networks that do not say how samples are shown


def encoder_of(experiment: Experiment, x: np.ndarray) -> Encoder | None:
    """The encoder, None for the network's own presentation."""
    return experiment.encoder


def accept(experiment: Experiment, encoder: Encoder | None, x: np.ndarray) -> np.ndarray:
    """Samples as the network takes them: flat, unless they are sequences."""
    return samples.of_steps(x) if encoder is not None and encoder.takes == "sequences" else samples.flat(x)


def unit(encoder: Encoder | None) -> bool:
    """Whether samples are intensities in [0, 1]."""
    return encoder is None or encoder.takes == "samples"


def trainer(experiment: Experiment, encoder: Encoder | None, shape: tuple[int, ...], outputs: int,
            presentations: int) -> StreamTrainer:
    """A new trainer for samples of that shape. outputs: number of classes (0: unknown). presentations: how many samples
    will be shown; networks whose homeostasis depends on it are told."""
    asked, call = experiment.asked, experiment.engine
    model = model_of(experiment, encoder, shape, presentations)
    require_stream(None, model.network)
    checks.warn_coarse(model)
    dtype = str(default_dtype(call.name) if asked.dtype is None else asked.dtype).removeprefix("torch.")
    reduce = call.options.get("reduce", "sum")
    build = partial(engines.build, engine=call.name, dtype=dtype, device=asked.device, batch=experiment.batch,
                    reduce=reduce, seed=asked.seed)
    readouts = {readout.name: readout.options for readout in experiment.readouts}
    reading = Reading(tuple(readouts), readouts, experiment.readouts[0].samples)
    return StreamTrainer(model, build, reading, call.name, dtype, experiment.batch, asked.seed, asked.shuffle,
                         outputs)


def default_dtype(engine: str) -> str:
    """float32 is quicker; Brian2 computes in float64 only."""
    return {"brian2": "float64", "brian2_cpp": "float64"}.get(engine, "float32")


def model_of(experiment: Experiment, encoder: Encoder | None, shape: tuple[int, ...], presentations: int) -> Model:
    """The network with the way samples are shown. Raises RefusedError where nothing in it learns."""
    n_inputs = _inputs(encoder, shape)
    network, rule = experiment.network, experiment.rule
    if isinstance(network, Blueprint):
        told = {"rule": rule, "presentations": presentations or None}
        told = {name: value for name, value in told.items() if value is not None}
        knows, network = network.takes("rule"), network.build(n_inputs, seed=experiment.asked.seed, **told)
        rule = None if knows else rule
    model = network if isinstance(network, Model) else _shown(network)
    if rule is None and model.network.rule is not None:  # one's own function built it
        raise RefusedError(f"network {model.network.name!r} is trained by gradients: give rule="
                           f"{model.network.rule.name!r}, as it is built when samples are there")
    model = model if rule is None else model.with_rule(rule)
    if not model.network.plastic:
        raise RefusedError(f"network {model.network.name!r} has no projection that learns by a rule of its own; give "
                           "one of its projections a rule, or choose a rule that takes gradients")
    if encoder is not None:
        model = model.with_(presentation=replace(model.presentation, encoder=encoder))
    given, wanted = int(np.prod(n_inputs)), model.network.sizes[model.input]
    if given != wanted:
        raise PlasticityError(f"X has {given} inputs per sample, the network was built for {wanted}")
    return model


def _inputs(encoder: Encoder | None, shape: tuple[int, ...]) -> tuple[int, ...]:
    """How many inputs samples of that shape have, or in which rows and columns they stand."""
    if encoder is None or encoder.takes != "sequences":
        return shape
    return shape[-1:] if encoder.as_they_are else (encoder(np.zeros((1, *shape), np.float32)).n,)


def _shown(network: Network) -> Model:
    """A network without a presentation: Poisson spikes into its first input, its last population is read out."""
    if not isinstance(network, Network) or not (network.shown and network.populations):
        raise PlasticityError(f"a network to learn in needs an input and a population, got {network!r}")
    return Model(network, Presentation(steps=STEPS), network.shown[0].name, network.populations[-1].name)
