"""A gradient rule as data: which paths carry credit, and what brings the error.

A network unrolled in time is a graph, and backpropagation through time sends the error along every edge of it. A local
rule closes some of the edges, and may send the error over other weights than those it came by. Each rule is such a
choice; nothing else tells them apart.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from plasticity._utils.keeping import Kept
from plasticity._utils.ranges import Count, NotNegative
from plasticity._utils.typed import require_fields
from plasticity.errors import PlasticityError, choice

LAYERS = ("full", "step", "cut")
FEEDBACK = ("symmetric", "random", "adaptive")
TEACHERS = ("readout", "local", "target")


@dataclass(frozen=True)
class Paths(Kept):
    """Which edges of the unrolled network carry credit.

    time: from a neuron's variables to the same neuron's variables in the next step.
    reset: from a spike to its own neuron's membrane (its first variable), which it resets; and, in maps, through
        comparisons in the update.
    adaptation: from a spike to the other variables of its own neuron (an adaptive threshold).
    recurrent: from a spike through weights of a loop of projections to other neurons.
    autapse: from a spike through its neuron's weight onto itself.
    layers: through projections that lead forward: "full"; "step", only to what they drive in the step in which they
        arrive, while the weights still learn through time; "cut".
    truncate: number of steps after which all paths through time are cut, None for never.
    """

    time: bool = True
    reset: bool = True
    adaptation: bool = True
    recurrent: bool = True
    autapse: bool = True
    layers: str = "full"
    truncate: Count | None = None

    def __post_init__(self):
        require_fields(self)
        choice("layers", self.layers, LAYERS)


@dataclass(frozen=True)
class GradientRule(Kept):
    """How the weights of a network are told what to change.

    feedback: what brings the error from the readout: "symmetric", the readout's own weights, transposed; "random",
        fixed random weights; "adaptive", weights that start random and learn as the readout's do.
    broadcast: whether every population hears the readout's error over weights of its own (False: those that project
        to the readout).
    transport: "symmetric" where the error passes a projection by its transposed weights, "random" by fixed random ones.
    teacher: what teaches the populations: "readout", the readout's error; "local", the error of a loss of each
        population's own, on its spikes through fixed random weights; "target", no error at all but the target itself,
        through such weights. With the latter two the readout learns from its loss and tells the populations nothing.
    online: whether gradients are computed forward in time, with memory that the number of steps does not enter.
    rate, rate_strength: firing rate (Hz) that each neuron is drawn to, and how strongly (0: not at all); a learner adds
        it to its loss (`rate_regularisation`), who computes a loss himself does.
    words: what it does. memory: what has to be kept while a sample of T steps is shown to N neurons, as published;
        autograd, which computes the gradients here, keeps all T steps for every rule. source: authors and year.
    """

    name: str
    paths: Paths = field(default_factory=Paths)
    feedback: str = "symmetric"
    broadcast: bool = False
    transport: str = "symmetric"
    teacher: str = "readout"
    words: str = ""
    memory: str = "O(T N)"
    source: str = ""
    online: bool = False
    rate: NotNegative = 10.0
    rate_strength: NotNegative = 0.0

    def __post_init__(self):
        require_fields(self)
        choice("feedback", self.feedback, FEEDBACK)
        choice("transport", self.transport, ("symmetric", "random"))
        choice("teacher", self.teacher, TEACHERS)
        if self.broadcast and self.feedback != "random":
            raise PlasticityError(f"rule {self.name!r}: broadcast needs feedback='random', as a population that does "
                                  "not project to the readout has no weights to transpose")

    @property
    def kind(self) -> str:
        """Of which kind of rules it is: a choice of paths for credit."""
        return "credit"

    @property
    def needs(self) -> tuple[str, ...]:
        """What a change of a weight depends on, in the words of `plasticity.rules.NEEDS`.

        A rule whose memory grows with the number of steps T goes back over them when an error has come: it needs what
        is the future to each of them.
        """
        asked = {"pre": True, "own voltage": True, "other neurons": self.paths.recurrent,
                 "third factor": self.teacher == "target", "error of the readout": self.teacher != "target",
                 "error of other layers": self.paths.layers != "cut",
                 "past": self.paths.time, "future": "O(1) in T" not in self.memory}
        return tuple(name for name, yes in asked.items() if yes)

    def with_(self, **changes) -> GradientRule:
        """A copy with fields replaced, those of `paths` too: rule.with_(reset=True)."""
        inner = {name: changes.pop(name) for name in tuple(changes) if name in Paths.__dataclass_fields__}
        return replace(self, **changes, paths=replace(changes.get("paths", self.paths), **inner))
