"""Parameters out of range are refused when a rule is made, for every rule and every argument it has."""

import inspect
import math

import pytest

from plasticity import PlasticityError, rules

VARIANTS = {"diehl_cook": [{"variant": variant} for variant in ("paper", "released", "bindsnet")]}
#: options that rules take by name without listing them
OPTIONS = {("diehl_cook", "paper"): ["eta", "tau"], ("diehl_cook", "released"): ["nu_pre", "nu_post", "tau_pre"],
           ("diehl_cook", "bindsnet"): ["nu_pre", "nu_post", "tau"]}
#: time constants that may be 0, for an instantaneous response, but not less
MAY_BE_ZERO = {("r_max", "tau_c"), ("r_max", "tau_s"), ("clopath", "lag"), ("tsodyks_markram", "tau_fac"),
               ("tsodyks_markram", "tau_psc")}
#: numbers that a published fit gives where none is given
FITTED = ("a2_plus", "a3_plus", "a2_minus", "a3_minus", "tau_x", "tau_y", "sigma")
#: numbers of either sign: potentials, and amplitudes whose sign makes another rule of the same form
EITHER_SIGN = {("clopath", name) for name in ("theta_minus", "theta_plus", "v_rest")} | {
    ("pair_stdp", "a_plus"), ("pair_stdp", "a_minus"), ("urbanczik_senn", "e_l"), ("urbanczik_senn", "theta"),
    ("symmetric_stdp", "a"), ("sdsp", "theta_v"), ("sdsp", "theta_x"), ("bcm", "theta")}


def cases():
    """(rule, its variant, argument)"""
    for name, make in rules.KINDS["synapse"].items():
        for variant in VARIANTS.get(name, [{}]):
            listed = [key for key, parameter in inspect.signature(make).parameters.items()
                      if isinstance(parameter.default, float) or (name, key) in MAY_BE_ZERO or key in FITTED]
            more = OPTIONS.get((name, variant.get("variant")), [])
            for key in dict.fromkeys([*listed, *more]):
                if key not in ("w_min", "w_max"):
                    yield name, variant, key


def refused(name, variant, **argument):
    with pytest.raises(PlasticityError) as error:
        rules.make(name, **variant, **argument)
    return str(error.value)


@pytest.mark.parametrize(("name", "variant", "argument"), cases())
def test_numbers_out_of_range(name, variant, argument):
    assert argument in refused(name, variant, **{argument: math.nan})
    if (name, argument) in EITHER_SIGN:
        return
    assert argument in refused(name, variant, **{argument: -0.1})
    if argument.startswith("tau") and (name, argument) not in MAY_BE_ZERO:
        assert argument in refused(name, variant, **{argument: 0.0})


@pytest.mark.parametrize("name", rules.KINDS["synapse"])
def test_bounds_out_of_order(name):
    for variant in VARIANTS.get(name, [{}]):
        assert "w_min" in refused(name, variant, w_min=0.9, w_max=0.1)
        assert "w_m" in refused(name, variant, w_max=math.nan)


def test_the_table_is_long_enough():
    assert len(list(cases())) > 80
    assert {name for name, _, _ in cases()} == {*rules.KINDS["synapse"]}
