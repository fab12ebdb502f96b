"""Writes docs/results.md from the files in docs/results/, so that every number there has a run behind it.

    .venv/bin/python scripts/results_table.py
"""

from __future__ import annotations

import json
from pathlib import Path

from plasticity._utils.catalogue import Call, parse

ROOT = Path(__file__).parents[1]
RESULTS, PAGE = ROOT / "docs" / "results", ROOT / "docs" / "results.md"
HEAD = """# Results

Written by `scripts/results_table.py` from the raw files in `docs/results/`, which hold settings, all runs, versions and
machine. `accuracy` is the all-activity readout of Diehl & Cook (2015) on the test set, with labels assigned on training
images; everything tuned was tuned on the last 10,000 training images. Means over seeds with their standard deviation;
"untrained" is the same network read out before learning.
"""
GRADIENT = """Means over seeds with their standard deviation; "never" where no run reached a criterion. Learning rates
were chosen on validation data; `below bptt` is in points of accuracy, seed by seed. The criterion of evidence
accumulation is the published one (mean error of 8 batches of 64 below 7 %); there, and after 1,000 iterations, 1,024
fresh sequences are asked. The normalised error of pattern generation is the mean squared error over the variance of the
target.
"""
#: of comparisons that version 0.1 wrote
BEFORE = (" `stdp` is the network of Diehl & Cook with its own rule, called `pair_stdp` now; `layers-100-100` is "
          "written `layers(100, 100)` now.")


def page() -> str:
    """The whole page."""
    studies = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(RESULTS.glob("*.json"))}
    spiking, rates = (_telling(studies, figure) for figure in ("accuracy_untrained", "accuracy_random_weights"))
    parts = [HEAD, "## Digits without labels: `make results STUDIES=...`\n", _learned(spiking)]
    for name in (name for name, found in studies.items() if name.startswith("compare_") and "rows" in found):
        parts += [f"## Learning rules side by side: `scripts/reproduce/compare_mnist.py --task {name[8:]}`\n",
                  _compared(studies[name])]
    if rates:
        parts += ["## Layers of rates: `scripts/reproduce/hebbian_mnist.py`\n", _rates(rates)]
    if "soft_hebb_conv" in studies:
        parts += ["## SoftHebb in convolutional layers: `scripts/reproduce/soft_hebb_conv.py`\n",
                  _convolutions(studies["soft_hebb_conv"])]
    if (studies.get("stdp_then_eprop") or {}).get("summary"):
        parts += ["## STDP before e-prop: `scripts/reproduce/stdp_then_eprop.py`\n",
                  _teachers(studies["stdp_then_eprop"])]
    if "reward_digits" in studies:
        parts += ["## Digits learned from reward: `scripts/reproduce/reward_digits.py`\n",
                  _rewarded(studies["reward_digits"])]
    if "xor_reward" in studies:
        parts += ["## XOR learned from reward: `scripts/reproduce/xor_reward.py`\n", _xor(studies["xor_reward"])]
    methods = {name: found for name, found in studies.items() if "learners" in found.get("config", {})}
    if methods:
        parts += ["## Methods that bring their own network: `scripts/reproduce/NAME.py`\n", _methods(methods)]
    gradient = {name: found for name, found in studies.items() 
                if found.get("kind") == "gradient" and name not in methods}
    if gradient:
        parts += ["## Gradient rules on sequences: `scripts/reproduce/NAME.py`\n", GRADIENT, *_gradient(gradient)]
    return "\n".join([*parts, "Speed beside other libraries: [speed.md](speed.md).", ""])


def _teachers(study: dict) -> str:
    """One network and three ways to weights, by how many labels are known."""
    settings = study["settings"]
    rows = [f"MNIST, one network ({settings['network']}: a winner in every step, adaptive thresholds, weights "
            "normalised). STDP sees all images once, without labels; e-prop makes about "
            f"{settings['updates']} updates of {settings['batch']} images with labels, "
            "from first weights or from STDP's, while winners, thresholds and "
            "the sums of weights stay as they are. Test set, three seeds.\n",
            "| labels | STDP, neurons named by them | e-prop from first weights | e-prop from STDP's |",
            "|---|---|---|---|"]
    for fraction, row in study["summary"].items():
        cells = [f"{row[name]['mean']:.4f} ± {row[name]['sd']:.4f}" for name in ("stdp", "eprop_random", "eprop_stdp")]
        rows.append(f"| {100 * float(fraction):g} % | {' | '.join(cells)} |")
    return "\n".join([*rows, ""])


def _telling(studies: dict, figure: str) -> dict:
    """The studies whose summary has that figure."""
    return {name: found for name, found in studies.items() if figure in (found.get("summary") or {})}


def _learned(studies: dict) -> str:
    rows = ["| study | images | network | neurons | passes | seeds | accuracy | proportion | untrained | train, s |",
            "|---|---|---|---|---|---|---|---|---|---|"]
    for name, found in studies.items():
        run, summary = found["runs"][0], found["summary"]
        cells = [name, run["images"] // run["epochs"], *_network(run), run["epochs"],
                 len(summary["accuracy"]["seeds"]), _spread(summary["accuracy"]),
                 _spread(summary["accuracy by proportion"]), _spread(summary["accuracy_untrained"]),
                 f"{summary['train_seconds']['mean']:.1f}"]
        rows.append("| " + " | ".join(str(cell) for cell in cells) + " |")
    machine = next(iter(studies.values()))["machine"] if studies else {}
    return "\n".join([*rows, "", f"Machine: {machine.get('processor')}, {machine.get('cores')} cores.", ""])


def _network(run: dict) -> tuple[str, int]:
    """(network without its size, size), of runs of any version."""
    if "neurons" in run:
        return run["network"], run["neurons"]
    call = parse(run["network"], "network")
    others = {name: value for name, value in call.options.items() if name != "neurons"}
    return str(Call(call.name, (), others)), call.options["neurons"]


def _rates(studies: dict) -> str:
    """Unsupervised layers of rates with a linear readout, beside the same readout on layers that did not learn."""
    rows = ["| study | rule | units | seeds | accuracy | first weights | random weights | train, s |",
            "|---|---|---|---|---|---|---|---|"]
    for name, found in studies.items():
        summary, settings = found["summary"], found["settings"]
        cells = [name, settings["rule"], settings["units"], len(summary["accuracy"]["seeds"]),
                 _spread(summary["accuracy"]), _spread(summary["accuracy_first_weights"]),
                 _spread(summary["accuracy_random_weights"]), f"{summary['train_seconds']['mean']:.1f}"]
        rows.append("| " + " | ".join(str(cell) for cell in cells) + " |")
    return "\n".join([*rows, ""])


def _methods(studies: dict) -> str:
    """Learning without backpropagation, and baselines."""
    intro = ("Settings were chosen on a part of the training images. \"published\": what longer training of larger "
             "networks is said to reach; quoted from memory but for the convolutional network's. Seconds are wall "
             "clock; the machine of methods_digits had other work.\n")
    rows = ["| study | method | passes | seeds | accuracy | on training images | train, s | published |",
            "|---|---|---|---|---|---|---|---|"]
    for name, found in studies.items():
        for case, settings in found["config"]["learners"].items():
            summary, published = found["summary"][case], found["config"].get("published", {}).get(case, "")
            cells = [name, f"`{settings['method']}`", settings["epochs"], len(summary["accuracy"]["seeds"]),
                     _spread(summary["accuracy"]), _spread(summary["train_accuracy"]),
                     f"{summary['seconds']['mean']:.1f}", published]
            rows.append("| " + " | ".join(str(cell) for cell in cells) + " |")
    machines = {f"{name}: {found['machine']['processor']}, {found['machine']['cores']} cores"
                for name, found in studies.items()}
    return "\n".join([intro, *rows, "", f"One thread per run. {'; '.join(sorted(machines))}.", ""])


def _gradient(studies: dict) -> list[str]:
    """A table per study: a row per case, a column per figure."""
    parts = []
    for name, found in studies.items():
        figures = list(dict.fromkeys(figure for case in found["summary"].values() for figure in case))
        rows = [f"**{name}**\n", "| case | seeds | " + " | ".join(map(_words, figures)) + " |",
                "|---" * (len(figures) + 2) + "|"]
        for case, summary in found["summary"].items():
            seeds = max(len(figure["seeds"]) for figure in summary.values())
            cells = [_among(summary[figure], seeds) if figure in summary else "never" for figure in figures]
            rows.append("| " + " | ".join([case, str(seeds), *cells]) + " |")
        parts.append("\n".join([*rows, ""]))
    return parts


def _words(figure: str) -> str:
    """The name of a figure as it heads a column: underscores are for programs."""
    return figure.replace("_", " ")


def _among(figure: dict, seeds: int) -> str:
    """Mean and spread; and of how many seeds, where some have no such figure."""
    few = "" if len(figure["seeds"]) == seeds else f" ({len(figure['seeds'])} of {seeds})"
    digits = 4 if abs(figure["mean"]) < 10 else 1
    spread = "" if figure["sd"] is None else f" ± {figure['sd']:.{digits}f}"
    return f"{figure['mean']:.{digits}f}{spread}{few}"


def _convolutions(found: dict) -> str:
    """What was run of the published network, beside the published figure."""
    settings, results, published = found["settings"], found["results"], found["published"]
    accuracy, lengths = results["accuracy"], [layer[1] for layer in found["runs"][0]["lengths_5_50_95_percent"]]
    error = (accuracy["mean"] * (1 - accuracy["mean"]) / settings["test_images"]) ** 0.5
    full = len(settings["layers"]) == published["layers"] and settings["train_images"] == published["train_images"]
    lines = [
        f"{found['data']}; {len(settings['layers'])} of {published['layers']} layers, {settings['train_images']:,} of",
        f"{published['train_images']:,} training images, {settings['test_images']:,} test images,",
        f"{len(accuracy['seeds'])} seed(s): {_spread(accuracy)} (standard error of so many images {error:.3f}); the",
        f"same network with its first weights {_spread(results['accuracy_first_weights'])}; published, on the original",
        f"pixels, {published['accuracy']}. Median length of the channels' weights after learning, from 25 towards 1:",
        f"{', '.join(f'{length:.1f}' for length in lengths)}."]
    few = [] if full else ["With so few images this shows that the network runs, not that it learns as published."]
    return "\n".join([*lines, *few, ""])


def _rewarded(found: dict) -> str:
    results = found["results"]
    return (f"`{found['rule']}`, scikit-learn's digits, {found['settings']['units']} neurons, "
            f"{found['settings']['epochs']} passes, {len(results['accuracy']['seeds'])} seeds, held-out third: "
            f"{_spread(results['accuracy'])}; with as many rewards by chance "
            f"{_spread(results['accuracy_reward_by_chance'])}.\n")


def _xor(found: dict) -> str:
    """Output rates by pattern; who solved it."""
    head = ("60 inputs, 60 hidden neurons and one output neuron of Florian 2007, rounds of four patterns of half a "
            "second (200 in the paper), discrete form of the rules. Solved: fewer output spikes for (1, 1) than for "
            "(0, 1) and for (1, 0). Rates of the output neuron after learning, Hz. A reward comes a step after the "
            "output spike, and later still after the hidden spikes that caused it: only `mstdpet` remembers these, and "
            "`mstdp` does not learn the task reliably.\n")
    rows = ["| rule | solved | (0, 0) | (0, 1) | (1, 0) | (1, 1) |", "|---|---|---|---|---|---|"]
    for case, result in found["results"].items():
        rates = [f"{figure['mean']:.0f} ± {figure['sd'] or 0:.0f}" for name, figure in result.items() if "hz" in name]
        rows.append(f"| {case} | {result['solved']} of {result['of']} | {' | '.join(rates)} |")
    return "\n".join([head, *rows, ""])


def _spread(figure: dict) -> str:
    return f"{figure['mean']:.4f}" + (f" ± {figure['sd']:.4f}" if figure["sd"] is not None else "")


def _compared(found: dict) -> str:
    """One row per rule, the same task, seeds and number of passes for all."""
    config = found["config"]
    intro = (f"{_passes(found)}, seeds {', '.join(map(str, config['seeds']))}; what is the same for all, what was "
             f"chosen where, and what the columns count: [compare.md](compare.md).{BEFORE if _is_old(found) else ''}\n")
    rows = ["| rule | network | accuracy | train, s | peak, MB | spikes per sample | operations per sample | cosine |",
            "|---|---|---|---|---|---|---|---|"]
    for row in found["rows"]:
        cells = [f"`{row['rule']}`", row["network"], _spread({"mean": row["accuracy"], "sd": row["accuracy_sd"]}),
                 _number(row["train_seconds"], ".0f"), _number(row["peak_mb"], ".0f"),
                 _number(row.get("spikes_per_sample"), ".0f"), _number(row.get("synops_per_sample"), ".2g"),
                 _number(row.get("update_cosine"), ".2f")]
        rows.append("| " + " | ".join(cells) + " |")
    where = (f"Machine: {found['machine']['processor']}, {found['machine']['cores']} cores; "
             "other work ran beside the trainings, so the seconds are upper bounds.")
    return "\n".join([intro, *rows, "", where, ""])


def _is_old(found: dict) -> bool:
    """Whether a comparison was written by version 0.1."""
    return "setting" in found["config"]


def _passes(found: dict) -> str:
    """How often training images were shown."""
    if _is_old(found):
        setting = found["config"]["setting"]
        return (f"{found['config']['epochs'] or setting['epochs']} passes over all training images (the STDP network: "
                f"{setting['stdp_epochs']})")
    by_epochs: dict[int, list[str]] = {}
    for row in found["rows"]:
        by_epochs.setdefault(row["epochs"], []).append(row["rule"])
    usual = max(by_epochs, key=lambda epochs: len(by_epochs[epochs]))
    others = "; ".join(f"{', '.join(rules)}: {epochs}" for epochs, rules in by_epochs.items() if epochs != usual)
    return f"{usual} passes over all training images" + (f" ({others})" if others else "")


def _number(value: float | None, form: str) -> str:
    return "" if value is None else format(value, form)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
