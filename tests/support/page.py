"""The tables of the page on other simulators, whose code is run with the other's parameters as variables."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache, partial

from plasticity import credit, rules
from support.peers import ROOT

PAGE = (ROOT / "docs/other-simulators.md").read_text(encoding="utf-8")
#: what code in a table may be made of
ALLOWED = (ast.Expression, ast.Call, ast.keyword, ast.Name, ast.Load, ast.Constant, ast.BinOp, ast.operator,
           ast.UnaryOp, ast.unaryop, ast.Subscript, ast.Slice, ast.Tuple, ast.Dict, ast.Compare, ast.Eq, ast.IfExp,
           ast.Attribute)

#: what stands on the page -> something else in its place, where a smaller number would not do
OTHER = {"'strict'": "'brian2'", "'inclusive'": "'strict'", "'neuron'": "'rule'",
         "'discrete'": "'continuous'", "'bindsnet'": "'exact'", "True": "False", "False": "True",
         "inf": "Wmax", "-inf": "Wmin", "window": "window - 1", "t_ref * ms": "2 * t_ref * ms", "feedback": "",
         "torch.float64": ""}


def section(title: str) -> str:
    """What stands under a heading."""
    return re.search(rf"^## {title}\n(.*?)(?=^## |\Z)", PAGE, re.DOTALL | re.MULTILINE)[1]


@cache
def table(title: str) -> dict[str, list[str]]:
    """Name of the other's model -> the code of each further cell, as it stands ("" where a cell has none)."""
    lines = [line.strip("|").split(" | ") for line in section(title).splitlines() if line.startswith("| `")]
    return {re.search("`(.+?)`", first)[1]: ["".join(re.findall("`(.+?)`", cell)[:1]) for cell in rest]
            for first, *rest in lines}


@cache
def _block(title: str):
    return compile(re.search(r"^```python\n(.*?)^```", section(title), re.DOTALL | re.MULTILINE)[1], title, "exec")


def prepared(title: str) -> dict[str, object]:
    """The names that a section's first block of Python defines."""
    names: dict[str, object] = {}
    exec(_block(title), names)
    return names


def value(code: str, names: Mapping[str, object]) -> object:
    """What a table's code gives, with these names and those of `plasticity.rules` and `plasticity.credit`."""
    tree = ast.parse(code, mode="eval")
    strange = [node for node in ast.walk(tree) if not isinstance(node, ALLOWED)]
    assert not strange, f"{code!r} holds {ast.unparse(strange[0])!r}"
    named = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    found = {name: getattr(room, name) for room in (credit, rules) for name in named & {*dir(room)}}
    return eval(compile(tree, code, "eval"), {**found, **names, "__builtins__": {}})


def altered(code: str) -> Iterator[tuple[str, str]]:
    """Each named value of a piece of code that can be another, and the code with another one there."""
    for index in range(sum(1 for _ in _named(ast.parse(code, mode="eval")))):
        tree = ast.parse(code, mode="eval")
        name, node, put = [*_named(tree)][index]
        if other := _other(node):
            put(ast.parse(other, mode="eval").body)
            yield name, ast.unparse(tree)


def _other(node: ast.expr) -> str:
    """Code for another value; nothing for an object, which has a line of its own."""
    text = ast.unparse(node)
    match node:
        case ast.UnaryOp(ast.Not()):
            return ast.unparse(node.operand)
        case ast.Tuple():
            return f"({', '.join(map(_other, node.elts))})"
        case ast.IfExp(body=ast.Constant(str())):
            return ast.unparse(ast.IfExp(node.test, node.orelse, node.body))
    return OTHER.get(text, f"0.93 * ({text}) + 1e-3 * (({text}) == 0)")


def _named(tree: ast.AST) -> Iterator[tuple[str, ast.expr, Callable[[ast.expr], None]]]:
    """Name, value and what replaces the value, of keywords and of the entries of dictionaries."""
    for node in ast.walk(tree):
        if isinstance(node, ast.keyword) and node.arg:
            yield node.arg, node.value, partial(setattr, node, "value")
        elif isinstance(node, ast.Dict):
            for index, key in enumerate(node.keys):
                yield key.value, node.values[index], partial(node.values.__setitem__, index)


def line(title: str, model: str, names: Mapping[str, object], **other: str) -> object:
    """What the last cell of a model's line gives. Before it come the lines that it names, which have no last cell.

    names: the other's parameters, and what was observed. other: code in place of the first code cell of some lines.
    """
    rows = {name: [other.get(name, cells[0]), cells[-1]] for name, cells in table(title).items()}
    known = {**names}
    for shared, (code, last) in rows.items():
        if not last and re.search(rf"\b{shared}\b", "".join(rows[model])):
            known[shared] = value(code, known)
    known["rule"] = value(rows[model][0], known)
    return value(rows[model][1], known)
