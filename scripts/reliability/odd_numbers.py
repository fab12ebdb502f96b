"""Odd numbers are refused in one line, on every engine alike: docs/results/reliability_odd_numbers.json.

    .venv/bin/python scripts/reliability/odd_numbers.py
    .venv/bin/python scripts/reliability/odd_numbers.py --numbers 60 --only network

Not a number, infinity, negative numbers, zero, very small and large ones, texts, None and True stand where the public
API takes a number: in networks (three engines must answer alike, or refuse in the same words), in options of every
rule, encoder, readout, neuron and loss, and in arguments of learners of each way.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial

import _command
import numpy as np
import torch
from _children import Outcome, say, tried
from _summary import tally, total, write

from plasticity import (
    Input,
    Learner,
    Network,
    PlasticityError,
    Population,
    Projection,
    Rule,
    Trace,
    build,
    encoding,
    networks,
    neurons,
    readout,
    rules,
)
from plasticity.readout.losses import LOSSES

VALUES = (float("nan"), float("inf"), -float("inf"), -1, -0.5, 0, 1e-300, 1e300, 2**64, 1.5, "x", None, True,
          np.float32(0.5), np.int8(3), 10**12)
LONG = (2**64, 10**12)  # epochs that can be meant, but not waited for
ENGINES = ("event", "torch", "brian2")
X = np.random.default_rng(0).random((16, 9))
Y = np.arange(16) % 2
Case = tuple[str, tuple[object, object], object]  # where the number stands, what is tried, the number
TRAINS = np.random.default_rng(1).random((1, 12, 4)) < 0.4


def network(rule: Mapping = {}, trace: object = 20e-3, neuron: Mapping = {}, projection: Mapping = {},
            dt: object = 1e-3, n: object = 3, first: Mapping = {}) -> Network:
    """A small network, with one thing in it that is odd."""
    plain = {"pre": {"x": Trace(trace)}, "on_post": {"w": "a * x"}, "params": {"a": 0.01}, "w_max": 1.0}
    learns = Rule(**{**plain, **rule})
    cells = Population("out", n, neurons.lif(**neuron), initial=dict(first))
    joined = Projection("in", "out", **{"weights": 0.5, "onto": "v", "scale": 8e-3, "rule": learns, **projection})
    return Network((Input("in", 4),), (cells,), (joined,), dt=dt)


#: place of the API -> a network with a number there
NETWORKS: Mapping[str, Callable[[object], Network]] = {
    "Trace(tau)": lambda value: network(trace=value), "Rule(params)": lambda value: network({"params": {"a": value}}),
    "Rule(w_min)": lambda value: network({"w_min": value}), "Rule(w_max)": lambda value: network({"w_max": value}),
    "lif(tau)": lambda value: network(neuron={"tau": value}),
    "lif(refractory)": lambda value: network(neuron={"refractory": value}),
    "Projection(scale)": lambda value: network(projection={"scale": value}),
    "Projection(weights)": lambda value: network(projection={"weights": value}),
    "Projection(normalize)": lambda value: network(projection={"normalize": value}),
    "Projection(axonal_delay)": lambda value: network(projection={"axonal_delay": value}),
    "Projection(dendritic_delay)": lambda value: network(projection={"dendritic_delay": value}),
    "Population(n)": lambda value: network(n=value), "Population(initial)": lambda value: network(first={"v": value}),
    "Network(dt)": lambda value: network(dt=value)}
#: the same of a run
RUNS: Mapping[str, Callable[[object, object], object]] = {
    "run(steps)": lambda simulation, value: simulation.run({}, steps=value),
    "run(weights_every)": lambda simulation, value: simulation.run({"in": TRAINS}, weights_every=value),
    "run(spikes)": lambda simulation, value: simulation.run({"in": np.where(TRAINS, np.array(value, object), 0)}),
    "set(w)": lambda simulation, value: simulation.set("in->out.w", np.full((4, 3), value)),
    "set(v)": lambda simulation, value: simulation.set("out.v", np.full(3, value))}


def answer(place: str, value: object, engine: str) -> tuple[str, np.ndarray | None]:
    """(refusal, weights after a run)."""
    try:
        simulation = build(NETWORKS.get(place, lambda value: network())(value), engine)
        RUNS.get(place, lambda simulation, value: None)(simulation, value)
        simulation.run({"in": TRAINS})
        return "", simulation.get("in->out.w")
    except PlasticityError as error:
        if "\n" in str(error):
            raise RuntimeError(f"several lines: {error}") from None
        return str(error), None


def alike(given: tuple[str, object]) -> str:
    """What is wrong with what the engines make of a number; raises PlasticityError where all refuse it."""
    answers = {engine: answer(*given, engine) for engine in ENGINES}
    refusals = {refusal for refusal, _ in answers.values()}
    if len(refusals) > 1:
        return "; ".join(f"{engine}: {refusal or 'accepted'}" for engine, (refusal, _) in answers.items())
    if refusals != {""}:
        raise PlasticityError(refusals.pop())
    weights = [weight for _, weight in answers.values()]
    if not all(np.isfinite(weight).all() for weight in weights):
        return "accepted, and weights are not finite"
    return "" if all(np.allclose(weights[0], each, atol=1e-9) for each in weights) else "engines answer otherwise"


def of_options() -> Iterator[tuple[str, Callable[[object], object]]]:
    """Options that are numbers, of all that has a name."""
    spiking = {name: networks.catalogue[name] for name, kind in networks.KIND.items() if kind != "static"}
    catalogues = {"rule": rules.catalogue, "neuron": neurons.catalogue, "encoder": encoding.catalogue.catalogue,
                  "readout": readout.catalogue.catalogue, "network": spiking}
    for kind, catalogue in catalogues.items():
        for name, make in catalogue.items():
            for option in _numbers(make):
                with_it = partial(_built, name, option) if kind == "network" else partial(_made, make, option)
                yield f"{kind} {name}({option})", with_it
    for name, kind in LOSSES.items():
        for option in _numbers(kind.make) if hasattr(kind, "make") else ():
            yield f"loss {name}({option})", partial(_made, kind.make, option)


def _made(make: Callable, option: str, value: object) -> object:
    return make(**{option: value})


def _built(name: str, option: str, value: object) -> object:
    return replace(networks.make(name), options={option: value}).build((4, 4), seed=0)


def _numbers(make: Callable) -> list[str]:
    return [name for name, each in inspect.signature(make).parameters.items()
            if isinstance(each.default, int | float) and not isinstance(each.default, bool)]


WAYS = {"stream": {"network": "diehl-cook(neurons=4, steps=10)", "engine": "torch"},
        "rates": {"network": "rates(4)", "rule": "soft_hebb"}, "method": {"rule": "mlp(hidden=(4,))"},
        "gradients": {"network": "layers(4)", "rule": "bptt", "encoder": "latency(steps=5)"}}
ARGUMENTS = ("epochs", "batch", "lr", "patience", "validation", "seed", "class_weight", "shuffle", "dtype")


def of_learners() -> Iterator[tuple[str, Callable[[object], object]]]:
    """Arguments of learners of each way; and samples, labels and weights."""
    for way, nouns in WAYS.items():
        for name in ARGUMENTS:
            yield f"learner {way}({name})", partial(_fitted, nouns, name)
        for name in ("X", "y", "sample_weight"):
            yield f"learner {way}.fit({name})", partial(_fitted_to, nouns, name)


def _fitted(nouns: Mapping, name: str, value: object) -> object:
    more = {"validation": 0.25} if name == "patience" else {}
    return Learner(**{"epochs": 1, **nouns, **more, name: value}).fit(X, Y).predict(X)


def _fitted_to(nouns: Mapping, name: str, value: object) -> object:
    given = {"X": X.astype(object), "y": Y.astype(object), "sample_weight": np.ones(16, object)}
    if value is not None or name != "sample_weight":
        given[name].flat[3] = value
    given = {key: array if key == name else array.astype(float) for key, array in given.items()}
    given["y"] = given["y"] if name == "y" else Y
    return Learner(**{"epochs": 1, **nouns}).fit(**given).predict(X)


def made(given: tuple[Callable[[object], object], object]) -> str:
    make, value = given
    make(value)
    return ""


def at_engines() -> list[Case]:
    return [(f"engines: {place}", (place, value), value) for place in (*NETWORKS, *RUNS) for value in VALUES]


def at(places: Callable[[], Iterator[tuple[str, Callable]]]) -> list[Case]:
    return [(place, (make, value), value) for place, make in places() for value in VALUES
            if not (value in LONG and place.endswith(("(epochs)", "(patience)")))]


#: sort -> all of its cases, and what is done with each
SORTS: Mapping[str, tuple[Callable[[], list[Case]], Callable]] = {
    "network": (at_engines, alike), "option": (partial(at, of_options), made),
    "learner": (partial(at, of_learners), made)}


def trials(sorts: Mapping, numbers: int, seed: int) -> Iterator[tuple[str, str, Outcome]]:
    """(place, number, outcome): at most `numbers` cases of each sort, drawn."""
    draw = np.random.default_rng(seed)
    for name, (cases, use) in sorts.items():
        several = cases()
        several = [several[place] for place in draw.permutation(len(several))[:numbers]]
        for (place, _, value), found in zip(several, tried(use, [given for _, given, _ in several]), strict=True):
            yield place, repr(value), found
        say(f"{name}: {len(several)}")


def main() -> None:
    asked = _command.asked(__doc__, "sorts (network, option, learner)", seed=(0, "of what is drawn"),
                           numbers=(600, "at most so many of each sort"))
    torch.set_num_threads(1)
    told = tally(trials(_command.chosen(SORTS, asked.only), asked.numbers, asked.seed))
    write("odd_numbers", {"numbers": asked.numbers, "seed": asked.seed, "only": asked.only},
          {"total": total(told), "subjects": told}, asked.out)
    _command.end(told)


if __name__ == "__main__":
    main()
