"""plasticity bench bptt and csnn."""

import json

import pytest

from plasticity import cli

SMALL = {"bptt": "--inputs 60 --hidden 32 --outputs 4 --steps 30 --batch 6 --density 0.05",
         "csnn": "--steps 8 --batch 4 --density 0.2"}


@pytest.mark.parametrize(("name", "backend"), [("bptt", "compiled"), ("bptt", "autograd"), ("csnn", "compiled")])
def test_benchmark(name, backend, capfd):
    arguments = f"bench {name} {SMALL[name]} --repeats 2 --backend {backend} --json"
    assert cli.run(arguments.split()) == 0
    found = json.loads(capfd.readouterr().out)
    assert found["backend"] == backend and found["repeats"] == 2
    assert 0.05 <= found["hidden_rate"] <= 0.13
    assert found["ms_per_step"] > 0 and found["ms_forward"] > 0
    assert found["peak_mb"] > 0 and found["compile_seconds"] > 0
    assert found["weights_changed"] > 0


@pytest.mark.parametrize("bad, named", [("bptt --density 2", "density"), ("bptt --hidden 0", "hidden"),
                                        ("csnn --dtype float16", "dtype"), ("bptt --seed -1", "seed"),
                                        ("csnn --threads 0 --batch 1", "threads"), ("bptt --backend jit", "backend"),
                                        ("bptt --rule backprop", "rule")])
def test_benchmark_refuses(bad, named, capfd):
    assert cli.run(["bench", *bad.split()]) == 2
    assert named in capfd.readouterr().err
