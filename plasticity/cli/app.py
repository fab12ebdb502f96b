"""What can be asked on the command line. Only options live here; the work is imported when it is asked for."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from plasticity.cli.benches import bench

app = typer.Typer(no_args_is_help=True, add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False,
                  help="Biologically plausible learning rules: one text, every engine.")
app.add_typer(bench, name="bench")

Json = Annotated[bool, typer.Option("--json", help="Print exactly one JSON object on stdout.")]
Csv = Annotated[bool, typer.Option("--csv", help="Print comma-separated values on stdout.")]
Task = Annotated[str, typer.Argument(help="Data: digits, mnist, rows_mnist, ...; a folder of images by class, an .npz "
                                          "file, file.py:object. See: plasticity list datasets.")]
Seed = Annotated[int, typer.Option(help="Seed of weights, order and spikes.")]
Network = Annotated[str | None, typer.Option(help="diehl-cook(neurons=400), layers(200, 200), ..., file.py:object "
                                                  "(default: the rule's usual one). See: plasticity list networks.")]
Rule = Annotated[str | None, typer.Option(help="Any learning rule, file.py:object (default: the network's own). See: "
                                               "plasticity list rules.")]
Encoder = Annotated[str | None, typer.Option(help="rate(steps=25), latency(steps=25), ... (default: by task).")]
Augment = Annotated[str | None, typer.Option(help="What training samples become when they are shown, and no others: "
                                                 "shift(pixels=2), elastic+noise, ... See: plasticity list "
                                                 "augmentations.")]
Engine = Annotated[str | None, typer.Option(help="event, torch, brian2, brian2_cpp; compiled, autograd for gradients; "
                                                 "with options, torch(reduce=mean) (default: the quickest).")]
Epochs = Annotated[int | None, typer.Option(help="Passes over the training samples (default: by task).")]
Batch = Annotated[int | None, typer.Option(help="Samples that see the same weights (default: by task).")]
Lr = Annotated[float | None, typer.Option(help="Step size (default: the rule's own).")]
TrainSamples = Annotated[int | None, typer.Option(help="Only the first so many training samples.")]
TestSamples = Annotated[int | None, typer.Option(help="Only the first so many held-out samples.")]
Validation = Annotated[bool, typer.Option(help="Hold out training samples, not the test set.")]
Device = Annotated[str, typer.Option(help="cpu, or cuda with torch.")]


def command():
    """The whole command, ready to be called with arguments."""
    return typer.main.get_command(app)


@app.command()
def run(
    context: typer.Context,
    task: Task,
    network: Network = None,
    rule: Rule = None,
    encoder: Encoder = None,
    augment: Augment = None,
    readout: Annotated[str | None, typer.Option(
        help="all_activity, logistic, leaky(tau=20e-3), ...; several as all_activity+logistic.")] = None,
    engine: Engine = None,
    loss: Annotated[str | None, typer.Option(help="Of rules that take gradients: cross_entropy, mse, ...")] = None,
    epochs: Epochs = None,
    batch: Batch = None,
    lr: Lr = None,
    optimizer: Annotated[str | None, typer.Option(help="adam, sgd(momentum=0.9, clip=0.25), ...")] = None,
    schedule: Annotated[str | None, typer.Option(help="constant, linear, cosine, steps(1, 0.5, 0.1).")] = None,
    patience: Annotated[int | None, typer.Option(help="Epochs without a better validation until it stops.")] = None,
    train_samples: TrainSamples = None,
    test_samples: TestSamples = None,
    seed: Seed = 0,
    device: Device = "cpu",
    dtype: Annotated[str | None, typer.Option(help="float32 or float64 (default: by engine).")] = None,
    validation: Validation = False,
    control: Annotated[bool, typer.Option(help="Also read out the same network untrained.")] = False,
    neurons: Annotated[int | None, typer.Option(hidden=True)] = None,
    reduce: Annotated[str | None, typer.Option(hidden=True)] = None,
    ngram: Annotated[bool, typer.Option(hidden=True)] = False,
    out: Annotated[Path | None, typer.Option(help="Folder of the run (default: a new one in runs/).")] = None,
    resume: Annotated[Path | None, typer.Option(help="Folder of an interrupted run to go on with.")] = None,
    checkpoint_every: Annotated[float, typer.Option(help="Seconds between checkpoints.")] = 20.0,
    as_json: Json = False,
) -> None:
    """Learn a task by any rule, read it out, and keep everything in a folder.

    plasticity run digits --rule "eprop(feedback=random)"
    """
    from plasticity.cli.before import present
    from plasticity.cli.running import execute

    how = ("out", "resume", "checkpoint_every", "as_json")
    typed = {name for name in context.params if context.get_parameter_source(name).name == "COMMANDLINE"}
    asked = {name: value for name, value in context.params.items() if name not in how}
    asked, typed = present(asked, typed)
    execute(asked, typed, **{name: context.params[name] for name in how})


@app.command()
def compare(
    context: typer.Context,
    task: Task,
    rules: Annotated[str, typer.Option(help="Any rules: pair_stdp,eprop(feedback=random),bptt,mlp,my.py:rule.")]
    = "bptt,eprop(feedback=symmetric),eprop(feedback=random),eprop(feedback=adaptive),ottt,decolle,dfa,forward_forward,"
      "pair_stdp,cnn",
    seeds: Annotated[int, typer.Option(help="How many seeds, from 0.")] = 3,
    networks: Annotated[str | None, typer.Option("--networks", "--network",
        help="One or several, of rules that can learn in them: layers(200, 200),recurrent(200).")] = None,
    engines: Annotated[str | None, typer.Option("--engines", "--engine",
        help="One or several, of rules that they run: event,torch; compiled,autograd.")] = None,
    encoder: Encoder = None,
    augment: Augment = None,
    epochs: Epochs = None,
    batch: Batch = None,
    lr: Lr = None,
    train_samples: TrainSamples = None,
    test_samples: TestSamples = None,
    validation: Validation = False,
    device: Device = "cpu",
    threads: Annotated[int, typer.Option(help="Threads of each training.")] = 1,
    jobs: Annotated[int, typer.Option(help="Trainings at a time.")] = 1,
    out: Annotated[Path | None, typer.Option(help="Folder of results (default: a new one in runs/).")] = None,
    resume: Annotated[Path | None, typer.Option(help="Folder of an interrupted comparison to go on with.")] = None,
    as_json: Json = False,
) -> None:
    """Train rules on the same task, data and seeds, and put them in one table.

    plasticity compare digits --rules "pair_stdp,soft_hebb,eprop,bptt,mlp" --seeds 2
    """
    from plasticity.cli.comparing import execute

    how = ("rules", "seeds", "jobs", "out", "resume", "as_json")
    given = {name: value for name, value in context.params.items() if name not in how}
    typed = {name for name in context.params if context.get_parameter_source(name).name == "COMMANDLINE"}
    execute(given, typed, **{name: context.params[name] for name in how})


@app.command()
def predict(
    run: Annotated[Path, typer.Argument(help="Folder of a finished run, or of a saved learner.")],
    data: Annotated[str, typer.Argument(help="An .npz file with x, a folder of images, an image, or a task.")],
    store: Annotated[str | None, typer.Option(help="A memory that keeps the weights, as pcm(time=3600); see "
                                                   "plasticity list memories.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of the memory's noise.")] = 0,
    as_json: Json = False,
    as_csv: Csv = False,
) -> None:
    """Ask a trained run about new samples.

    plasticity predict runs/mine new.npz --json
    """
    from plasticity.cli.predicting import show

    show(run, data, store, seed, as_json, as_csv)


@app.command()
def report(
    run: Annotated[Path, typer.Argument(help="Folder of a run, finished or not.")],
    as_json: Json = False,
) -> None:
    """Tell what a run was asked, how far it came and what it measured; write its page anew."""
    from plasticity.cli.reporting import show

    show(run, as_json)


@app.command()
def reproduce(
    name: Annotated[str | None, typer.Argument(help="A published number, or a system with all of its numbers.")] = None,
    list_: Annotated[bool, typer.Option("--list", help="Show all published numbers, with what was reached.")] = False,
    seeds: Annotated[int, typer.Option(help="Trainings from scratch, seeds 0, 1, ...")] = 3,
    quick: Annotated[bool, typer.Option(help="A look of minutes, on fewer samples: no figure for the table.")] = False,
    validation: Validation = False,
    out: Annotated[Path | None, typer.Option(help="Folder for the runs (default: runs/reproduce).")] = None,
    as_json: Json = False,
) -> None:
    """Train a published system from scratch and hold it beside its published number.

    plasticity reproduce --list
    plasticity reproduce chorales-ssnu --seeds 3 --json

    Runs that are finished are read, those that were stopped go on.
    """
    from plasticity.cli import reproducing

    if list_:
        reproducing.show(as_json)
    else:
        reproducing.execute(name, seeds, quick, validation, out, as_json)


@app.command("list")
def list_(
    what: Annotated[str, typer.Argument(help="rules, networks, neurons, encoders, augmentations, readouts, losses, "
                                             "datasets, engines, memories.")],
    as_json: Json = False,
) -> None:
    """List what there is."""
    from plasticity.cli.listing import show

    show(what, as_json)


@app.command()
def explain(
    rule: Annotated[str, typer.Argument(help="See: plasticity list rules.")],
    figure: Annotated[Path | None, typer.Option(help="Also draw what it does (window, curve) into this file.")] = None,
    as_json: Json = False,
) -> None:
    """What a learning rule does, what a change needs to know, its memory, engines and source."""
    from plasticity.cli.explaining import show

    show(rule, figure, as_json)
