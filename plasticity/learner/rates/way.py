"""From an experiment to a trainer: rules that read rates."""

from __future__ import annotations

import numpy as np

from plasticity.encoding.catalogue import Encoder
from plasticity.errors import choice
from plasticity.learner import samples
from plasticity.learner.experiment import Experiment
from plasticity.learner.rates.trainer import RateTrainer
from plasticity.learner.stream.reading import Reading
from plasticity.network.rate_layer import RateLayer


def encoder_of(experiment: Experiment, x: np.ndarray) -> Encoder | None:
    """None: rates are taken as they are."""
    return None


def accept(experiment: Experiment, encoder: Encoder | None, x: np.ndarray) -> np.ndarray:
    return samples.flat(x)


def unit(encoder: Encoder | None) -> bool:
    """Whether samples are intensities in [0, 1]: rates may be any numbers."""
    return False


def trainer(experiment: Experiment, encoder: Encoder | None, shape: tuple[int, ...], outputs: int,
            presentations: int) -> RateTrainer:
    """A new trainer for samples of that shape. lr is the largest change of a mini-batch (None: the rule's own)."""
    asked = experiment.asked
    network = experiment.network
    layer = network if isinstance(network, RateLayer) else network.build(shape, seed=asked.seed)
    readouts = {readout.name: readout.options for readout in experiment.readouts}
    reading = Reading(tuple(readouts), readouts, experiment.readouts[0].samples)
    dtype = str("float32" if asked.dtype is None else asked.dtype).removeprefix("torch.")
    choice("dtype", dtype, ("float32", "float64"))
    return RateTrainer(layer, experiment.rule, reading, reduce=experiment.engine.options.get("reduce", "sum"),
                       max_update=experiment.lr, dtype=dtype, device=asked.device, seed=asked.seed,
                       shuffle=asked.shuffle, classes=outputs)
