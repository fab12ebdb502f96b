"""Whether a learning signal reaches what is to learn, told from the structure alone; if not, why."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from plasticity.engines.gradient.connections import Connection
from plasticity.errors import RefusedError
from plasticity.language import expressions
from plasticity.network.network import Network
from plasticity.neurons.discretise import discretise
from plasticity.neurons.neuron import Assignment, Neuron
from plasticity.readout.counts import Counts
from plasticity.readout.leaky import LeakyReadout
from plasticity.rules.paths import GradientRule


def require_signal(network: Network, connections: Sequence[Connection], readout: LeakyReadout | Counts | None,
                   rule: GradientRule, frozen: Sequence[str]) -> None:
    """Raises RefusedError where weights would never learn under the rule.

    Without a readout the loss is on spikes, and only the user knows of which populations: then no population is missed.
    """
    _require_teacher(readout, rule)
    learning = [each for each in connections if each.operator.learns and each.name not in frozen]
    if not learning and (readout is None or readout.spiking):
        raise RefusedError("nothing is left to learn: every projection is frozen or a pool, and there is no readout "
                           "with weights")
    heard = None if readout is None else hearing(connections, readout, rule)
    for connection in learning:
        if heard is not None and connection.post not in heard:
            raise RefusedError(f"rule {rule.name!r} brings no error to population {connection.post!r}, whose "
                               f"projection {connection.name!r} should learn: let the readout read it, freeze the "
                               "projection, or choose a rule that passes layers or broadcasts the error")
        neuron = network.population(connection.post).neuron
        if connection.onto not in influence(neuron, rule.paths.time):
            within = "" if rule.paths.time else " within one step, and no credit passes time"
            raise RefusedError(f"rule {rule.name!r} cannot train projection {connection.name!r}: what arrives in "
                               f"{connection.onto!r} has no effect on threshold or output of neuron "
                               f"{neuron.name!r}{within}")


def _require_teacher(readout: LeakyReadout | Counts | None, rule: GradientRule) -> None:
    if readout is None and (rule.feedback != "symmetric" or rule.teacher != "readout"):
        raise RefusedError(f"rule {rule.name!r} needs a readout, whose error or target teaches the populations: "
                           "give readout=")
    if readout is None or not readout.spiking:
        return
    if rule.teacher != "readout":
        raise RefusedError(f"rule {rule.name!r} teaches each population over weights of its own and none by the error "
                           f"of its spikes, so nothing would teach which neuron of {readout.pre!r} stands for what; "
                           "use a leaky readout, or a rule that the readout's error teaches")
    if rule.feedback == "adaptive":
        raise RefusedError(f"rule {rule.name!r} has feedback weights that learn as the readout's do, and the spikes of "
                           f"{readout.pre!r} are counted without weights; use feedback='symmetric' or 'random'")


def hearing(connections: Sequence[Connection], readout: LeakyReadout | Counts, rule: GradientRule) -> frozenset[str]:
    """The populations that something teaches: directly, or by credit from those that it teaches."""
    if rule.broadcast or rule.teacher != "readout":
        return frozenset(connection.post for connection in connections)
    passes = {"input": False, "layer": rule.paths.layers != "cut", "recurrent": rule.paths.recurrent}
    heard, waiting = {*readout.sources}, [*readout.sources]
    while waiting:
        here = waiting.pop()
        sources = {each.pre for each in connections if each.post == here and passes[each.kind]} - heard
        heard |= sources
        waiting += sources
    return frozenset(heard)


def influence(neuron: Neuron, through_time: bool) -> frozenset[str]:
    """The variables whose value between two steps has an effect on threshold or output, in the next step or ever."""
    texts = [neuron.threshold_expr]
    if neuron.output_expr is not None:
        texts.append(neuron.output_expr)
    matter = _before(neuron, discretise(neuron), _read(neuron, texts))
    while through_time:
        more = matter | _before(neuron, discretise(neuron), _before(neuron, neuron.at_reset, matter) | matter)
        if more == matter:
            break
        matter = more
    return matter & {*neuron.variables}


def _read(neuron: Neuron, texts: Iterable) -> frozenset[str]:
    return frozenset().union(*(expressions.names(neuron.inlined(expr)) for expr in texts))


def _before(neuron: Neuron, lines: Sequence[Assignment], matter: frozenset[str]) -> frozenset[str]:
    """What has to be known before the assignments for `matter` to be known after them."""
    for line in reversed(lines):
        if line.target in matter:
            matter = (matter - {line.target}) | _read(neuron, [line.expr])
    return matter
