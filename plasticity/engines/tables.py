"""What a run recorded as tables of pandas and arrays of xarray, which are imported when they are asked for."""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from types import ModuleType

import numpy as np

from plasticity._utils.memory import require_memory
from plasticity.encoding.spikes import Spikes
from plasticity.engines.record import Channel
from plasticity.errors import PlasticityError


def installed(package: str) -> ModuleType:
    """A package that people install for tables. Raises PlasticityError that says how, where it is missing."""
    try:
        return importlib.import_module(package)
    except ImportError as error:
        raise PlasticityError(f"to_{package} needs {package}, which is not installed: pip install 'plasticity[tables]' "
                              f"({error})") from None


def spike_table(trains: Mapping[str, Spikes], dt: float):
    """A DataFrame of sample, time (s), population and neuron of every spike, population by population."""
    pandas, events = installed("pandas"), [each.events() for each in trains.values()]
    sample, step, neuron = (np.concatenate(column) for column in zip(*events, strict=True))
    part = np.repeat(np.arange(len(events)), [len(column) for column, _, _ in events])
    return pandas.DataFrame({"sample": sample, "time": step * dt, "population": _category(part, list(trains)),
                             "neuron": neuron})


def value_table(channel: Channel, values: np.ndarray, dt: float):
    """A DataFrame of a row for each value. values: [samples, steps, ...]."""
    pandas = installed("pandas")
    sample, step, *place = np.unravel_index(np.arange(values.size), values.shape)
    labels = {name: np.asarray(label)[at] for axis, at in zip(channel.axes, place, strict=True)
              for name, label in axis.labels.items()}
    whose = "projection" if channel.of_projection else "population"
    return pandas.DataFrame({"sample": sample, "time": times(channel, dt)[step],
                             whose: _category(np.zeros(values.size, int), [channel.part]), **labels,
                             channel.variable: values.ravel()})


def dataset(recorded: Sequence[tuple[Channel, np.ndarray | Spikes]], dt: float):
    """A Dataset with a variable for each channel; spikes are True and False."""
    xarray = installed("xarray")
    arrays = [_data_array(xarray, channel, values, dt) for channel, values in recorded]
    return xarray.merge(arrays, join="outer", compat="no_conflicts")


def _data_array(xarray: ModuleType, channel: Channel, values: np.ndarray | Spikes, dt: float):
    shown = _dense(channel, values) if channel.spikes else values
    coordinates = {"sample": ("sample", np.arange(len(shown))), "time": ("time", times(channel, dt))}
    for axis in channel.axes:
        for name, label in axis.labels.items():
            coordinates[f"{channel.part}.{name}"] = (f"{channel.part}.{axis.name}", np.asarray(label))
    dimensions = ("sample", "time", *(f"{channel.part}.{axis.name}" for axis in channel.axes))
    return xarray.DataArray(shown, coordinates, dimensions, channel.name)


def _dense(channel: Channel, trains: Spikes) -> np.ndarray:
    """Spikes of the recorded steps and neurons as bool [samples, steps, neurons]."""
    require_memory(trains.samples * trains.steps * trains.n, f"{channel.name} as an array")
    return trains.dense()[:, channel.steps.start:channel.steps.stop][:, :, np.asarray(channel.axes[0].labels["neuron"])]


def times(channel: Channel, dt: float) -> np.ndarray:
    """Of each recorded step (s)."""
    return np.asarray(channel.steps) * dt


def _category(code: np.ndarray, names: Sequence[str]):
    return installed("pandas").Categorical.from_codes(code, list(names))
