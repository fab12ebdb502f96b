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

from plasticity import PlasticityError, Rule, language, rules
from plasticity.bench import BLOCKS, INPUTS, STEPS, bench_stdp

REFERENCE = "pair_stdp"
SLOW = 3.0  # times pair_stdp, from which on a rule owes a reason
IMAGES, IMAGES_CLOCKED = 100 * BLOCKS, 2 * BLOCKS
COSTLY = {"exp", "log", "sqrt"}


def clocked(rule: Rule) -> bool:
    """Whether each step changes every synapse."""
    return any(line.place == "syn" for line in rule.statements.get("on_step", ()))


def reasons(rule: Rule, neurons: int) -> Iterator[str]:
    """What the engine has to visit and compute for a rule, beyond the few synapses that pair_stdp touches."""
    if clocked(rule):
        visits = f"{STEPS * INPUTS * neurons / 1e6:.0f} million"
        yield f"every step may change all {INPUTS * neurons:,} synapses: up to {visits} visits"
    for event, other, found in (("on_pre", "post", f"all {neurons} neurons"),
                                ("on_post", "pre", f"all {INPUTS} inputs")):
        rises = {name for name, trace in getattr(rule, other).items()
                 if trace.rise != "none" and not trace.initial and not trace.keep}
        lines = [line for line in rule.statements.get(event, ()) if line.place == "syn"]
        if not all(language.vanishes(line.expr, rises) for line in lines):
            yield f"{event} changes synapses with {found}, also those that have not spiked"
    lines = [line for each in rule.statements.values() for line in each if line.place == "syn"]
    powers = any(isinstance(node, ast.Pow) for line in lines for node in ast.walk(line.expr))
    called = sorted({name for line in lines for name in language.calls(line.expr)} & COSTLY)
    if powers or called:
        yield f"each change computes {' and '.join([*called, *['a power'] * powers])}"


def measure(name: str, given: argparse.Namespace) -> dict:
    """One rule and pair_stdp, round by round; `refused` says why the stream cannot have it."""
    rule = rules.make(name)
    images = given.images or (IMAGES_CLOCKED if clocked(rule) else IMAGES)
    row = {"rule": name, "family": rule.family, "images": images, "clocked": clocked(rule)}
    try:
        bench_stdp(given.neurons, BLOCKS, rule=name)  # compiles
        pairs = [(bench_stdp(given.neurons, given.images or IMAGES, rule=REFERENCE),
                  bench_stdp(given.neurons, images, rule=name)) for _ in range(given.rounds)]
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
               if not row["weights_changed"] > 0 and not rules.make(row["rule"]).sends])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--neurons", type=int, default=400)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--images", type=int, help="timed images (default: 700, or 14 for rules that change in steps)")
    parser.add_argument("--rules", nargs="*", choices=rules.catalogue, help="only these; then no file is written")
    parser.add_argument("--out", type=Path, default=ROOT / "docs/results/bench_rules.json")
    given = parser.parse_args()
    console, here, rows = Console(stderr=True), machine(), []
    warn_if_busy(console, here)
    for name in given.rules or rules.catalogue:
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
