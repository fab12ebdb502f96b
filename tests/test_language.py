"""The language: what is allowed, what is refused and how that is said, and the rewriting of expressions."""

import ast
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plasticity.errors import LanguageError
from plasticity.language import expressions
from plasticity.language.constants import Constants

NAMES = {"x": 0.7, "y": -1.3, "a": 2.0, "b": 0.5}


def value(text_or_expr, **names):
    expr = expressions.parse(text_or_expr) if isinstance(text_or_expr, str) else text_or_expr
    return expressions.evaluate(expr, {**NAMES, **names})


def texts_of_the_language():
    """Texts of the language over x, y, a, b, without division by what may be zero."""
    leaves = st.sampled_from(["x", "y", "a", "b", "1.5", "2", "-0.5"])

    def grow(inner):
        pair = st.tuples(inner, inner)
        return st.one_of(
            pair.flatmap(lambda p: st.sampled_from("+-*").map(lambda op: f"({p[0]} {op} {p[1]})")),
            pair.map(lambda p: f"({p[0]} / (1 + ({p[1]})**2))"), inner.map(lambda e: f"(-{e})"),
            inner.map(lambda e: f"tanh({e})"), inner.map(lambda e: f"({e})**2"),
            pair.map(lambda p: f"({p[0]} > {p[1]})"))

    return st.recursive(leaves, grow, max_leaves=8)


@pytest.mark.parametrize(("text", "expected"), [
    ("1 + 2 * x", 2.4), ("-x**2", -0.49), ("clip(3, 0, a)", 2.0), ("exp(log(a))", 2.0), ("abs(y) / b", 2.6),
    ("(x > 0) * a - (y >= 0)", 2.0), ("sqrt(a * 8)", 4.0), ("tanh(0 * x)", 0.0), ("1e-3 * 2", 0.002),
])
def test_arithmetic(text, expected):
    assert float(value(text)) == pytest.approx(expected)


@pytest.mark.parametrize(("text", "complaint"), [
    ("x +", "not an arithmetic expression"), ("x[0]", "Subscript"), ("x.real", "Attribute"), ("lambda: x", "Lambda"),
    ("[x]", "List"), ("x if y else a", "IfExp"), ("x and y", "outside the language"), ("'x'", "only numbers"),
    ("True", "only numbers"), ("1j", "only numbers"), ("0 < x < 1", "chains comparisons"), ("x // 2", "FloorDiv"),
    ("x % 2", "Mod"), ("__import__('os')", "not a function"), ("exp(x, y)", "1 positional"),
    ("clip(x)", "3 positional"), ("exp(x=1)", "positional"), ("(x := 1)", "NamedExpr"), ("print(x)", "not a function"),
    ("expp(x)", "did you mean 'exp'"), ("x.exp(1)", "not a function"),
    ("f'{x}'", "JoinedStr"), ("x @ y", "MatMult"), ("~x", "Invert"), ("", "not an arith"),
])
def test_everything_else_is_refused_with_the_text_quoted(text, complaint):
    with pytest.raises(LanguageError) as error:
        expressions.parse(text)
    assert complaint in str(error.value) and repr(text) in str(error.value) and "\n" not in str(error.value)


def test_a_number_is_not_a_text():
    with pytest.raises(LanguageError, match="write expressions as strings"):
        expressions.parse(0.5)


def test_unknown_names_come_with_the_nearest_match():
    expr = expressions.parse("a_pluss * x")
    with pytest.raises(LanguageError, match=r"unknown name 'a_pluss'; did you mean 'a_plus'.*known: a_plus, x"):
        expressions.require_known("a_pluss * x", expr, ["x", "a_plus"])


def test_nothing_outside_the_namespace_is_reachable():
    with pytest.raises(NameError):
        expressions.evaluate(expressions.parse("open_ + 1"), {})


def test_names_and_calls():
    expr = expressions.parse("exp(x) + clip(y, 0, exp_)")
    assert expressions.names(expr) == {"x", "y", "exp_"} and expressions.calls(expr) == {"exp", "clip"}


@settings(max_examples=80, deadline=None, derandomize=True)
@given(text=texts_of_the_language())
def test_rewriting_keeps_the_value(text):
    """Factors, terms, substitution, printing and pulled constants all stand for the same number."""
    expr = expressions.numbers(expressions.parse(text))  # as rules read it: comparisons are numbers
    expected = float(value(expr))
    close = pytest.approx(expected, rel=1e-9, abs=1e-9)
    assert float(value(expressions.product(expressions.product_factors(expr)))) == close
    assert float(value(expressions.total(expressions.sum_terms(expr)))) == close
    assert float(value(expressions.parse(expressions.render(expr), expressions.NEURON_FUNCTIONS))) == close
    constants = Constants({"a", "b"})
    pulled = constants.pull(expr)
    assert not {"a", "b"} & expressions.names(pulled)
    assert float(value(pulled, **constants.values(NAMES))) == close


def test_rewriting_leaves_its_argument_alone():
    expr = expressions.parse("a * (x + y) - exp(a * x)")
    before = ast.dump(expr)
    Constants({"a"}).pull(expr)
    expressions.substitute(expr, {"x": expressions.parse("y")})
    expressions.numbers(expr)
    assert ast.dump(expr) == before


@pytest.mark.parametrize(("text", "zero"), [
    ("x", True), ("-a * x", True), ("x * (a + y) / b", True), ("x + y", False), ("x - x", True), ("x**2", True),
    ("x**0", False), ("a", False), ("0 * a", True), ("exp(x)", False), ("sqrt(x)", True), ("a / x", False),
    ("x * (y < 1)", True), ("(x == 1) * a", True), ("(x == 0) * a", False), ("(x > a) * b", False),
    ("x * 2 + x / b", True),
])
def test_vanishes(text, zero):
    assert expressions.vanishes(expressions.parse(text), {"x"}) is zero


def test_comparisons_count_as_numbers():
    expr = expressions.numbers(expressions.parse("(x > 0) + (a > 0)"))
    assert value(expr) == 2 and value("(x > 0) + 0.0") == 1.0


def test_population_functions():
    u = np.array([[0.2, 1.5, 1.5, -1.0]])
    names = {"u": u}
    assert expressions.evaluate(expressions.parse("rank(u)"), names).tolist() == [[2, 0, 1, 3]]
    assert expressions.evaluate(expressions.parse("winner(u)"), names).tolist() == [[0, 1, 0, 0]]
    assert expressions.evaluate(expressions.parse("prefix_sum(u)"), names)[0, 2] == pytest.approx(3.2)
    assert expressions.evaluate(expressions.parse("sum_post(u) - max_post(u)"), names)[0, 0] == pytest.approx(0.7)
    soft = expressions.evaluate(expressions.parse("softmax(1000 * u)"), names)
    assert soft[0].tolist() == [0, 0.5, 0.5, 0] and not math.isnan(soft.sum())
