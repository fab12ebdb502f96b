"""The language of rules and neurons: arithmetic that is valid Python and (nearly) valid Brian2.

Texts become Python `ast` expressions once, when a rule or neuron is made, and everything later works on those trees:
engines print them, ask what they read, and pull out what is constant. Nothing but this whitelist is ever compiled.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Collection, Iterable, Mapping
from difflib import get_close_matches
from functools import lru_cache, reduce

import numpy as np

from plasticity._utils.texts import require_short, tree_of
from plasticity.errors import LanguageError, quoted, shortened

FUNCTIONS = frozenset({"exp", "log", "sqrt", "abs", "clip", "tanh", "where"})
REDUCTIONS = frozenset({"softmax", "rank", "winner", "prefix_sum", "sum_post", "max_post"})
PRIMITIVES = REDUCTIONS | {"delayed"}
NEURON_FUNCTIONS = FUNCTIONS | {"sin", "cos", "cosh", "sinh", "int", "sigmoid", "relu", "exprel", "expm1", "log1p"}
RANDOM = frozenset({"normal", "uniform", "dropout"})  # see `plasticity.language.draws`

MOST_NODES, DEEPEST = 5_000, 100  # of an expression; the largest of this library has 131 and 15
_ARITY = {"clip": 3, "where": 3, "delayed": 2, "normal": 0, "uniform": 0}
_OPERATORS = (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.Pow, ast.USub, ast.UAdd)
_COMPARISONS = (ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.Eq, ast.NotEq)
_LOGIC = (ast.BoolOp, ast.And, ast.Or, ast.Not)
_PLAIN = (ast.Expression, ast.BinOp, ast.UnaryOp, ast.Name, ast.Load, ast.Constant, ast.Compare, ast.Call)


def parse(text: str, functions: Collection[str] = FUNCTIONS | PRIMITIVES, logic: bool = False) -> ast.expr:
    """The expression a text stands for; LanguageError quotes the text and says what is known."""
    if not isinstance(text, str):
        raise LanguageError(f"expected a text, got {quoted(text)}; write expressions as strings")
    require_short(text, "an expression", LanguageError)
    try:
        expr = tree_of(text.strip())
    except ValueError as error:
        raise LanguageError(f"{quoted(text)} is not an arithmetic expression ({shortened(error)})") from None
    require_bounded(text, expr)
    allowed = _PLAIN + _OPERATORS + _COMPARISONS + (_LOGIC if logic else ())
    for node in ast.walk(expr):
        if not isinstance(node, allowed):
            raise LanguageError(f"{quoted(text)} uses {type(node).__name__}, which is outside the language: use "
                                f"+ - * / **, comparisons, numbers, names and {', '.join(sorted(functions))}")
        if isinstance(node, ast.Constant) and type(node.value) not in (int, float):
            raise LanguageError(f"{quoted(text)} holds {quoted(node.value, 40)}; only numbers are constants of the "
                                "language")
        if isinstance(node, ast.Compare) and len(node.ops) > 1:
            raise LanguageError(f"{quoted(text)} chains comparisons; write (a < b) * (b < c)")
        if isinstance(node, ast.Call):
            _check_call(text, node, functions)
    return _settled(text, expr)


def _check_call(text: str, node: ast.Call, functions: Collection[str]) -> None:
    name = node.func.id if isinstance(node.func, ast.Name) else ast.unparse(node.func)
    if name in RANDOM and name not in functions:
        raise LanguageError(f"{quoted(text)} calls {name!r}, and numbers are drawn in the update and the output of a "
                            "neuron that is a map; write it there")
    if name not in functions:
        near = get_close_matches(name, functions, n=1)
        suggestion = f"; did you mean {near[0]!r}?" if near else ""
        raise LanguageError(f"{quoted(text)} calls {quoted(name, 40)}, which is not a function of the language"
                            f"{suggestion} (known: {', '.join(sorted(functions))})")
    if node.keywords or len(node.args) != _ARITY.get(name, 1):
        raise LanguageError(f"{quoted(text)}: {name} takes {_ARITY.get(name, 1)} positional argument(s)")


def require_bounded(text: str, expr: ast.expr) -> None:
    """Raises LanguageError for an expression that is larger or deeper than engines could print and compile."""
    level, nodes, depth = [expr], 0, 0
    while level:
        nodes, depth = nodes + len(level), depth + 1
        if nodes > MOST_NODES or depth > DEEPEST:
            raise LanguageError(f"{quoted(text)} is too long or nested too deeply, definitions inlined (more than "
                                f"{MOST_NODES:,} parts or {DEEPEST} levels); split it")
        level = [part for node in level for part in ast.iter_child_nodes(node)]


def _settled(text: str, expr: ast.expr) -> ast.expr:
    """`expr` with whole numbers as floats wherever they are computed with each other, so that no power of them is ever
    computed exactly. Raises LanguageError for a number that no float can hold, and for a part without a value, 1/0."""

    def literal(node: ast.expr) -> ast.expr | None:
        return ast.Constant(_float(text, node.value)) if isinstance(node, ast.Constant) else None

    def settle(node: ast.expr) -> ast.expr | None:
        if isinstance(node, ast.Constant):
            return literal(node) if abs(node.value) > 2**53 else None
        alone = isinstance(node, ast.BinOp | ast.Call) and not names(node) and not calls(node) & (PRIMITIVES | RANDOM)
        return _with_value(text, rewrite(node, literal)) if alone else None

    return rewrite(expr, settle)


def _float(text: str, number: float) -> float:
    try:
        if not math.isinf(value := float(number)):
            return value
    except OverflowError:
        pass
    raise LanguageError(f"{quoted(text)} holds a number that is too large")


def _with_value(text: str, expr: ast.expr) -> ast.expr:
    """`expr`, which reads no names, if it has a finite value."""
    try:
        with np.errstate(all="ignore"):
            if math.isfinite(evaluate(expr, {})):
                return expr
    except (ArithmeticError, TypeError):  # TypeError: a complex number
        pass
    raise LanguageError(f"{quoted(text)}: {shortened(ast.unparse(ast.fix_missing_locations(expr)), 40)} has no value, "
                        "or one that is too large")


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
        raise LanguageError(f"{quoted(text)} reads the unknown name {quoted(name, 40)}{suggestion} (known: "
                            f"{', '.join(known)})")


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
            return _is_zero(expr, zero)


def _is_zero(expr: ast.expr, zero: Collection[str]) -> bool:
    """Whether an expression that reads nothing else is 0 where all names in `zero` are: a comparison above all."""
    if not names(expr) <= {*zero} or calls(expr) & (PRIMITIVES | RANDOM):
        return False
    with np.errstate(all="ignore"):
        return bool(evaluate(expr, dict.fromkeys(zero, 0.0)) == 0)


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
    factors = list(factors)
    above = _joined(ast.Mult, [factor for factor, below in factors if not below] or [ast.Constant(1.0)])
    return _joined(ast.Div, [above, *(factor for factor, below in factors if below)])


def total(terms: list[ast.expr]) -> ast.expr:
    """The sum of terms; 0 for none."""
    return _joined(ast.Add, terms or [ast.Constant(0.0)])


def _joined(op: type[ast.operator], parts: list[ast.expr]) -> ast.expr:
    return reduce(lambda left, right: ast.BinOp(left=left, op=op(), right=right), parts)


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
    """The value of a checked expression in numpy: infinite or NaN where Python's own numbers would raise an error."""
    from plasticity.language.numpy_functions import FUNCTIONS as numpy_functions

    values = {name: np.float64(value) if isinstance(value, int | float) else value for name, value in namespace.items()}
    return eval(compiled(expr), {"__builtins__": {}}, {**numpy_functions, **values})


def number_of(text: str, known: Mapping[str, float], functions: Collection[str] = ()) -> float:
    """The finite number that a text of known names stands for. Raises LanguageError for everything else."""
    expr = parse(text, functions)
    require_known(text, expr, known)
    with np.errstate(all="ignore"):
        value = float(evaluate(expr, known))
    if not math.isfinite(value):
        raise LanguageError(f"{quoted(text)} must be a finite number, got {value!r}")
    return value
