"""Loops over neurons as inner functions of a program: which rows they read and write, and their text."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass
class Body:
    """A function `name(rows..., numbers..., c)` that runs `statements` for each neuron j.

    rows: argument -> how the caller writes it, arrays [n]. numbers: the same for scalars that all neurons share.
    """

    name: str
    rows: dict[str, str] = field(default_factory=dict)
    numbers: dict[str, str] = field(default_factory=dict)
    statements: list[str] = field(default_factory=list)

    def row(self, name: str, caller: str) -> str:
        """Declares an array and answers its element."""
        self.rows[name] = caller
        return f"{name}[j]"

    def load(self, local: str, name: str, caller: str) -> None:
        self.statements.append(f"{local} = {self.row(name, caller)}")

    def store(self, name: str, caller: str, text: str) -> None:
        self.statements.append(f"{self.row(name, caller)} = {text}")

    def __call__(self, *statements: str) -> None:
        self.statements.extend(statements)

    def number(self, name: str, caller: str = "") -> str:
        self.numbers[name] = caller or name
        return name

    @property
    def call(self) -> str:
        return f"{self.name}({', '.join([*self.rows.values(), *self.numbers.values(), 'c'])})"

    def source(self, constants: Iterable[str]) -> list[str]:
        """The function; `constants` are the names of the numbers in c, in their order."""
        first = next(iter(self.rows))
        inside = "\n".join(self.statements)
        taken = [f"    {name} = c[{k}]" for k, name in enumerate(constants) if name in inside]
        return ["@compiled", f"def {self.name}({', '.join([*self.rows, *self.numbers, 'c'])}):", *taken,
                f"    for j in range({first}.size):", *(f"        {line}" for line in self.statements), "", ""]


def flushed(name: str) -> str:
    """Numbers that are nearly zero as zero: they cost a hundred times as much as others. What is not a number stays."""
    return f"zero if abs({name}) <= tiny else {name}"
