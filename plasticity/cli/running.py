"""plasticity run."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

import typer

from plasticity.cli.output import new_folder, quiet_stdout, say, table, went_on, write_json
from plasticity.comparison.run import Interrupted, Settings, run_task
from plasticity.errors import PlasticityError
from plasticity.readout.scores import SCORES
from plasticity.runs import Run


def execute(given: Mapping[str, object], typed: set[str], out: Path | None, resume: Path | None,
            checkpoint_every: float, as_json: bool) -> None:
    """given: all settings; typed: names of those the person typed, which a resumed run must have had too."""
    run = _resumed(resume, out) if resume else Run(out or new_folder(_stem(given)), {})
    settings = _stored(run, given, typed) if resume else Settings(**given)
    run.settings, run.every = asdict(settings), checkpoint_every
    with quiet_stdout() as stdout:
        try:
            result = run_task(settings, run, say, verbose=True)
        except Interrupted as stopped:
            say(f"stopped; go on with: plasticity run {settings.task} --resume {stopped.path}")
            raise typer.Exit(130) from None
        if as_json:
            write_json(result, stdout)
        else:
            _print(result, stdout)


def _resumed(resume: Path, out: Path | None) -> Run:
    places = [resume, *([] if resume.is_absolute() else [place / resume for place in (out, Path("runs")) if place])]
    run = Run.resume(next((place for place in places if place.exists()), resume))
    if out is not None and out.resolve() not in (run.path.resolve(), run.path.resolve().parent):
        raise PlasticityError(f"--resume {run.path} goes on in that folder; leave --out {out} away or make it the same")
    return run


def _stored(run: Run, given: Mapping[str, object], typed: set[str]) -> Settings:
    settings = Settings.of(run.settings)
    went_on(asdict(settings), given, typed, f"the run in {run.path}")
    return settings


def _stem(asked: Mapping[str, object]) -> str:
    """The name of a new folder: task, network or rule, seed, without what does not belong into names of files."""
    words = (Path(str(asked["task"])).stem, asked["network"] or asked["rule"] or "diehl-cook", f"seed{asked['seed']}")
    return re.sub(r"[^A-Za-z0-9_.-]+", "-", "-".join(map(str, words))).strip("-")[:80]


def _print(result: Mapping[str, object], stdout) -> None:
    score, readout = SCORES[result["score"]["name"]], next(iter(result["accuracy_by_readout"]))
    rows = [(f"{score.name} ({readout}, held out)", score.text(score.turned(result["accuracy"])))]
    if "accuracy_untrained" in result:
        rows.append(("the same network untrained", score.text(score.turned(result["accuracy_untrained"]))))
    others = list(result["accuracy_by_readout"].items())[1:]
    rows += [(f"readout {name}", f"{100 * value:.1f} %") for name, value in others]
    spikes = result["spikes_per_image"]
    rows += [("learning", f"{result['train_seconds']:.1f} s, {result['images_per_second']:.0f} samples/s"
                          + ("" if spikes is None else f", {spikes:.1f} output spikes per sample")),
             ("weights", f"{result['run']}/weights.safetensors"), ("figures", f"{result['run']}/figures/"),
             ("report", f"{result['run']}/report.html"),
             ("ask it", f"plasticity predict {result['run']} DATA")]
    table(f"{result['network'] or result['rule']} on {result['task']}: rule {result['rule'] or 'its own'}, engine "
          f"{result['engine']}, {result['epochs']} epochs, seed {result['seed']}", ("", ""), rows, stdout)
