"""Source for populations: integration, thresholds, winner-take-all, resets."""

from __future__ import annotations

import ast
from dataclasses import dataclass

import numpy as np

from plasticity.engines.event.support import FUNCTIONS
from plasticity.engines.event.writer import Writer
from plasticity.errors import RefusedError
from plasticity.language import expressions
from plasticity.language.constants import Constants
from plasticity.network.network import Network, Population
from plasticity.neurons.discretise import discretise, discretise_held, needed_by
from plasticity.neurons.neuron import Assignment

FAR = -(1 << 60)


@dataclass(frozen=True)
class Group:
    """A population; in the program the names of its arrays start with `prefix`."""

    population: Population
    prefix: str
    dt: float

    @property
    def neuron(self):
        return self.population.neuron

    @property
    def refractory(self) -> int:
        """Steps after a spike during which no further one can occur."""
        return int(np.rint(self.neuron.refractory / self.dt))

    @property
    def gated(self) -> list[str]:
        return sorted(self.neuron.gated) if self.refractory else []

    def names(self, index: str = "j") -> dict[str, str]:
        """variable -> how the program writes it."""
        return {name: f"{self.prefix}_{name}[{index}]" for name in self.neuron.variables}

    def drawn(self, batched: bool) -> dict[str, str]:
        """name -> the number that the program draws for neuron `j` in this step; see `draw`."""
        index = f"b * {self.population.n} + j" if batched else "j"
        kinds = enumerate(self.neuron.drawn.items())
        return {name: f"normal({self.prefix}_key{call}, {index})" if kind.normal else
                f"uniform({self.prefix}_key{call}, {index}, 0)" for call, (name, kind) in kinds}

    def pulled(self, code: Writer, expr: ast.expr) -> ast.expr:
        """`expr` with subexpressions inlined and constants taken out to the top of the program."""
        constants = Constants({*self.neuron.constants, "dt"}, prefix=f"{self.prefix}_c{len(code.constants)}_")
        expr = constants.pull(self.neuron.inlined(expr))
        code.constants.update(constants.values({**self.neuron.constants, "dt": self.dt}))
        return expr

    def text(self, code: Writer, expr: ast.expr, index: str = "j", temporary: dict[str, str] | None = None) -> str:
        names = {**self.names(index), **(temporary or {})}
        return expressions.render(self.pulled(code, expr), names, FUNCTIONS)


def groups(network: Network) -> dict[str, Group]:
    return {population.name: Group(population, f"p{k}", network.dt) for k, population in enumerate(network.populations)}


def declare(code: Writer, group: Group) -> None:
    """The arrays of one population."""
    n, neuron = group.population.n, group.neuron
    if neuron.output:
        raise RefusedError(f"neuron {neuron.name!r} has a graded output; the event engine transmits spikes only")
    for name in neuron.variables:
        start = np.broadcast_to(np.asarray(group.population.initial.get(name, neuron.start[name]), float), (n,))
        code.array(f"{group.prefix}_{name}", n, per_sample=name not in neuron.slow, start=start)
    for name in group.neuron.variables if group.gated else ():
        code.scratch(f"{group.prefix}_hold_{name}", n)
    code.listing(f"{group.prefix}_spk", f"{group.prefix}_ns", n)
    code.array(f"{group.prefix}_until", n, kind="int64", per_sample=True)
    code.listing(f"{group.prefix}_ref", f"{group.prefix}_nref", n)
    code.listing(f"{group.prefix}_won", f"{group.prefix}_nwon", n)


def start(code: Writer, group: Group) -> None:
    """Back to the initial state, slow variables excepted."""
    p = group.prefix
    for name in group.neuron.variables:
        if name not in group.neuron.slow:
            code(f"copy_into({p}_{name}, start_{p}_{name})")
    code(f"{p}_ns[0] = 0", f"{p}_nwon[0] = 0", f"{p}_nref[0] = 0", f"{p}_until[:] = {FAR}")


def integrate(code: Writer, group: Group) -> None:
    """One step of the equations; held variables keep their values in refractory neurons."""
    fast, _ = _split(group, discretise(group.neuron))
    clamped = discretise_held(group.neuron) if group.gated else ()
    restored = [name for name in group.neuron.variables if name not in group.neuron.slow] if clamped else group.gated
    _expire(code, group)
    hold(code, group, restored)
    _advance(code, group, fast)
    release(code, group, restored)
    if clamped:
        with code.block(f"for q in range({group.prefix}_nref[0]):"):
            code(f"j = {group.prefix}_ref[q]")
            _assignments(code, group, _split(group, clamped)[0])


def integrate_slow(code: Writer, group: Group) -> None:
    """Slow variables: one value for all samples of a batch, frozen when nothing is learned."""
    _, slow = _split(group, discretise(group.neuron))
    if slow:
        with code.block("if learn:"):
            _advance(code, group, slow)


def _advance(code: Writer, group: Group, lines: list[Assignment]) -> None:
    if not lines:
        return
    for call in range(len(group.neuron.drawn)):
        place = f"stream_key(stream_key(seed, {int(group.prefix[1:])}), {call})"
        code(f"{group.prefix}_key{call} = stream_key({place}, now - idle)")
    with code.block(f"for j in range({group.prefix}_{group.neuron.variables[0]}.shape[0]):"):
        _assignments(code, group, lines)


def _assignments(code: Writer, group: Group, lines: list[Assignment]) -> None:
    """One neuron `j`, one step; temporaries stay local."""
    read = frozenset().union(*(expressions.names(line.expr) for line in lines))
    seen = {name: f"t_{name}" for name in group.neuron.drawn if name in read}
    code(*(f"t_{name} = {text}" for name, text in group.drawn(code.batched).items() if name in seen))
    for line in lines:
        own = line.target in group.neuron.variables
        target = group.names()[line.target] if own else f"t_{line.target}"
        code(f"{target} = {group.text(code, line.expr, temporary=seen)}")
        if not own:
            seen[line.target] = target


def _split(group: Group, lines: tuple[Assignment, ...]) -> tuple[list[Assignment], list[Assignment]]:
    """The update's assignments without the slow targets, and the slice that the slow targets need."""
    slow = set(group.neuron.slow)
    needed, kept = set(slow), []
    for line in reversed(lines):
        if line.target in needed:
            needed |= expressions.names(line.expr)
            if line.target in slow or line.target not in group.neuron.variables:
                kept.append(line)
    outside = (needed & set(group.neuron.variables)) - slow
    if kept and needed & set(group.neuron.drawn):
        raise RefusedError(f"slow variable(s) {', '.join(sorted(slow))} of neuron {group.neuron.name!r} depend on "
                           "random numbers, of which each sample has its own; the event engine cannot share them")
    if kept and outside:
        raise RefusedError(f"slow variable(s) {', '.join(sorted(slow))} of neuron {group.neuron.name!r} depend on "
                           f"{', '.join(sorted(outside))}, which is not slow; the event engine cannot share them")
    fast = needed_by(tuple(line for line in lines if line.target not in slow), set(group.neuron.variables))
    return fast, kept[::-1]


def hold(code: Writer, group: Group, names: list[str]) -> None:
    """Remembers variables of refractory neurons, so that a loop over all neurons needs no branch."""
    if names:
        with code.block(f"for q in range({group.prefix}_nref[0]):"):
            code(*(f"{group.prefix}_hold_{name}[q] = {group.prefix}_{name}[{group.prefix}_ref[q]]" for name in names))


def release(code: Writer, group: Group, names: list[str]) -> None:
    if names:
        with code.block(f"for q in range({group.prefix}_nref[0]):"):
            code(*(f"{group.prefix}_{name}[{group.prefix}_ref[q]] = {group.prefix}_hold_{name}[q]" for name in names))


def thresholds(code: Writer, group: Group) -> None:
    """Who spikes: the list `spk`; `won` holds all that are to be reset."""
    p, n = group.prefix, f"{group.prefix}_until.shape[0]"
    condition = group.text(code, group.neuron.threshold_expr)
    code("n = 0", "any_above = False")
    with code.block(f"for j in range({n}):"):
        code(f"any_above |= {condition}")
    with code.block("if any_above:"), code.block(f"for j in range({n}):"):
        free = f" and {p}_until[j] <= now" if group.refractory else ""
        code(f"{p}_spk[n] = j", f"n += 1 if ({condition}){free} else 0")  # no branch to be guessed where many spike
    _compete(code, group)
    code(f"{p}_ns[0] = n")
    if group.refractory:
        with code.block(f"for q in range({p}_nwon[0]):"):
            code(f"{p}_until[{p}_won[q]] = now + {group.refractory}", f"{p}_ref[{p}_nref[0]] = {p}_won[q]",
                 f"{p}_nref[0] += 1")


def _expire(code: Writer, group: Group) -> None:
    """Neurons whose refractory period is over leave the list."""
    if not group.refractory:
        return
    p = group.prefix
    code("n = 0")
    with code.block(f"for q in range({p}_nref[0]):"), code.block(f"if {p}_until[{p}_ref[q]] > now:"):
        code(f"{p}_ref[n] = {p}_ref[q]", "n += 1")
    code(f"{p}_nref[0] = n")


def _compete(code: Writer, group: Group) -> None:
    """Of the `n` candidates in `spk` the winner stays; `won` are those that reset."""
    p, winner = group.prefix, group.population.winner
    if winner == "all" or group.population.losers_reset:
        _all_win(code, p)
    if winner == "all":
        return
    first = f"{p}_{group.neuron.variables[0]}"
    with code.block("if n > 1:"):
        if winner == "highest":
            code("best = 0")
            with code.block("for q in range(1, n):"), code.block(f"if {first}[{p}_spk[q]] > {first}[{p}_spk[best]]:"):
                code("best = q")
        else:
            sample = " + b" if code.batched else ""
            code(f"best = int(uniform(stream_key(seed, now - idle), {int(p[1:])} * 65536{sample}, 0) * n)")
        code(f"{p}_spk[0] = {p}_spk[best]", "n = 1")
    if not group.population.losers_reset:
        _all_win(code, p)


def _all_win(code: Writer, prefix: str) -> None:
    """Those in `spk` are to be reset."""
    with code.block("for q in range(n):"):
        code(f"{prefix}_won[q] = {prefix}_spk[q]")
    code(f"{prefix}_nwon[0] = n")


def resets(code: Writer, group: Group) -> None:
    """Reset and adaptation of the neurons in `won`."""
    p = group.prefix
    if not group.neuron.at_reset and not group.neuron.at_adapt:
        return
    with code.block(f"for q in range({p}_nwon[0]):"):
        code(f"j = {p}_won[q]")
        _assign(code, group, group.neuron.at_reset)
        if group.neuron.at_adapt:
            with code.block("if learn:"):
                _assign(code, group, group.neuron.at_adapt)


def _assign(code: Writer, group: Group, lines: tuple[Assignment, ...]) -> None:
    for line in lines:
        if code.batched and line.target in group.neuron.slow:
            _share(code, group, line)
        else:
            code(f"{group.names()[line.target]} = {group.text(code, line.expr)}")


def _share(code: Writer, group: Group, line: Assignment) -> None:
    """A slow variable is shared by the batch: what each sample adds is collected, and added at the step's end."""
    target = group.names()[line.target]
    collected = f"{group.prefix}_more_{line.target}"
    if collected not in code.arrays:
        code.scratch(collected, group.population.n)
    code(f"{collected}[j] += {group.text(code, line.expr)} - {target}")


def add_shared(code: Writer, group: Group) -> None:
    """The samples' additions to slow variables, summed or averaged."""
    for name in group.neuron.slow:
        if f"{group.prefix}_more_{name}" in code.arrays:
            more = f"{group.prefix}_more_{name}"
            code(f"{group.prefix}_{name} += {more} * reduction", f"{more}[:] = 0.0")
