"""The definition's step as a function: by hand, sample by sample, and pure."""

import math

import numpy as np
import pytest

from plasticity import Rule, State, Trace
from plasticity.engines.reference.interpreter import Step, SynapseState, start

DT = 1e-3
HEBB = Rule(pre={"x": Trace(20e-3)}, on_post={"w": "a * x"}, params={"a": 0.1}, w_max=1.0)
NOBODY, EVERYBODY = np.zeros((1, 1, 2), bool), np.ones((1, 1, 2), bool)


def beginning(rule: Rule, samples: int = 1) -> SynapseState:
    return start(rule, np.array([[0.5, 0.98]]), np.ones((1, 1, 2), bool), samples)


def step_of(rule: Rule, samples: int = 1, divisor: int = 1, exists: np.ndarray = EVERYBODY) -> Step:
    return Step(rule, DT, samples, exists, divisor)


def test_a_pair_of_spikes_by_hand():
    """A trace rises to 1, decays for a step, and adds to the weight what it is then, up to the bound."""
    step = step_of(HEBB)
    fired = step(beginning(HEBB), {"pre": EVERYBODY, "post": NOBODY}, {})
    assert (fired.values["x"] == 1).all() and (fired.w == beginning(HEBB).w).all()
    paired = step(fired, {"pre": NOBODY, "post": EVERYBODY}, {})
    trace = math.exp(-DT / 20e-3)
    np.testing.assert_allclose(paired.values["x"], trace, rtol=1e-15)
    np.testing.assert_allclose(paired.w, [[0.5 + 0.1 * trace, 1.0]], rtol=1e-15)


def test_a_step_leaves_its_state_as_it_was():
    before = beginning(HEBB)
    w, x = before.w.copy(), before.values["x"].copy()
    step_of(HEBB)(before, {"pre": EVERYBODY, "post": EVERYBODY}, {})
    assert (before.w == w).all() and (before.values["x"] == x).all()


@pytest.mark.parametrize("divisor", [1, 2])
def test_samples_add_up_or_are_averaged(divisor):
    state = SynapseState(np.array([[0.1, 0.2]]), {"x": np.array([[[1.0, 1.0]], [[3.0, 3.0]]])})
    post = np.array([[[True, False]], [[True, True]]])
    after = step_of(HEBB, 2, divisor)(state, {"pre": np.zeros_like(post), "post": post}, {})
    trace = math.exp(-DT / 20e-3)
    np.testing.assert_allclose(after.w - state.w, [[0.4 * trace / divisor, 0.3 * trace / divisor]], rtol=1e-14)


def test_what_does_not_exist_does_not_change():
    rule = Rule(syn={"e": State()}, on_step={"e": "e + 1", "w": "w + 1"})
    step = step_of(rule, exists=np.array([[[True, False]]]))
    after = step(beginning(rule), {"pre": NOBODY, "post": NOBODY}, {})
    assert after.values["e"].tolist() == [[[1.0, 0.0]]] and after.w.tolist() == [[1.5, 0.0]]
