"""Texts as nobody should write them: refused at once, in one line that quotes them; never another kind of error."""

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plasticity import LanguageError, Neuron, PlasticityError, Rule, Trace, networks, neurons, replay, rules
from plasticity._utils.catalogue import parse
from plasticity.encoding import catalogue as encoders
from plasticity.encoding.augmentation import catalogue as augmentations
from plasticity.neurons.units import si
from plasticity.readout import catalogue as readouts

SPIKES = np.random.default_rng(0).random((5, 2)) < 0.5
CELL = {"equations": "dv/dt = -v/tau : 1\nI : 1", "threshold": "v > 1", "reset": "v = 0", "params": {"tau": "20*ms"}}
ATOMS = st.sampled_from([
    "a * x * (w_max - w)", "x**2 + exp(-w / a)", "9**9**9", "1e999", "9" * 400, "(" * 50, "-" * 60, "/0", "**", "1j",
    "\n", "\0", "lambda", "name=1", "softmax(", "delayed(", "__import__('os')", " ", "=", "x", "w", "[", "'", "#", ":",
    "pair_stdp(a_plus=0.02)", "lif(tau=20e-3)", "dv/dt = -v/tau : volt", "20*ms", "v -= 1; I = 0", "latency(steps=20)",
    "\uff57", "\u2028", ")(", ", ", "None"])
TEXTS = st.lists(ATOMS | st.text(max_size=3), max_size=6).map("".join)


def learned(**texts):
    rule = Rule(**{"pre": {"x": Trace(20e-3)}, "params": {"a": 0.01}, "w_min": 0.0, "w_max": 1.0, **texts})
    replay(rule, np.full((2, 2), 0.5), SPIKES, SPIKES, engine="interpreter")


DOORS = [
    lambda text: learned(on_pre={"w": text}), lambda text: learned(on_step={"dw/dt": text}),
    lambda text: learned(on_pre={text: "a"}), lambda text: learned(let={"b": text}, on_pre={"w": "b"}),
    lambda text: learned(params={"a": 1.0, text: 2.0}, on_pre={"w": "a"}),
    rules.make, neurons.make, networks.make, encoders.make, augmentations.make, readouts.make, si,
    *(lambda text, slot=slot: Neuron(**CELL | {slot: text})
      for slot in ("equations", "threshold", "reset", "update", "output")),
    lambda text: Neuron(**CELL | {"params": {"tau": "20*ms", text: text}})]


@pytest.mark.filterwarnings("ignore")
@settings(max_examples=150, deadline=None, derandomize=True)
@given(text=TEXTS)
def test_texts_are_read_or_refused_in_one_line(text):
    for door in DOORS:
        try:
            door(text)
        except PlasticityError as error:
            assert "\n" not in str(error) and len(str(error)) < 1500


@pytest.mark.parametrize(("call", "message"), [
    (lambda: si("9**9**9*ms"), r"'9\*\*9\*\*9\*ms': 9.0 \*\* 9.0 \*\* 9.0 has no value"),
    (lambda: si("20**ms"), "'20\\*\\*ms' has a unit as a power"),
    (lambda: si("1e400*ms"), "holds a number that is too large"),
    (lambda: si("1/(0*ms)"), "'1/\\(0\\*ms\\)' must be a finite number"),
    (lambda: rules.make("pair_stdp(a_plus=0.5)(w_max=2)"), "one pair of brackets"),
    (lambda: rules.make("pair_stdp(a_plus=1, a_plus=2)"), "cannot read 'pair_stdp.*a_plus is given twice"),
    (lambda: rules.make("pair_stdp(a_plus=0.1)", a_plus=0.2), "a_plus is given twice"),
    (lambda: rules.make("pair_stdp(name=1)"), "'name'"),
    (lambda: rules.make("pair_stdp(a_plus=9**9**9)"), "is not a number"),
    (lambda: rules.make(f"pair_stdp(a_plus=1{'0' * 400})"), "too large for a number"),
    (lambda: rules.make("pair_stdp(" + "(" * 9000), "cannot read|nested"),
    (lambda: rules.make("p" * 20_000), "a rule has 20,000 letters|rule has 20,000 letters"),
    (lambda: neurons.make("lif(tau=20e-3, tau=30e-3)"), "tau is given twice"),
    (lambda: Neuron(**CELL | {"equations": "dv/dt = -v/tau : 1\nv : 1"}), "'v' of neuron 'neuron' is given twice"),
    (lambda: Neuron(**CELL | {"params": {"tau": "20*ms", "v": 1.0}}), "'v' of neuron 'neuron' is given twice"),
    (lambda: Neuron(**CELL | {"params": {"tau": "20*ms", "k\n": 1.0}}), "cannot be a name"),
    (lambda: Neuron(**CELL | {"params": {"tau": "20*ms", "mV": 1.0}}), "cannot be a name"),
    (lambda: Neuron(**CELL | {"reset": "q = 0"}), "'q' is not a variable of the neuron"),
    (lambda: Neuron(**CELL | {"equations": "A = B : 1\nB = A : 1\ndv/dt = -A/tau : 1"}), "unknown name 'B'"),
    (lambda: Neuron(**CELL | {"equations": "dv/dt = -v/tau : 1" + " " * 20_000}), "letters"),
])
def test_refusals(call, message):
    begin = time.process_time()
    with pytest.raises(PlasticityError, match=message) as error:
        call()
    assert "\n" not in str(error.value) and time.process_time() - begin < 2


def test_what_is_refused_is_quoted_and_shortened():
    with pytest.raises(LanguageError) as error:
        Rule(on_pre={"w": "w + " * 2000 + "$"})
    assert "'w + w + " in str(error.value) and len(str(error.value)) < 400


def test_whole_numbers_within_expressions_stay_what_they_are():
    """Exponents are whole numbers to engines, which multiply instead; what is computed of literals alone is a float."""
    assert str(parse("f(2, 3.0)").arguments) == "(2, 3.0)"
    rule = Rule(on_pre={"w": "w**2 + 2*3*w"})
    assert rule == Rule(on_pre={"w": "w**2 + 2*3*w"})
    w = replay(Rule(on_pre={"w": "w**2 - 2**3*w"}), np.full((1, 1), 0.5), np.ones((1, 1), bool), np.zeros((1, 1), bool),
               engine="interpreter").w
    assert w[0, 0] == 0.5 + 0.25 - 4.0
