"""scikit-learn's estimator form around the training loop, for whatever is made of a module and an optimiser."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.model_selection import train_test_split
from sklearn.utils.validation import check_is_fitted

from plasticity._utils.devices import torch_device
from plasticity._utils.validation import require_above_zero, require_labels
from plasticity.errors import PlasticityError
from plasticity.learner.gradient_training import Learner, Training, Watch, train
from plasticity.learner.plan import Plan
from plasticity.runs.checkpoint import fingerprint
from plasticity.runs.folder import Run

PLAIN = (str, int, float, bool, type(None), tuple)


class LoopClassifier(ClassifierMixin, BaseEstimator):
    """What classifiers that learn in the loop share. A final class gives `_samples` and `_learner`, and a constructor
    that stores at least epochs, batch, lr, seed, device, validation_fraction, schedule, patience and verbose:

    epochs, batch, seed, schedule, patience, verbose: see `plasticity.learner.plan.Plan`. lr: learning rate (None: what
    the learner has of its own, if any). device: of torch.
    validation_fraction: of the training samples, held out (drawn by seed, classes in proportion) to measure accuracy
    after each epoch; 0 for none.

    After fit: classes_, n_features_in_, learner_ (module, optimiser and how they are used), training_ (a `Training`),
    losses_ (mean per epoch), validation_ (accuracy on held-out samples after each epoch).
    """

    @abstractmethod
    def _samples(self, X) -> np.ndarray:
        """X as an array that the learner takes, [samples, ..., features]. Raises PlasticityError for what it cannot."""

    @abstractmethod
    def _learner(self, x: np.ndarray, n_classes: int) -> Learner:
        """A new learner for samples like x. It draws its first weights from `seed`."""

    def fit(self, X, y, run: Run | None = None, watch: Watch | None = None):
        """Learns from samples X and labels y [samples].

        run: a `plasticity.runs.Run` that keeps metrics and checkpoints, and from which an interrupted fit goes on.
        watch: see `gradient_training.train`. After Ctrl-C the estimator has learned what it was shown.
        """
        plan = Plan(self.epochs, self.batch, self.seed, True, self.schedule, self.patience, self.verbose)
        x, labels = self.prepare(X, y, None)
        x, labels, held_out = self._split(x, labels)
        train(self.learner_, x, labels, plan, held_out=held_out, run=run, watch=watch, training=self.training_,
              identity=None if run is None else self._identity(x, labels))
        return self

    def partial_fit(self, X, y, classes: Sequence | None = None):
        """Shows X once more, in the order given, and goes on from what was learned before.

        classes: all labels that will ever come; needed at the first call when X does not hold them all.
        """
        if not hasattr(self, "learner_"):
            x, labels = self.prepare(X, y, classes)
        else:
            x, labels = self._known(X), require_labels(y, len(X), self.classes_)[1]
        before = self.training_
        plan = Plan(1, self.batch, self.seed, False, verbose=self.verbose, first_epoch=len(before.losses))
        now = train(self.learner_, x, labels, plan)
        self.training_ = Training(before.losses + now.losses, before.validation, before.shown + now.shown,
                                  before.seconds + now.seconds)
        return self

    def taken(self, X) -> np.ndarray:
        """X as the learner takes it, checked."""
        check_is_fitted(self, "learner_")
        return self._known(X)

    def decision_function(self, X) -> np.ndarray:
        """Scores, the larger the likelier, [samples, classes]."""
        check_is_fitted(self, "learner_")
        return self.learner_.scores(self._known(X))

    def predict(self, X) -> np.ndarray:
        """The class with the largest score, [samples]."""
        return self.classes_[self.decision_function(X).argmax(1)]

    @property
    def losses_(self) -> list[float]:
        check_is_fitted(self, "training_")
        return self.training_.losses

    @property
    def validation_(self) -> list[float]:
        check_is_fitted(self, "training_")
        return self.training_.validation

    def prepare(self, X, y, classes: Sequence | None = None) -> tuple[np.ndarray, np.ndarray]:
        """Checks everything and builds what `fit` would train, without training: X and labels as it would show them."""
        x = self._samples(X)
        given, labels = require_labels(y, len(x), None if classes is None else np.unique(classes))
        if len(given) < 2:
            raise PlasticityError(f"y must hold at least two classes, got only {given.tolist()}")
        torch_device(self.device)
        require_above_zero(**({} if self.lr is None else {"lr": self.lr}))
        learner = self._learner(x, len(given))
        self.classes_, self.n_features_in_, self.learner_, self.training_ = given, x.shape[-1], learner, Training()
        return x, labels

    def _known(self, X) -> np.ndarray:
        x = self._samples(X)
        if x.shape[-1] != self.n_features_in_:
            raise PlasticityError(f"X has {x.shape[-1]} features, the classifier learned from {self.n_features_in_}")
        return x

    def _split(self, x: np.ndarray, labels: np.ndarray):
        """(x, labels, held out or None)."""
        if not self.validation_fraction:
            return x, labels, None
        if not 0 < self.validation_fraction < 1:
            raise PlasticityError(f"validation_fraction must lie in [0, 1), got {self.validation_fraction!r}")
        try:
            kept, out = train_test_split(np.arange(len(x)), test_size=self.validation_fraction, stratify=labels,
                                         random_state=self.seed)
        except ValueError as error:
            raise PlasticityError(f"validation_fraction={self.validation_fraction}: {error}") from None
        return x[kept], labels[kept], (x[out], labels[out])

    def _identity(self, x: np.ndarray, labels: np.ndarray) -> dict[str, str]:
        """What a checkpoint must share with a fit that goes on from it."""
        first = [value.detach().cpu().numpy() for value in self.learner_.module.state_dict().values()]
        settings = {name: repr(value) if isinstance(value, PLAIN) else type(value).__name__
                    for name, value in self.get_params(deep=False).items() if name != "verbose"}
        return {"learner": type(self).__name__, **settings, "data": fingerprint(x, labels),
                "initial weights": fingerprint(*first)}
