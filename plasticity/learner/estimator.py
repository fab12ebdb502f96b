"""scikit-learn's estimator form around the loop, the same for every rule."""

from __future__ import annotations

import time
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted, validate_data

from plasticity.errors import PlasticityError, RefusedError
from plasticity.learner import folder as folder_
from plasticity.learner import goals, health
from plasticity.learner.asked import Asked
from plasticity.learner.described import features_of
from plasticity.learner.experiment import Experiment, experiment
from plasticity.learner.identity import identity
from plasticity.learner.loop import train
from plasticity.learner.parts import parts_of, put_parts
from plasticity.learner.plan import Plan
from plasticity.learner.preparing import prepared, split
from plasticity.learner.samples import as_samples
from plasticity.learner.tags import tagged
from plasticity.learner.targets import Targets
from plasticity.learner.trainer import Callback
from plasticity.learner.training import Training
from plasticity.runs.folder import Run


class Estimator(ClassifierMixin, BaseEstimator):
    """What `Learner` and its presets share. A final class stores its arguments and says in `_asked` what they mean."""

    @abstractmethod
    def _asked(self) -> Asked:
        """What is asked, as `Learner` would be asked for it."""

    def _experiment(self) -> Experiment:
        """What was fitted, or what would be."""
        return self.described_.experiment if hasattr(self, "described_") else experiment(self._asked())

    # ------------------------------------------------------------------ learning

    def fit(self, X, y=None, sample_weight=None, *, classes: Sequence | None = None, run: Run | None = None,
            callback: Callback | None = None):
        """Learns from samples X and targets y.

        X: [samples, features], images or sequences [samples, steps, inputs]. y: labels [samples], or what the loss
        takes; rules that learn without labels use them only to name what neurons have come to respond to, and need none
        for `transform`. sample_weight: [samples] or [samples, steps].
        classes: all labels that there are, where y may not hold them all.
        run: a `plasticity.runs.Run` that keeps metrics and checkpoints, and from which an interrupted fit goes on.
        callback(step, x, targets): called when an update is known, before the weights change.
        After Ctrl-C the estimator has learned what it was shown.
        """
        x, targets = self.prepare(X, y, classes, sample_weight)
        asked, plan = self.described_.experiment.asked, self.described_.experiment.plan
        health.warn(health.untaught(plan.epochs))
        x, targets, held_out = self._split(x, targets, asked)
        if held_out is not None:
            self.trainer_.begin(x)  # anew, as first weights can be samples: none of those that are held out
        plan = replace(plan, batch=self.trainer_.chunk(plan.batch))
        train(self.trainer_, x, targets, plan, held_out=held_out, run=run, callback=callback, training=self.training_,
              augment=self.described_.augmenting(x, targets),
              identity=None if run is None else identity(self, x, targets))
        self._finish(x, targets)
        return self

    def _finish(self, x: np.ndarray, targets: Targets) -> None:
        """Fits what is fitted after learning, and keeps how long that took."""
        begun = time.perf_counter()
        self.trainer_.finish(x, targets)
        self.label_seconds_ = time.perf_counter() - begun

    def partial_fit(self, X, y=None, classes: Sequence | None = None, sample_weight=None):
        """Shows X once more, in the order given, and goes on from what was learned before.

        classes: all labels that will ever come; needed at the first call when X does not hold them all. What is known
        of classes that a piece does not hold stays.
        """
        if not hasattr(self, "trainer_"):
            x, targets = self.prepare(X, y, classes, sample_weight)
        else:
            x = self.taken(X)
            targets = self._targets(x, y, sample_weight)
            self.trainer_.require(x, targets)
        asked, before = self.described_.experiment.asked, self.training_
        batch = self.trainer_.chunk(self.described_.experiment.batch)
        plan = Plan(1, batch, asked.seed, False, verbose=asked.verbose, first_epoch=before.epochs)
        if hasattr(self.trainer_, "offset"):
            self.trainer_.offset = before.shown
        self.training_ = before.joined(train(self.trainer_, x, targets, plan,
                                             augment=self.described_.augmenting(x, targets)))
        self._finish(x, targets)
        return self

    def untrained(self, X, y=None, classes: Sequence | None = None):
        """A control: the network as it was built, with its readouts fitted in the same way."""
        x, targets = self.prepare(X, y, classes)
        self._finish(x, targets)
        return self

    def prepare(self, X, y=None, classes: Sequence | None = None, sample_weight=None) -> tuple[np.ndarray, Targets]:
        """Checks everything and builds what `fit` would train, without training: samples and targets as it would show
        them."""
        ready = prepared(self._asked(), type(self).__name__, X, y, classes, sample_weight)
        self.described_, self.trainer_, self.training_ = ready.described, ready.trainer, Training()
        validate_data(self, X, skip_check_array=True, ensure_2d=False)  # keeps the names of features, if there are any
        self.n_features_in_ = ready.described.n_features
        if ready.described.goal.classes is not None:
            self.classes_ = ready.described.goal.classes
        return ready.x, ready.targets

    def _targets(self, x: np.ndarray, y, sample_weight) -> Targets:
        """Targets of samples that are learned from, or held against the answers."""
        return self.described_.targets(goals.values_of(self.described_.goal, y, len(x)), sample_weight)

    def _split(self, x: np.ndarray, targets: Targets, asked: Asked):
        """(x, targets, held out or None)."""
        if isinstance(asked.validation, tuple | list):
            held_x, held_y = asked.validation
            held_x = self.taken(held_x)
            return x, targets, (held_x, self._targets(held_x, held_y, None))
        return split(x, targets, asked.validation, asked.seed, self.described_.goal.classes is not None)

    # ------------------------------------------------------------------ answers

    def taken(self, X) -> np.ndarray:
        """X as it is learned, checked against what was learned from."""
        check_is_fitted(self, "trainer_")
        x, described = as_samples(X, type(self).__name__), self.described_
        validate_data(self, X, skip_check_array=True, ensure_2d=False, reset=False)
        features = features_of(x.shape[1:], described.shape)
        if features != described.n_features:
            raise PlasticityError(f"X has {features} features, but {type(self).__name__} is expecting "
                                  f"{described.n_features} features as input")
        return described.accept(x)

    def predict(self, X) -> np.ndarray:
        """The label of each sample (`no_answer_` where nothing speaks for any); of values as targets, the values."""
        x = self.taken(X)
        self._require_answers()
        return goals.answers(self.described_.goal, self.trainer_, x)

    @available_if(lambda self: not goals.of_values(self._experiment()))
    def decision_function(self, X) -> np.ndarray:
        """Scores, the larger, the likelier the class: [samples, classes]; of two classes [samples], for the second."""
        x = self.taken(X)
        self._require_answers()
        return goals.decision(self.described_.goal, self.trainer_, x)

    @available_if(lambda self: goals.has_chances(self._experiment()))
    def predict_proba(self, X) -> np.ndarray:
        """Probabilities of the classes, [samples, classes], rows add up to 1; alike where there is no answer."""
        x = self.taken(X)
        self._require_answers()
        return goals.chances(self.described_.goal, self.trainer_, x)

    @available_if(lambda self: self._experiment().way.features)
    def transform(self, X) -> np.ndarray:
        """What the network makes of samples, [samples, features]: spikes of its neurons, or features of rates; methods
        that bring their own network have none."""
        return self.trainer_.features(self.taken(X))

    @available_if(lambda self: self._experiment().way.features)
    def fit_transform(self, X, y=None, **options) -> np.ndarray:
        """`fit`, then `transform` of the same samples."""
        return self.fit(X, y, **options).transform(X)

    def score(self, X, y, sample_weight=None) -> float:
        """How well it does, as the loss has it: accuracy for labels, R2 for vectors, minus NLL for bernoulli."""
        x = self.taken(X)
        self._require_answers()
        return goals.score(self.described_.goal, self.trainer_, x, self._targets(x, y, sample_weight))

    def accuracies(self, X, y) -> dict[str, float]:
        """Fraction right by every readout fitted; the responses are counted once."""
        return self.read(X, y)[0]

    @property
    def learned_(self) -> dict[str, np.ndarray]:
        """Everything that learning changed, by name: "projection.w", slow variables of neurons, readouts."""
        check_is_fitted(self, "trainer_")
        return self.trainer_.learned()

    @property
    def weights_(self) -> np.ndarray:
        """Learned weights from the input to the population that is read out (of rates: all), [inputs, neurons]."""
        check_is_fitted(self, "trainer_")
        return self.trainer_.input_weights()

    @property
    def labels_(self) -> np.ndarray:
        """The class each neuron answers to most, as a place in classes_; -1 for none. [neurons]"""
        check_is_fitted(self, "trainer_")
        if not hasattr(self.trainer_, "reading"):
            raise AttributeError("neurons have labels where readouts are fitted to their responses; this network "
                                 "learned from labels")
        return self.trainer_.reading.neuron_labels(len(self.classes_))

    def read(self, X, y, sample_weight=None) -> tuple[dict[str, float], np.ndarray]:
        """(score by readout, answers of the first one as places in classes_, -1 for none), showing X once.

        Of targets by step or values the answers are those of `predict`.
        """
        x = self.taken(X)
        self._require_answers()
        targets, goal, trainer = self._targets(x, y, sample_weight), self.described_.goal, self.trainer_
        if not goals.has_readouts(trainer):
            return goals.read(goal, trainer, x, targets, self.readout_name_)
        responses, reading = trainer.responses(x), trainer.reading
        places = {name: reading.places(responses, name) for name in reading.fitted}
        goals.answered(goal, places[reading.names[0]], targets)
        return {name: float(np.average(each == targets.values, weights=targets.weight))
                for name, each in places.items()}, places[reading.names[0]]

    @property
    def network_(self):
        """The network with its learned weights, as it was described: a Network, a Model, or a layer of rates. It can be
        learned on by another rule, `network_.with_rule(...)`."""
        check_is_fitted(self, "trainer_")
        return self.trainer_.network()

    @property
    def readout_name_(self) -> str:
        """What answers: the first readout, or the network's own output."""
        check_is_fitted(self, "described_")
        return self.described_.experiment.words["readout"] or "output"

    def _require_answers(self) -> None:
        if self.described_.goal.outputs == 0:
            raise RefusedError("this learner was fitted without labels, so it has no classes to answer; use transform, "
                               "or fit it with y")

    @property
    def no_answer_(self):
        """What `predict` answers for a sample that draws no spike from any labelled neuron: it is no class."""
        check_is_fitted(self, "classes_")
        return goals.no_answer(self.classes_)

    @property
    def losses_(self) -> list[float]:
        check_is_fitted(self, "training_")
        return self.training_.losses

    @property
    def validation_(self) -> list[float]:
        check_is_fitted(self, "training_")
        return self.training_.validation

    # ------------------------------------------------------------------ keeping

    def save(self, folder: str | Path, about: Mapping[str, object] | None = None) -> Path:
        """Writes all that `load` needs into a folder: JSON and safetensors, with checksums; nothing is pickled.

        about: what else is to be known of it, for `describe`. Raises PlasticityError for what cannot be written: an
        encoder, loss or schedule that is a function of one's own.
        """
        check_is_fitted(self, "trainer_")
        return folder_.save(self, Path(folder), about or {})

    def __getstate__(self) -> dict:
        """Parameters and parts: what is compiled or generated is made again when it is read."""
        state = {name: getattr(self, name) for name in self.get_params(deep=False)}
        return {"parameters": state, "parts": parts_of(self) if hasattr(self, "trainer_") else None}

    def __setstate__(self, state: dict) -> None:
        self.__dict__.update(state["parameters"])
        if state["parts"] is not None:
            put_parts(self, state["parts"])

    # ------------------------------------------------------------------ scikit-learn

    def __sklearn_tags__(self):
        return tagged(super().__sklearn_tags__(), self._experiment())
