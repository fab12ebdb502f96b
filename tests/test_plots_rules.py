"""The figure of every rule: it exists, and shows what the rule's equations say."""

import numpy as np
import pytest
from typer.testing import CliRunner

from plasticity import PlasticityError, Rule, Trace, plots, rules
from plasticity.cli.app import app
from plasticity.plots.of_rule import SHOWN


@pytest.mark.parametrize("name", rules.KINDS["synapse"])
def test_every_rule_has_a_figure_that_is_not_flat(name):
    axes = plots.figure_of(rules.make(name)).axes[0]
    curves = [line.get_ydata() for line in axes.lines if len(line.get_ydata()) > 2]
    assert curves and all(np.isfinite(curve).all() for curve in curves)
    assert max(np.abs(curve).max() for curve in curves) > 0
    assert name.split("_")[0] in axes.get_title(loc="left") and axes.get_xlabel() and axes.get_ylabel()


def test_settings_are_those_of_rules_there_are():
    assert set(SHOWN) <= {make().name for make in rules.KINDS["synapse"].values()}


def test_a_window_under_reward_is_the_window_times_the_reward():
    _, plain = plots.window(rules.pair_stdp(0.1, 0.1), w=0.5, points=41)
    _, rewarded = plots.window(rules.mstdp(0.1), w=0.5, points=41, clamped={"reward": -0.5})
    np.testing.assert_allclose(rewarded, -0.5 * plain, atol=1e-15)


def test_reward_at_the_end_is_given_once():
    time, change = plots.window(rules.r_stdp(0.04, 0.02), w=0.5, points=41, clamped={"reward": 1.0}, late=True)
    np.testing.assert_allclose(change, np.where(time >= 0, 0.04, -0.02) * 0.25, atol=1e-15)


def test_a_delay_moves_the_window():
    rule, dt = rules.pair_stdp(), 5e-3
    _, plain = plots.window(rule, points=41)
    _, late = plots.window(rule, points=41, delay=2 * dt)
    np.testing.assert_allclose(late[2:], plain[:-2], atol=1e-15)


def test_pairs_that_would_overlap_are_refused():
    with pytest.raises(PlasticityError, match="overlap"):
        plots.window(rules.pair_stdp(), pairs=3, rate=20.0)


def test_the_curve_of_clopath_is_the_equation_at_a_held_voltage():
    """At a held voltage the averages equal it: -10 spikes of a_ltd [v - theta_minus]+, and x's area times a_ltp."""
    v = np.array([-75e-3, -60e-3, -50e-3])  # below theta_plus nothing strengthens
    change = plots.clamped_change(rules.clopath(homeostasis=False), "v", v, w=1.0)
    settled = -10 * 0.14 * np.maximum(v + 70.6e-3, 0)  # the first spikes still find the averages on their way
    np.testing.assert_allclose(change, settled, rtol=0.05, atol=1e-12)
    above = plots.clamped_change(rules.clopath(homeostasis=False), "v", [-30e-3], w=1.0)[0]
    assert above > 0


def test_the_curve_of_r_max_falls_with_the_expected_rate():
    rho = np.array([0.0, 20.0, 40.0])
    change = plots.clamped_change(rules.r_max(), "rho", rho)
    np.testing.assert_allclose(change, change[-1] * rho / 40.0, rtol=1e-9, atol=1e-15)
    assert change[-1] < 0


def test_a_variable_that_is_not_read_is_refused():
    with pytest.raises(PlasticityError, match="reads no 'u'"):
        plots.clamped_change(rules.clopath(), "u", [0.0])


def test_a_rule_written_by_a_user_has_a_figure_too():
    rule = Rule(pre={"x": Trace(20e-3)}, on_post={"w": "x * gain * reward"}, reads={"gain": "post"},
                signals={"reward": "global"}, name="mine")
    assert "mine" in plots.figure_of(rule).axes[0].get_title(loc="left")


def test_explain_draws_what_is_no_window_of_spikes(tmp_path):
    target = tmp_path / "rule.png"
    found = CliRunner().invoke(app, ["explain", "r_stdp", "--figure", str(target)])
    assert found.exit_code == 0 and target.read_bytes()[:4] == b"\x89PNG"


def test_the_response_to_regular_spikes_is_the_recursion():
    """x recovers with 0.8 s; each spike uses half of it."""
    time, share = plots.short_term_response(rules.tsodyks_markram(0.5, 0.8), 20.0, spikes=5)
    x, expected = 1.0, []
    for wait in np.diff(time, append=np.inf):
        expected.append(0.5 * x)
        x = 1 - (1 - 0.5 * x) * np.exp(-wait / 0.8)
    np.testing.assert_allclose(share, expected, rtol=1e-12)
    assert np.diff(time).tolist() == pytest.approx([0.05] * 4 + [0.5])
    with pytest.raises(PlasticityError, match="transmit its weight"):
        plots.short_term(rules.pair_stdp())
