"""The functions of the language in torch, and expressions as compiled functions over tensors."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch

from plasticity.language import expressions
from plasticity.language.constants import Constants


@dataclass(frozen=True)
class Context:
    """What every part of a simulation shares. generator: source of what is random on the device."""

    dtype: torch.dtype
    device: torch.device
    dt: float
    reduce: str
    seed: int
    generator: torch.Generator

    @property
    def lists(self) -> bool:
        """Whether spikes are worth listing: on a CPU finding them costs less than the zeros they save."""
        return self.device.type == "cpu"

    def share(self, batch: int) -> float:
        """By how much the sum of a batch's increments counts."""
        return 1.0 if self.reduce == "sum" else 1.0 / batch

    def tensor(self, values) -> torch.Tensor:
        """A tensor, or anything that numpy makes an array of, with this type and on this device."""
        values = values if torch.is_tensor(values) else np.array(values)
        return torch.as_tensor(values, dtype=self.dtype, device=self.device)


def clip(u, low, high):
    return torch.as_tensor(u).clamp(min=low).clamp(max=high)


def where(condition, met: Callable, otherwise: Callable):
    """`met` where the condition, a number, is not 0; else `otherwise`. Both are functions of a gate, through which they
    read all that they read: a gate lets credit back only where its branch is taken, so that an infinite derivative of
    the other one is lost, and not multiplied by 0."""
    if not torch.is_tensor(condition):
        return (met if condition else otherwise)(lambda u: u)
    taken = condition != 0
    a, b = met(_gate(taken)), otherwise(_gate(~taken))
    return torch.where(taken, a if torch.is_tensor(a) or torch.is_tensor(b) else condition.new_full((), a), b)


def _gate(taken: torch.Tensor) -> Callable:
    def gate(u):
        return torch.where(taken, u, u.detach()) if torch.is_tensor(u) and u.requires_grad else u

    return gate


def exprel(u: torch.Tensor) -> torch.Tensor:
    return torch.where(u == 0, 1.0, torch.expm1(u) / u)


def rank(u: torch.Tensor) -> torch.Tensor:
    """0 for the largest value of the last axis, ties to the lower index."""
    places = torch.arange(u.shape[-1], dtype=u.dtype, device=u.device).expand(u.shape)
    return torch.empty_like(places).scatter_(-1, torch.argsort(-u, dim=-1, stable=True), places)


def winner(u: torch.Tensor) -> torch.Tensor:
    """1 for the largest value of the last axis, the first of equal ones, 0 for the rest."""
    return torch.zeros_like(u).scatter_(-1, u.argmax(-1, keepdim=True), 1.0)


def over_post(reduction: Callable, n_post: int, context: Context) -> Callable:
    """A reduction over the postsynaptic axis, for arguments that are the same for all of it too.

    The last result is kept, as the parts of one text often ask for the same one; an argument changed in place counts as
    another.
    """
    cached = [None, -1, None]

    def reduced(u):
        u = context.tensor(u)
        if cached[0] is not u or cached[1] != u._version:
            cached[:] = u, u._version, reduction(u.expand(*u.shape[:-1], n_post))
        return cached[2]

    return reduced


REDUCTIONS: Mapping[str, Callable] = {
    "softmax": partial(torch.softmax, dim=-1),
    "rank": rank,
    "winner": winner,
    "prefix_sum": partial(torch.cumsum, dim=-1),
    "sum_post": partial(torch.sum, dim=-1, keepdim=True),
    "max_post": partial(torch.amax, dim=-1, keepdim=True),
}

FUNCTIONS: Mapping[str, Callable] = {
    **{name: getattr(torch, name) for name in ("exp", "log", "sqrt", "abs", "tanh", "sin", "cos", "sinh", "cosh",
                                               "expm1", "log1p", "sigmoid", "relu")},
    "clip": clip,
    "where": where,
    "exprel": exprel,
    "int": lambda u: u,
}


def functions(context: Context, n_post: int | None = None) -> dict[str, Callable]:
    """The names that compiled texts call, by the prefix `f_`."""
    def number(condition):
        return condition.to(context.dtype) if torch.is_tensor(condition) else float(condition)

    named = {f"f_{name}": function for name, function in FUNCTIONS.items()} | {"f_number": number}
    if n_post is not None:
        named |= {f"f_{name}": over_post(function, n_post, context) for name, function in REDUCTIONS.items()}
    return named


def text(expr: ast.expr, rename: Mapping[str, str]) -> str:
    """The expression as Python over tensors; comparisons inside arithmetic become 0 and 1."""
    functions = {name: f"f_{name}" for name in (*FUNCTIONS, *REDUCTIONS, "number")}
    return expressions.render(_gated(numeric(expr)), rename, functions)


def condition_text(expr: ast.expr, rename: Mapping[str, str]) -> str:
    """The expression as a condition: a bool tensor."""
    return expressions.render(_gated(_truth(expr)), rename, {name: f"f_{name}" for name in (*FUNCTIONS, "number")})


def numeric(expr: ast.expr) -> ast.expr:
    return expressions.rewrite(expr, lambda node: _call("number", _truth(node)) if _is_condition(node) else None)


def _gated(expr: ast.expr, depth: int = 0) -> ast.expr:
    """`where` with its branches as functions of a gate, see there."""
    gate = f"gate_{depth}"

    def through(node: ast.expr) -> ast.expr | None:
        return _call(gate, node) if isinstance(node, ast.Name) else None

    def branched(node: ast.expr) -> ast.expr | None:
        if not (isinstance(node, ast.Call) and node.func.id == "where"):
            return None
        condition, *branches = node.args
        inner = [_function(gate, expressions.rewrite(_gated(branch, depth + 1), through)) for branch in branches]
        return ast.Call(func=node.func, args=[_gated(condition, depth), *inner], keywords=[])

    return expressions.rewrite(expr, branched)


def _function(argument: str, body: ast.expr) -> ast.Lambda:
    return ast.Lambda(args=ast.arguments(posonlyargs=[], args=[ast.arg(arg=argument)], kwonlyargs=[], kw_defaults=[],
                                         defaults=[]), body=body)


def _is_condition(node: ast.expr) -> bool:
    negated = isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not)
    return negated or isinstance(node, ast.Compare | ast.BoolOp)


def _truth(node: ast.expr) -> ast.expr:
    match node:
        case ast.Compare(left=left, ops=ops, comparators=[right]):
            return ast.Compare(left=numeric(left), ops=ops, comparators=[numeric(right)])
        case ast.BoolOp(op=op, values=[first, *others]):
            result, joint = _truth(first), ast.BitAnd() if isinstance(op, ast.And) else ast.BitOr()
            for other in others:
                result = ast.BinOp(left=result, op=joint, right=_truth(other))
            return result
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return ast.Compare(left=_truth(operand), ops=[ast.Eq()], comparators=[ast.Constant(0)])
        case _:
            return ast.Compare(left=numeric(node), ops=[ast.NotEq()], comparators=[ast.Constant(0)])


def _call(name: str, argument: ast.expr) -> ast.expr:
    return ast.Call(func=ast.Name(id=name, ctx=ast.Load()), args=[argument], keywords=[])


def _of_torch(name: str, *rest: object) -> object:
    """What generated code may import: torch does so within it when some of its operators are first used."""
    if name.partition(".")[0] != "torch":
        raise ImportError(f"generated code imports torch only, not {name}")
    return __import__(name, *rest)


def expression(expr: ast.expr, constants: Mapping[str, float], rename: Mapping[str, str],
               known: Mapping[str, Callable]) -> Callable:
    """A function of a dict `v` of tensors; `rename` says how each name is read from it."""
    pulled = Constants(constants)
    body = text(pulled.pull(expr), rename)
    namespace = {**known, **pulled.values(constants), "__builtins__": {"__import__": _of_torch}}
    return eval(compile(f"lambda v: {body}", "<expression>", "eval"), namespace)


def define(name: str, lines: list[str], namespace: Mapping[str, object], filename: str) -> Callable:
    """A function from its source lines."""
    scope = {**namespace, "__builtins__": {"__import__": _of_torch}}
    exec(compile("\n".join(lines), filename, "exec"), scope)
    return scope[name]
