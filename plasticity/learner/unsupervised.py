"""A preset of `Learner`: spiking networks that learn without labels, and are read out by the labels neurons earn."""

from __future__ import annotations

from plasticity import networks
from plasticity._utils.catalogue import Call
from plasticity._utils.validation import require_positive
from plasticity.encoding.spikes import Spikes
from plasticity.engines import Simulation
from plasticity.errors import PlasticityError, choice, quoted
from plasticity.learner.asked import Asked
from plasticity.learner.estimator import Estimator
from plasticity.learner.stream.reading import Responses
from plasticity.network.blueprint import Blueprint
from plasticity.network.presentation import Model
from plasticity.readout import Readout
from plasticity.readout.catalogue import Fitted
from plasticity.readout.catalogue import make as make_readout

READOUTS = ("all_activity", "proportion", "logistic")


class UnsupervisedClassifier(Estimator):
    """`Learner` for rules that act at spikes, with several readouts; labels only name what neurons have come to
    respond to (Diehl & Cook 2015).

    network: name in `plasticity.networks.catalogue`, or a Model. network_options: arguments of a named network.
    rule: name of a rule or a Rule, for all projections that learn; None keeps the network's own. engine, dtype, device,
    batch, reduce: as for `plasticity.build`; dtype None is float32, or the only one the engine has. neurons: size of
    the output population of a named network. epochs: how often all images are shown. shuffle: whether each epoch has
    its own (seeded) order. readout: which one `predict` uses. readouts: all that are fitted, see `accuracies`; "ngram"
    needs spike times, which makes counting responses slower. label_samples: at most so many training images (evenly
    drawn) are used to fit the readouts; None for all. seed: of the weights, the order, the spikes.

    Samples have intensities in [0, 1]. After fit: classes_; n_features_in_; model_; simulation_; weights_
    [inputs, neurons] and all learned arrays in learned_; readouts_ (by name); labels_ (class of each neuron, -1 for
    none); training_ (what happened, see Training); label_seconds_.

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

    def _asked(self) -> Asked:
        require_positive(epochs=self.epochs, batch=self.batch,
                         **({} if self.label_samples is None else {"label_samples": self.label_samples}))
        choice("reduce", self.reduce, ("sum", "mean"))
        for name, value, kind, words in (("engine", self.engine, str, "a text"),
                                         ("readouts", self.readouts, tuple | list, "a tuple of texts")):
            if not isinstance(value, kind):
                raise PlasticityError(f"{name} must be {words}, got {quoted(value, 60)}")
        names = tuple(dict.fromkeys((self.readout, *self.readouts)))
        fitted = tuple(Fitted(make_readout(name).name, {}, self.label_samples) for name in names)
        return Asked(self._network(), self.rule, readout=fitted, engine=str(Call(self.engine, (), self._options())),
                     epochs=self.epochs, batch=self.batch, shuffle=self.shuffle, seed=self.seed, device=self.device,
                     dtype=self.dtype, verbose=self.verbose, scaled=False)

    def _options(self) -> dict[str, str]:
        return {} if self.reduce == "sum" else {"reduce": self.reduce}

    def _network(self) -> Blueprint | Model:
        if isinstance(self.network, Model):
            return self.network
        require_positive(neurons=self.neurons)
        named = networks.make(self.network)
        if not isinstance(named, Blueprint):
            return named
        return Blueprint(named.name, named.kind, named.builder, named.arguments or (self.neurons,),
                         {**(self.network_options or {}), **named.options})

    def build(self, n_inputs: int, presentations: int = 0) -> Model:
        """The model that fit would train on samples of so many inputs.

        presentations: how many samples will be shown; named networks whose homeostasis depends on it are told.
        """
        from plasticity.learner.experiment import experiment
        from plasticity.learner.stream.way import model_of

        return model_of(experiment(self._asked()), None, (n_inputs,), presentations)

    @property
    def model_(self) -> Model:
        return self.trainer_.model

    @property
    def simulation_(self) -> Simulation:
        return self.trainer_.simulation

    @property
    def readouts_(self) -> dict[str, Readout]:
        return self.trainer_.reading.fitted

    @property
    def dtype_(self) -> str:
        return self.trainer_.dtype

    def responses(self, X) -> Responses:
        """What the network answers to X with learning off."""
        return self.trainer_.responses(self.taken(X))

    def trains(self, X) -> dict[str, Spikes]:
        """Input spikes of samples and what the output population answers, learning off: name -> Spikes."""
        return self.trainer_.trains(self.taken(X))


