"""From an experiment to a trainer: methods that bring their own network."""

from __future__ import annotations

from functools import partial

import numpy as np
import torch

from plasticity._utils.devices import torch_device
from plasticity.encoding import catalogue as encoders
from plasticity.encoding.catalogue import Encoder
from plasticity.errors import RefusedError
from plasticity.learner import samples
from plasticity.learner.experiment import Experiment
from plasticity.learner.gradients.encoded import encoded
from plasticity.learner.gradients.optimisers import make_optimizer
from plasticity.learner.gradients.trainer import TorchTrainer
from plasticity.learner.gradients.way import dtype_of
from plasticity.learner.targets import Targets, require_whole_samples
from plasticity.methods.method import FORMS, Method, require_shape

AT_ONCE = 256  # samples that are scored at once


def encoder_of(experiment: Experiment, x: np.ndarray) -> Encoder | None:
    """The encoder of a method that spikes; by default latency for samples of features, None for sequences."""
    encoder = experiment.encoder
    as_they_are = encoder is not None and encoder.as_they_are
    if not experiment.rule.spikes or experiment.rule.form == "flat" or as_they_are:
        return None
    return encoder if encoder is not None or x.ndim == 3 else encoders.make("latency")


def accept(experiment: Experiment, encoder: Encoder | None, x: np.ndarray) -> np.ndarray:
    """Samples as the method takes them."""
    return samples.flat(x) if encoder is not None else FORMS[experiment.rule.form](x)


def unit(encoder: Encoder | None) -> bool:
    """Whether samples are intensities in [0, 1]."""
    return encoder is not None and encoder.takes != "sequences"


def trainer(experiment: Experiment, encoder: Encoder | None, shape: tuple[int, ...], outputs: int,
            presentations: int) -> TorchTrainer:
    """A new trainer for samples of that shape; its first weights are drawn from the seed."""
    asked, dtype = experiment.asked, dtype_of(experiment.asked.dtype)
    torch_device(asked.device)
    method: Method = experiment.rule if encoder is None else encoded(experiment.rule, encoder)
    module = method.build(shape, outputs, asked.seed, dtype).to(asked.device)
    lr = method.lr if experiment.lr is None else experiment.lr
    descent = make_optimizer(asked.optimizer, module.parameters(), lr)
    tensor = partial(torch.as_tensor, dtype=dtype, device=asked.device)
    return TorchTrainer(module, descent.optimizer, partial(_gradient, module, tensor, asked.device),
                        partial(_scores, module, tensor, shape, method.form),
                        require_targets=partial(_require, experiment.rule), largest=descent.largest,
                        memory=experiment.memory)


def _require(method: Method, x: np.ndarray, targets: Targets) -> None:
    require_whole_samples(targets, method.name)
    if targets.weight is not None and not method.weighs:
        raise RefusedError(f"{method.name} knows no weights of samples; leave sample_weight away")


def _gradient(module: torch.nn.Module, tensor, device: str, x: np.ndarray, targets: Targets, seed: int) -> torch.Tensor:
    weight = {} if targets.weight is None else {"weight": tensor(targets.weight)}
    module.train()
    labels = torch.as_tensor(targets.values, device=device)
    return module.gradient(tensor(x), labels, np.random.default_rng(seed), **weight)


@torch.no_grad()
def _scores(module: torch.nn.Module, tensor, shape: tuple[int, ...], form: str, x: np.ndarray) -> np.ndarray:
    require_shape(x, shape, form)
    module.eval()
    parts = [module(tensor(x[begin:begin + AT_ONCE])) for begin in range(0, len(x), AT_ONCE)]
    return torch.cat(parts).cpu().numpy()


