"""What synapses do together, between their pathways: weights that are shared, and pools of the largest spike.

Brian2's synapses know nothing of each other, so they collect, and an operation on all of them follows at the next place
of the slot "synapses". Operations are Python, so this needs Brian2 at run time.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from plasticity.engines.brian.synapses import COLLECTED, order_of
from plasticity.language.rule import ORDERS, Rule
from plasticity.network.kinds import synapses_of
from plasticity.network.network import Network, Projection, shape_of
from plasticity.neurons.discretise import import_brian2


def network_operations(network: Network, index: int, synapses, group, learn: bool) -> list:
    """The operations that projection number `index` needs; `group` is its postsynaptic one."""
    projection = network.projections[index]
    if projection.connect == "max_pool":
        pool = _pooled(synapses, group, projection)
        return [_operation(pool, network.dt, "synapses", order_of("transmit", index, ()), f"{synapses.name}_pool")]
    if projection.connect != "convolution" or projection.rule is None or not learn:
        return []
    rule = projection.rule
    settle = _settled(synapses, rule, synapses_of(projection, shape_of(network, projection)).weight)
    operations = [_operation(settle, network.dt, "synapses", order_of(event, index, ORDERS[rule.order]),
                             f"{synapses.name}_shared_{event}")
                  for event in ("on_pre", "on_post") if event in rule.statements]
    if "on_step" in rule.statements:
        operations.append(_operation(settle, network.dt, "after_groups", index, f"{synapses.name}_shared_on_step"))
    return operations


def _operation(act: Callable[[], None], dt: float, when: str, after: int, name: str):
    brian2 = import_brian2()
    return brian2.NetworkOperation(act, when=when, order=after + 1, dt=dt * brian2.second, name=name)


def _settled(synapses, rule: Rule, weight: np.ndarray) -> Callable[[], None]:
    """Adds the collected changes of each weight up, makes them, and bounds the weight."""
    def settle():
        change, w = _values(synapses, COLLECTED), _values(synapses, "r_w")
        if change.any():
            new = np.zeros(weight.max() + 1)
            new[weight] = w
            new += np.bincount(weight, change)
            w[:] = np.clip(new, rule.w_min, rule.w_max)[weight]
            change[:] = 0.0

    return settle


def _pooled(synapses, group, projection: Projection) -> Callable[[], None]:
    """Sends the weight once to each neuron in whose window a spike arrived; refractory neurons take no gated input."""
    gated = group.variables[projection.onto].conditional_write is not None

    def send():
        spiked = _values(synapses, COLLECTED)
        if spiked.any():
            hit = np.unique(np.asarray(synapses.j[:])[spiked != 0])
            spiked[:] = 0.0
            if gated:
                hit = hit[_values(group, "not_refractory")[hit].astype(bool)]
            _values(group, projection.onto)[hit] += projection.scale * float(projection.weights)

    return send


def _values(owner, variable: str) -> np.ndarray:
    """A view of a variable's memory."""
    return owner.variables[variable].get_value()
