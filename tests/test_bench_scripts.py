"""The scripts that compare speeds: their ratios, the reasons they give, and the page they write."""

import importlib
import sys
from pathlib import Path

import pytest

from plasticity import networks, rules
from plasticity.bench.stdp import bench_stdp, taught

BENCH = Path(__file__).parents[1] / "scripts/bench"


@pytest.fixture(scope="module")
def script():
    sys.path.insert(0, str(BENCH))
    yield importlib.import_module
    sys.path.remove(str(BENCH))


def test_speed_page_is_what_the_files_say(script):
    page = script("speed_page")
    assert page.PAGE.read_text(encoding="utf-8") == page.page()


def test_page_says_what_was_not_measured_and_what_does_not_count(script, tmp_path):
    page = script("speed_page")
    assert page.page(tmp_path).count("Not measured yet.") == len(page.SECTIONS)
    row = {"rule": "a", "ms_per_image": 2.0, "ratio": 4.0, "reasons": ["why", "why not"]}
    page_of = page._measured({"machine": {"cpu": "x", "cores": 2}, "doubts": ["odd"],
                              "rows": [row, {"rule": "b", "refused": "no way"}]}, page._rules)
    assert "| a | 2 | 4 | why; why not |" in page_of and "| b | - | - | no way |" in page_of and "- odd" in page_of


def test_gradient_ratios_take_the_fastest_peer_of_each_round(script):
    gradient = script("gradient")
    everyone = gradient.contenders("python", 2, quick=False)
    slow = {each.label: {"ms_per_step": 100.0, "hidden_rate": 0.1} for each in everyone}
    rounds = [{**slow, "ours: eprop": {"ms_per_step": ours, "hidden_rate": 0.1},
               "norse compiled, bptt": {"ms_per_step": norse, "hidden_rate": 0.1}, "spyx, csnn": {
                   "ms_per_step": 1.0, "hidden_rate": rate}}
              for ours, norse, rate in ((10.0, 50.0, 0.1), (10.0, 200.0, 0.3), (20.0, 50.0, 0.1))]
    eprop, bptt, csnn = gradient.ratios(rounds, everyone)
    assert eprop["rounds"] == [0.2, 0.1, 0.4] and eprop["ratio"] == 0.2
    assert not eprop["reached"]
    assert bptt["ratio"] == 2.0 and not bptt["reached"]
    assert csnn["ratio"] == 100.0  # beside the fastest of all, compiled or not
    assert gradient.doubts(rounds) == ["spyx, csnn: 0.300 hidden spikes per step, not within 0.04 to 0.14"]


def test_contenders_of_gradient_rules_have_equal_sizes(script):
    gradient = script("gradient")
    for quick in (False, True):
        everyone = gradient.contenders("python", 2, quick)
        assert {each.label for each in everyone} >= {"ours: eprop", "ours: bptt", "ours: csnn", "spyx, bptt",
                                                     "snntorch, csnn", "spikingjelly, csnn"}
        assert sum("compiled" in each.label for each in everyone) == (0 if quick else 6)
        assert len({each.label for each in everyone}) == len(everyone)
        assert all("--threads" in each.command and ("--batch" in each.command) == quick for each in everyone)


@pytest.mark.parametrize("name, wanted", [
    ("pair_stdp", []), ("dopamine_stdp", ["every step may change synapses of which both neurons spiked"]),
    ("r_max", ["every step may change the synapses of inputs that spiked, about 60,000: 15 million visits"]),
    ("hard_wta", ["every step may change all 313,600 synapses: up to 78 million visits",
                  "every step computes winner over 400 neurons"]),
    ("graupner_brunel", ["every step may change all 313,600 synapses: up to 78 million visits",
                         "steps are made up for when something reads a synapse, many at once where they can be"]),
    ("r_stdp", ["every step may change all synapses onto neurons that spiked"]),
    ("vogels_istdp", ["on_pre changes synapses with all 400 neurons, also those that have not spiked"])])
def test_reasons_say_what_is_visited(script, name, wanted):
    found = list(script("rules").reasons(rules.make(name), 400))
    assert found[: len(wanted)] == wanted and bool(found) == bool(wanted)


def test_bench_gives_a_rule_the_signals_that_the_neurons_lack():
    network = networks.build("diehl-cook", 784, 3).network
    assert [signal.name for signal in taught(network, rules.clopath()).signals] == []
    given = {signal.name: signal.n for signal in taught(network, rules.r_max()).signals}
    assert given == {"rho": 3, "reward": 0}
    found = bench_stdp(3, 7, "torch", rule="mstdp")
    assert found["signals"] == ["reward"] and found["weights_changed"] > 0 and found["rule"] == "mstdp"
