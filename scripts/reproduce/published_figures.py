"""Draws what the published systems have learned and how they answer, from networks that were trained already.

    .venv/bin/python scripts/reproduce/published_figures.py --runs runs/reproduce
    .venv/bin/python scripts/reproduce/published_figures.py --runs runs/reproduce --only excess_filters

Reads the runs of `plasticity reproduce NAME --out RUNS`, first seed, and shows them samples of the test part. Figures
whose runs are not there are left as they are. Writes docs/systems/NAME.png.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import torch
from _figures import filters, notes, panels
from matplotlib.figure import Figure

from plasticity import Learner, plots
from plasticity.comparison.nouns import shaped
from plasticity.comparison.run import LEARNER
from plasticity.learner.converting import convert
from plasticity.reproduction import ROWS

FOLDER = Path(__file__).parents[2] / "docs" / "systems"
SHOWN = 200  # samples over which rates are averaged


class Trained:
    """A row's learner, and samples of the test part as it takes them."""

    def __init__(self, runs: Path, name: str, samples: int = SHOWN):
        self.row = ROWS[name]
        task = self.row.run(seed=0).load()
        self.learner = Learner.load(runs / name / "seed0" / LEARNER)
        self.x, self.y = shaped(task, task.test_x)[:samples], task.test_y[:samples]

    @property
    def weights(self) -> Mapping[str, np.ndarray]:
        return {name: w.detach().numpy() for name, w in self.learner.trainer_.presented.network.weights.items()}

    @property
    def dt(self) -> float:
        return self.learner.network_.dt

    @torch.no_grad()
    def spikes(self, samples: int = 1) -> dict[str, np.ndarray]:
        """Population -> whether its neurons spiked, [samples, steps, n]."""
        presented = self.learner.trainer_.presented
        x = self.learner.taken(self.x[:samples])
        output = presented.network(presented.shown(x, presented.seed))
        return {name: z.numpy() > 0 for name, z in output.spikes.items()}


def csnn_filters(runs: Path) -> Figure:
    w = Trained(runs, "csnn-mnist").weights["in->conv1"]
    figure, places = panels(1, w.shape[1], 8.0, 1.5)
    filters(places, w.T.reshape(-1, 5, 5))
    figure.suptitle("What the first convolution of csnn-mnist looks for", fontsize=12, x=0.01, ha="left")
    return figure


def csnn_raster(runs: Path) -> Figure:
    return _raster(Trained(runs, "csnn-mnist"), ("pool1", "pool2", "out"))


def csnn_rates(runs: Path) -> Figure:
    codes = {"direct current": "csnn-mnist", "Poisson rate": "csnn-mnist-rate", "latency": "csnn-mnist-latency"}
    return _spikes_per_step({words: Trained(runs, name) for words, name in codes.items()}, ("pool1", "pool2", "out"))


def excess_filters(runs: Path) -> Figure:
    """Learned filters of both sizes, and those that are given."""
    names = {"3x3, learned": ("excess-mnist-3x3", 3), "5x5, learned": ("excess-mnist-5x5", 5),
             "5x5, Gabor, fixed": ("excess-mnist-gabor", 5)}
    figure, places = panels(3, 5, 6.4, 4.4)
    for number, (words, (name, size)) in enumerate(names.items()):
        row = places[5 * number:5 * number + 5]
        filters(row, Trained(runs, name).weights["in->filters"].T.reshape(-1, size, size))
        row[0].set_title(words, fontsize=11, loc="left")
    return figure


def softlif_rates(runs: Path) -> Figure:
    """How many neurons of each hidden layer fire how often, as spiking LIF neurons."""
    trained = Trained(runs, "softlif-spiking", 500)
    options = trained.row.spiking
    answer = convert(trained.learner, options["dt"]).run(trained.x, options["seconds"], options["last"],
                                                         options["engine"])
    figure, (axes,) = panels(1, 1, 6.4, 3.6)
    for name, rates in answer.rates.items():
        axes.hist(rates.mean(0), bins=np.arange(0, 130, 5), histtype="step", linewidth=1.6,
                  label=f"{name}: {rates.mean():.1f} Hz")
    plots.finish(axes, "Mean rates in spikes", "Hz", "neurons")
    axes.legend(frameon=False)
    return figure


def units_raster(runs: Path) -> Figure:
    trained = Trained(runs, "units-snu-7")
    return _raster(trained, [part.name for part in trained.learner.network_.populations][::2])


def units_rates(runs: Path) -> Figure:
    trained = Trained(runs, "units-snu-7")
    return _spikes_per_step({"seven layers of SNUs": trained},
                            [part.name for part in trained.learner.network_.populations])


def speech_raster(runs: Path) -> Figure:
    trained = Trained(runs, "speech-digits-lsnn")
    return _raster(trained, [part.name for part in trained.learner.network_.populations])


def chorales_piece(runs: Path) -> Figure:
    """The notes of a piece, and how probable each was to the network that had heard the chords before."""
    trained = Trained(runs, "chorales-ssnu")
    chords, probable = trained.y[0], trained.learner.predict_proba(trained.x[:1])[0]
    told = np.asarray(chords).any(1)
    figure, places = panels(2, 1, 8.0, 5.0)
    notes(places[0], chords[told], "A piece of the test part")
    notes(places[1], probable[told], "Probability of each note, one chord before it sounds")
    places[1].set_xlabel("chord")
    return figure


def _raster(trained: Trained, names) -> Figure:
    spikes = trained.spikes()
    return plots.raster({name: spikes[name][0] for name in names}, trained.dt, title=f"a {trained.y[0]}")


def _spikes_per_step(trained: Mapping[str, Trained], names) -> Figure:
    """Spikes per neuron and step, by layer."""
    figure, (axes,) = panels(1, 1, 6.4, 3.6)
    for words, each in trained.items():
        spikes = each.spikes(SHOWN)
        axes.plot([*names], [spikes[name].mean() for name in names], marker="o", label=words)
    axes.set_ylim(bottom=0)
    plots.finish(axes, "How often each layer spikes", "", "spikes per neuron and step")
    axes.legend(frameon=False)
    return figure


#: name -> the rows it reads, and what draws it
FIGURES: Mapping[str, tuple[tuple[str, ...], Callable[[Path], Figure]]] = {
    "csnn_filters": (("csnn-mnist",), csnn_filters),
    "csnn_raster": (("csnn-mnist",), csnn_raster),
    "csnn_rates": (("csnn-mnist", "csnn-mnist-rate", "csnn-mnist-latency"), csnn_rates),
    "excess_filters": (("excess-mnist-3x3", "excess-mnist-5x5", "excess-mnist-gabor"), excess_filters),
    "softlif_rates": (("softlif-spiking",), softlif_rates),
    "units_raster": (("units-snu-7",), units_raster),
    "units_rates": (("units-snu-7",), units_rates),
    "speech_raster": (("speech-digits-lsnn",), speech_raster),
    "chorales_piece": (("chorales-ssnu",), chorales_piece),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=Path, default=Path("runs") / "reproduce")
    parser.add_argument("--only", nargs="+", choices=FIGURES, default=FIGURES)
    asked = parser.parse_args()
    for name in asked.only:
        rows, draw = FIGURES[name]
        missing = [row for row in rows if not (asked.runs / row / "seed0" / LEARNER).is_dir()]
        if missing:
            print(f"{name}: no run of {missing[0]} in {asked.runs}")
            continue
        print(f"wrote {plots.save(draw(asked.runs), FOLDER / f'{name}.png', dpi=100).relative_to(FOLDER.parents[1])}")


if __name__ == "__main__":
    main()
