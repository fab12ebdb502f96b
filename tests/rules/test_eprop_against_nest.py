"""e-prop by the page on other simulators, beside NEST's own on the same inputs and targets: losses and weights."""

import json

import numpy as np
import pytest
import torch
from support.page import altered, prepared, table, value
from support.peers import COMMITTED, described

THEIRS = json.loads((COMMITTED / "nest_weights.json").read_text(encoding="utf-8"))["eprop"]
NEST = described("eprop_cases")
CASES = {case.name: case for case in NEST.cases()}
TITLE = "NEST's e-prop"
CODE = {model: code for model, (code,) in table(TITLE).items()}


def lines(case) -> dict[str, str]:
    """What is made from the page, in order -> the model whose line tells how."""
    return {"neuron": case.model, "surrogate": case.neuron["surrogate_gradient_function"],
            "leaky": "eprop_readout_bsshslm_2020", "feedback": "eprop_learning_signal_connection_bsshslm_2020",
            "net": "net", "loss": case.readout["loss"], "regular": "c_reg", "optimiser": case.optimizer["type"]}


def trained(case, other: dict | None = None) -> tuple[list[float], dict[str, np.ndarray]]:
    """Losses of all presentations, and weights [to, from] after the updates."""
    w, code = NEST.weights(case), {**CODE, **(other or {})}
    names = prepared(TITLE) | {**case.neuron, **case.optimizer, "readout": case.readout, "window": case.window,
                               "resolution": case.resolution, "average_gradient": case.average_gradient,
                               "w_in": w["in"], "w_rec": w["rec"], "w_out": w["out"], "w_feedback": w["feedback"]}
    for made, model in lines(case).items():
        names[made] = value(code[model], names)
    net, losses = names["net"], []
    for x, wanted in zip(torch.tensor(names["shown"](NEST.inputs(case)) * 1.0), torch.tensor(NEST.targets(case)),
                         strict=True):
        run = net(x[None])
        loss = names["loss"](run.outputs, wanted[None])
        losses.append(loss.item())
        if len(losses) <= case.updates:
            names["optimiser"].zero_grad()
            (loss + names["regular"](run.spikes["rec"])).backward()
            names["optimiser"].step()
    weights = {"in": net.weights["in->rec"], "rec": net.weights["rec->rec"], "out": net.readouts["rec"]}
    return losses, {name: each.detach().numpy().T for name, each in weights.items()}


def off(case, other: dict | None = None) -> float:
    losses, weights = trained(case, other)
    theirs = THEIRS[case.name]
    return max(np.abs(np.subtract(losses, theirs["losses"])).max(),
               *(np.abs(weights[name] - theirs["w"][name]).max() for name in weights))


@pytest.mark.parametrize("name", CASES)
def test_the_page_gives_nests_losses_and_weights(name):
    changed = {key: np.abs(np.subtract(w, NEST.weights(CASES[name])[key])) for key, w in THEIRS[name]["w"].items()}
    assert all(change.max() > 1e-3 for change in changed.values())
    assert off(CASES[name]) < 1e-10


@pytest.mark.parametrize("model, argument, code", [
    (model, argument, code) for model, text in CODE.items() for argument, code in altered(text)])
def test_another_argument_gives_other_losses_or_weights(model, argument, code):
    users = [case for case in CASES.values() if model in lines(case).values()]
    assert any(off(case, {model: code}) > 1e-8 for case in users), f"{argument} in {code}"


def test_every_line_is_compared():
    assert {model for case in CASES.values() for model in lines(case).values()} == set(CODE)
