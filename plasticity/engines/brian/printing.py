"""Expressions of the language as Brian2 prints them: comparisons are booleans there, so arithmetic needs int(a > b)."""

from __future__ import annotations

import ast
from collections.abc import Mapping

from plasticity.language import expressions

#: Functions of the language that Brian2 does not have, as arithmetic over `_x`.
_SPELT_OUT = {
    "sigmoid": "1.0 / (1.0 + exp(-_x))",
    "relu": "clip(_x, 0.0, 1e300)",
}


def brian_text(expr: ast.expr, names: Mapping[str, str]) -> str:
    """`expr` as Brian2 text, with each name printed as `names` says (left as it is where it says nothing)."""
    parts = {name: ast.parse(text, mode="eval").body for name, text in names.items()}

    def printed(node: ast.expr) -> ast.expr | None:
        if isinstance(node, ast.Name):
            return parts.get(node.id)
        if isinstance(node, ast.Compare | ast.BoolOp) or _is_not(node):
            return _call("int", _boolean(node, inner))
        if isinstance(node, ast.Call) and node.func.id == "where":
            condition, *branches = node.args
            return ast.Call(func=node.func, args=[_boolean(condition, inner), *map(inner, branches)], keywords=[])
        if isinstance(node, ast.Call) and node.func.id in _SPELT_OUT:
            body = ast.parse(_SPELT_OUT[node.func.id], mode="eval").body
            return expressions.substitute(body, {"_x": inner(node.args[0])})
        return None

    def inner(node: ast.expr) -> ast.expr:
        return expressions.rewrite(node, printed)

    return ast.unparse(ast.fix_missing_locations(inner(expr)))


def _is_not(node: ast.expr) -> bool:
    return isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not)


def _boolean(node: ast.expr, inner) -> ast.expr:
    """A condition with its arithmetic printed, but its own comparisons left boolean."""
    match node:
        case ast.Compare(left=left, ops=ops, comparators=comparators):
            return ast.Compare(left=inner(left), ops=ops, comparators=[inner(part) for part in comparators])
        case ast.BoolOp(op=op, values=values):
            return ast.BoolOp(op=op, values=[_boolean(value, inner) for value in values])
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return ast.UnaryOp(op=ast.Not(), operand=_boolean(operand, inner))
        case _:
            return ast.Compare(left=inner(node), ops=[ast.NotEq()], comparators=[ast.Constant(0)])


def _call(name: str, argument: ast.expr) -> ast.expr:
    return ast.Call(func=ast.Name(id=name, ctx=ast.Load()), args=[argument], keywords=[])
