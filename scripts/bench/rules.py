"""Every rule of the catalogue in the event engine's stream of images: what it costs beside pair_stdp, and why.

    .venv/bin/python scripts/bench/rules.py

The work of `plasticity bench stdp --rule R`: one stream of Poisson images, learning on. Each rule is measured right
after pair_stdp, in each round, and the ratio is the median over rounds. Writes docs/results/bench_rules.json, prints a
table on stderr and the JSON's rows on stdout. Run it on an otherwise idle machine.
"""

from __future__ import annotations

import argparse
import ast
import json
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from rich.console import Console
from rich.table import Table
from turns import ROOT, machine, versions, warn_if_busy, write

from plasticity import PlasticityError, Rule, rules
from plasticity.bench.stdp import ACTIVE, BLOCKS, INPUTS, STEPS, bench_stdp
from plasticity.engines.event.deferring import alone, rowwise
from plasticity.engines.event.sharing import Places, is_no_op, nonzero_support, zeros
from plasticity.language import expressions
from plasticity.rules import of_kind

REFERENCE = "pair_stdp"
SLOW = 3.0  # times pair_stdp, from which on a rule owes a reason
IMAGES, IMAGES_CLOCKED = 100 * BLOCKS, 2 * BLOCKS
COSTLY = {"exp", "log", "sqrt"}
#: options with which a rule finds something to change at these voltages and weights; others have their defaults
OPTIONS = {"sdsp": "sdsp(theta_v=-0.055, theta_x=0.1)"}


#: sides whose neurons have to have spiked before a step can change their synapses -> what a step visits
STEPPING = {
    (): "every step may change all {all:,} synapses: up to {most:.0f} million visits",
    ("pre",): "every step may change the synapses of inputs that spiked, about {some:,}: {fewer:.0f} million visits",
    ("pre", "post"): "every step may change synapses of which both neurons spiked",
    ("post",): "every step may change all synapses onto neurons that spiked"}


def listed(rule: Rule) -> list[str]:
    """Sides with traces that are all 0 until a neuron first spikes, or with states of synapses that wait for it."""
    traces = {"pre": rule.pre.values(), "post": rule.post.values()}
    rising = {side: [trace for trace in found if trace.rise != "none"] for side, found in traces.items()}
    read = frozenset().union(*(expressions.names(line.expr) for line in rule.statements.get("on_step", ())))
    support = nonzero_support(rule, ("pre", "post"))
    waited_for = frozenset().union(*(sides for name, sides in support.items() if name in read))
    return [side for side, found in rising.items()
            if (found or side in waited_for) and all(trace.initial == 0 and not trace.keep for trace in found)]


def clocked(rule: Rule) -> bool:
    """Whether each step changes every synapse."""
    return any(line.place == "syn" for line in rule.statements.get("on_step", ()))


def reasons(rule: Rule, neurons: int) -> Iterator[str]:
    """What the engine has to visit and compute for a rule, beyond the few synapses that pair_stdp touches."""
    if clocked(rule):
        lines = [line for line in rule.statements["on_step"] if line.place == "syn"]
        support = nonzero_support(rule, listed(rule))
        waits = tuple(side for side in listed(rule)
                      if all(is_no_op(line, zeros(rule, side, support)) for line in lines))
        yield STEPPING[waits].format(all=INPUTS * neurons, some=ACTIVE * neurons,
                                     most=STEPS * INPUTS * neurons / 1e6, fewer=STEPS * ACTIVE * neurons / 1e6)
        reduced = set().union(*(expressions.calls(line.expr) for line in lines)) & expressions.REDUCTIONS
        if reduced:
            yield f"every step computes {' and '.join(sorted(reduced))} over {neurons} neurons"
        if "post" not in waits and alone(rule):
            yield "steps are made up for when something reads a synapse, many at once where they can be"
        elif "post" not in waits and rowwise(rule, lines, listed=False):
            yield "steps are made up for when something reads a synapse, one by one"
        if any("noise" in expressions.names(line.expr) for line in lines):
            yield "every step draws noise for each synapse that it can change"
    for event, other, found in (("on_pre", "post", f"all {neurons} neurons"),
                                ("on_post", "pre", f"all {INPUTS} inputs")):
        rises = {name for name, trace in getattr(rule, other).items()
                 if trace.rise != "none" and not trace.initial and not trace.keep}
        lines = [line for line in rule.statements.get(event, ()) if line.place == "syn"]
        if not all(expressions.vanishes(line.expr, rises) for line in lines):
            yield f"{event} changes synapses with {found}, also those that have not spiked"
    called = sorted({name for event, lines in rule.statements.items() for line in lines if line.place == "syn"
                     for name in costs(rule, event, line.expr)})
    if called:
        yield f"each change computes {' and '.join(called)}"


def costs(rule: Rule, event: str, expr: ast.expr) -> Iterator[str]:
    """What is costly to compute for each synapse: in a step, what reads one neuron alone is computed once for all."""
    places = Places(rule)
    for node in ast.walk(expr):
        if not isinstance(node, (ast.Call, ast.BinOp)) or not places.at(node):
            continue
        if event == "on_step" and any(places.lives_at(node, side) for side in ("pre", "post", "global")):
            continue
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow):
            yield "a power"
        elif isinstance(node, ast.Call) and node.func.id in COSTLY:
            yield node.func.id


def measure(name: str, given: argparse.Namespace) -> dict:
    """One rule and pair_stdp, round by round; `refused` says why the stream cannot have it."""
    chosen = OPTIONS.get(name, name)
    rule = of_kind("synapse", chosen)
    images = given.images or (IMAGES_CLOCKED if clocked(rule) else IMAGES)
    row = {"rule": chosen, "family": rule.family, "images": images, "clocked": clocked(rule)}
    try:
        bench_stdp(given.neurons, BLOCKS, rule=chosen)  # compiles
        pairs = [(bench_stdp(given.neurons, given.images or IMAGES, rule=REFERENCE),
                  bench_stdp(given.neurons, images, rule=chosen)) for _ in range(given.rounds)]
    except PlasticityError as error:
        return {**row, "refused": str(error)}
    each = [own["ms_per_image"] / reference["ms_per_image"] for reference, own in pairs]
    return {**row, "ms_per_image": median(own["ms_per_image"] for _, own in pairs), "ratio": median(each),
            "ratio_rounds": each, "reference_ms_per_image": median(reference["ms_per_image"] for reference, _ in pairs),
            "signals": pairs[0][1]["signals"], "weights_changed": pairs[0][1]["weights_changed"],
            "output_spikes_per_image": pairs[0][1]["output_spikes_per_image"],
            "reasons": list(reasons(rule, given.neurons))}


def table(rows: list[dict]) -> Table:
    shown = Table("rule", "ms per image", "times pair_stdp", "visits and costs")
    for row in rows:
        numbers = ("-", "-") if "refused" in row else (f"{row['ms_per_image']:.3g}", f"{row['ratio']:.3g}")
        shown.add_row(row["rule"], *numbers, row.get("refused") or "; ".join(row["reasons"]))
    return shown


def doubts(rows: list[dict]) -> list[str]:
    """Rules that are slow without a reason, and rules that changed nothing but should (not those of transmission)."""
    ran = [row for row in rows if "refused" not in row]
    return ([f"{row['rule']}: {row['ratio']:.1f} times {REFERENCE}, and nothing says why" for row in ran
             if row["ratio"] > SLOW and not row["reasons"]]
            + [f"{row['rule']}: the weights did not change" for row in ran
               if not row["weights_changed"] > 0 and not of_kind("synapse", row["rule"]).efficacy])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--neurons", type=int, default=400)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--images", type=int, help="timed images (default: 700, or 14 for rules that change in steps)")
    parser.add_argument("--rules", nargs="*", choices=rules.KINDS["synapse"],
                        help="only these; then no file is written")
    parser.add_argument("--out", type=Path, default=ROOT / "docs/results/bench_rules.json")
    given = parser.parse_args()
    console, here, rows = Console(stderr=True), machine(), []
    warn_if_busy(console, here)
    for name in given.rules or rules.KINDS["synapse"]:
        rows.append(measure(name, given))
        told = rows[-1].get("refused") or f"{rows[-1]['ms_per_image']:.3g} ms, {rows[-1]['ratio']:.3g} times"
        console.print(f"{name}: {told}")
    console.print(table(rows))
    found = {"config": {"neurons": given.neurons, "rounds": given.rounds, "images": given.images,
                        "reference": REFERENCE, "slow": SLOW},
             "machine": here, "versions": versions(), "doubts": doubts(rows), "rows": rows}
    if not given.rules:
        write(given.out, found)
    print(json.dumps(rows))
    if found["doubts"]:
        raise SystemExit("\n".join(["these measurements do not count:", *found["doubts"]]))


if __name__ == "__main__":
    main()
