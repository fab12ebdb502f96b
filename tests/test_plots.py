"""Figures: what they show is what they were given, and the STDP window is the rule's."""

import numpy as np
import pytest
from matplotlib.figure import Figure

from plasticity import Rule, Trace, plots, rules
from plasticity.encoding.spikes import Spikes
from plasticity.errors import PlasticityError
from plasticity.plots.fields import _tiled


def texts(axes):
    return [text.get_text() for text in axes.texts]


@pytest.mark.parametrize("order, at_zero", [("brian2", 0.01), ("strict", 0.0), ("inclusive", -0.002)])
def test_the_window_of_pair_stdp_is_two_exponentials(order, at_zero):
    rule = rules.pair_stdp(a_plus=0.01, a_minus=0.012, tau_plus=20e-3, tau_minus=40e-3, order=order)
    time, change = plots.window(rule)
    assert (time[0], time[-1], len(time)) == (-0.1, 0.1, 201)
    early, late = time < 0, time > 0
    np.testing.assert_allclose(change[late], 0.01 * np.exp(-time[late] / 20e-3), rtol=1e-9)
    np.testing.assert_allclose(change[early], -0.012 * np.exp(time[early] / 40e-3), rtol=1e-9)
    assert change[100] == pytest.approx(at_zero, abs=1e-12)


def test_the_window_can_have_many_pairs():
    rule = rules.pair_stdp(tau_plus=20e-3, tau_minus=20e-3)
    _, one = plots.window(rule, points=41)
    _, many = plots.window(rule, points=41, pairs=3, rate=0.5)
    np.testing.assert_allclose(many, 3 * one, rtol=1e-3, atol=1e-12)


def test_every_rule_of_spikes_alone_has_a_window():
    for name, make in rules.KINDS["synapse"].items():
        rule = make()
        if not (rule.reads or rule.signals):
            assert np.isfinite(plots.window(rule, points=21)[1]).all(), name


def test_a_rule_that_reads_a_voltage_has_none():
    rule = Rule(pre={"x": Trace(20e-3)}, on_step={"dw/dt": "x * v"}, reads={"v": "post"}, name="voltage")
    with pytest.raises(PlasticityError, match="also reads v"):
        plots.stdp_window(rule)


def test_the_drawn_window_says_what_it_is():
    axes = plots.stdp_window(rules.pair_stdp()).axes[0]
    assert "(ms)" in axes.get_xlabel() and "pair_stdp" in axes.get_title(loc="left")
    labels = [text.get_text() for text in axes.get_legend().get_texts()]
    assert labels == ["post before pre", "pre before post", 'coincident, order "brian2"']


def test_fields_stand_in_rows_with_gaps():
    fields = np.arange(3 * 2 * 2, dtype=float).reshape(3, 2, 2)
    canvas = _tiled(fields)
    assert canvas.shape == (5, 5)
    np.testing.assert_array_equal(canvas[:2, :2], fields[0])
    np.testing.assert_array_equal(canvas[:2, 3:], fields[1])
    np.testing.assert_array_equal(canvas[3:, :2], fields[2])
    assert np.isnan(canvas[2]).all() and np.isnan(canvas[:, 2]).all() and np.isnan(canvas[3:, 3:]).all()


def test_receptive_fields_are_sorted_by_class():
    weights = np.repeat([[1.0, 2.0, 3.0, 4.0]], 6, axis=0)
    drawn = plots.receptive_fields(weights, (2, 3), np.array([2, -1, 0, 1])).axes[0].images[0].get_array().filled(0)
    assert [drawn[0, 0], drawn[0, 4], drawn[3, 0], drawn[3, 4]] == [3.0, 4.0, 1.0, 2.0]
    with pytest.raises(PlasticityError, match=r"\[2\*2, neurons\]"):
        plots.receptive_fields(weights, (2, 2))


def test_no_more_fields_than_asked_for():
    figure = plots.receptive_fields(np.ones((4, 50)), (2, 2), most=9)
    assert figure.axes[0].images[0].get_array().shape == (8, 8)
    assert "50 neurons, 9 shown" in figure.axes[0].get_title(loc="left")


def test_the_raster_puts_spikes_where_they_fell():
    dense = np.zeros((2, 10, 4), bool)
    dense[1, 3, 2] = dense[1, 7, 0] = dense[0, 5, 1] = True
    figure = plots.raster({"E": Spikes.from_dense(dense)}, dt=2e-3, sample=1)
    offsets = figure.axes[0].collections[0].get_offsets()
    np.testing.assert_allclose(offsets, [[6.0, 2], [14.0, 0]])
    assert "2 spikes" in figure.axes[0].get_title(loc="left") and figure.axes[0].get_xlabel() == "time (ms)"
    with pytest.raises(PlasticityError, match="at least one"):
        plots.raster({}, 1e-3)


def test_confusion_shows_shares_of_the_true_class():
    axes = plots.confusion(np.array([[8, 1, 1], [0, 5, 0]]), ["a", "b"]).axes[0]
    assert texts(axes) == ["80", "10", "10", "100"]
    assert [label.get_text() for label in axes.get_xticklabels()] == ["a", "b", "none"]
    assert "86.7 % right of 15" in axes.get_title(loc="left")


def test_the_learning_curve_holds_every_line():
    history = [{"images": 10 * k, "running_accuracy": k / 10, "spikes_per_image": 20 - k} for k in range(1, 6)]
    top, bottom = plots.learning_curve(history, 0.9, 0.3, 0.1).axes
    np.testing.assert_allclose(top.lines[0].get_ydata(), [10, 20, 30, 40, 50])
    np.testing.assert_allclose(bottom.lines[0].get_ydata(), [19, 18, 17, 16, 15])
    assert [line.get_ydata()[0] for line in top.lines[1:]] == pytest.approx([90, 30, 10])
    assert len(plots.learning_curve(history).axes[0].lines) == 1


def test_figures_are_files_without_a_display(tmp_path):
    figure = plots.stdp_window(rules.pair_stdp(), points=21)
    assert isinstance(figure, Figure)
    for ending in ("png", "svg"):
        assert plots.save(figure, tmp_path / "new" / f"a.{ending}").stat().st_size > 5000
