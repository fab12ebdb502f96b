"""Standard pieces of work that are timed."""

from __future__ import annotations

import importlib

#: function -> module it is loaded from when first used
_PUBLIC = {"bench_stdp": "plasticity.bench.stdp", "bench_eprop": "plasticity.bench.eprop",
           "bench_bptt": "plasticity.bench.bptt", "bench_csnn": "plasticity.bench.bptt"}
__all__ = sorted(_PUBLIC)


def __getattr__(name: str):
    if name in _PUBLIC:
        return getattr(importlib.import_module(_PUBLIC[name]), name)
    raise AttributeError(f"module 'plasticity.bench' has no attribute {name!r}")
