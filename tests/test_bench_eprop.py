"""plasticity bench eprop."""

import json

import pytest

from plasticity import cli


def test_benchmark(capfd):
    arguments = "bench eprop --inputs 60 --hidden 32 --outputs 4 --steps 30 --batch 6 --density 0.05 --repeats 3 --json"
    assert cli.run(arguments.split()) == 0
    found = json.loads(capfd.readouterr().out)
    assert found["hidden"] == 32 and found["batch"] == 6
    assert 0.05 <= found["hidden_rate"] <= 0.13
    assert found["ms_per_step"] > found["ms_adam"] > 0 and found["ms_forward"] > 0
    assert found["peak_mb"] > 0 and found["compile_seconds"] > 0
    assert found["weights_changed"] > 0


@pytest.mark.parametrize("bad, named", [("--density 2", "density"), ("--hidden 0", "hidden"),
                                        ("--dtype float16", "dtype"), ("--seed -1", "seed"),
                                        ("--threads 0 --batch 1", "threads")])
def test_benchmark_refuses(bad, named, capfd):
    assert cli.run(["bench", "eprop", *bad.split()]) == 2
    assert named in capfd.readouterr().err
