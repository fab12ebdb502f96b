"""Responses of a network, and readouts fitted to all that were seen."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from plasticity.encoding.spikes import Spikes
from plasticity.errors import NetworkWarning, PlasticityError
from plasticity.learner import health
from plasticity.learner.stream.presenting import joined
from plasticity.learner.targets import Targets
from plasticity.readout import READOUTS, Readout, assign_labels, fit_readout


@dataclass(frozen=True)
class Responses:
    """counts: output spikes [samples, n] (or features of a layer of rates). trains: when they fell, if recorded."""

    counts: np.ndarray
    trains: Spikes | None = None

    def for_(self, readout: str) -> np.ndarray | Spikes:
        """What the readout of that name reads."""
        return self.trains if READOUTS[readout].needs == "spikes" else self.counts


@dataclass
class Reading:
    """Readouts by name; the first one answers `predict`.

    names: of `plasticity.readout.READOUTS`. options: name -> options of its fit. samples: at most so many are used to
    fit them; None for all. seen, labels, weight: what they were fitted on, all pieces of data together.
    """

    names: tuple[str, ...]
    options: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    samples: int | None = 10_000
    fitted: dict[str, Readout] = field(default_factory=dict)
    seen: Responses | None = None
    labels: np.ndarray | None = None
    weight: np.ndarray | None = None

    @property
    def needs_trains(self) -> bool:
        """Whether one of the readouts reads when spikes fell."""
        return any(READOUTS[name].needs == "spikes" for name in self.names)

    def forget(self) -> None:
        """Everything that was seen."""
        self.fitted, self.seen, self.labels, self.weight = {}, None, None, None

    def fit(self, responses: Responses, targets: Targets, classes: int) -> None:
        """Fits all readouts on these responses and on those of before.

        What cannot be fitted yet (a logistic regression on one class) is left out, with a warning; PlasticityError if
        it is the one that answers.
        """
        self._add(responses, targets)
        self.fitted = {}
        for name in self.names:
            try:
                weighted = {} if self.weight is None else {"weight": self.weight}
                self.fitted[name] = fit_readout(name, self.seen.for_(name), self.labels, classes, **weighted,
                                                **self.options.get(name, {}))
            except PlasticityError as error:
                if name == self.names[0]:
                    raise
                warnings.warn(f"readout {name!r} is left out: {error}", NetworkWarning, stacklevel=2)

    def _add(self, responses: Responses, targets: Targets) -> None:
        weight = targets.weight if targets.weight is None or targets.weight.ndim == 1 else targets.weight.mean(1)
        if self.seen is None:
            self.seen, self.labels, self.weight = responses, targets.labels, weight
            return
        trains = None if responses.trains is None else joined((self.seen.trains, responses.trains))
        self.seen = Responses(np.concatenate([self.seen.counts, responses.counts]), trains)
        if weight is not None or self.weight is not None:
            self.weight = np.concatenate([np.ones(len(labels)) if part is None else part for part, labels in
                                          ((self.weight, self.labels), (weight, targets.labels))])
        self.labels = np.concatenate([self.labels, targets.labels])
        self._trim()

    def _trim(self) -> None:
        """Keeps the latest samples of each class, as many as fit into `samples` in all."""
        if self.samples is None or len(self.labels) <= 2 * self.samples:
            return
        each = max(1, self.samples // len(np.unique(self.labels)))
        latest = [np.flatnonzero(self.labels == label)[-each:] for label in np.unique(self.labels)]
        kept = np.sort(np.concatenate(latest))
        trains = self.seen.trains and joined(self.seen.trains[k:k + 1] for k in kept)
        self.seen, self.labels = Responses(self.seen.counts[kept], trains), self.labels[kept]
        self.weight = None if self.weight is None else self.weight[kept]

    def places(self, responses: Responses, name: str | None = None) -> np.ndarray:
        """Class numbers [samples], -1 where there is no answer; by the first readout unless one is named."""
        name = name or self.names[0]
        places = self.fitted[name].predict(responses.for_(name))
        if name == self.names[0]:
            health.warn(health.unanswered(places, responses.counts.any(1)))
        return places

    def scores(self, responses: Responses) -> np.ndarray:
        """How much speaks for each class, [samples, classes]; all 0 where there is no answer."""
        name = self.names[0]
        return self.fitted[name].scores(responses.for_(name))

    def neuron_labels(self, classes: int) -> np.ndarray:
        """The class each neuron answers to most, -1 for none, [neurons]."""
        return assign_labels(self.seen.counts, self.labels, classes)
