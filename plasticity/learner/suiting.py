"""What belongs together: the network, readouts and engine of a rule, or the reason why it cannot have those."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from plasticity import networks, rules
from plasticity._utils.catalogue import Call, parse
from plasticity.encoding.catalogue import Encoder
from plasticity.engines import ENGINES
from plasticity.errors import PlasticityError, RefusedError, choice, unknown
from plasticity.learner.asked import Asked
from plasticity.learner.ways import WAYS, Way, way_of
from plasticity.network import cells
from plasticity.network.blueprint import Blueprint
from plasticity.network.network import Network
from plasticity.network.presentation import Model
from plasticity.readout import catalogue as readouts
from plasticity.rules import RuleLike

#: engines that compute gradients, beside those of `plasticity.engines.ENGINES`
GRADIENT_ENGINES = MappingProxyType({
    "compiled": "gradients on a CPU: generated programs, forwards and their exact adjoint",
    "autograd": "gradients on CPU or GPU: step by step through torch"})
#: what networks of a kind are made of, as a refusal says it
_HAS: Mapping[str, str] = MappingProxyType({
    "rates": "rates", "static": "units that do not spike",
    "spiking": "spikes, and nothing that says how samples are shown",
    "presented": "spikes", "described": "spikes"})


def name_of(rule: RuleLike | None) -> str:
    """What a rule is called in a refusal."""
    return "the network's own rule" if rule is None else rule.name


def either(names: Sequence[str]) -> str:
    """Names to choose from, as a refusal says them: "a, b or c"."""
    return " or ".join([*filter(None, [", ".join(names[:-1])]), names[-1]])


def text_of(noun) -> str | None:
    """A noun as a text, as far as it has one."""
    if noun is None or isinstance(noun, str):
        return noun
    return str(noun) if isinstance(noun, Blueprint | Encoder) else getattr(noun, "name", None) or getattr(
        getattr(noun, "network", None), "name", type(noun).__name__)


def plain(network) -> Network | None:
    """The network itself, where it is built already."""
    network = network.network if isinstance(network, Model) else network
    return network if isinstance(network, Network) else None


def way_of_network(network) -> Way:
    """The way of a network that is to learn by its own rule. Raises RefusedError for one that has none."""
    if network is None or _kind(network) in ("presented", "own"):  # what one's own function builds is seen then
        return WAYS["stream"]
    built = plain(network)
    if built is not None and built.rule is not None:
        return way_of(built.rule)
    if built is not None and built.plastic:
        return WAYS["stream"]
    if _kind(network) in ("rates", "static"):
        return WAYS["rates" if _kind(network) == "rates" else "method"]
    raise RefusedError(f"network {text_of(network)!r} has no rule of its own; give rule=, such as 'eprop' or 'bptt'")


def _kind(network) -> str:
    return network.kind if isinstance(network, Blueprint) else "described"


def suited_network(rule: RuleLike | None, network, way: Way):
    """(rule, network): the network that is asked for, or the way's own; a static one is trained by backpropagation of
    itself, a method that has both.

    Raises RefusedError for a network that the rule cannot learn in.
    """
    if network is None:
        return rule, None if way.network is None else networks.make(way.network)
    if way.name == "method" and _kind(network) in way.networks and name_of(rule) in (name_of(None), "backprop"):
        return rules.make("backprop", network=str(network)), None
    if way.name == "method":
        raise RefusedError(f"{rule.name} brings its own network; leave network={text_of(network)!r} away"
                           + (" (backprop trains mlp, cnn, rnn, gru or lstm)" if rule.name == "backprop" else ""))
    if (plain(network) is not None and way.name in ("stream", "gradients")) or _kind(network) in way.networks:
        return rule, network
    raise RefusedError(f"{name_of(rule)} {way.asks}; network {text_of(network)} has {_HAS[_kind(network)]}: use "
                       f"network {way.network}")


def suited_readouts(rule: RuleLike | None, asked: Asked, way: Way) -> tuple:
    """The readouts that are asked for, or the way's own. Raises RefusedError for those that the rule cannot use."""
    wanted = asked.readout if isinstance(asked.readout, tuple | list) else (asked.readout,)
    if way.readout is None:
        if asked.readout is not None:
            raise RefusedError(f"{name_of(rule)} answers by itself; leave readout={asked.readout!r} away")
        return ()
    if not wanted:
        raise PlasticityError("readout must name one readout or more, got none")
    chosen = tuple(readouts.make(way.readout if readout is None else readout) for readout in wanted)
    for readout in chosen:
        _require_readout(readout, name_of(rule), way)
    return chosen


def _require_readout(readout, name: str, way: Way) -> None:
    if readout.learns and not way.learned:
        raise RefusedError(f"readout {readout} learns from an error that it brings back; {name} takes none: use "
                           f"{either(way.fitted)}, which are fitted after learning")
    if way.learned and not readout.learns:
        raise RefusedError(f"readout {readout} is fitted after learning; {name} needs one that brings an error while "
                           "it learns: use leaky")
    if not readout.learns and readout.name not in way.fitted:
        raise RefusedError(f"readout {readout} reads when neurons spike, and {name} {way.asks}: use "
                           f"{either(way.fitted)}")


def suited_engine(rule: RuleLike | None, asked: Asked, way: Way) -> Call:
    """The engine that is asked for, or the way's own. Raises RefusedError for one that cannot run the rule."""
    call = parse((way.engine or "auto") if asked.engine is None else asked.engine, "engine")
    if call.name == "auto":
        _require_options(call, way)
        return call
    if call.name not in {**ENGINES, **GRADIENT_ENGINES}:
        raise unknown("engine", call.name, {**ENGINES, **GRADIENT_ENGINES})
    does = "computes gradients" if call.name in GRADIENT_ENGINES else "runs rules of synapses"
    if call.name not in way.engines:
        raise RefusedError(f"{name_of(rule)} {way.asks}; engine {call.name!r} {does}: use engine="
                           f"{either([*map(repr, way.engines)])}")
    if call.name == "compiled" and getattr(rule, "online", False):
        raise RefusedError(f"{rule.name} with online=True computes its gradients while a sample runs; engine "
                           "'compiled' goes back through its steps: use engine='autograd'")
    _require_options(call, way)
    return call


def _require_options(engine: Call, way: Way) -> None:
    strange = sorted(set(engine.options) - set(way.engine_options))
    if strange or engine.arguments:
        raise PlasticityError(f"engine {engine.name!r} has no option "
                              f"{strange[0] if strange else engine.arguments[0]!r}")
    if "reduce" in engine.options:
        choice("reduce", engine.options["reduce"], ("sum", "mean"))
    if "store" in engine.options:
        cells.make(engine.options["store"])
