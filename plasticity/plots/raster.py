"""When neurons spiked."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure

from plasticity.encoding.spikes import Spikes
from plasticity.errors import PlasticityError
from plasticity.plots import style

COLOURS = (style.BLUE, style.ORANGE, style.GREEN, style.PURPLE)


def raster(trains: Mapping[str, Spikes | np.ndarray], dt: float, sample: int = 0, title: str = "Spikes") -> Figure:
    """One panel per population, one tick per spike. trains: name -> Spikes or bool [steps, n]. dt: s."""
    if not trains:
        raise PlasticityError("trains must name at least one population")
    events = {name: s if isinstance(s, Spikes) else Spikes.from_dense(s, name) for name, s in trains.items()}
    figure = style.Figure(figsize=(7.2, 1.0 + 2.2 * len(events)), layout="constrained", facecolor="white")
    panels = np.atleast_1d(figure.subplots(len(events), 1, sharex=True))
    for k, (name, spikes) in enumerate(events.items()):
        ptr = spikes.ptr[sample]
        step = np.repeat(np.arange(spikes.steps), np.diff(ptr))
        neuron = spikes.index[ptr[0] : ptr[-1]]
        few = len(step) < 400
        panels[k].scatter(step * dt * 1e3, neuron, s=40 if few else 3, marker="|" if few else ".", linewidths=1.2,
                          color=COLOURS[k % len(COLOURS)])
        panels[k].set_xlim(0, spikes.steps * dt * 1e3)
        panels[k].set_ylim(-0.5, spikes.n - 0.5)
        last = k == len(events) - 1
        style.finish(panels[k], f"{title}: {name}, {len(step)} spikes", "time (ms)" if last else "", "neuron")
    return figure
