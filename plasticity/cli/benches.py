"""Benchmarks on the command line. Only options live here; the work is imported when it is asked for."""

from __future__ import annotations

from typing import Annotated

import typer

bench = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Time a standard piece of work.")

Json = Annotated[bool, typer.Option("--json", help="Print exactly one JSON object on stdout.")]
Seed = Annotated[int, typer.Option(help="Seed of weights, order and spikes.")]
Engine = Annotated[str, typer.Option(help="event, torch, brian2 or brian2_cpp.")]
Device = Annotated[str, typer.Option(help="cpu, or cuda with the torch engine.")]
Batch = Annotated[int, typer.Option(help="Images shown at once, all seeing the same weights.")]
Reduce = Annotated[str, typer.Option(help="sum or mean of a batch's weight changes.")]
Dtype = Annotated[str | None, typer.Option(help="float32 or float64 (default: by engine).")]
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


@bench.command("stdp")
def stdp(
    neurons: Annotated[int, typer.Option(help="Neurons that learn.")] = 400,
    images: Annotated[int, typer.Option(help="Images that are timed.")] = 700,
    engine: Engine = "event",
    batch: Batch = 1,
    rule: Annotated[str | None, typer.Option(help="Learning rule (default: the network's own).")] = None,
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
