"""Differential equations become assignments for one step, by Brian2's own front end (units checked on the way)."""

from __future__ import annotations

import re
import sys
from functools import lru_cache

from plasticity.errors import LanguageError, PlasticityError
from plasticity.neurons.neuron import METHODS, Assignment, Neuron, statements


def discretise(neuron: Neuron) -> tuple[Assignment, ...]:
    """The assignments that advance a neuron by `dt`, over its variables and constants.

    Raises PlasticityError when units do not fit or the method cannot integrate the equations.
    """
    if neuron.update:
        return statements(neuron.update)
    if not any(eq.kind == "ode" for eq in neuron.model):
        return ()
    return _by_brian2(neuron)


@lru_cache(maxsize=256)
def _by_brian2(neuron: Neuron) -> tuple[Assignment, ...]:
    return statements(abstract_code(neuron))


def import_brian2():
    """Brian2 without its global side effects: its own exception hook, log files and console messages."""
    hook = sys.excepthook
    import brian2

    sys.excepthook = hook
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
    given = {name: eval(value, {"__builtins__": {}}, units) if isinstance(value, str) else value
             for name, value in neuron.params.items()}
    return {**units, **given}


def abstract_code(neuron: Neuron) -> str:
    """What Brian2's state updater makes of the equations, without its gate for refractoriness."""
    NeuronGroup = import_brian2().NeuronGroup
    from brian2.core.base import BrianObjectException
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
        raise PlasticityError(f"units of neuron {neuron.name!r} do not fit: {cause}") from None
    except UnsupportedEquationsException as error:
        raise PlasticityError(f"method={neuron.method!r} cannot integrate neuron {neuron.name!r}: {error} "
                              f"Use one of {', '.join(METHODS)}.") from None
    except (SyntaxError, KeyError, TypeError, ValueError) as error:
        raise LanguageError(f"neuron {neuron.name!r}: {error}") from None
