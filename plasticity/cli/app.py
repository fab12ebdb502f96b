"""What can be asked on the command line. Only options live here; the work is imported when it is asked for."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True, add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False,
                  help="Biologically plausible learning rules: one text, every engine.")
bench = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Time a standard piece of work.")
app.add_typer(bench, name="bench")

Json = Annotated[bool, typer.Option("--json", help="Print exactly one JSON object on stdout.")]
Seed = Annotated[int, typer.Option(help="Seed of weights, order and spikes.")]
Engine = Annotated[str, typer.Option(help="event, torch, brian2 or brian2_cpp.")]
Device = Annotated[str, typer.Option(help="cpu, or cuda with the torch engine.")]
Batch = Annotated[int, typer.Option(help="Images shown at once, all seeing the same weights.")]
Reduce = Annotated[str, typer.Option(help="sum or mean of a batch's weight changes.")]
Dtype = Annotated[str | None, typer.Option(help="float32 or float64 (default: by engine).")]
Rule = Annotated[str | None, typer.Option(help="Learning rule (default: the network's own).")]
#: of the benchmarks of one weight update
Inputs = Annotated[int, typer.Option(help="Input neurons.")]
Hidden = Annotated[int, typer.Option(help="Recurrent spiking neurons.")]
Outputs = Annotated[int, typer.Option(help="Classes.")]
Steps = Annotated[int, typer.Option(help="Steps per sample.")]
PerUpdate = Annotated[int, typer.Option(help="Samples per weight update.")]
Repeats = Annotated[int, typer.Option(help="Weight updates that are timed.")]
Precision = Annotated[str, typer.Option(help="float32 or float64.")]
Backend = Annotated[str, typer.Option(help="compiled or autograd.")]
Density = Annotated[float, typer.Option(help="Probability that an input spikes in a step.")]
Threads = Annotated[int | None, typer.Option(help="Threads (default: one per core).")]


def command():
    """The whole command, ready to be called with arguments."""
    return typer.main.get_command(app)


@app.command()
def run(
    context: typer.Context,
    task: Annotated[str, typer.Argument(help="Data set: digits, mnist, fashion_mnist, usps.")],
    network: Annotated[str, typer.Option(help="See: plasticity list networks.")] = "diehl-cook",
    rule: Rule = None,
    engine: Engine = "event",
    neurons: Annotated[int, typer.Option(help="Neurons that learn.")] = 400,
    epochs: Annotated[int | None, typer.Option(help="Passes over the training images (default: by task).")] = None,
    train_samples: Annotated[int | None, typer.Option(help="Only the first so many training images.")] = None,
    test_samples: Annotated[int | None, typer.Option(help="Only the first so many held-out images.")] = None,
    seed: Seed = 0,
    device: Device = "cpu",
    batch: Batch = 1,
    reduce: Reduce = "sum",
    dtype: Dtype = None,
    validation: Annotated[bool, typer.Option(help="Hold out the last training images, not the test set.")] = False,
    control: Annotated[bool, typer.Option(help="Also read out the same network untrained.")] = False,
    ngram: Annotated[bool, typer.Option(help="Also fit the n-gram readout (needs spike times; slower).")] = False,
    out: Annotated[Path | None, typer.Option(help="Folder of the run (default: a new one in runs/).")] = None,
    resume: Annotated[Path | None, typer.Option(help="Folder of an interrupted run to go on with.")] = None,
    checkpoint_every: Annotated[float, typer.Option(help="Seconds between checkpoints.")] = 20.0,
    as_json: Json = False,
) -> None:
    """Learn a task without labels, read it out, and keep everything in a folder."""
    from plasticity.cli.running import execute

    how = ("out", "resume", "checkpoint_every", "as_json")
    given = {name: value for name, value in context.params.items() if name not in how}
    typed = {name for name in given if context.get_parameter_source(name).name == "COMMANDLINE"}
    execute(given, typed, **{name: context.params[name] for name in how})


@app.command()
def compare(
    context: typer.Context,
    task: Annotated[str, typer.Argument(help="digits, mnist, fashion_mnist; sequences: rows_mnist, nmnist, fsdd.")],
    rules: Annotated[str, typer.Option(help="Gradient rules, methods and stdp: bptt,eprop(feedback=random),cnn,stdp.")]
    = "bptt,eprop(feedback=symmetric),eprop(feedback=random),eprop(feedback=adaptive),ottt,decolle,dfa,forward_forward,"
      "stdp,cnn",
    seeds: Annotated[int, typer.Option(help="How many seeds, from 0.")] = 3,
    networks: Annotated[str | None, typer.Option("--networks", "--network",
        help="Of gradient rules, one or several: layers(200, 200),recurrent-200.")] = None,
    engines: Annotated[str | None, typer.Option("--engines", "--engine",
        help="Of rules for synapses, one or several: event,torch.")] = None,
    encoder: Annotated[str | None, typer.Option(help="Of gradient rules: rate(steps=25), latency(steps=25).")] = None,
    epochs: Annotated[int | None, typer.Option(help="Passes over the training samples (default: by task).")] = None,
    batch: Annotated[int | None, typer.Option(help="Samples per update (default: by task).")] = None,
    lr: Annotated[float | None, typer.Option(help="Learning rate of all (default: each rule's own).")] = None,
    train_samples: Annotated[int | None, typer.Option(help="Only the first so many training samples.")] = None,
    test_samples: Annotated[int | None, typer.Option(help="Only the first so many held-out samples.")] = None,
    validation: Annotated[bool, typer.Option(help="Hold out the last training samples, not the test set.")] = False,
    device: Annotated[str, typer.Option(help="cpu or cuda.")] = "cpu",
    threads: Annotated[int, typer.Option(help="Threads of each training.")] = 1,
    jobs: Annotated[int, typer.Option(help="Trainings at a time.")] = 1,
    out: Annotated[Path | None, typer.Option(help="Folder of results (default: a new one in runs/).")] = None,
    resume: Annotated[Path | None, typer.Option(help="Folder of an interrupted comparison to go on with.")] = None,
    as_json: Json = False,
) -> None:
    """Train rules on the same task, data and seeds, and put them in one table."""
    from plasticity.cli.comparing import execute

    how = ("rules", "seeds", "jobs", "out", "resume", "as_json")
    given = {name: value for name, value in context.params.items() if name not in how}
    typed = {name for name in context.params if context.get_parameter_source(name).name == "COMMANDLINE"}
    execute(given, typed, **{name: context.params[name] for name in how})


@app.command("list")
def list_(
    what: Annotated[str, typer.Argument(help="rules, gradient-rules, methods, neurons, networks, datasets, engines.")],
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
    """Equations, parameters with units, source and locality of a learning rule."""
    from plasticity.cli.explaining import show

    show(rule, figure, as_json)


@bench.command("stdp")
def stdp(
    neurons: Annotated[int, typer.Option(help="Neurons that learn.")] = 400,
    images: Annotated[int, typer.Option(help="Images that are timed.")] = 700,
    engine: Engine = "event",
    batch: Batch = 1,
    rule: Rule = None,
    reduce: Reduce = "sum",
    seed: Seed = 0,
    dtype: Dtype = None,
    device: Device = "cpu",
    as_json: Json = False,
) -> None:
    """784 Poisson inputs, 150 of them active, 250 steps of 1 ms, learning and normalisation on."""
    from plasticity.bench.stdp import bench_stdp
    from plasticity.cli.output import quiet_stdout, report

    with quiet_stdout() as stdout:
        found = bench_stdp(neurons, images, engine, batch, rule, seed, dtype, device, reduce)
        report(found, as_json, stdout, f"learning by STDP, {neurons} neurons, engine {engine}")


@bench.command("eprop")
def eprop(
    inputs: Inputs = 700,
    hidden: Hidden = 256,
    outputs: Outputs = 20,
    steps: Steps = 100,
    batch: PerUpdate = 128,
    density: Density = 0.02,
    adaptive: Annotated[float, typer.Option(help="Fraction of neurons with an adaptive threshold.")] = 0.0,
    repeats: Repeats = 30,
    threads: Threads = None,
    seed: Seed = 0,
    dtype: Precision = "float32",
    as_json: Json = False,
) -> None:
    """Forward, e-prop gradient and Adam of a recurrent layer on random spikes, by the event-driven kernel."""
    from plasticity.bench.eprop import bench_eprop
    from plasticity.cli.output import quiet_stdout, report

    with quiet_stdout() as stdout:
        found = bench_eprop(inputs, hidden, outputs, steps, batch, density, adaptive, repeats, seed, dtype, threads)
        report(found, as_json, stdout, f"learning by e-prop, {inputs}-{hidden}-{outputs}, {steps} steps")


@bench.command("bptt")
def bptt(
    inputs: Inputs = 700,
    hidden: Hidden = 256,
    outputs: Outputs = 20,
    steps: Steps = 100,
    batch: PerUpdate = 128,
    density: Density = 0.02,
    repeats: Repeats = 30,
    threads: Threads = None,
    seed: Seed = 0,
    dtype: Precision = "float32",
    backend: Backend = "compiled",
    rule: Annotated[str, typer.Option(help="Gradient rule: bptt, eprop, ...")] = "bptt",
    as_json: Json = False,
) -> None:
    """Forward, gradient and Adam of a recurrent layer on random spikes, by backpropagation through time."""
    from plasticity.bench.bptt import bench_bptt
    from plasticity.cli.output import quiet_stdout, report

    with quiet_stdout() as stdout:
        found = bench_bptt(inputs, hidden, outputs, steps, batch, density, repeats, seed, dtype, threads, backend, rule)
        report(found, as_json, stdout, f"learning by {rule}, {inputs}-{hidden}-{outputs}, {steps} steps")


@bench.command("csnn")
def csnn(
    steps: Steps = 25,
    batch: PerUpdate = 128,
    density: Density = 0.1,
    repeats: Repeats = 15,
    threads: Threads = None,
    seed: Seed = 0,
    dtype: Precision = "float32",
    backend: Backend = "compiled",
    as_json: Json = False,
) -> None:
    """Forward, gradient and Adam of 8C5-MP2-16C5-MP2-FC10 on random spikes, by backpropagation through time."""
    from plasticity.bench.bptt import bench_csnn
    from plasticity.cli.output import quiet_stdout, report

    with quiet_stdout() as stdout:
        found = bench_csnn(steps, batch, density, repeats, seed, dtype, threads, backend)
        report(found, as_json, stdout, f"learning by backpropagation through time, convolutions, {steps} steps")


@bench.callback()
def _bench() -> None:
    """Time a standard piece of work."""
