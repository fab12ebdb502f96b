"""A comparison as a table: its statistics, its axes, and its forms."""

from __future__ import annotations

import csv
import io
import json
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from scipy import stats

from plasticity import PlasticityError
from plasticity.comparison import differences, table
from plasticity.comparison.columns import columns as all_columns
from plasticity.comparison.latex import ESCAPES, escape, label, number
from plasticity.comparison.rows import interval, row
from plasticity.comparison.tables import draw, fitting, write

fractions = st.lists(st.floats(0, 1), min_size=2, max_size=8)


def run(seed: int, accuracy: float | None, error: str = "") -> dict:
    """What a training answers, as far as a table reads it."""
    if error:
        return {"seed": seed, "error": error}
    return {"seed": seed, "accuracy": accuracy, "network": "layers(100)", "train_seconds": 1.0 + seed, "peak_mb": 20.0,
            "synops_per_sample": 332307.2, "epochs": 3, "test_samples": 1040, "held_out": "test"}


def result(*rows: tuple[dict, list[dict]], networks=(None,), engines=(None,), seeds=(0, 1, 2)) -> dict:
    """What `compare` answers."""
    return {"rows": [row({"network": None, "engine": None} | names, runs) for names, runs in rows], "runs": [],
            "config": {"task": "digits", "rules": list(dict.fromkeys(names["rule"] for names, _ in rows)),
                       "networks": list(networks), "engines": list(engines), "seeds": list(seeds),
                       "validation": False}, "versions": {"plasticity": "0.1.0"}}


def runs(*accuracies: float) -> list[dict]:
    return [run(seed, accuracy) for seed, accuracy in enumerate(accuracies)]


TWO = result(({"rule": "eprop(feedback=random)"}, runs(0.90, 0.92, 0.94)),
             ({"rule": "my_rule & co"}, [run(0, 0.5), run(1, None, "worker ended with signal 9"), run(2, 0.7)]))


# Statistics.


@given(fractions)
def test_the_interval_is_that_of_students_t(values):
    """As scipy's one-sample test has it."""
    low, high = interval(values)
    known = stats.ttest_1samp(values, 0.5).confidence_interval(0.95) if np.std(values) > 1e-12 else None
    if known:
        assert (low, high) == pytest.approx(tuple(known), rel=1e-9, abs=1e-9)
    else:
        assert high - low < 1e-9


def test_the_interval_by_hand():
    """mean 0.92, sd 0.02, and t of 97.5 % with 2 degrees of freedom, 4.302653 in every table."""
    half = 4.302652729911275 * 0.02 / 3 ** 0.5
    assert interval([0.90, 0.92, 0.94]) == pytest.approx((0.92 - half, 0.92 + half), abs=1e-10)
    assert interval([0.5]) is None and interval([]) is None


def test_other_scores_are_told_as_they_are():
    """NLL, of which less is better, stands in rows turned round, and in tables as it is: 4.302653 * 0.1 / sqrt(3)."""
    scored = [each | {"score": "nll"} for each in runs(-8.5, -8.7, -8.6)]
    told = result(({"rule": "bptt"}, scored), ({"rule": "eprop"}, [run(0, None, "worker ended with signal 9")]))
    text = table(told)
    assert "nll" in text and "accuracy" not in text and "8.60 ± 0.10" in text and "[8.35, 8.85]" in text
    assert r"digits: nll on the test part" in table(told, "latex") and told["rows"][0]["score"] == "nll"
    mixed = result(({"rule": "bptt"}, scored), ({"rule": "eprop"}, runs(0.5, 0.6, 0.7)))
    assert " score " in table(mixed) and "60.00 ± 10.00" in table(mixed) and "8.60 ± 0.10" in table(mixed)


def test_a_row_has_mean_spread_number_and_interval():
    entries = TWO["rows"][0]
    assert entries["accuracy"] == pytest.approx(0.92) and entries["accuracy_sd"] == pytest.approx(0.02)
    assert entries["n"] == entries["asked"] == 3 and entries["accuracy_interval"] == interval([0.90, 0.92, 0.94])
    assert entries["train_seconds"] == 2 and entries["train_seconds_sd"] == 1
    assert entries["update_cosine"] is None and entries["update_cosine_sd"] is None


@given(fractions, st.data())
def test_differences_are_paired(base, data):
    """As scipy's test of related samples has them."""
    other = data.draw(st.lists(st.floats(0, 1), min_size=len(base), max_size=len(base)))
    entry, = differences(result(({"rule": "bptt"}, runs(*base)), ({"rule": "dfa"}, runs(*other))), "bptt")
    assert entry["difference"] == pytest.approx(np.mean(np.subtract(other, base)), abs=1e-12)
    if np.std(np.subtract(other, base)) > 1e-9:
        known = stats.ttest_rel(other, base).confidence_interval(0.95)
        assert entry["difference_interval"] == pytest.approx(tuple(known), rel=1e-6, abs=1e-9)


def test_differences_are_over_common_seeds():
    """Those of seed 1, which one of them has not finished, are left out."""
    entry, = differences(TWO, "my_rule & co")
    assert entry["seeds"] == [0, 2] and entry["n"] == 2
    assert entry["difference"] == pytest.approx((0.4 + 0.24) / 2)


def test_differences_stay_on_the_same_network():
    compared = result(*(({"rule": rule, "network": network}, runs(accuracy, accuracy)) for rule, network, accuracy in (
        ("bptt", "a", 0.5), ("bptt", "b", 0.8), ("dfa", "a", 0.6), ("dfa", "b", 0.7))), networks=("a", "b"))
    assert [entry["difference"] for entry in differences(compared, "bptt")] == pytest.approx([0.1, -0.1])
    assert [entry["difference"] for entry in differences(compared, "a", "network")] == pytest.approx([0.3, 0.1])


def test_a_baseline_without_the_axis_is_one_for_all():
    compared = result(({"rule": "cnn"}, runs(0.9)), ({"rule": "dfa", "network": "a"}, runs(0.6)),
                      ({"rule": "dfa", "network": "b"}, runs(0.7)), networks=("a", "b"))
    assert [entry["difference"] for entry in differences(compared, "cnn")] == pytest.approx([-0.3, -0.2])
    assert differences(compared, "cnn")[0]["difference_interval"] is None


def test_a_baseline_that_failed_or_has_no_partner_gives_none():
    compared = result(({"rule": "bptt"}, [run(0, None, "nan")]), ({"rule": "dfa"}, runs(0.5)))
    entry, = differences(compared, "bptt")
    assert entry["difference"] is None and entry["difference_interval"] is None and entry["n"] == 0
    apart = result(({"rule": "bptt", "network": "a"}, runs(0.5)), ({"rule": "cnn"}, runs(0.5)), networks=("a", "b"))
    assert differences(apart, "bptt")[0]["difference"] is None


@pytest.mark.parametrize("call", [lambda: differences(TWO, "eprop(feedback=randon)"),
                                  lambda: table(TWO, baseline="eprop(feedback=randon)")])
def test_unknown_baselines(call):
    with pytest.raises(PlasticityError, match=r"baseline: 'eprop\(feedback=randon\)'; did you mean 'eprop\(feedback="):
        call()


def test_unknown_forms():
    with pytest.raises(PlasticityError, match="form: 'latx'; did you mean 'latex'"):
        table(TWO, "latx")


# Forms.


def test_text():
    assert table(TWO) == (
        "digits: 2 rules, 3 seeds, held-out test samples\n"
        "rule                    accuracy, %    95 % interval     seeds   train s  peak MB  synops\n"
        "eprop(feedback=random)  92.00 ± 2.00   [87.03, 96.97]    3       2.0      20       3.32e+05\n"
        "my_rule & co            60.00 ± 14.14  [-67.06, 187.06]  2 of 3  2.0      20       3.32e+05\n"
        "± sample standard deviation over seeds; interval of the mean: Student t\n"
        "my_rule & co, seed 1 failed: worker ended with signal 9\n")


def test_one_seed_has_no_spread_and_no_interval():
    text = table(result(({"rule": "bptt"}, runs(0.9)), seeds=(0,)))
    assert "±" not in text.splitlines()[2] and "interval" not in text.splitlines()[1]


def test_a_rule_that_failed_everywhere():
    text = table(result(({"rule": "bptt"}, [run(0, None, "the loss is nan")]), seeds=(0,)))
    assert re.search(r"bptt +failed +0 of 1\n", text)
    assert text.splitlines()[-1] == "bptt, seed 0 failed: the loss is nan"


@pytest.mark.parametrize(("width", "columns"), [
    (20, ["rule", "accuracy, %"]), (60, ["rule", "accuracy, %", "95 % interval"]),
    (80, ["rule", "accuracy, %", "95 % interval", "seeds", "train s"])])
def test_a_narrow_terminal_has_fewer_columns(width, columns):
    console = Console(file=io.StringIO(), width=width)
    draw(TWO, console)
    lines = console.file.getvalue().splitlines()
    assert max(map(len, lines)) <= width
    if width > 20:
        assert re.split(r"  +", lines[1].strip()) == columns
        assert re.search("no room for: .*synops$", " ".join(map(str.strip, lines)).partition(" my_rule & co, seed")[0])
    assert [column.heading for column in fitting(all_columns(TWO), TWO["rows"], width)] == columns


@pytest.mark.parametrize(("networks", "engines", "columns"), [
    ((None,), (None,), ["rule"]), (("a",), (None,), ["rule"]), (("a", "b"), (None,), ["rule", "network"]),
    (("a", "b"), ("event", "torch"), ["rule", "network", "engine"])])
def test_an_axis_is_a_column_where_it_varies(networks, engines, columns):
    compared = result(*(({"rule": "dfa", "network": a, "engine": e}, runs(0.5, 0.6)) for a in networks
                        for e in engines), networks=networks, engines=engines)
    assert re.split(r"  +", table(compared).splitlines()[1])[:len(columns) + 1] == [*columns, "accuracy, %"]
    header = table(compared, "csv").splitlines()[0].split(",")
    assert header[:len(columns) + 1] == [*columns, "accuracy"]
    head = next(line for line in table(compared, "latex").splitlines() if "Accuracy" in line)
    assert head.strip().split(" & ")[:len(columns)] == [column.capitalize() for column in columns]


def test_a_rule_with_its_own_network_says_which():
    compared = result(({"rule": "cnn"}, runs(0.5)), ({"rule": "dfa", "network": "a"}, runs(0.5)), networks=("a", "b"))
    assert re.search(r"cnn +layers\(100\) ", table(compared)) and re.search("dfa +a ", table(compared))


def test_csv_has_every_figure_in_full():
    lines = list(csv.DictReader(io.StringIO(table(TWO, "csv"))))
    assert [line["rule"] for line in lines] == ["eprop(feedback=random)", "my_rule & co"]
    for line, entries in zip(lines, TWO["rows"], strict=True):
        for name in ("accuracy", "accuracy_sd", "train_seconds", "train_seconds_sd", "synops_per_sample"):
            assert float(line[name]) == entries[name]
        assert (float(line["accuracy_low"]), float(line["accuracy_high"])) == entries["accuracy_interval"]
        assert int(line["n"]) == entries["n"] and line["network"] == "layers(100)"
    assert [line["failed"] for line in lines] == ["0", "1"]
    assert lines[1]["errors"] == "seed 1: worker ended with signal 9" and lines[0]["update_cosine"] == ""


def test_json_is_the_whole_result():
    assert json.loads(table(TWO, "json")) == json.loads(json.dumps(TWO))


def test_latex():
    """Rules, numbers and caption as a paper has them; every letter that means something to LaTeX is escaped."""
    assert table(TWO, "latex") == r"""% needs \usepackage{booktabs}
\begin{table}
  \centering
  \caption{digits: accuracy on the test part (1,040 samples), mean $\pm$ sample standard deviation, seeds 0, 1, 2. """ \
        r"""Where trainings failed, fewer. Intervals of the mean are of 95 \%, by Student's t distribution. """ \
        r"""plasticity 0.1.0.}
  \label{tab:digits}
  \begin{tabular}{lrrrrrr}
    \toprule
    Rule & Accuracy, \% & 95 \% interval & Seeds & Train s & Peak MB & Synops \\
    \midrule
    eprop(feedback=random) & 92.00 $\pm$ 2.00 & [87.03, 96.97] & 3 & 2.0 & 20 & $3.32 \times 10^{5}$ \\
    my\_rule \& co & 60.00 $\pm$ 14.14 & [$-67.06$, 187.06] & 2 of 3 & 2.0 & 20 & $3.32 \times 10^{5}$ \\
    \bottomrule
  \end{tabular}
\end{table}
"""


@pytest.mark.parametrize(("text", "written"), [
    ("a_b", r"a\_b"), ("50%", r"50\%"), ("{x}", r"\{x\}"), ("\\", r"\textbackslash{}"),
    ("~^", r"\textasciitilde{}\textasciicircum{}"), ("two\nlines", "two lines"),
    ("a<b>c", r"a\textless{}b\textgreater{}c"), ("#1 $2 &", r"\#1 \$2 \&"), ("1e-3", "1e-3"), ("plain", "plain")])
def test_escapes(text, written):
    assert escape(text) == written


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126)))
def test_escaped_texts_can_be_read_back(text):
    letters = {written: letter for letter, written in ESCAPES.items() if letter != "\n"}
    token = "|".join(map(re.escape, sorted(letters, key=len, reverse=True)))
    assert re.sub(f"{token}|.", lambda match: letters.get(match[0], match[0]), escape(text)) == text


@pytest.mark.parametrize(("text", "written"), [
    ("3.32e+05", r"$3.32 \times 10^{5}$"), ("1e-03", r"$1 \times 10^{-3}$"), ("20", "20"), ("2 of 3", "2 of 3"),
    ("+1.20 [-0.50, +2.90]", "$+1.20$ [$-0.50$, $+2.90$]"), ("", "")])
def test_numbers_in_latex(text, written):
    assert number(text) == written


@pytest.mark.parametrize("name", ["[x]", "*", "[", "*x"])
def test_a_name_is_no_option_of_the_line_before(name):
    """LaTeX reads a bracket or a star after the end of a line as belonging to it."""
    text = table(result(({"rule": "bptt"}, runs(0.5)), ({"rule": name}, runs(0.5))), "latex")
    assert f"\n    {{}}{name} & " in text


def test_labels():
    assert label("my_data/mnist rows") == "my-data-mnist-rows"


def test_a_baseline_is_a_column():
    compared = result(({"rule": "bptt"}, runs(0.90, 0.92)), ({"rule": "dfa"}, runs(0.80, 0.84)))
    text = table(compared, baseline="bptt").splitlines()
    assert "less bptt" in text[1] and "-9.00 [-21.71, +3.71]" in text[3] and "[-" not in text[2]
    assert "$-9.00$ [$-21.71$, $+3.71$]" in table(compared, "latex", "bptt")
    first, second = csv.DictReader(io.StringIO(table(compared, "csv", "bptt")))
    assert first["difference"] == "" and second["baseline"] == "bptt"
    assert float(second["difference"]) == differences(compared, "bptt")[0]["difference"]
    assert second["difference_n"] == "2"
    assert json.loads(table(compared, "json", "bptt"))["differences"][0]["difference"] == pytest.approx(-0.09)


def test_files(tmp_path):
    write(TWO, tmp_path)
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {
        "table.txt": table(TWO), "table.csv": table(TWO, "csv"), "table.tex": table(TWO, "latex"),
        "result.json": table(TWO, "json")}
