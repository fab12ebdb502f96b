"""Every number of every rule, out of range: refused when the rule is made, by a message that names it."""

import inspect
import math

import pytest

from plasticity import PlasticityError, rules

#: numbers that may be negative: of every rule (""), of one rule
SIGNED = {"": {"w_min", "w_max"}, "pair_stdp": {"a_plus", "a_minus"}, "symmetric_stdp": {"a"},
          "clopath": {"theta_minus", "theta_plus", "v_rest"}, "sdsp": {"theta_v", "theta_x"},
          "urbanczik_senn": {"e_l", "theta"}}
OFF = {("r_max", "tau_c"), ("tsodyks_markram", "tau_fac"), ("tsodyks_markram", "tau_psc")}  # 0 leaves it out
CHOICES = [(name, argument.name) for name, make in rules.KINDS["synapse"].items()
           for argument in inspect.signature(make).parameters.values()
           if isinstance(argument.default, int | float) and not isinstance(argument.default, bool)]
VARIANTS = {"paper": ("eta", "x_tar", "mu", "tau"), "bindsnet": ("nu_pre", "nu_post", "tau"),
            "released": ("nu_pre", "nu_post", "tau_pre", "tau_post", "tau_post2")}
VARIED = [(variant, option) for variant, options in VARIANTS.items() for option in options]


@pytest.mark.parametrize(("name", "argument"), CHOICES)
def test_no_number_may_be_nan(name, argument):
    with pytest.raises(PlasticityError):
        rules.make(name, **{argument: math.nan})


@pytest.mark.parametrize(("name", "argument"), [
    (name, argument) for name, argument in CHOICES if argument not in SIGNED[""] | SIGNED.get(name, set())])
def test_negative_numbers_are_refused(name, argument):
    with pytest.raises(PlasticityError, match=r"tau|must|power|needs"):
        rules.make(name, **{argument: -1.0})


@pytest.mark.parametrize(("name", "argument"), [
    choice for choice in CHOICES if choice[1].startswith("tau") and choice not in OFF])
def test_a_time_constant_of_zero_is_refused(name, argument):
    with pytest.raises(PlasticityError, match="tau"):
        rules.make(name, **{argument: 0.0})


@pytest.mark.parametrize("name", rules.KINDS["synapse"])
def test_bounds_must_be_in_order(name):
    with pytest.raises(PlasticityError, match="w_m"):
        rules.make(name, w_min=2.0, w_max=1.0)


@pytest.mark.parametrize("value", [-1.0, math.nan])
@pytest.mark.parametrize(("variant", "option"), VARIED)
def test_diehl_cook(variant, option, value):
    if (option, value) == ("x_tar", -1.0):
        return
    with pytest.raises(PlasticityError):
        rules.diehl_cook(variant, **{option: value})
