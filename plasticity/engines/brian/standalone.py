"""Presenting samples with a compiled C++ program of Brian2: built once per plan, run once per presentation.

A presentation is one start of the program: weights, traces, variables, input spikes and signals go in as arrays, so
delayed spikes of the last presentation are gone by construction.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from plasticity._utils import random
from plasticity.engines.brian.circuit import Circuit, Plan, assemble
from plasticity.engines.brian.runtime import PAUSED, State, variables
from plasticity.network.network import Network
from plasticity.neurons.discretise import import_brian2

SEED = "PLASTICITY_BRIAN2_SEED"
#: a program is started for each presentation, and would draw the same numbers in all of them
SEEDED = f'if (std::getenv("{SEED}")) brian::_random_generators[0].seed(std::stoul(std::getenv("{SEED}")));'


@dataclass(frozen=True)
class Program:
    """A compiled circuit and the Brian2 device it belongs to; the folder goes when the program does."""

    circuit: Circuit
    device: object
    folder: tempfile.TemporaryDirectory


@contextmanager
def active(device, folder: str) -> Iterator[None]:
    """Brian2 on its own C++ device, quiet; device, environment and working folder are put back."""
    brian2 = import_brian2()
    from brian2.devices.device import reset_device

    environment, here = dict(os.environ), Path.cwd()
    brian2.set_device(device, build_on_run=False, directory=folder)
    make = brian2.prefs.devices.cpp_standalone.extra_make_args_unix
    brian2.prefs.devices.cpp_standalone.extra_make_args_unix = [f"-j{os.cpu_count()}"]  # Brian2's own has no limit
    try:
        with open(os.devnull, "w") as nowhere, redirect_stdout(nowhere):  # noqa: PTH123
            yield
    finally:
        brian2.prefs.devices.cpp_standalone.extra_make_args_unix = make
        reset_device()
        os.chdir(here)
        for name in set(os.environ) - set(environment):
            del os.environ[name]


class Standalone:
    """Compiled circuits, one per plan."""

    carries_over = False

    def __init__(self, network: Network, seed: int):
        self.network, self.seed = network, seed
        self.programs: dict[Plan, Program] = {}

    def __reduce__(self):
        return Standalone, (self.network, self.seed)  # programs are compiled again

    def present(self, plan: Plan, arrays: Mapping[str, Mapping], state: State, fresh: bool) -> tuple[Circuit, State]:
        """Runs one presentation from `state`; answers the circuit (for what it recorded) and the state after."""
        if plan not in self.programs:
            self.programs[plan] = self._compile(plan)
        program = self.programs[plan]
        with active(program.device, program.folder.name):
            drawn = int(random.key(self.seed, int(state["steps"]))) & 0xFFFFFFFF
            program.device.run_environment_variables[SEED] = str(drawn)
            program.device.run(with_output=False, run_args=self._arguments(program, arrays, state))
            _remove_arguments(program)
            after = dict(state)
            for key, (owner, variable) in variables(program.circuit, self.network).items():
                after[key] = np.array(owner.variables[variable].get_value())
        after["steps"] = np.array(int(state["steps"]) + plan.steps)
        return program.circuit, after

    def _compile(self, plan: Plan) -> Program:
        brian2 = import_brian2()
        from brian2.devices.cpp_standalone.device import CPPStandaloneDevice

        folder = tempfile.TemporaryDirectory(prefix="plasticity_brian2_")
        device = CPPStandaloneDevice()
        with active(device, folder.name):
            circuit = assemble(self.network, plan, self.seed)
            device.insert_code("before_network_run", SEEDED)
            circuit.network.run(plan.steps * self.network.dt * brian2.second, namespace={})
            device.build(directory=folder.name, compile=True, run=False, with_output=False)
        return Program(circuit, device, folder)

    def _arguments(self, program: Program, arrays: Mapping[str, Mapping], state: State) -> dict:
        """The program's arguments; what nothing in it reads, it does not have."""
        brian2, circuit, read = import_brian2(), program.circuit, program.device.timed_arrays
        arguments = {}
        for kind, timed in (("imposed", circuit.imposed), ("signals", circuit.signals)):
            arguments |= {timed[key]: np.ascontiguousarray(values, float) for key, values in arrays[kind].items()
                          if timed[key] in read}
        for key, (owner, variable) in variables(circuit, self.network).items():
            if key in state and variable not in PAUSED:
                dimension = owner.variables[variable].dim
                arguments[getattr(owner, variable)] = brian2.Quantity(state[key], dim=dimension)
        return arguments


def _remove_arguments(program: Program) -> None:
    """Each set of arguments is a file with a name of its own; without this they would pile up."""
    for name in program.device.run_args_arrays:
        (Path(program.device.project_dir) / "static_arrays" / name).unlink(missing_ok=True)
