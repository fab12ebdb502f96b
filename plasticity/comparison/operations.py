"""What learning costs in operations, and how a rule's update compares with another rule's while training goes on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import torch

from plasticity.comparison.alignment import compare
from plasticity.engines.gradient.checks import presented
from plasticity.engines.gradient.connections import Connection, carried
from plasticity.engines.gradient.exact import gradients
from plasticity.engines.gradient.network import GradientNetwork, Output
from plasticity.learner.estimator import Estimator
from plasticity.learner.plan import Step
from plasticity.learner.targets import Targets
from plasticity.rules.paths import GradientRule


class Operations(NamedTuple):
    """Synaptic operations per sample: of an answer (inference), and of learning from it, answer included (training)."""

    inference: float
    training: float


@torch.no_grad()
def operations(network: GradientNetwork, x: torch.Tensor, batch: int = 1) -> Operations:
    """Synaptic operations per sample, counted by events.

    One operation is the addition of one weight to one neuron, or one change of a weight or of its eligibility. An event
    is a spike (or a graded value that is not zero).

    inference: for every event, one per synapse it passes; pools, one per event.
    training adds: for every event, one change per synapse that learns (all rules here can accumulate eligibility at
    spikes); in every step, one per synapse over which an error comes back, that is readouts times outputs, or what
    takes their place, and projections whose path the rule leaves open (errors are not spikes: neurons whose surrogate
    derivative is zero count too); and the weights' own change, once per `batch` samples.
    """
    run, samples, steps = network(x), *x.shape[:2]
    events = presented(network.network, x, network.dtype, network.device) | dict(run.spikes)
    passed = {connection.name: _passed(connection, events[connection.pre], network)
              for connection in network.connections}
    read = sum(_events(run.spikes[name]) * w.shape[1] for name, w in network.readouts.items())
    learns = sum(passed[connection.name] for connection in network.connections
                 if connection.operator.learns and network.weights[connection.name].requires_grad)
    if network.rule.teacher == "local":
        learns += sum(_events(run.spikes[name]) * g.shape[1] for name, g in network.local.items())
    moved = sum(p.numel() for p in network.parameters() if p.requires_grad) / batch
    back = _heard(network) + sum(_returned(connection, network) for connection in network.connections)
    inference = (sum(passed.values()) + read) / samples
    return Operations(inference, inference + (learns + read) / samples + steps * back + moved)


def _events(values: torch.Tensor) -> int:
    return int((values != 0).sum())


def _passed(connection: Connection, values: torch.Tensor, network: GradientNetwork) -> float:
    """Synapses that all events together pass."""
    events = (values != 0).to(network.dtype).to(network.device)
    if not connection.operator.learns:
        return float(events.sum())
    return float(connection.operator.product(events, _ones(connection, network)).double().sum())


def _ones(connection: Connection, network: GradientNetwork) -> torch.Tensor:
    """1 for every weight that exists."""
    exists = getattr(network, f"exists {connection.name}")
    return torch.ones_like(network.weights[connection.name]) if exists is None else exists.to(network.dtype)


def _returned(connection: Connection, network: GradientNetwork) -> float:
    """Synapses over which an error comes back in a step."""
    credit = carried(connection, network.rule.paths)
    if connection.kind == "input" or not (credit.others or credit.own):
        return 0.0
    if not credit.others:
        return float(network.network.sizes[connection.pre])
    everywhere = torch.ones(1, network.network.sizes[connection.pre], dtype=network.dtype, device=network.device)
    return _passed(connection, everywhere, network)


def _heard(network: GradientNetwork) -> int:
    """Synapses that bring an error, or the target, to populations in a step."""
    if network.rule.teacher == "target":
        return sum(network.network.sizes[name] for name in network.local)
    names = network.local if network.rule.teacher == "local" else {*network.readouts, *network.feedback}
    return sum(network.network.sizes[name] for name in names) * (network.readout.n if network.readout else 0)


class AlignmentRecorder:
    """Follows how a rule's update stands to another rule's, on the same weights and samples, while a network learns.

    Give it to `fit(X, y, callback=recorder)` of the learner it was made for, which takes gradients. Every `every`
    updates it adds a line per parameter to `lines`: {update, epoch, parameter, cosine, norm}, norm being the length
    relative to the reference's.
    The training itself stays as it would be without.

    reference: a gradient rule; backpropagation through time by default. most: samples of a batch that are compared
    (None: all; their update is computed anew then).
    """

    def __init__(self, classifier: Estimator, every: int = 50, reference: str | GradientRule = "bptt",
                 most: int | None = None):
        self.classifier, self.every, self.reference, self.most = classifier, every, reference, most
        self.lines: list[dict] = []
        self._updates, self._other = 0, None

    def __call__(self, step: Step, x: np.ndarray, labels: np.ndarray) -> None:
        """Called by the loop when the update's gradients are there."""
        number, self._updates = self._updates, self._updates + 1
        if number % self.every:
            return
        network = self.classifier.trainer_.module
        if self._other is None or self._other.weights is not network.weights:
            self._other = network.with_rule(self.reference).to(network.device)
        x, labels = x[:self.most], labels[:self.most]
        exact = self._gradients(self._other, x, labels, step)
        own = {name: p.grad for name, p in network.named_parameters() if p.grad is not None} \
            if self.most is None else self._gradients(network, x, labels, step)
        for name in sorted(own.keys() & exact.keys()):
            cosine, norm = compare(own[name], exact[name])
            self.lines.append({"update": number, "epoch": step.epoch, "parameter": name, "cosine": cosine,
                               "norm": norm})

    def _gradients(self, network: GradientNetwork, x: np.ndarray, labels: np.ndarray, step: Step) -> Mapping:
        def objective(run: Output) -> torch.Tensor:
            return self.classifier.trainer_.presented.objective(run, Targets(labels))

        return gradients(network, self.classifier.trainer_.presented.shown(x, step.seed), objective, noise=step.seed)

    def mean(self, where: str = "weights.") -> dict[str, tuple[float, float]]:
        """Mean over time of (cosine, norm) of every parameter whose name begins so; NaN ones left out."""
        names = dict.fromkeys(line["parameter"] for line in self.lines if line["parameter"].startswith(where))
        found = {name: [(line["cosine"], line["norm"]) for line in self.lines if line["parameter"] == name]
                 for name in names}
        return {name: tuple(float(each) for each in np.nanmean(np.array(values), 0)) for name, values in found.items()}
