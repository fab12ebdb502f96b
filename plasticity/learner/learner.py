"""The one door: any rule, any network, in scikit-learn's form."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

from plasticity.learner import folder as folder_
from plasticity.learner.asked import Asked
from plasticity.learner.estimator import Estimator
from plasticity.learner.experiment import experiment


class Learner(Estimator):
    """A network that learns by a rule, from samples encoded for it, and is read out.

    Five nouns make an experiment, each an object or a text, NAME or NAME(option=value, ...), or "file.py:object":

    network: "diehl-cook(neurons=400)", "layers(200, 200)", "recurrent(100)", "csnn(8, 16)", "rates(400)", "mlp(500)";
        a `Network`, a `Model`, or a function from the number of inputs to one. None for the rule's usual one.
    rule: any of `plasticity list rules`, "pair_stdp(a_plus=0.02)", "eprop(feedback=random)", "soft_hebb", "backprop";
        a `Rule`, `GradientRule` or `Method`. None for the network's own.
    encoder: "latency(steps=25)", "rate(steps=25)", "rank_order", "current", "rows(width=28)", "sequences", "words"; a
        function (X, seed) -> [samples, steps, inputs] or Spikes. None for the network's own, or latency; X of three
        dimensions holds sequences [samples, steps, inputs] then, for rules that take gradients.
    readout: "all_activity", "proportion", "logistic", "ngram" (fitted after learning, to responses to at most
        `samples=10_000` training samples), or "leaky(tau=20e-3, last=10)" (learns with the network, for rules that take
        gradients). Several as a tuple: the first one answers, see `accuracies`. None for the rule's usual one.
    engine: "event", "torch", "brian2", "brian2_cpp" (with reduce=sum or mean of a batch's changes); "compiled" or
        "autograd" for gradients (with surrogate=...; store=pcm: gradients are those of weights as a memory reads them,
        drawn anew for each update, see `plasticity.stored`). None for the quickest.

    loss: of outputs and targets, for rules that take gradients: "cross_entropy", "mse", ...; None for cross-entropy.
    epochs, batch: passes over the samples, and samples that see the same weights. lr: step size; for rates the largest
    change of a mini-batch ("rule": the rule's own learning rate). optimizer: "adam", "sgd(momentum=0.5, clip=1.0)", ...
    (clip: the longest gradient of an update). schedule: of the step size, "constant", "linear", "cosine", "steps(1,
    0.5, 0.1)", or a function of the fraction done. None of these for the usual one. patience: epochs without a better
    validation after which learning stops, and the best weights are taken. validation: fraction of the training samples
    that is held out to measure that (drawn by seed, classes in proportion), or a pair (X, y), or (X, y, sample_weight).
    shuffle: whether each epoch has its own order. seed: of weights, order and spikes. augment: what training samples
    become each time they are shown, and no others: "elastic(alpha=34, sigma=4)", "shift(pixels=2)+flip", ...; a
    function (X, seed) -> X; several as a tuple.
    device, dtype: of the engine. class_weight: None, "balanced" or {class: weight}. verbose: a progress bar on stderr.

    Samples: [samples, features], images, or sequences [samples, steps, inputs]. Where a rule needs intensities in
    [0, 1], others are scaled by what the training samples span (whole numbers to 255 are divided by that).

    After fit: classes_, n_features_in_, network_ (with learned weights), weights_, training_ (what happened),
    losses_, validation_, described_, trainer_.

    >>> from sklearn.datasets import load_digits
    >>> X, y = load_digits(return_X_y=True)
    >>> learner = Learner("diehl-cook(neurons=100)", rule="pair_stdp").fit(X[:1200], y[:1200])  # doctest: +SKIP
    >>> learner.score(X[1200:], y[1200:])  # doctest: +SKIP

    Raises PlasticityError for names and values that do not exist, RefusedError for a combination that cannot work, when
    it is made, naming what is missing.
    """

    def __init__(self, network=None, rule=None, *, encoder=None, readout=None, engine=None, loss=None, epochs=None,
                 batch=None, lr=None, optimizer="adam", schedule=None, patience=None, validation=0.0,
                 shuffle=True, seed=0, device="cpu", dtype=None, class_weight=None, verbose=False,
                 augment=None):
        self.network = network
        self.rule = rule
        self.encoder = encoder
        self.readout = readout
        self.engine = engine
        self.loss = loss
        self.epochs = epochs
        self.batch = batch
        self.lr = lr
        self.optimizer = optimizer
        self.schedule = schedule
        self.patience = patience
        self.validation = validation
        self.shuffle = shuffle
        self.seed = seed
        self.device = device
        self.dtype = dtype
        self.class_weight = class_weight
        self.verbose = verbose
        self.augment = augment
        experiment(self._asked())

    def _asked(self) -> Asked:
        return Asked(**{slot.name: getattr(self, slot.name) for slot in fields(Asked) if hasattr(self, slot.name)})

    @classmethod
    def load(cls, folder: str | Path) -> Learner:
        """The learner in a folder that `save` wrote: it answers and learns on as the one that was saved.

        Raises DataError for a folder that is incomplete, altered or of another version.
        """
        return folder_.load(Path(folder), cls)
