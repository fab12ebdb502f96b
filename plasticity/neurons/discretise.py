"""Differential equations become assignments for one step, by Brian2's own front end (units checked on the way)."""

from __future__ import annotations

import logging
import re
import sys
from functools import lru_cache

import numpy as np

from plasticity._utils import homeless
from plasticity.errors import LanguageError, PlasticityError, shortened
from plasticity.language import expressions
from plasticity.neurons.neuron import METHODS, Assignment, Neuron, statements


def discretise(neuron: Neuron) -> tuple[Assignment, ...]:
    """The assignments that advance a neuron by `dt`, over its variables and constants.

    Raises PlasticityError when units do not fit or the method cannot integrate the equations.
    """
    if neuron.update:
        return neuron.moves
    if not any(eq.kind == "ode" for eq in neuron.model):
        return ()
    return _by_brian2(neuron)


def discretise_held(neuron: Neuron) -> tuple[Assignment, ...]:
    """The assignments for a refractory neuron, whose gated variables stand still; empty where holding them is enough.

    Methods that look at several variables at once (exact, Runge-Kutta) move an ungated variable differently while a
    gated one that it depends on is held, as Brian2 does.
    """
    gated = [eq for eq in neuron.model if eq.kind == "ode" and eq.name in neuron.gated]
    if neuron.update or not gated or len(gated) == sum(eq.kind == "ode" for eq in neuron.model):
        return ()
    lines = {eq.name: f"{eq.name} : {eq.unit}" for eq in gated}
    still = [lines.get(eq.name, line) for eq, line in zip(neuron.model, _equation_lines(neuron), strict=True)]
    free, clamped = discretise(neuron), discretise(neuron.with_(equations="\n".join(still)))
    others = set(neuron.variables) - neuron.gated
    return clamped if _moves(free, others) != _moves(clamped, others) else ()


def _equation_lines(neuron: Neuron) -> list[str]:
    return [line for line in neuron.equations.splitlines() if line.split("#")[0].strip()]


def _moves(lines: tuple[Assignment, ...], targets: set[str]) -> list[str]:
    """The assignments that `targets` depend on, as text."""
    return [f"{line.target} = {expressions.render(line.expr)}" for line in needed_by(lines, targets)]


def needed_by(lines: tuple[Assignment, ...], targets: set[str]) -> list[Assignment]:
    """The assignments without those that do not matter to `targets`."""
    kept, wanted = [], set(targets)
    for line in reversed(lines):
        if line.target in wanted:
            wanted |= expressions.names(line.expr)
            kept.append(line)
    return kept[::-1]


@lru_cache(maxsize=256)
def _by_brian2(neuron: Neuron) -> tuple[Assignment, ...]:
    return statements(abstract_code(neuron))


def import_brian2():
    """Brian2 without its global side effects: exception hook, captured warnings, log files, console messages."""
    hook, first = sys.excepthook, "brian2" not in sys.modules
    with homeless.readable_python():
        import brian2

    sys.excepthook = hook
    if first:
        logging.captureWarnings(False)  # else warnings raised later would end in Brian2's log
    brian2.prefs.logging.delete_log_on_exit = True
    brian2.BrianLogger.suppress_name("unused_brian_object")
    brian2.BrianLogger.suppress_name("method_choice")
    return brian2


def brian2_equations(neuron: Neuron, refractory: bool) -> str:
    """The neuron's equations as Brian2 text; `(unless refractory)` is kept only where Brian2 itself will gate."""
    return neuron.equations if refractory else re.sub(r"\(\s*unless refractory\s*\)", "", neuron.equations)


def brian2_namespace(neuron: Neuron) -> dict:
    """The parameters as Brian2 quantities."""
    brian2 = import_brian2()
    units = {name: getattr(brian2, name) for name in neuron.constants if name not in neuron.params}
    quantities = {name: eval(value, {"__builtins__": {}}, units) if isinstance(value, str) else value
             for name, value in neuron.params.items()}
    return {**units, **brian_functions(), **quantities}


@lru_cache(maxsize=1)
def brian_functions() -> dict:
    """Functions of the language that Brian2 has to be told of, by name: `where`, whose branches have the same unit."""
    brian2 = import_brian2()
    choice = brian2.Function(
        np.where, arg_units=[bool, None, "met"], arg_names=["condition", "met", "otherwise"],
        return_type="float", return_unit=lambda _, met, otherwise: met)
    choice.implementations.add_implementation(
        "cpp", "inline double _where(bool condition, double met, double otherwise)"
               "{ return condition ? met : otherwise; }", name="_where")
    choice.implementations.add_implementation(
        "cython", "cdef double _where(bint condition, double met, double otherwise):\n"
                  "    return met if condition else otherwise", name="_where")
    return {"where": choice}


def abstract_code(neuron: Neuron) -> str:
    """What Brian2's state updater makes of the equations, without its gate for refractoriness."""
    NeuronGroup = import_brian2().NeuronGroup
    from brian2.core.base import BrianObjectException
    from brian2.equations.equations import EquationError
    from brian2.stateupdaters.base import UnsupportedEquationsException
    from brian2.units.fundamentalunits import DimensionMismatchError

    try:
        group = NeuronGroup(1, brian2_equations(neuron, refractory=False), threshold=neuron.threshold,
                            reset="\n".join(filter(None, re.split(r"[;\n]\s*", f"{neuron.reset};{neuron.adapt}"))),
                            method=neuron.method, namespace=brian2_namespace(neuron))
        group.before_run({})
        group.state_updater.update_abstract_code({})
        return group.state_updater.abstract_code
    except (BrianObjectException, DimensionMismatchError) as error:
        cause = error.__cause__ or error
        raise PlasticityError(f"units of neuron {neuron.name!r} do not fit: {_line(cause)}") from None
    except UnsupportedEquationsException as error:
        raise PlasticityError(f"method={neuron.method!r} cannot integrate neuron {neuron.name!r}: {_line(error)} "
                              f"Use one of {', '.join(METHODS)}.") from None
    except (EquationError, SyntaxError, KeyError, TypeError, ValueError) as error:
        raise LanguageError(f"neuron {neuron.name!r}: {_line(error)}") from None


def _line(error: BaseException) -> str:
    """What an error of Brian2 says, in one line."""
    return shortened(" ".join(str(error).split()), 300)
