"""Texts that try to run code run none of it: docs/results/reliability_texts.json.

    .venv/bin/python scripts/reliability/texts.py

Wherever the library reads a text (rules, neurons, options of every noun, units, descriptions, experiments) stand some
that would open a file, start a program, import or evaluate, in the many spellings that are known of Python. An audit
hook of the interpreter and a file that would come to be say whether anything ran.
"""

from __future__ import annotations

import itertools
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import _command
import numpy as np
from _children import Outcome, tried
from _summary import tally, total, write

from plasticity import Learner, Neuron, Rule, encoding, networks, neurons, readout, replay, rules
from plasticity.neurons.units import si

#: what would run, with PATH for a file that it would make
CODE = (
    "__import__('os').system('touch PATH')", "open('PATH', 'w')", "exec('open(\"PATH\", \"w\")')",
    "eval('open(\"PATH\", \"w\")')", "().__class__.__base__.__subclasses__()", "w.__class__.__mro__[1]",
    "(lambda: open('PATH', 'w'))()", "[x for x in open('PATH', 'w')]", "f\"{open('PATH', 'w')}\"",
    "(y := open('PATH', 'w'))", "getattr(w, '__class__')", "globals()", "print(w)", "np.save('PATH', 1)",
    "breakpoint()", "w if open('PATH', 'w') else w", "w[open('PATH', 'w')]", "exp.__globals__", "abs.__self__",
    "type('x', (), {})", "vars()", "compile('1', 'PATH', 'exec')", "{**open('PATH', 'w')}", "not open('PATH', 'w')",
    "w; import os", "w\nimport os", "w # \n__import__('os')", "\x00open('PATH', 'w')", "ｏpen('PATH', 'w')",
    "__builtins__['open']('PATH', 'w')")
TRAIN = np.ones((3, 1), bool)


def _replayed(rule: Rule) -> None:
    replay(rule, np.ones((1, 1)), TRAIN, TRAIN, engine="interpreter")


#: where a text is read -> a function of it
PLACES: Mapping[str, Callable[[str], object]] = {
    "Rule(on_post)": lambda text: _replayed(Rule(on_post={"w": text})),
    "Rule(on_step)": lambda text: _replayed(Rule(on_step={"dw/dt": text})),
    "Rule(let)": lambda text: _replayed(Rule(let={"a": text}, on_post={"w": "a"})),
    "Rule(efficacy)": lambda text: _replayed(Rule(sends=text, on_post={"w": "1"})),
    "Rule name": lambda text: Rule(params={text: 1.0}, on_post={"w": text}),
    "Neuron(equations)": lambda text: Neuron(equations=f"dv/dt = {text} : 1", threshold="v > 1", reset="v = 0"),
    "Neuron(threshold)": lambda text: Neuron(equations="dv/dt = -v/(20*ms) : 1", threshold=text, reset="v = 0"),
    "Neuron(reset)": lambda text: Neuron(equations="dv/dt = -v/(20*ms) : 1", threshold="v > 1", reset=f"v = {text}"),
    "Neuron(params)": lambda text: Neuron(equations="dv/dt = -v/tau : 1", threshold="v > 1", reset="v = 0",
                                          params={"tau": text}),
    "unit": si, "rule": rules.make, "rule's option": lambda text: rules.make(f"pair_stdp(a_plus={text})"),
    "neuron's option": lambda text: neurons.make(f"lif(tau={text})"),
    "network's option": lambda text: networks.make(f"diehl-cook(neurons={text})"),
    "encoder's option": lambda text: encoding.catalogue.make(f"latency(steps={text})"),
    "readout's option": lambda text: readout.catalogue.make(f"leaky(tau={text})"),
    "Learner(loss)": lambda text: Learner(rule="bptt", loss=text), "description": lambda text: Rule.from_dict(
        {**Rule(on_post={"w": "1"}).to_dict(), "on_post": {"w": text}}),
    "Learner(network)": lambda text: Learner(text), "Learner(engine)": lambda text: Learner(engine=text),
    "Learner(optimizer)": lambda text: Learner(rule="bptt", optimizer=text).fit(np.ones((4, 4)) / 2, [0, 1, 0, 1])}
#: events of the interpreter that only running code would cause
EVENTS = ("os.system", "subprocess.Popen", "os.exec", "os.posix_spawn", "ctypes.dlopen", "socket.connect")
_RAN: list[str] = []


def _audit(event: str, arguments: tuple) -> None:
    if event in EVENTS or (event == "open" and "reliability-ran" in str(arguments[0])):
        _RAN.append(event)


def ran(given: tuple[str, str]) -> str:
    """What a text ran, at a place; "" for nothing. Texts that are no errors are none here: they are expressions."""
    place, text = given
    _RAN.clear()
    try:
        PLACES[place](text)
    finally:
        found = [*_RAN]
    return f"ran {', '.join(found)}" if found else ""


def trials(path: Path) -> Iterator[tuple[str, str, Outcome]]:
    """(place, text, outcome)."""
    given = [(place, code.replace("PATH", str(path))) for place, code in itertools.product(PLACES, CODE)]
    for (place, text), found in zip(given, tried(ran, given), strict=True):
        yield place, text.replace(str(path), "PATH"), found
    if path.exists():
        yield "all", "a file came to be", Outcome("accepted", "ran")


def main() -> None:
    asked = _command.asked(__doc__)
    sys.addaudithook(_audit)
    with tempfile.TemporaryDirectory() as folder:
        told = tally(trials(Path(folder) / "reliability-ran"))
    write("texts", {"places": [*PLACES], "texts": len(CODE)}, {"total": total(told), "subjects": told}, asked.out)
    _command.end(told)


if __name__ == "__main__":
    main()
