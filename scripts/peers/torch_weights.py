"""Weights that Norse's and SpikingJelly's plasticity reaches on imposed spikes, as JSON; runs where these two live.

    .venv-gradient-peers/bin/python scripts/peers/torch_weights.py tests/reference/torch_weights.json

One entry per case of torch_cases.py, in double precision. SpikingJelly's learners watch a linear layer and a module
behind it that spikes when told to.
"""

from __future__ import annotations

import argparse
import json
from importlib.metadata import version
from pathlib import Path

import torch
from norse.torch.functional.stdp import STDPParameters, STDPState, stdp_step_linear
from spikingjelly.activation_based import learning
from torch_cases import Case, cases, reward, start, trains


class Told(torch.nn.Module):
    """Spikes as told, whatever comes in."""

    spikes: torch.Tensor

    def forward(self, _: torch.Tensor) -> torch.Tensor:
        return self.spikes


def by_norse(case: Case) -> torch.Tensor:
    """Its traces rise by a_pre / tau in each step, so a_pre is tau to make it 1."""
    pre, post = (torch.from_numpy(spikes).double() for spikes in trains(case))
    given = STDPParameters(
        a_pre=torch.tensor(case.a_pre or case.tau_plus), a_post=torch.tensor(case.tau_minus),
        w_min=case.w_min, w_max=case.w_max, tau_pre_inv=1e3 / case.tau_plus,
        tau_post_inv=1e3 / case.tau_minus, eta_plus=case.a_plus, eta_minus=case.a_minus, mu=case.mu,
        stdp_algorithm="multiplicative_pow" if case.mu else "additive")
    state = STDPState(torch.zeros(case.batch, case.n_pre).double(), torch.zeros(case.batch, case.n_post).double())
    w = torch.from_numpy(start(case)).T
    for z_pre, z_post in zip(pre, post, strict=True):
        w, state = stdp_step_linear(z_pre, z_post, w, state, given, dt=1e-3)
    return w.T


def by_spikingjelly(case: Case) -> torch.Tensor:
    pre, post = (torch.from_numpy(spikes).double() for spikes in trains(case))
    layer, neurons = torch.nn.Linear(case.n_pre, case.n_post, bias=False).double(), Told()
    layer.weight.data = torch.from_numpy(start(case)).T.contiguous()
    more = {"tau_trace": case.tau_trace} if case.rule == "MSTDPETLearner" else {}
    learner = getattr(learning, case.rule)(
        step_mode="s", synapse=layer, sn=neurons, tau_pre=case.tau_plus, tau_post=case.tau_minus, **more,
        f_pre=lambda w: case.a_minus * w**case.mu, f_post=lambda w: case.a_plus * (1 - w) ** case.mu)
    squeezed = case.rule == "MSTDPETLearner"
    with torch.no_grad():
        for z_pre, z_post, r in zip(pre, post, reward(case), strict=True):
            neurons.spikes = z_post[0] if squeezed else z_post
            neurons(layer(z_pre[0] if squeezed else z_pre))
            paid = () if case.rule == "STDPLearner" else (r,)
            layer.weight += learner.step(*paid, on_grad=False, scale=case.scale)
    return layer.weight.T


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("out", type=Path)
    out = parser.parse_args().out
    weights = {case.name: (by_norse if case.rule == "norse" else by_spikingjelly)(case).tolist() for case in cases()}
    found = {"versions": {name: version(name) for name in ("norse", "spikingjelly")}, "weights": weights}
    out.write_text(json.dumps(found).replace("]], ", "]],\n ") + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
