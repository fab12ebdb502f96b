"""Writes docs/speed.md from the raw files that the benchmarks leave in docs/results/.

    .venv/bin/python scripts/bench/speed_page.py
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from statistics import median

ROOT = Path(__file__).parents[2]
LEAST = 0.02  # of an update: smaller parts are not listed
RESULTS, PAGE = ROOT / "docs" / "results", ROOT / "docs" / "speed.md"
HEAD = """\
# Speed

Written by `scripts/bench/speed_page.py` from the raw files in `docs/results/`, which hold every round, settings,
versions and machine. All contenders of a table take turns on one machine, several rounds; times are medians over
rounds, ratios medians of each round's ratio. Single measurements: `plasticity bench stdp|eprop|bptt|csnn --json`.
"""
STREAM = """\
784 Poisson inputs of which 150 are active at up to 127.5 Hz, 250 steps of 1 ms, learning and normalisation on. Our
time includes drawing the input spikes, which the others are given. BindsNET runs with one thread and with all, and
each round takes its faster one; Brian2 runs in the form of its documentation (traces in the synapses) and in a faster
one. What differs: our network is tuned to spike less than BindsNET's, whose settings Brian2 shares; the columns say
how often.
"""
GRADIENT = """\
An update is forward, gradient and Adam. `bptt`: 700 inputs, spiking in 2 % of all steps, onto 256 recurrent leaky
neurons and 20 leaky readouts; 100 steps, batch 128, cross-entropy in every step. `csnn`: 8C5-MP2-16C5-MP2-FC10 on
maps of 28 x 28, 25 steps, batch 128, leaky neurons after each convolution and at the end, max pools of spikes,
cross-entropy of the spike counts. All in float32, with the same number of threads. The others do backpropagation
through time; their processes are told to keep freed memory, as ours does, their Adam is the fused one, everything
without memory runs over all steps at once, and the three on torch are measured with and without `torch.compile` of
what steps through time (each round takes the faster); spyx is one compiled JAX function.

What differs: our recurrent layer is given its input spikes as lists of events, made before the clock starts
(`ms_reading_dense` of `bench eprop` says what making them costs), the others as dense arrays; Norse's neurons have a
synaptic current besides, so a little more to compute; SpikingJelly's recurrent container mixes input and spikes by
one matrix, twice as large as the recurrent one; each library keeps its own surrogate derivative. Hidden neurons spike
in 4 to 14 % of all steps everywhere. These rounds are older than the programs that run block by block, of which the
next section tells.
"""
PROFILE = """\
One update on one thread, and the rates that one thread reaches at most on the same machine. A population's programs run
a block of samples at a time, so that what passes between them, their max pools and their own convolutions stays in the
cache. "Own convolutions" are those of one map into eight or fewer; torch's are used for all others.
"""
RULES = """\
Each rule of the catalogue (default options where none are named) in the stream of the first table, beside `pair_stdp`
measured right before it. What a rule reads and the neurons do not have (a reward, rates) is drawn at random: this
times the work of a rule, whether it learns something useful from it or not. `pair_stdp` is quick because the engine
visits only synapses that can change: a presynaptic spike those onto neurons that have spiked, a postsynaptic one
those of inputs that have, a step those whose state such spikes have moved. What else changes in steps is made up for
when something reads it ([deferred time](engines.md#time-that-is-deferred)). Rates are meant for samples, one per step,
not for 250 steps per image: for them is the network `rates(400)`.
"""

RECURRENT = """\
A simulated second of Brunel's network, 0.1 ms steps, delays of 1.5 ms, STDP on all synapses between excitatory neurons,
Poisson spikes from outside; one thread each. Brian2 is a C++ program with the traces of STDP in the neurons, its faster
form; its time is that of the simulation loop alone, its memory that of the process that wrote and compiled the program,
and building includes compiling. The targets are 3 times Brian2 with 10,000 neurons, which is not reached, and NEST,
which is not measured yet.
"""
RECORDING = """\
Brunel's network with STDP again, all of it in one process with one thread; processor time, each run after one of the
same length that records nothing. Spikes are written down as events by the compiled loop, so that all of them cost next
to nothing. States are read between two calls of that loop, each of which takes as long as several steps: `every=`,
`start=` and `stop=` say when. The target is 1.3 for all spikes.
"""


def page(results: Path = RESULTS) -> str:
    """The whole page."""
    parts = [HEAD]
    for title, name, command, text, body in SECTIONS:
        path = results / f"{name}.json"
        parts += [f"## {title}: `{command}`\n", text]
        parts.append(_measured(json.loads(path.read_text(encoding="utf-8")), body) if path.exists() else
                     "Not measured yet.\n")
    return "\n".join(parts)


def _measured(found: Mapping, body: Callable[[Mapping], list[str]]) -> str:
    here = found["machine"]
    doubts = ["These measurements do not count:", *(f"- {doubt}" for doubt in found.get("doubts", ())), ""]
    return "\n".join([*body(found), f"Machine: {here['cpu']}, {here['cores']} cores.", "",
                      *(doubts if found.get("doubts", ()) else [])])


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Lines of a Markdown table and an empty one."""
    lines = [f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *rows)]
    return [*lines, ""]


def _across(rounds: Sequence[Mapping], label: str, name: str) -> float:
    return median(results[label][name] for results in rounds)


def _stream(found: Mapping) -> list[str]:
    rounds = found["rounds"]
    times = [(label, f"{_across(rounds, label, 'ms_per_image'):.3f}",
              f"{_across(rounds, label, 'output_spikes_per_image'):.1f}") for label in rounds[0]]
    faster = [(each["work"], each["peer"], f"{each['ratio']:.0f}", f"{each['target']:.0f}") for each in found["ratios"]]
    return [*table(("who", "ms per image", "output spikes per image"), times),
            *table(("work", "beside", "times faster", "target"), faster)]


def _gradient(found: Mapping) -> list[str]:
    rounds = found["rounds"]
    times = [(label, *(f"{_across(rounds, label, name):{form}}" for name, form in
                       (("ms_per_step", ".1f"), ("peak_mb", ".0f"), ("hidden_rate", ".3f")))) for label in rounds[0]]
    shares = [(each["work"], each["ours"], ", ".join(each["peers"]), f"{each['ratio']:.3f}",
               " ".join(f"{one:.3f}" for one in each["rounds"]), f"{each['target']:.3f}")
              for each in found["ratios"]]
    return [*table(("who, work", "ms per update", "peak MB", "hidden rate"), times),
            *table(("work", "ours", "beside the fastest of", "share of its time", "rounds", "target"), shares)]


def _profile(found: Mapping) -> list[str]:
    rows = [(work, part, f"{100 * share:.0f} %") for work, parts in found["works"].items()
            for part, share in parts.items() if share >= LEAST]
    rates = found["rates"]
    return [*table(("work", "part", "share of the time"), rows),
            f"Copying: {rates['copied_gb']:.0f} GB/s. Products of float32 matrices: "
            f"{rates['multiplied_gflop']:.0f} GFLOP/s.", ""]


def _rules(found: Mapping) -> list[str]:
    rows = [(row["rule"], *(("-", "-", row["refused"]) if "refused" in row else
                            (f"{row['ms_per_image']:.3g}", f"{row['ratio']:.3g}", "; ".join(row["reasons"]))))
            for row in found["rows"]]
    return table(("rule", "ms per image", "times pair_stdp", "what has to be visited and computed"), rows)


def _recurrent(found: Mapping) -> list[str]:
    rows = [(neurons, name, f"{figures['synapses']:,.0f}", f"{figures['seconds']:.3g}", f"{figures['times_event']:.2f}",
             f"{figures['rate']:.1f}", f"{figures['build']:.1f}", f"{figures['peak_mb']:.0f}")
            for neurons, size in found["sizes"].items() for name, figures in size["summary"].items()]
    return table(("neurons", "who", "synapses", "s", "times ours", "Hz", "to build, s", "peak MB"), rows)


def _recording(found: Mapping) -> list[str]:
    rows = [(name, f"{figures['without_s']:.3f}", f"{figures['with_s']:.3f}", f"{figures['ratio']:.2f}",
             f"{found['target']:.1f}" if name == "all spikes" else "") for name, figures in found["summary"].items()]
    rate = found["summary"]["all spikes"]["hz"]
    return [f"{found['neurons']:,} neurons that spike with {rate:.1f} Hz, {found['seconds']:g} s.", "",
            *table(("recorded", "s without", "s with", "times", "target"), rows)]


#: title, raw file, how to make it again, what it is, its tables
SECTIONS = (
    ("A stream of images", "bench_stdp", "make bench-peers", STREAM, _stream),
    ("One update by gradients", "bench_gradient", "make bench-gradient-peers", GRADIENT, _gradient),
    ("Where an update's time goes", "profile_gradient", "python scripts/bench/gradient_profile.py", PROFILE, _profile),
    ("Every rule in the stream", "bench_rules", "make bench-rules", RULES, _rules),
    ("A sparse recurrent network", "bench_recurrent", "python scripts/bench/recurrent.py", RECURRENT, _recurrent),
    ("What recording costs", "bench_recording", "python scripts/bench/recording.py", RECORDING, _recording))


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
