"""What the event engine looks at once per neuron, and what it does not look at because it is zero."""

import ast

import numpy as np
import pytest
from support.every_rule import EVERY, outside, spikes, within

from plasticity import Rule, State, Trace, Window, engines, replay, rules
from plasticity.engines.event.sharing import Places, loop_invariant, needed, nonzero_support, without_reductions
from plasticity.language import expressions
from plasticity.network.network import Input, Network, Projection, Signal

BOTH, ANY = ("pre", "post"), ()
STEPS, SAMPLES, DT = 120, 3, 1e-3
WINDOW = Window((1, 4, 4), 3, 2)
KINDS = {"dense": {}, "sparse": {"mask": np.random.default_rng(2).random((7, 5)) < 0.6},
         "convolution": {"window": WINDOW}}
#: with states that are put back at the start of a presentation, and no noise, which goes on
RESTARTED = [name for name, make in EVERY.items() if not any(trace.keep for trace in make().variables.values())
             and "noise" not in make().reads_names]
#: the list of synapses of other kinds matters for states of synapses alone
CASES = [(name, kind) for name in RESTARTED for kind in KINDS if kind == "dense" or EVERY[name]().syn]


@pytest.mark.parametrize("rule, expected", [
    (rules.dopamine_stdp(), {"c": BOTH}), (rules.mstdpet(), {"z": BOTH}), (rules.r_max(), {"e": ("pre",)}),
    (rules.eprop_online(), {"e_bar": ("pre",), "eps_a": ("pre",)}), (rules.urbanczik_senn(), {"e": ("pre",)}),
    (rules.graupner_brunel(), {"c": ANY}), (rules.nearest_stdp("presynaptic_centred"), {"used": BOTH})])
def test_states_that_wait_for_spikes(rule, expected):
    found = nonzero_support(rule, BOTH)
    assert {name: found[name] for name in expected} == {name: frozenset(sides) for name, sides in expected.items()}


def test_a_state_that_another_state_moves_waits_for_no_more_than_that_one():
    def chain(first):
        return Rule(pre={"x": Trace(10e-3)}, post={"y": Trace(10e-3)}, syn={name: State() for name in "abc"},
                    on_pre={"a": first}, on_step={"db/dt": "a", "c": "0.5 * c + b"})

    assert set(nonzero_support(chain("y"), BOTH).values()) == {frozenset(BOTH)}
    assert set(nonzero_support(chain("1 + y"), BOTH).values()) == {frozenset(["pre"])}
    assert set(nonzero_support(chain("y"), ["post"]).values()) == {frozenset(["post"])}


def test_a_state_that_starts_or_stays_above_zero_waits_for_nothing():
    for state in (State(initial=0.5), State(keep=True)):
        rule = Rule(pre={"x": Trace(10e-3)}, syn={"a": state}, on_pre={"a": "1"})
        assert nonzero_support(rule, BOTH) == {"a": frozenset()}


@pytest.mark.parametrize("name, kind", CASES)
def test_presentations_one_after_the_other_equal_each_by_itself(name, kind):
    """Zeros that are not looked at must be zeros again when the next presentation begins: weights to 1e-10."""
    rule, where = EVERY[name](), KINDS[kind]
    n_pre, n_post = (WINDOW.n_pre, WINDOW.n_post) if "window" in where else (7, 5)
    w = within(rule, (WINDOW.fan_in, WINDOW.channels) if "window" in where else (n_pre, n_post))
    w = np.where(where["mask"], w, 0.0) if "mask" in where else w
    given = {"pre": spikes((SAMPLES, STEPS), n_pre, 0.03, 3), "post": spikes((SAMPLES, STEPS), n_post, 0.03, 4)}
    given["pre"][:, :, 0] = given["post"][1] = False  # neurons that never spike
    seen = outside(rule, (SAMPLES, STEPS), n_pre, n_post)
    expected = w
    for k in range(SAMPLES):
        expected = replay(rule, expected, given["pre"][k], given["post"][k], DT, "interpreter", **where,
                          **{name: values[k] for name, values in seen.items()}).w
    connect = {"": "dense", "mask": "sparse", "window": "convolution"}["".join(where)]
    network = Network(
        (Input("pre", n_pre), Input("post", n_post)), dt=DT,
        signals=tuple(Signal(name, {"pre": n_pre, "post": n_post}.get(place, 0))
                      for name, place in {**rule.reads, **rule.signals}.items()),
        projections=(Projection("pre", "post", w, connect, rule=rule, label="s", **where),))
    simulation = engines.build(network, "event")
    simulation.run(given, signals=seen)
    np.testing.assert_allclose(simulation.get("s.w"), expected, rtol=0, atol=1e-10)


RULE = Rule(reads={"r_pre": "pre", "u": "post"}, params={"eta": 0.1}, syn={"e": State()},
            on_step={"w": "w + eta * softmax(3 * u) * (exp(r_pre) - softmax(3 * u) * w)", "de/dt": "u * u * e"})


def test_equal_reductions_are_made_once_and_parts_of_one_neuron_are_taken_out():
    lines, reductions = without_reductions(RULE, RULE.statements["on_step"])
    assert list(reductions) == ["reduced_0"]
    lines, post = loop_invariant(lines, Places(RULE, frozenset(reductions)), "post")
    lines, pre = loop_invariant(lines, Places(RULE, frozenset([*reductions, *post])), "pre")
    assert sorted(map(expressions.render, post.values())) == ["eta * reduced_0", "u * u"]
    assert list(map(expressions.render, pre.values())) == ["exp(r_pre)"]
    assert expressions.render(lines[0].expr) == "w + post_part_0 * (pre_part_0 - reduced_0 * w)"


@pytest.mark.parametrize("text, expected", [
    ("a * noise", ["a"]), ("eta * sqrt(a * b) * noise / c", ["a * b"]), ("a + b * noise - c * -noise", ["b", "c"]),
    ("(a + b * noise) * c", ["b * c"]), ("noise", None), ("2 * noise", None), ("exp(a * noise)", None),
    ("zero * noise", ["zero"]), ("a / noise", None), ("noise * noise * a", None), ("a", [])])
def test_when_a_name_does_not_matter(text, expected):
    found = needed(expressions.parse(text), "noise", {"eta": 0.5, "zero": 0.0})
    assert found is None if expected is None else [ast.unparse(expr) for expr in found] == expected
