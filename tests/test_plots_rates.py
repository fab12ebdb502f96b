"""Curves of rules for rates: the values they draw, and for which rules there are none."""

import numpy as np
import pytest

from plasticity import PlasticityError, plots, rules

RATE_RULES = ("hebb", "anti_hebb", "oja", "sanger", "bcm", "hard_wta", "krotov_hopfield", "soft_hebb")


@pytest.mark.parametrize("name, formula", [
    ("hebb", lambda y, w: 0.1 * y), ("anti_hebb", lambda y, w: -0.1 * y), ("oja", lambda y, w: 0.1 * y * (1 - y * w)),
    ("sanger", lambda y, w: 0.1 * y * (1 - y * w)), ("bcm", lambda y, w: 0.1 * y * (y - 1)),
    ("hard_wta", lambda u, w: 0.1 * (1 - w) * (u != 0)), ("krotov_hopfield", lambda u, w: 0.1 * (1 - u * w)),
    ("soft_hebb", lambda u, w: 0.1 * (1 - u * w))])
def test_the_curve_is_the_equation(name, formula):
    activity, change = plots.rate_change(rules.make(name, eta=0.1), 0.5)
    np.testing.assert_allclose(change, formula(activity, 0.5), atol=1e-12)


def test_every_rule_of_rates_has_a_curve_and_rules_of_spikes_have_none():
    drawn = {name for name, make in rules.KINDS["synapse"].items() if plots.of_rates(make())}
    assert drawn >= set(RATE_RULES)
    assert not any(rules.make(name).on_pre or rules.make(name).on_post for name in drawn)
    axes = plots.rate_curve(rules.bcm()).axes[0]
    assert "bcm" in axes.get_title(loc="left") and "r_post" in axes.get_xlabel()
    assert [text.get_text() for text in axes.get_legend().get_texts()] == [f"w = {w} before" for w in ("0", "0.5", "1")]
    with pytest.raises(PlasticityError, match="no curve over rates"):
        plots.rate_curve(rules.pair_stdp())
    with pytest.raises(PlasticityError, match="weights must lie within"):
        plots.rate_curve(rules.hebb(w_max=-1.0))


def test_explain_draws_it(tmp_path):
    from typer.testing import CliRunner

    from plasticity.cli.app import app

    target = tmp_path / "oja.png"
    found = CliRunner().invoke(app, ["explain", "oja", "--figure", str(target)])
    assert found.exit_code == 0 and target.read_bytes()[:4] == b"\x89PNG"
