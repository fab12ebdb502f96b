"""Spikes and synaptic operations per sample of every kind of learner; see `plasticity.comparison.operations`.

Networks that do not spike count one operation per multiplication and addition of a weight, zeros included, in an answer
and in an update (torch's own counter of floating-point operations, halved).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import torch
from torch.utils.flop_counter import FlopCounterMode

from plasticity.comparison.operations import Operations, operations
from plasticity.encoding.spikes import densified
from plasticity.engines.gradient.network import GradientNetwork
from plasticity.learner import Learner
from plasticity.learner.gradients.encoded import Encoded
from plasticity.learner.stream.presenting import Source, encode
from plasticity.learner.targets import Targets
from plasticity.network.kinds import synapses_of
from plasticity.network.network import Network, existing, shape_of


def gradient_rule(learner: Learner, x: np.ndarray) -> dict[str, object]:
    """Of a fitted learner of a gradient rule, on samples x as it takes them."""
    trainer = learner.trainer_
    shown = torch.as_tensor(densified(trainer.presented.shown(x, 0))).to(trainer.module.device)
    return {**spiking(trainer.module, shown, _batch(learner)), "parameters": parameters(trainer.module)}


def _batch(learner: Learner) -> int:
    return learner.described_.experiment.batch


@torch.no_grad()
def spiking(network: GradientNetwork, given: torch.Tensor, batch: int) -> dict[str, object]:
    spent, run = operations(network, given, batch), network(given)
    return {"spikes_per_sample": sum(float(z.sum()) for z in run.spikes.values()) / len(given),
            "input_spikes_per_sample": float((given != 0).sum()) / len(given), **_named(spent)}


def method(learner: Learner, x: np.ndarray) -> dict[str, object]:
    """Of a fitted learner of a method, on samples x; operations that cannot be counted are left out."""
    if isinstance(learner.trainer_.module, Encoded):
        return by_goodness(learner, x)
    trainer, targets = learner.trainer_, Targets(np.arange(len(x)) % len(learner.classes_))
    module = trainer.module
    inference = _multiplications(lambda: trainer.scores(x)) / len(x)
    update = _multiplications(lambda: trainer.gradient(x, targets, 0)) / len(x)
    counts = {"parameters": parameters(module)}
    if not (inference and update):
        return counts
    return counts | _named(Operations(inference, update + parameters(module) / _batch(learner)))


def by_goodness(learner: Learner, x: np.ndarray) -> dict[str, object]:
    """Of fitted spiking forward-forward (`Encoded`), on samples x.

    It shows a sample with every label to answer, and with two to learn.
    """
    outer, classes = learner.trainer_.module, len(learner.classes_)
    module, parameter = outer.inner, next(outer.parameters())
    shown = outer.sequences(torch.as_tensor(x).to(parameter), 0)
    claimed = torch.zeros(*shown.shape[:2], classes).to(shown)
    claimed[..., 0] = module.label_size
    one = spiking(module.spiking, torch.cat((shown, claimed), 2), _batch(learner))
    change = parameters(module) / _batch(learner)
    return {"spikes_per_sample": classes * one["spikes_per_sample"],
            "input_spikes_per_sample": classes * one["input_spikes_per_sample"],
            "synops_per_sample": 2 * (one["synops_per_sample"] - change) + change,
            "inference_synops_per_sample": classes * one["inference_synops_per_sample"],
            "parameters": parameters(module)}


def stdp(learner: Learner, x: np.ndarray) -> dict[str, object]:
    """Of a fitted learner of a rule that acts at spikes, with learning off.

    inference: for every spike one operation per synapse it passes. training adds, in projections that learn, one per
    synapse for every presynaptic and every postsynaptic spike that changes it, and one per synapse and sample where
    weights are normalised.
    """
    trainer = learner.trainer_
    model, network = trainer.model, trainer.model.network
    shown = encode(model, x, Source(trainer.seed, "predict"), 0)
    found = trainer.simulation.run({model.input: shown}, learn=False, reset=model.presentation.reset)
    sent = {part.name: np.full((len(x), part.n), shown.steps * part.always) for part in network.inputs}
    counts = {**sent, model.input: shown.counts(), **found.counts}
    inference = sum(_outward(network, part, counts) for part in network.projections if part.onto)
    learning = sum(_outward(network, part, counts) * bool(part.rule.on_pre) + _inward(network, part, counts)
                   * bool(part.rule.on_post) + len(x) * _synapses(network, part) * (part.normalize is not None)
                   for part in network.plastic)
    return {"spikes_per_sample": sum(float(c.sum()) for c in found.counts.values()) / len(x),
            "input_spikes_per_sample": float(counts[model.input].sum()) / len(x),
            **_named(Operations(inference / len(x), (inference + learning) / len(x))),
            "parameters": int(sum(_synapses(network, part) for part in network.plastic))}


def parameters(module: torch.nn.Module) -> int:
    """How many numbers learn."""
    return sum(p.numel() for p in module.parameters() if p.requires_grad)


def _named(spent: Operations) -> dict[str, float]:
    return {"synops_per_sample": float(spent.training), "inference_synops_per_sample": float(spent.inference)}


def _multiplications(call: Callable[[], object]) -> float:
    with FlopCounterMode(display=False) as counter:
        call()
    return counter.get_total_flops() / 2


def _outward(network: Network, part, counts) -> float:
    pre = synapses_of(part, shape_of(network, part)).pre
    return float(counts[part.pre].sum(0) @ np.bincount(pre, minlength=network.sizes[part.pre]))


def _inward(network: Network, part, counts) -> float:
    post = synapses_of(part, shape_of(network, part)).post
    return float(counts[part.post].sum(0) @ np.bincount(post, minlength=network.sizes[part.post]))


def _synapses(network: Network, part) -> int:
    return int(existing(network, part).sum())


def rates(learner: Learner, x: np.ndarray) -> dict[str, object]:
    """Of a fitted learner of a rule of rates: one operation per weight and sample to answer, as many to learn."""
    weights = int(learner.weights_.size)
    return {**_named(Operations(weights, 2 * weights)), "parameters": weights}


#: way of learning -> what is counted of a learner
COUNT: Mapping[str, Callable[[Learner, np.ndarray], dict[str, object]]] = {
    "stream": stdp, "rates": rates, "gradients": gradient_rule, "method": method}
