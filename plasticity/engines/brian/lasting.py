"""Runs of one Brian2 network, many times over: what its first run generated is used by all."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from plasticity.neurons.discretise import import_brian2


@cache
def lasting_network() -> type:
    """brian2.Network, with code that is generated at the first run and kept: the texts of a circuit never change.

    Brian2 generates it at the start of each run. What stays is what code does before a run, such as to set up queues.
    """
    brian2 = import_brian2()

    class LastingNetwork(brian2.Network):
        prepared = False

        def before_run(self, run_namespace):
            if not self.prepared:
                super().before_run(run_namespace)
                self.prepared = True
                return
            self._stopped = brian2.Network._globally_stopped = False
            for each in self.sorted_objects:
                if each.active:
                    brian2.BrianObject.before_run(each, run_namespace)

    return LastingNetwork


@contextmanager
def nothing_to_collect() -> Iterator[None]:
    """Brian2 collects garbage before each run, to warn of objects that are in no network, which takes longer the more
    objects there are of whatever is imported; here it finds those that are new."""
    if gc.get_freeze_count():  # somebody has set objects apart, and they stay so
        yield
        return
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
