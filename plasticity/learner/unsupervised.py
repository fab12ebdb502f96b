"""A spiking network that learns without labels, and is read out by the labels its neurons earn."""

from __future__ import annotations

import inspect
import time
from dataclasses import replace

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.validation import check_is_fitted

from plasticity import engines
from plasticity._utils.catalogue import parse
from plasticity._utils.validation import require_labels, require_positive, require_samples
from plasticity.encoding.spikes import Spikes
from plasticity.errors import PlasticityError
from plasticity.language.rule import Rule
from plasticity.learner import checks
from plasticity.learner.presenting import BLOCK, Source, encode, epoch_order, respond
from plasticity.learner.reading import Responses, fit_readers, needs_trains, require_known
from plasticity.learner.training import Training, train
from plasticity.network.network import Network
from plasticity.network.presentation import Model
from plasticity.readout import assign_labels
from plasticity.rules import of_kind
from plasticity.runs.checkpoint import fingerprint

QUICK = ("event", "torch")  # engines that show a whole block in well under a second
READOUTS = ("all_activity", "proportion", "logistic")


class UnsupervisedClassifier(ClassifierMixin, BaseEstimator):
    """Learns by a local rule from samples alone; labels only name what the neurons have come to respond to.

    Every training image is shown once per epoch with learning on. Then learning is switched off, responses to training
    images are counted, and the readouts are fitted to them (Diehl & Cook 2015: each neuron gets the label of the class
    it responds to most). `predict` shows images with learning off; it changes nothing.

    network: name in `plasticity.networks.catalogue`, or a Model. network_options: arguments of a named network.
    rule: name in `plasticity.rules.catalogue` or a Rule, for all projections that learn; None keeps the network's own.
    engine, dtype, device, batch, reduce: as for `plasticity.build`; dtype None is float32, or the only one the engine
    has. neurons: size of the output population of a named
    network. epochs: how often all images are shown. shuffle: whether each epoch has its own (seeded) order.
    readout: which one `predict` uses. readouts: all that are fitted, see `accuracies`; "ngram" needs spike times, which
    makes counting responses slower. label_samples: at most so many training images (evenly drawn) are used to fit the
    readouts; None for all. seed: of the weights, the order, the spikes. verbose: a progress bar on stderr.

    After fit: classes_; n_features_in_; model_; simulation_; weights_ [inputs, neurons] and all learned arrays in
    learned_; readouts_ (by name); labels_ (class of each neuron, -1 for none); training_ (what happened, see Training);
    label_seconds_.

    >>> from sklearn.datasets import load_digits
    >>> X, y = load_digits(return_X_y=True)
    >>> learner = UnsupervisedClassifier(neurons=100).fit(X[:1200] / 16, y[:1200])  # doctest: +SKIP
    >>> learner.score(X[1200:] / 16, y[1200:])  # doctest: +SKIP

    Raises PlasticityError for what cannot be shown or built; warns (NetworkWarning) of a silent or exploding network
    and of a dt larger than the fastest time constant.
    """

    def __init__(self, network="diehl-cook", rule=None, engine="event", neurons=400, epochs=1, batch=1, reduce="sum",
                 readout="all_activity", readouts=READOUTS, label_samples=10_000, shuffle=True, seed=0,
                 dtype=None, device="cpu", network_options=None, verbose=False):
        self.network = network
        self.rule = rule
        self.engine = engine
        self.neurons = neurons
        self.epochs = epochs
        self.batch = batch
        self.reduce = reduce
        self.readout = readout
        self.readouts = readouts
        self.label_samples = label_samples
        self.shuffle = shuffle
        self.seed = seed
        self.dtype = dtype
        self.device = device
        self.network_options = network_options
        self.verbose = verbose

    def fit(self, X, y, run=None):
        """Learns from X [samples, inputs] (or images) in [0, 1] and labels y [samples].

        run: a `plasticity.runs.Run` that keeps metrics and checkpoints, and from which an interrupted fit goes on.
        """
        x, y = self.prepare(X, y)
        self.training_ = self._train(x, y, self.epochs, run)
        self._label(x, y)
        return self

    def partial_fit(self, X, y, classes=None):
        """Shows X once more, in the order given, and labels the neurons by their responses to X.

        classes: all labels that will ever come; needed at the first call when X does not hold them all.
        """
        if not hasattr(self, "simulation_"):
            x, y = self.prepare(X, y, classes)
            self.training_ = Training()
        else:
            x = require_samples(X, self.n_features_in_)
            _, y = require_labels(y, len(x), self.classes_)
        before = self.training_
        now = self._train(x, y, 1, None, shuffle=False, offset=before.shown)
        self.training_ = replace(now, shown=before.shown + now.shown, spikes=before.spikes + now.spikes,
                                 seconds=before.seconds + now.seconds, history=before.history + now.history)
        self._label(x, y)
        return self

    def untrained(self, X, y):
        """A control: the network as it was built, never shown anything with learning on, read out in the same way."""
        x, y = self.prepare(X, y)
        self.training_ = Training()
        self._label(x, y)
        return self

    def responses(self, X) -> Responses:
        """What the network answers to X with learning off."""
        check_is_fitted(self, "simulation_")
        return self._responses(require_samples(X, self.n_features_in_), "predict")

    def trains(self, X) -> dict[str, Spikes]:
        """Input spikes of samples and what the output population answers, learning off: name -> Spikes."""
        check_is_fitted(self, "simulation_")
        x = require_samples(X, self.n_features_in_)
        _, found = respond(self.simulation_, self.model_, x, seed=self.seed, purpose="predict", batch=self.batch,
                           trains=True, block=self._block)
        return {self.model_.input: encode(self.model_, x, Source(self.seed, "predict"), 0), self.model_.output: found}

    def predict(self, X):
        """The class of each sample, by the readout chosen; `no_answer_` for samples that draw no answer."""
        check_is_fitted(self, "readouts_")
        found = self.readouts_[self.readout].predict(self.responses(X))
        answers = np.append(self.classes_, np.asarray(self.no_answer_).astype(self.classes_.dtype))
        return answers[found]  # -1 is the last

    def accuracies(self, X, y) -> dict[str, float]:
        """Fraction right by every readout fitted; the responses are counted once."""
        found = self.responses(X)
        _, y = require_labels(y, len(found.counts), self.classes_)
        return {name: float((readout.predict(found) == y).mean()) for name, readout in self.readouts_.items()}

    @property
    def no_answer_(self):
        """What `predict` answers for a sample that draws no spike from any labelled neuron: it is no class."""
        check_is_fitted(self, "classes_")
        return min(-1, int(self.classes_[0]) - 1) if self.classes_.dtype.kind in "if" else ""

    @property
    def labels_(self) -> np.ndarray:
        """The class each neuron answers to most, as a place in classes_; -1 for none. [neurons]"""
        check_is_fitted(self, "readouts_")
        return assign_labels(*self._labelled, len(self.classes_))

    @property
    def weights_(self) -> np.ndarray:
        """Learned weights from the input to the population that is read out, [inputs, neurons]."""
        check_is_fitted(self, "simulation_")
        ends = (self.model_.input, self.model_.output)
        first = next((p for p in self.model_.network.plastic if (p.pre, p.post) == ends), None)
        if first is None:
            raise PlasticityError(f"no projection of network {self.model_.network.name!r} learns from {ends[0]!r} to "
                                  f"{ends[1]!r}; see learned_")
        return self.simulation_.get(f"{first.name}.w")

    @property
    def learned_(self) -> dict[str, np.ndarray]:
        """Everything that learning changed: "projection.w" of those that learn, and slow variables of neurons."""
        check_is_fitted(self, "simulation_")
        network = self.model_.network
        names = [f"{p.name}.w" for p in network.plastic]
        names += [f"{p.name}.{variable}" for p in network.populations for variable in p.neuron.slow]
        return {name: self.simulation_.get(name) for name in names}

    def build(self, n_inputs: int, presentations: int = 0) -> Model:
        """The model that fit would train on samples of so many inputs.

        presentations: how many samples will be shown; named networks whose homeostasis depends on it are told.
        """
        rule = None if self.rule is None else of_kind("synapse", self.rule)
        if isinstance(self.network, Model):
            return self.network if rule is None else _with_rule(self.network, rule)
        from plasticity import networks

        require_positive(neurons=self.neurons)
        options = dict(self.network_options or {})
        builder = networks.catalogue.get(parse(self.network).name)
        if presentations and builder and "presentations" in inspect.signature(builder).parameters:
            options.setdefault("presentations", presentations)
        return networks.build(self.network, n_inputs, self.neurons, rule=rule, seed=self.seed, **options)

    def prepare(self, X, y, classes=None) -> tuple[np.ndarray, np.ndarray]:
        """Checks everything and builds the simulation, without training: X and labels as `fit` would show them."""
        require_positive(epochs=self.epochs, batch=self.batch,
                         **({} if self.label_samples is None else {"label_samples": self.label_samples}))
        require_known(self._readers)
        x = require_samples(X)
        given, y = require_labels(y, len(x), None if classes is None else np.unique(classes))
        if len(given) < 2:
            raise PlasticityError(f"y must hold at least two classes, got only {given.tolist()}")
        model = self.build(x.shape[1], len(x) * self.epochs)
        require_samples(x[:1], model.network.sizes[model.input])
        checks.require_learning(model)
        checks.warn_coarse(model)
        self.dtype_ = self.dtype or default_dtype(self.engine)
        self.simulation_ = engines.build(model.network, self.engine, dtype=self.dtype_, device=self.device,
                                         batch=self.batch, reduce=self.reduce, seed=self.seed)
        self.model_, self.classes_, self.n_features_in_ = model, given, x.shape[1]
        return x, y

    @property
    def _readers(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys((self.readout, *self.readouts)))

    @property
    def _block(self) -> int:
        return BLOCK if self.engine in QUICK else 16

    def _train(self, x, y, epochs, run, **options) -> Training:
        identity = None if run is None else self._identity(x, y)
        given = {"seed": self.seed, "shuffle": self.shuffle, "batch": self.batch, "block": self._block, **options}
        return train(self.simulation_, self.model_, x, y, len(self.classes_), options={"epochs": epochs, **given},
                     identity=identity, run=run, verbose=self.verbose)

    def _identity(self, x, y) -> dict[str, str]:
        """What a checkpoint must share with a run that goes on from it."""
        network: Network = self.model_.network
        built = [np.asarray(getattr(projection, part), float) for projection in network.projections
                 for part in ("weights", "axonal_delay", "dendritic_delay")]
        names = ("engine", "dtype_", "batch", "reduce", "seed", "shuffle")
        settings = {name.rstrip("_"): str(getattr(self, name)) for name in names}
        return {"network": network.fingerprint, "initial weights or delays": fingerprint(*built),
                "presentation": repr(self.model_.presentation), "data": fingerprint(x, y), **settings}

    def _label(self, x, y) -> None:
        """Fits all readouts on responses to training images."""
        begun = time.perf_counter()
        limit = len(x) if self.label_samples is None else min(self.label_samples, len(x))
        chosen = np.sort(epoch_order(len(x), self.seed, 0, self.shuffle)[:limit])
        found = self._responses(x[chosen], "label")
        self.readouts_ = fit_readers(self._readers, found, y[chosen], len(self.classes_))
        self._labelled = (found.counts, y[chosen])
        self.label_seconds_ = time.perf_counter() - begun

    def _responses(self, x, purpose: str) -> Responses:
        trains = needs_trains(self._readers)
        counts, spikes = respond(self.simulation_, self.model_, x, seed=self.seed, purpose=purpose, batch=self.batch,
                                 trains=trains, block=self._block)
        return Responses(counts, spikes)


def default_dtype(engine: str) -> str:
    """float32 is quicker; Brian2 computes in float64 only."""
    return {"brian2": "float64", "brian2_cpp": "float64"}.get(engine, "float32")


def _with_rule(model: Model, rule: Rule) -> Model:
    projections = tuple(replace(p, rule=rule) if p.rule else p for p in model.network.projections)
    return model.with_(network=model.network.with_(projections=projections))
