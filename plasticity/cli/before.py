"""Options of `run` as they were before: they work for one release, and say how they are written now."""

from __future__ import annotations

from collections.abc import Mapping

from plasticity.cli.output import say

DEFAULT = "diehl-cook"


def present(asked: Mapping[str, object], typed: set[str]) -> tuple[dict[str, object], set[str]]:
    """(options as they are written now, names of those that were typed)."""
    now, names = dict(asked), set(typed)
    neurons, reduce, ngram = now.pop("neurons"), now.pop("reduce"), now.pop("ngram")
    if neurons is not None:
        network = now["network"] or DEFAULT
        inner = network.rstrip().removesuffix(")") + ", " if network.rstrip().endswith(")") else f"{network}("
        now["network"] = _instead("--neurons", "network", f"{inner}neurons={neurons})")
        names = names - {"neurons"} | {"network"}
    if reduce is not None:
        engine = now["engine"] or "event"
        now["engine"] = _instead("--reduce", "engine", f"{engine.partition('(')[0]}(reduce={reduce})")
        names = names - {"reduce"} | {"engine"}
    if ngram:
        readout = now["readout"] or "all_activity+proportion+logistic"
        now["readout"] = _instead("--ngram", "readout", f"{readout}+ngram")
        names = names - {"ngram"} | {"readout"}
    return now, names


def _instead(option: str, name: str, value: str) -> str:
    say(f"{option} goes with the next release; write --{name} \"{value}\"")
    return value
