"""Time that is deferred: what the text of a rule must say for it, and that nothing shows that it was."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.rule_cases import alone as network_of

from plasticity import Input, Network, Projection, Rule, State, Trace, build, replay, rules
from plasticity.engines.event.deferring import alone, growth, rowwise
from plasticity.engines.event.drawing import cos_turn, log_share
from plasticity.engines.event.program import write
from plasticity.language import expressions
from plasticity.language.rule import ORDERS
from plasticity.network.network import Signal

DT, SHAPE = 1e-3, (5, 4)
STATES = {"pre": {"x": Trace(20e-3)}, "post": {"y": Trace(15e-3)}, "syn": {"c": State(tau=20e-3)},
          "reads": {"q": "pre", "r": "post"}, "signals": {"d": "global"}}


def step(text, **options):
    return Rule(**{**STATES, "on_step": {"dw/dt": text}, "w_min": 0.0, "w_max": 1.0, **options})


# What the text says.

@pytest.mark.parametrize("text, drift", [
    ("3 * (w > 0.5) - 2 * (w <= 0.5)", True), ("(c > 1) - 0.5 * (c > 2)", True), ("1 - w", False),
    ("-w * (1 - w) * (0.5 - w) + (1 - w) * (c > 1)", False), ("abs(w - 0.3)", False),
    ("where(w > 0.2, 1, -w)", False), ("sqrt(c > 1) * noise", True)])
def test_synapses_that_read_themselves_are_left_alone(text, drift):
    assert alone(step(text)).drift == drift


@pytest.mark.parametrize("text", [
    "c", "c * w", "d * (w > 0.5)", "x * w", "r - w", "(w * (1 - w) > 0.2) * w", "(w > c) - w", "(w == 0.5) + 1",
    "noise", "c * noise", "softmax(w)"])
def test_synapses_that_read_something_else_are_not(text):
    assert alone(step(text)) is None


def test_only_what_moves_counts():
    """A state that changes at spikes alone is a constant between them."""
    tag = step("c * (w > c)", syn={"c": State()})
    assert alone(tag).drift
    assert alone(tag.with_(on_step={"dw/dt": "1", "c": "0.9 * c"})).moved == ("w", "c")
    fading = step("1", on_step={"w": "w + 1", "dc/dt": "1"})
    assert alone(fading) is None, "what decays and moves at once"


@pytest.mark.parametrize("text, expected", [
    ("w + 0.1 * x", "0.1 * x"), ("0.5 * w", "0.5 * w - w"), ("w - 0.1 * w * w", "-(0.1 * w * w)")])
def test_growth_of_an_assignment(text, expected):
    line, = step("1", on_step={"w": text}).statements["on_step"]
    assert expressions.render(growth(line)) == expected


@pytest.mark.parametrize("text, late", [
    ("q * r", True), ("r * (q - r * w)", True), ("r * (q - prefix_sum(r * w))", True), ("softmax(r) * q", True),
    ("(r > 0.5) * q", False), ("winner(r) * q", False), ("(r > 0.5) * q + r", True)])
def test_rows_are_deferred_where_most_synapses_change(text, late):
    rule = step(text)
    assert rowwise(rule, rule.statements["on_step"], listed=False) == late
    assert rowwise(rule, rule.statements["on_step"], listed=True) == (late and "prefix_sum" not in text)


def test_rows_are_not_deferred_past_what_an_input_became_in_the_step():
    for late, text in (({"on_post": {"w": "q"}}, "q * r"), ({"on_post": {"w": "g"}}, "g * r")):
        rule = step("1", pre={"x": Trace(20e-3), "g": State()}, **late,
                    on_step={"dw/dt": text, "g": "0.5 * g + q"})
        assert not rowwise(rule, rule.statements["on_step"][:1], listed=False)


@pytest.mark.parametrize("rule, sign", [
    (rules.sdsp(), "whole_leap"), (rules.graupner_brunel(), "whole_leap"), (rules.oja(), "_past_"),
    (rules.eprop_online(), "_past_"), (rules.r_stdp(), "_acpost"), (rules.hard_wta(), "_live")])
def test_what_a_rule_of_the_catalogue_becomes(rule, sign):
    assert sign in write(network_of(rule), batched=False).source
    batched = write(network_of(rule), batched=True).source
    assert "whole_leap" not in batched
    assert "_past_" not in batched


# That nothing shows.

TEXTS = ["a * (w > 0.4) - b * (w <= 0.4)", "a * (c > 1) * (1 - w) - b * (c > 2) * w", "-a * w * (1 - w) * (0.5 - w)",
         "b * (0.5 - w)", "a * abs(w - 0.5) - b * w", "a * (c > 1) - b * (w > 0.3) + 0.2 * sqrt(c > 1.5) * noise",
         "a * x * r - b * w", "d * (q - w * r)", "a * softmax(r) * (q - r * w)", "c * d",
         "a * r * (q - prefix_sum(r * w))",
         "a * (c > 1) * r", "(d > 0.5) * a * c * r * x", "a * q * (c > 0.5) + b * noise * r"]
EVENTS = {"on_pre": [{}, {"w": "-0.05 * y"}, {"c": "1 + r"}, {"c": "1", "w": "0.02 * (w < 0.5)"}],
          "on_post": [{}, {"w": "0.1 * x"}, {"c": "1.5"}, {"c": "x * y", "w": "0.03 * d"}]}


def drawn(rng, steps):
    spikes = [rng.random((steps, 1, n)) < 0.04 for n in SHAPE]
    spikes[0][:, :, 0] = spikes[1][:, :, 0] = False  # neurons that never spike
    spikes[1][::9] |= spikes[0][::9, :, :4]  # coincidences
    read = {name: rng.random((steps, 1, n)) for name, n in zip("qr", SHAPE, strict=True)}
    return spikes, {**read, "d": rng.random((steps, 1))}


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(TEXTS), st.sampled_from(EVENTS["on_pre"]), st.sampled_from(EVENTS["on_post"]),
       st.sampled_from([0.5, 20.0, 300.0]), st.sampled_from([0.7, 9.0]), st.sampled_from([*ORDERS]),
       st.sampled_from(["dense", "sparse", "delays"]), st.sampled_from([20e-3, np.inf]), st.integers(0, 2**16))
def test_rules_that_nobody_wrote(interpreted_event, text, on_pre, on_post, a, b, order, kind, tau, seed):
    rng = np.random.default_rng(seed)
    rule = step(text, on_pre=on_pre, on_post=on_post, order=order, params={"a": a, "b": b}, syn={"c": State(tau)})
    (pre, post), read = drawn(rng, 70)
    options = {"dense": {}, "sparse": {"mask": rng.random(SHAPE) < 0.6},
               "delays": {"axonal_delay": 3 * DT, "dendritic_delay": 2 * DT}}[kind]
    if kind == "sparse" and ("prefix_sum" in text or "softmax" in text):
        options = {}
    w = rng.random(SHAPE) * options.get("mask", 1)
    expected = replay(rule, w, pre, post, DT, "interpreter", seed=3, weights_every=13, **read, **options)
    for every in (None, 13):  # rows that are due at the end alone, and several times before
        found = replay(rule, w, pre, post, DT, "event", seed=3, weights_every=every, **read, **options)
        np.testing.assert_allclose(found.w, expected.w, rtol=0, atol=1e-10)
        np.testing.assert_allclose(found.traces["c"], expected.traces["c"], rtol=1e-9, atol=1e-10)
    np.testing.assert_allclose(found.trajectory, expected.trajectory, rtol=0, atol=1e-10)


def plastic(rule, w, **options):
    sizes = {"pre": SHAPE[0], "post": SHAPE[1], "global": 0}
    return Network((Input("pre", SHAPE[0]), Input("post", SHAPE[1])), dt=DT,
                   signals=tuple(Signal(name, sizes[place]) for name, place in {**rule.reads, **rule.signals}.items()),
                   projections=(Projection("pre", "post", w, rule=rule, label="s", **options),))


LASTING = [step(text, params={"a": 20.0, "b": 5.0}, syn={"c": State(20e-3, keep=keep)}, on_pre={"c": "1"},
                on_post={"c": "1.5"}) for text, keep in ((TEXTS[0], False), (TEXTS[1], True), (TEXTS[6], True))]


@pytest.mark.parametrize("rule", LASTING)
@pytest.mark.parametrize("normalize", [None, 1.5])
def test_a_stream_in_pieces_equals_one_run(rule, normalize, interpreted_event):
    """Presentations with and without a reset, with a run between them that learns nothing, and a state in between."""
    rng = np.random.default_rng(2)
    (pre, post), read = drawn(rng, 240)
    pieces = [{"pre": pre[at:at + 80, 0], "post": post[at:at + 80, 0]} for at in (0, 80, 160)]
    seen = [{name: values[at:at + 80, 0] for name, values in read.items()} for at in (0, 80, 160)]
    w = rng.random(SHAPE)
    whole, broken = (build(plastic(rule, w, normalize=normalize)) for _ in range(2))
    for spikes, signals in zip(pieces, seen, strict=True):
        whole.run({name: train[None] for name, train in spikes.items()}, reset=False,
                  signals={name: values[None] for name, values in signals.items()})
    for spikes, signals in zip(pieces, seen, strict=True):
        asked = {name: train[None] for name, train in spikes.items()}
        given_signals = {name: values[None] for name, values in signals.items()}
        kept = broken.state()
        broken.run(asked, reset=False, signals=given_signals, learn=False)
        broken.restore(kept)
        broken.run(asked, reset=False, signals=given_signals, weights_every=7)
    np.testing.assert_allclose(broken.get("s.w"), whole.get("s.w"), rtol=0, atol=1e-10)
    np.testing.assert_allclose(broken.get("s.c"), whole.get("s.c"), rtol=1e-9, atol=1e-10)
    assert np.abs(whole.get("s.w") - w).max() > 1e-3


@pytest.mark.parametrize("sigma", [0.0, 2.8])
def test_long_silences_of_a_rule_with_two_rest_states(sigma):
    """Compiled: rows that leap, rows that step together, and single synapses that go on alone; two blocks of steps."""
    rng = np.random.default_rng(4)
    rule, steps, shape = rules.graupner_brunel(sigma=sigma), 4300, (3, 24)
    pre, post = (rng.random((steps, 1, n)) < rate for n, rate in zip(shape, (0.01, 5e-4), strict=True))
    pre[:, :, 2] = False
    w = rng.random(shape)
    expected, found = (replay(rule, w, pre, post, DT, engine, seed=8) for engine in ("interpreter", "event"))
    np.testing.assert_allclose(found.w, expected.w, rtol=0, atol=1e-10)
    np.testing.assert_allclose(found.traces["c"], expected.traces["c"], rtol=1e-9, atol=1e-12)
    assert np.abs(found.w - w).max() > 1e-2


def test_single_precision_stays_close():
    rng, rule, shape = np.random.default_rng(5), rules.graupner_brunel(sigma=0.0), (4, 6)
    pre, post = (rng.random((2000, 1, n)) < 0.02 for n in shape)
    w = rng.random(shape)
    expected = replay(rule, w, pre, post, DT, "interpreter").w
    np.testing.assert_allclose(replay(rule, w, pre, post, DT, "event", dtype="float32").w, expected, rtol=0, atol=2e-4)


def test_series_of_logarithm_and_cosine():
    small = 2.0 ** -np.arange(1, 53)
    u = np.concatenate([np.random.default_rng(0).random(20_000), small, 1 - small[1:]])
    np.testing.assert_allclose([log_share(x) for x in u], np.log(u), rtol=2e-15, atol=1e-16)
    np.testing.assert_allclose([cos_turn(x) for x in u], np.cos(2 * np.pi * u), rtol=0, atol=2e-15)
