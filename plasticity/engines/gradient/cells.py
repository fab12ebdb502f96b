"""A population's neuron as functions of tensors that autograd can follow; none of them changes what it is given."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import torch

from plasticity.engines.gradient.noise import Noise, draws
from plasticity.engines.gradient.surrogates import Surrogate, spike
from plasticity.engines.torch.language import Context, define, expression, functions, text
from plasticity.engines.torch.neurons import unreadable
from plasticity.engines.torch.step_spikes import in_steps
from plasticity.errors import RefusedError
from plasticity.language import expressions
from plasticity.language.constants import Constants
from plasticity.network.network import Population
from plasticity.neurons.discretise import discretise, discretise_held
from plasticity.neurons.neuron import Assignment, Neuron

Values = Mapping[str, torch.Tensor]


@dataclass(frozen=True)
class Cell:
    """What a neuron does in a step, as functions of its variables {name: [batch, n]}.

    number: of the population, by which it draws random numbers.
    advance(v, free): one step of the equations. held: the same for refractory neurons, or None where holding the gated
    variables is enough. jump(v): as a reset makes them. margin(v): distance above threshold. output: what is sent
    instead of the spike, or None. views: subexpressions by name. rest: refractory steps.
    at_reset: variables that a reset changes. competes: whether one neuron wins in each step, the one with the highest
    membrane. losers_reset: whether those that lose are reset all the same.
    """

    name: str
    number: int
    n: int
    neuron: Neuron
    rest: int
    advance: Callable
    held: Callable | None
    jump: Callable
    margin: Callable
    strict: bool
    output: Callable | None
    views: Mapping[str, Callable]
    initial: Mapping[str, torch.Tensor]
    at_reset: tuple[str, ...]
    competes: bool = False
    losers_reset: bool = False

    @property
    def membrane(self) -> str:
        """The variable that a spike resets: the neuron's first."""
        return self.neuron.variables[0]

    @property
    def gated(self) -> frozenset[str]:
        return self.neuron.gated if self.rest else frozenset()

    def drawn(self, noise: Noise | None, now: int, like: torch.Tensor) -> dict[str, torch.Tensor]:
        """The random numbers of a step, by name."""
        return draws(self.neuron.drawn, noise, self.number, now, like)

    def integrate(self, v: Values, free: torch.Tensor | None) -> dict[str, torch.Tensor]:
        """One step; `free` (bool) says who is not refractory, None that nobody ever is."""
        moved = self.advance(v, free)
        if self.held is None or free is None:
            return moved
        still = self.held(v, free)
        return {name: torch.where(free, moved[name], still[name]) for name in moved}

    def view(self, name: str, v: Values) -> torch.Tensor:
        return v[name] if name in v else self.views[name](v)


def cell(population: Population, number: int, context: Context, surrogate: Surrogate, through_comparisons: bool,
         competing: bool = False) -> Cell:
    """Compiles a population.

    through_comparisons: whether comparisons in the update of a map differentiate as the spike does. competing: whether
    it may have winners, chosen without credit.
    Raises RefusedError for a population that has no gradient to speak of.
    """
    neuron = population.neuron
    _require_differentiable(population, competing)
    rest = int(in_steps(neuron.refractory, context.dt))
    gate = neuron.gated if rest else frozenset()
    build = _Compiler(population, context, surrogate if through_comparisons else None)
    held = discretise_held(neuron) if gate else ()
    margin, strict = margin_of(neuron)
    output = neuron.output_expr
    return Cell(
        population.name, number, population.n, neuron, rest,
        advance=build.assignments("advance", discretise(neuron), gate),
        held=build.assignments("held", held, frozenset()) if held else None,
        jump=build.assignments("jump", neuron.at_reset, frozenset()),
        margin=build.value(margin), strict=strict, output=None if output is None else build.value(output),
        views={name: build.value(expr) for name, expr in neuron.subexpressions.items()},
        initial={name: context.tensor(population.initial.get(name, start)).expand(population.n)
                 for name, start in neuron.start.items()},
        at_reset=tuple(dict.fromkeys(line.target for line in neuron.at_reset)),
        competes=population.winner != "all", losers_reset=population.winner != "all" and population.losers_reset)


def _require_differentiable(population: Population, competing: bool) -> None:
    neuron = population.neuron
    if population.winner != "all":
        _require_choice(population, competing)
    if neuron.slow or neuron.adapt:
        raise RefusedError(f"neuron {neuron.name!r} of population {population.name!r} learns by itself (slow "
                           "variables, adapt), which gradients do not cover; write what it does at a spike into reset, "
                           "or hold it by Network.with_rule(rule, freeze=True)")
    missing = unreadable(population)
    if missing:
        raise RefusedError(f"the equations of population {population.name!r} read {missing!r}, which has no value here")


def _require_choice(population: Population, competing: bool) -> None:
    what = f"population {population.name!r} has winner={population.winner!r}"
    if not competing:
        raise RefusedError(f"{what}: choosing one neuron has no derivative; use winner='all', or keep the choice "
                           "without credit for it by Network.with_rule(rule, freeze=True)")
    if population.winner != "highest":
        raise RefusedError(f"{what}, which is drawn at random, and gradient networks draw nothing; use "
                           "winner='highest'")
    if population.neuron.output:
        raise RefusedError(f"{what}, but its neurons send a graded output whether they spike or not; use winner='all'")


def margin_of(neuron: Neuron) -> tuple[ast.expr, bool]:
    """The distance above threshold, and whether it must be more than zero."""
    match neuron.threshold_expr:
        case ast.Compare(left=low, ops=[ast.Lt() | ast.LtE() as op], comparators=[high]):
            return ast.BinOp(left=high, op=ast.Sub(), right=low), isinstance(op, ast.Lt)
        case ast.Compare(left=high, ops=[ast.Gt() | ast.GtE() as op], comparators=[low]):
            return ast.BinOp(left=high, op=ast.Sub(), right=low), isinstance(op, ast.Gt)
    raise RefusedError(f"threshold {neuron.threshold!r} of neuron {neuron.name!r} is not one comparison, so it has no "
                       "distance to differentiate; write it as 'v > ...'")


class _Compiler:
    """Texts of one population to functions; `surrogate` differentiates comparisons in updates (None: they are flat)."""

    def __init__(self, population: Population, context: Context, surrogate: Surrogate | None):
        self.neuron, self.context, self.label = population.neuron, context, population.name
        self.constants = {**self.neuron.constants, "dt": context.dt}
        self.names = {name: f"v[{name!r}]" for name in (*self.neuron.variables, *self.neuron.drawn)}
        self.known = functions(context) | ({"above": lambda u: spike(u, True, surrogate),
                                            "reach": lambda u: spike(u, False, surrogate)} if surrogate else {})
        self.steps = bool(surrogate and self.neuron.update)

    def expr(self, expr: ast.expr) -> ast.expr:
        inlined = self.neuron.inlined(expr)
        return expressions.rewrite(inlined, as_step) if self.steps else inlined

    def value(self, expr: ast.expr) -> Callable[[Values], torch.Tensor]:
        return expression(self.expr(expr), self.constants, self.names, self.known)

    def assignments(self, name: str, lines: Iterable[Assignment], gated: frozenset[str]) -> Callable:
        """A function of (v, free) that makes the assignments one after the other in a copy of v."""
        pulled, rename = Constants(self.constants), dict(self.names)
        source = [f"def {name}(v, free=None):", "    v = dict(v)"]
        for line in lines:
            value = text(pulled.pull(self.expr(line.expr)), rename)
            if line.target in self.names:
                old = self.names[line.target]
                value = f"where(free, {value}, {old})" if line.target in gated else f"full({value}, {old})"
                source.append(f"    {old} = {value}")
            else:
                rename[line.target] = f"t_{line.target}"
                source.append(f"    t_{line.target} = {value}")
        known = {**self.known, **pulled.values(self.constants), "where": torch.where, "full": _full, "dict": dict}
        return define(name, [*source, "    return v"], known, f"<{self.label}>")


def _full(value, old: torch.Tensor) -> torch.Tensor:
    """A value of every neuron, also where the text gives a number."""
    if torch.is_tensor(value):
        return value.to(old.dtype).expand(old.shape)
    return old.new_full((), value).expand(old.shape)


def as_step(node: ast.expr) -> ast.expr | None:
    """An ordering as a call of a step function of a difference; what `where` asks stays a mere condition."""
    match node:
        case ast.Call(func=ast.Name(id="where"), args=[condition, *branches]):
            branches = [expressions.rewrite(branch, as_step) for branch in branches]
            return ast.Call(func=node.func, args=[condition, *branches], keywords=[])
        case ast.Compare(left=high, ops=[ast.Gt() | ast.GtE() as op], comparators=[low]):
            pass
        case ast.Compare(left=low, ops=[ast.Lt() | ast.LtE() as op], comparators=[high]):
            pass
        case _:
            return None
    name = "above" if isinstance(op, ast.Gt | ast.Lt) else "reach"
    difference = ast.BinOp(left=high, op=ast.Sub(), right=low)
    return ast.Call(func=ast.Name(id=name, ctx=ast.Load()), args=[difference], keywords=[])
