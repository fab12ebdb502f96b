"""The language of rules and neurons: arithmetic that is valid Python and (nearly) valid Brian2.

Texts become Python `ast` expressions once, when a rule or neuron is made, and everything later works on those trees:
engines print them, ask what they read, and pull out what is constant. Nothing but this whitelist is ever compiled.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Collection, Iterable, Mapping
from difflib import get_close_matches
from functools import lru_cache

from plasticity.errors import LanguageError

FUNCTIONS = frozenset({"exp", "log", "sqrt", "abs", "clip", "tanh"})
REDUCTIONS = frozenset({"softmax", "rank", "winner", "prefix_sum", "sum_post", "max_post"})
PRIMITIVES = REDUCTIONS | {"delayed"}
NEURON_FUNCTIONS = FUNCTIONS | {"sin", "cos", "cosh", "sinh", "int", "sigmoid", "relu", "exprel", "expm1", "log1p"}

_ARITY = {"clip": 3, "delayed": 2}
_OPERATORS = (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.Pow, ast.USub, ast.UAdd)
_COMPARISONS = (ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.Eq, ast.NotEq)
_LOGIC = (ast.BoolOp, ast.And, ast.Or, ast.Not)
_PLAIN = (ast.Expression, ast.BinOp, ast.UnaryOp, ast.Name, ast.Load, ast.Constant, ast.Compare, ast.Call)


def parse(text: str, functions: Collection[str] = FUNCTIONS | PRIMITIVES, logic: bool = False) -> ast.expr:
    """The expression a text stands for; LanguageError quotes the text and says what is known."""
    if not isinstance(text, str):
        raise LanguageError(f"expected a text, got {text!r}; write expressions as strings")
    try:
        tree = ast.parse(text.strip(), mode="eval")
    except (SyntaxError, ValueError) as error:
        reason = getattr(error, "msg", str(error))
        raise LanguageError(f"{text!r} is not an arithmetic expression ({reason})") from None
    allowed = _PLAIN + _OPERATORS + _COMPARISONS + (_LOGIC if logic else ())
    for node in ast.walk(tree):
        if not isinstance(node, allowed):
            raise LanguageError(f"{text!r} uses {type(node).__name__}, which is outside the language: use "
                                f"+ - * / **, comparisons, numbers, names and {', '.join(sorted(functions))}")
        if isinstance(node, ast.Constant) and type(node.value) not in (int, float):
            raise LanguageError(f"{text!r} holds {node.value!r}; only numbers are constants of the language")
        if isinstance(node, ast.Compare) and len(node.ops) > 1:
            raise LanguageError(f"{text!r} chains comparisons; write (a < b) * (b < c)")
        if isinstance(node, ast.Call):
            _check_call(text, node, functions)
    return tree.body


def _check_call(text: str, node: ast.Call, functions: Collection[str]) -> None:
    name = node.func.id if isinstance(node.func, ast.Name) else ast.unparse(node.func)
    if name not in functions:
        near = get_close_matches(name, functions, n=1)
        suggestion = f"; did you mean {near[0]!r}?" if near else ""
        raise LanguageError(f"{text!r} calls {name!r}, which is not a function of the language{suggestion} "
                            f"(known: {', '.join(sorted(functions))})")
    if node.keywords or len(node.args) != _ARITY.get(name, 1):
        raise LanguageError(f"{text!r}: {name} takes {_ARITY.get(name, 1)} positional argument(s)")


def names(expr: ast.expr) -> frozenset[str]:
    """The names an expression reads, functions left out."""
    called = {id(node.func) for node in ast.walk(expr) if isinstance(node, ast.Call)}
    return frozenset(node.id for node in ast.walk(expr) if isinstance(node, ast.Name) and id(node) not in called)


def calls(expr: ast.expr) -> frozenset[str]:
    """The functions an expression calls."""
    return frozenset(node.func.id for node in ast.walk(expr) if isinstance(node, ast.Call))


def require_known(text: str, expr: ast.expr, known: Iterable[str]) -> None:
    """Raises LanguageError for the first name that is not known, with the nearest match."""
    known = sorted(known)
    for name in sorted(names(expr) - set(known)):
        near = get_close_matches(name, known, n=1)
        suggestion = f"; did you mean {near[0]!r}?" if near else ""
        raise LanguageError(f"{text!r} reads the unknown name {name!r}{suggestion} (known: {', '.join(known)})")


class _Rewrite(ast.NodeTransformer):
    """Applies `replace` to each node from the top; where it answers None, goes on below."""

    def __init__(self, replace: Callable[[ast.expr], ast.expr | None]):
        self.replace = replace

    def visit(self, node: ast.AST) -> ast.AST:
        if isinstance(node, ast.Call):
            replacement = self.replace(node)
            if replacement is not None:
                return replacement
            return ast.Call(func=node.func, args=[self.visit(arg) for arg in node.args], keywords=[])
        replacement = self.replace(node) if isinstance(node, ast.expr) else None
        return replacement if replacement is not None else self.generic_visit(_copy(node))


def _copy(node: ast.AST) -> ast.AST:
    return type(node)(**{field: list(value) if isinstance(value, list) else value
                         for field, value in ast.iter_fields(node)})


def rewrite(expr: ast.expr, replace: Callable[[ast.expr], ast.expr | None]) -> ast.expr:
    """A copy of `expr` in which every node for which `replace` answers something is that something."""
    return _Rewrite(replace).visit(expr)


def substitute(expr: ast.expr, values: Mapping[str, ast.expr]) -> ast.expr:
    """`expr` with names replaced by expressions."""
    return rewrite(expr, lambda node: values.get(node.id) if isinstance(node, ast.Name) else None)


def numbers(expr: ast.expr) -> ast.expr:
    """`expr` with every comparison turned into 0 or 1, so that sums of comparisons count on every engine."""

    def count(node: ast.expr) -> ast.expr | None:
        if isinstance(node, ast.Call) and node.func.id == "int":
            return node
        if not isinstance(node, ast.Compare):
            return None
        sides = ast.Compare(left=rewrite(node.left, count), ops=node.ops,
                            comparators=[rewrite(side, count) for side in node.comparators])
        return ast.Call(func=ast.Name(id="int", ctx=ast.Load()), args=[sides], keywords=[])

    return rewrite(expr, count)


def vanishes(expr: ast.expr, zero: Collection[str]) -> bool:
    """Whether the expression is provably 0 when every name in `zero` is 0 and all else is finite."""
    match expr:
        case ast.Constant(value=value):
            return value == 0
        case ast.Name(id=name):
            return name in zero
        case ast.UnaryOp(op=ast.USub() | ast.UAdd(), operand=operand):
            return vanishes(operand, zero)
        case ast.BinOp(op=ast.Mult(), left=left, right=right):
            return vanishes(left, zero) or vanishes(right, zero)
        case ast.BinOp(op=ast.Div(), left=left):
            return vanishes(left, zero)
        case ast.BinOp(op=ast.Add() | ast.Sub(), left=left, right=right):
            return vanishes(left, zero) and vanishes(right, zero)
        case ast.BinOp(op=ast.Pow(), left=left, right=ast.Constant(value=power)):
            return power > 0 and vanishes(left, zero)
        case ast.Call(func=ast.Name(id="sqrt" | "abs" | "tanh"), args=[argument]):
            return vanishes(argument, zero)
        case _:
            return False


def product_factors(expr: ast.expr) -> list[tuple[ast.expr, bool]]:
    """The factors of a product as (factor, is divisor), with signs as the factor -1."""
    match expr:
        case ast.BinOp(op=ast.Mult(), left=left, right=right):
            return product_factors(left) + product_factors(right)
        case ast.BinOp(op=ast.Div(), left=left, right=right):
            return product_factors(left) + [(factor, not below) for factor, below in product_factors(right)]
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return [(ast.Constant(-1.0), False), *product_factors(operand)]
        case ast.UnaryOp(op=ast.UAdd(), operand=operand):
            return product_factors(operand)
        case _:
            return [(expr, False)]


def sum_terms(expr: ast.expr) -> list[ast.expr]:
    """The terms of a sum; a subtracted term is negated."""
    match expr:
        case ast.BinOp(op=ast.Add(), left=left, right=right):
            return sum_terms(left) + sum_terms(right)
        case ast.BinOp(op=ast.Sub(), left=left, right=right):
            return sum_terms(left) + [negative(term) for term in sum_terms(right)]
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return [negative(term) for term in sum_terms(operand)]
        case ast.UnaryOp(op=ast.UAdd(), operand=operand):
            return sum_terms(operand)
        case _:
            return [expr]


def negative(expr: ast.expr) -> ast.expr:
    return ast.UnaryOp(op=ast.USub(), operand=expr)


def product(factors: Iterable[tuple[ast.expr, bool]]) -> ast.expr:
    """The product of (factor, is divisor) pairs; 1 for none."""
    above = [factor for factor, below in factors if not below]
    result: ast.expr = above[0] if above else ast.Constant(1.0)
    for factor in above[1:]:
        result = ast.BinOp(left=result, op=ast.Mult(), right=factor)
    for factor, below in factors:
        if below:
            result = ast.BinOp(left=result, op=ast.Div(), right=factor)
    return result


def total(terms: list[ast.expr]) -> ast.expr:
    """The sum of terms; 0 for none."""
    result: ast.expr = terms[0] if terms else ast.Constant(0.0)
    for term in terms[1:]:
        result = ast.BinOp(left=result, op=ast.Add(), right=term)
    return result


def render(expr: ast.expr, rename: Mapping[str, str] | None = None, functions: Mapping[str, str] | None = None) -> str:
    """The expression as Python text, with names and functions printed as the target calls them."""
    rename, functions = rename or {}, functions or {}

    def printed(node: ast.expr) -> ast.expr | None:
        if isinstance(node, ast.Name) and node.id in rename:
            return ast.Name(id=rename[node.id], ctx=ast.Load())
        if isinstance(node, ast.Call):
            name = functions.get(node.func.id, node.func.id)
            args = [rewrite(arg, printed) for arg in node.args]
            return ast.Call(func=ast.Name(id=name, ctx=ast.Load()), args=args, keywords=[])
        return None

    return ast.unparse(ast.fix_missing_locations(rewrite(expr, printed)))


@lru_cache(maxsize=1024)  # definitions evaluate the same expressions in every step
def compiled(expr: ast.expr, filename: str = "<rule>"):
    """A code object of a checked expression, for `eval` with a namespace and no builtins."""
    return compile(ast.fix_missing_locations(ast.Expression(body=expr)), filename, "eval")


def evaluate(expr: ast.expr, namespace: Mapping[str, object]):
    """The value of a checked expression in numpy."""
    from plasticity.language.numpy_functions import FUNCTIONS as numpy_functions

    return eval(compiled(expr), {"__builtins__": {}}, {**numpy_functions, **namespace})
