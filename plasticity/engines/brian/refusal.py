"""What Brian2 cannot run of a network, and why."""

from __future__ import annotations

from collections.abc import Iterator

from plasticity.language import expressions
from plasticity.network.network import Network, Projection


def reasons(network: Network, *, standalone: bool, batch: int) -> Iterator[str]:
    """Each reason for which the network cannot run; none when it can."""
    if batch > 1:
        yield f"Brian2 has no batch dimension (batch={batch}); present samples one after the other with batch=1"
    for population in network.populations:
        if population.neuron.output:
            yield f"population {population.name!r} has a graded output; Brian2 synapses transmit spikes only"
        if standalone and population.winner != "all":
            yield (f"winner={population.winner!r} of population {population.name!r} picks among the spikes of a step, "
                   "which a compiled Brian2 program cannot do; use engine='brian2'")
    for projection in network.projections if standalone else ():
        if projection.connect == "max_pool" or (projection.connect == "convolution" and projection.rule):
            does = "pools" if projection.rule is None else "adds up the changes of shared weights"
            yield (f"projection {projection.name!r} ({projection.connect}) {does} within a step, which a compiled "
                   "Brian2 program cannot do; use engine='brian2'")
    for projection in network.plastic:
        yield from _rule_reasons(network, projection)


def _rule_reasons(network: Network, projection: Projection) -> Iterator[str]:
    rule = projection.rule
    called = frozenset().union(*(expressions.calls(line.expr) for lines in rule.statements.values() for line in lines))
    for name in sorted(called & expressions.REDUCTIONS):
        yield (f"rule {rule.name!r} uses {name}, a reduction over the postsynaptic population, which Brian2's synapses "
               "cannot express")
    for variable, _ in rule.delayed.values():
        if network.source_of(projection, variable)[0] == "neuron":
            yield (f"rule {rule.name!r} reads a delayed copy of the neuron variable {variable!r}, for which Brian2 has "
                   "no buffer; give it as a signal")
