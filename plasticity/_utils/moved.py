"""Modules and names as they were called before: they work for one release and say what they are called now."""

from __future__ import annotations

import functools
import importlib
import sys
import warnings
from collections.abc import Callable, Mapping
from importlib.machinery import ModuleSpec
from types import MappingProxyType, ModuleType

#: old name -> new name, without "plasticity."; what lies below an old package moved along. A module that was called
#: like a function of its package ("rules.clopath", "comparison.compare") is not here: it would take its place
MOVED: Mapping[str, str] = MappingProxyType({
    "rule": "language.rule", "statements": "language.statements", "numpy_language": "language.numpy_functions",
    "constants": "language.constants", "projection": "network.projection", "window": "network.window",
    "model": "network.presentation", "structure": "network.rewiring", "homeostasis": "network.homeostasis",
    "credit.builders": "network.builders", "credit.lsnn": "neurons.lsnn", "credit.rate": "neurons.rate",
    "interpreter": "engines.reference.interpreter", "transmission": "engines.reference.transmission",
    "replaying": "engines.replay", "credit.network": "engines.gradient.network",
    "credit.cells": "engines.gradient.cells", "credit.operators": "engines.gradient.operators",
    "credit.stepping": "engines.gradient.stepping", "credit.pooling": "engines.gradient.pooling",
    "credit.scan": "engines.gradient.scan", "credit.rows": "engines.gradient.rows",
    "credit.parts": "engines.gradient.parts", "credit.compiling": "engines.gradient.compiling",
    "credit.checks": "engines.gradient.checks", "credit.signals": "engines.gradient.signals",
    "credit.support": "engines.gradient.support", "credit.readout": "engines.gradient.readout",
    "credit.surrogates": "engines.gradient.surrogates", "credit.losses": "engines.gradient.losses",
    "credit.exact": "engines.gradient.exact", "credit.online": "engines.gradient.online",
    "credit.compiled": "engines.gradient.compiled", "credit.fused": "engines.gradient.fused",
    "credit.links": "engines.gradient.connections", "credit.run": "engines.gradient.output",
    "credit.rates": "methods.networks", "baselines.layers": "methods.networks.layers",
    "credit.training": "learner.training", "credit.estimator": "learner.estimator",
    "credit.classifier": "learner.gradient", "credit.plan": "learner.plan", "credit.keeping": "learner.state_dicts",
    "credit.optimisers": "learner.gradients.optimisers", "methods.classifier": "learner.methods",
    "learner.classifier": "learner.unsupervised", "learner.presenting": "learner.stream.presenting",
    "learner.running": "learner.stream.running",
    "learner.checks": "learner.stream.checks", "learner.reading": "learner.stream.reading",
    "learner.unfolding": "learner.rates.patches", "comparison.encoded": "learner.gradients.encoded",
    "experiment": "comparison.run", "credit.measures": "comparison.operations",
    "comparison.entrants": "comparison.candidates",
    "spikes": "encoding.spikes", "credit.coding": "encoding.catalogue", "metrics": "readout.metrics",
    "given": "_utils.validation", "named": "_utils.catalogue", "folders": "_utils.folders", "memory": "_utils.memory",
    "devices": "_utils.devices", "stopping": "_utils.stopping", "progress": "_utils.progress",
    "noise": "_utils.random", "bench_eprop": "bench.eprop", "bench_gradient": "bench.bptt", "explain": "cli.explain",
    "tasks": "datasets.tasks", "credit.rules": "rules.credit", "credit.paths": "rules.paths",
    "rules.collected": "rules.texts.once_per_step", "engines.torch.volley": "engines.torch.step_spikes",
    "engines.gradient.compiled.lines": "engines.gradient.compiled.ssa",
    "engines.brian.joint": "engines.brian.network_operations", "datasets.tape": "datasets.streaming_tar",
    "plots.held": "plots.clamped", "baselines": "methods.networks",
    "rules.anti": "rules.texts.anti", "rules.competitive": "rules.texts.competitive",
    "rules.nearest": "rules.texts.nearest", "rules.pair": "rules.texts.pair",
    "rules.power_law": "rules.texts.power_law", "rules.rank_order": "rules.texts.rank_order",
    "rules.rate": "rules.texts.rate", "rules.reward": "rules.texts.reward",
    "rules.symmetric": "rules.texts.symmetric", "rules.triplet": "rules.texts.triplet",
    "rules.vogels": "rules.texts.vogels",
})
PACKAGE = "plasticity."


def new_name(old: str) -> str | None:
    """The present name of a module, "plasticity.language.rule" of "plasticity.rule"; None for all that did not move."""
    head, tail = old.removeprefix(PACKAGE), ""
    while head and old.startswith(PACKAGE):
        if head in MOVED:
            return PACKAGE + MOVED[head] + tail
        head, _, last = head.rpartition(".")
        tail = f".{last}{tail}"
    return None


class Moved:
    """A finder and loader: the module itself under its old name, with a warning that names the new one."""

    @staticmethod
    def find_spec(name: str, path=None, target=None) -> ModuleSpec | None:
        return ModuleSpec(name, Moved) if new_name(name) else None

    @staticmethod
    def create_module(spec: ModuleSpec) -> ModuleType:
        now = new_name(spec.name)
        _warn(spec.name, now)
        module = importlib.import_module(now)
        spec.loader_state = module.__spec__
        return module

    @staticmethod
    def exec_module(module: ModuleType) -> None:
        """It ran under its own name; the import system has put its spec aside."""
        module.__spec__ = module.__spec__.loader_state


def names(module: str, **places: str) -> Callable[[str], object]:
    """A module's `__getattr__` for names that it had before: name -> "module:name" of now."""
    def attribute(name: str) -> object:
        if name not in places:
            raise AttributeError(f"module {module!r} has no attribute {name!r}")
        now, _, leaf = places[name].partition(":")
        _warn(f"{module}.{name}", f"{now}.{leaf}")
        return getattr(importlib.import_module(now), leaf)

    return attribute


def arguments(**new_names: str) -> Callable[[Callable], Callable]:
    """A decorator of functions: arguments by the names they had before, old="new", with a warning.

    The old name wins where both are passed, as `dataclasses.replace` does.
    """
    def renamed(function: Callable) -> Callable:
        @functools.wraps(function)
        def call(*args, **options):
            for old in options.keys() & new_names.keys():
                _warn(f"{function.__qualname__.removesuffix('.__init__')}({old}=)", f"{new_names[old]}=")
                options[new_names[old]] = options.pop(old)
            return function(*args, **options)

        return call

    return renamed


def attributes(**new_names: str) -> Callable[[type], type]:
    """A decorator of classes: attributes by the names they had before, old="new", with a warning."""
    def renamed(cls: type) -> type:
        for old, new in new_names.items():
            def attribute(self, old: str = old, new: str = new) -> object:
                _warn(f"{cls.__name__}.{old}", new)
                return getattr(self, new)

            setattr(cls, old, property(attribute, doc=f"`{new}`, as it was called before."))
        return cls

    return renamed


def fields(**new_names: str) -> Callable[[type], type]:
    """A decorator of dataclasses: fields by the names they had before, as arguments and as attributes."""
    def renamed(cls: type) -> type:
        cls.__init__ = arguments(**new_names)(cls.__init__)
        return attributes(**new_names)(cls)

    return renamed


def _warn(old: str, new: str) -> None:
    """To be called by what the user calls."""
    warnings.warn(f"{old} is called {new} now; the old name goes with the next release", DeprecationWarning,
                  stacklevel=3)


def install() -> None:
    """From now on old names are found: before all others, so that no file is read a second time under its old name."""
    if Moved not in sys.meta_path:
        sys.meta_path.insert(0, Moved)
