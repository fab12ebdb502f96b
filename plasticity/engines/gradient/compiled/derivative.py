"""Derivatives of the language's expressions, as expressions of a slightly larger language.

Where a function has a corner, its derivative is the one that torch takes: clip and its kin pass the whole derivative on
their edges, relu and abs none at zero. Comparisons are steps and have none. `above(u)` and `reach(u)` are steps whose
derivative is the surrogate's, `slope(u)`.
"""

from __future__ import annotations

import ast
from functools import lru_cache

import sympy

from plasticity.language import expressions

#: functions that only derivatives call, by what they are of
SLOPES = frozenset({"sign", "positive", "inside", "under", "over", "exprel_slope", "slope"})
STEPS = frozenset({"above", "reach"})


class _Opaque(sympy.Function):
    """A function that sympy does not know; `slopes` answers its derivative by each argument."""

    slopes: tuple = ()

    def fdiff(self, argindex=1):
        return self.slopes[argindex - 1](*self.args)


def _opaque(name: str, *slopes) -> type[_Opaque]:
    return type(name, (_Opaque,), {"slopes": slopes})


def _of_branches(choice: sympy.Function, symbol: sympy.Symbol) -> sympy.Expr:
    """d where(condition, met, otherwise): that of the branch taken; the condition has none."""
    condition, *branches = choice.args
    slopes = [sympy.diff(branch, symbol) for branch in branches]
    return choice.func(condition, *slopes) if any(slope != 0 for slope in slopes) else sympy.S.Zero


_call = sympy.Function
_FUNCTIONS = {
    **{name: getattr(sympy, name) for name in ("exp", "log", "sqrt", "tanh", "sin", "cos", "sinh", "cosh")},
    "abs": _opaque("abs", lambda u: _call("sign")(u)),
    "relu": _opaque("relu", lambda u: _call("positive")(u)),
    "clip": _opaque("clip", *(lambda *args, name=name: _call(name)(*args) for name in ("inside", "under", "over"))),
    "sigmoid": _opaque("sigmoid", lambda u: _call("sigmoid")(u) * _call("sigmoid")(-u)),
    "expm1": _opaque("expm1", lambda u: sympy.exp(u)),
    "log1p": _opaque("log1p", lambda u: 1 / (1 + u)),
    "where": type("where", (sympy.Function,), {"_eval_derivative": _of_branches}),
    "exprel": _opaque("exprel", lambda u: _call("exprel_slope")(u)),
    **{name: _opaque(name, lambda u: _call("slope")(u)) for name in STEPS},
}
_OPERATORS = {ast.Add: sympy.Add, ast.Mult: sympy.Mul, ast.Pow: sympy.Pow, ast.Sub: lambda a, b: a - b,
              ast.Div: lambda a, b: a / b}


def derivative(expr: ast.expr, name: str) -> ast.expr | None:
    """d expr/d name; None where it is zero everywhere."""
    if name not in expressions.names(expr):
        return None
    text = _derivative(ast.unparse(ast.fix_missing_locations(expr)), name)
    return _tree(text) if text else None


@lru_cache(maxsize=1024)
def _derivative(text: str, name: str) -> str:
    flat: dict[str, sympy.Symbol] = {}
    slope = sympy.diff(_read(_tree(text), flat), _symbol(name))
    if slope == 0:
        return ""
    conditions = {symbol.name: _tree(source) for source, symbol in flat.items()}
    whole = expressions.substitute(_tree(sympy.sstr(slope, full_prec=True)), conditions)
    return ast.unparse(ast.fix_missing_locations(whole))


def _tree(text: str) -> ast.expr:
    return ast.parse(text, mode="eval").body


def _symbol(name: str) -> sympy.Symbol:
    return sympy.Symbol(name, real=True)


def _read(node: ast.expr, flat: dict[str, sympy.Symbol]) -> sympy.Expr:
    """The expression in sympy; `flat` gains a symbol for each condition, which has no derivative."""
    match node:
        case ast.Constant(value=value):
            return sympy.sympify(value)
        case ast.Name(id=name):
            return _symbol(name)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_read(operand, flat)
        case ast.UnaryOp(op=ast.UAdd(), operand=operand):
            return _read(operand, flat)
        case ast.BinOp(left=left, op=op, right=right):
            return _OPERATORS[type(op)](_read(left, flat), _read(right, flat))
        case ast.Call(func=ast.Name(id="int"), args=[argument]):
            return _read(argument, flat)
        case ast.Call(func=ast.Name(id=name), args=args):
            return _FUNCTIONS[name](*(_read(argument, flat) for argument in args))
        case _:
            return flat.setdefault(ast.unparse(ast.fix_missing_locations(node)), _symbol(f"flat_{len(flat)}_"))
