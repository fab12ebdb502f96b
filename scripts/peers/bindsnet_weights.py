"""Weights that BindsNET's own learning rules reach on imposed spikes, as JSON; runs where BindsNET lives.

    .venv-peers/bin/python scripts/peers/bindsnet_weights.py tests/reference/bindsnet_weights.json

One entry per case of cases.py: the weights, those at the start where BindsNET draws them itself, and of neurons that
spike at random their spikes and their rho. Spikes are imposed by layers of BindsNET itself: an `Input` before the
connection and, after it, a `McCullochPitts` layer whose threshold only the imposed drive can reach, whatever the
synapses add. `Rmax` asks for neurons that spike at random: there the layer after it is an `SRM0Nodes`. BindsNET's
`Network.run` makes every step.
"""

from __future__ import annotations

import argparse
import json
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch
from bindsnet import learning
from bindsnet.learning import MCC_learning
from bindsnet.network import Network
from bindsnet.network.nodes import Input, McCullochPitts, SRM0Nodes
from bindsnet.network.topology import (
    Connection,
    Conv2dConnection,
    LocalConnection,
    LocalConnection2D,
    MulticompartmentConnection,
)
from bindsnet.network.topology_features import Weight
from cases import Case, cases, reward, start, trains

THRESHOLD, DRIVE = 1e6, 1e9  # far above any sum of weights
CURRENT = 2.0  # mV per step: SRM0Nodes then spike in some 5 % of all steps


def connect(case: Case, source, target, w: np.ndarray):
    """The plastic connection. w: as BindsNET shapes it, but None for LocalConnection2D, which draws its own."""
    nu, bounds = (case.nu_pre, case.nu_post), {"wmin": case.w_min, "wmax": case.w_max}
    if case.connection == "feature":
        weight = Weight("weight", torch.from_numpy(w.copy()), range=[case.w_min, case.w_max], nu=nu,
                        learning_rule=getattr(MCC_learning, case.rule))
        return MulticompartmentConnection(source, target, "cpu", [weight])
    given = {"nu": nu, "update_rule": getattr(learning, case.rule), "weight_decay": case.weight_decay, **bounds,
             **case.options}
    if case.connection == "plain":
        return Connection(source, target, w=torch.from_numpy(w.copy()), **given)
    if case.connection == "conv":
        return Conv2dConnection(source, target, case.size, case.stride, case.padding, w=torch.from_numpy(w.copy()),
                                **given)
    if case.connection == "local":
        return LocalConnection(source, target, case.size, case.stride, case.channels, w=torch.from_numpy(w.copy()),
                               input_shape=tuple(case.shape[1:]), **given)
    return LocalConnection2D(source, target, case.size, case.stride, case.channels, **given)


def weights_of(connection) -> np.ndarray:
    value = connection.feature_index["weight"].value if hasattr(connection, "feature_index") else connection.w
    return value.detach().numpy().copy()


def learn(case: Case, w: np.ndarray | None, pre: np.ndarray, post: np.ndarray, reward: np.ndarray) -> dict:
    """What BindsNET's network learns from the spikes, and what only its run can tell.

    pre, post: bool [steps, batch, ...]. reward: [steps].
    """
    torch.manual_seed(case.seed)
    before_it, behind_it = ({"traces": True, "traces_additive": case.additive, "tc_trace": tau, "trace_scale": scale}
                            for tau, scale in zip((case.tau, case.tau_post or case.tau), case.scales, strict=True))
    network = Network(dt=case.dt, batch_size=case.batch)
    source, random = Input(shape=list(case.pre_shape), **before_it), case.rule == "Rmax"
    target = (SRM0Nodes(shape=list(case.post_shape), **behind_it) if random else
              McCullochPitts(shape=list(case.post_shape), thresh=THRESHOLD, **behind_it))
    network.add_layer(source, name="X")
    network.add_layer(target, name="Y")
    connection = connect(case, source, target, w)
    network.add_connection(connection, source="X", target="Y")
    before = weights_of(connection)
    drive = CURRENT * np.ones(post.shape) if random else DRIVE * post
    spiked, rho = np.zeros_like(post), np.zeros(post.shape)
    for t in range(case.steps):
        network.run({"X": torch.from_numpy(pre[t:t + 1]), "Y": torch.from_numpy(drive[t:t + 1]).float()},
                    time=case.dt, reward=float(reward[t]), **case.rates)
        spiked[t] = target.s.numpy()
        rho[t] = target.rho.numpy() if random else 0.0
    drawn = {"post": spiked.astype(int).tolist(), "rho": rounded(rho)} if random else {}
    first = {} if w is not None else {"start": rounded(before)}
    return {"w": rounded(weights_of(connection)), **first, **drawn}


def rounded(values: np.ndarray) -> list:
    """To seven digits behind the point: weights are in single precision."""
    return np.round(values.astype(float), 7).tolist()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("out", type=Path)
    out = parser.parse_args().out
    torch.set_grad_enabled(False)
    torch.set_num_threads(1)
    found = {case.name: learn(case, start(case), *trains(case), reward(case)) for case in cases()}
    lines = json.dumps({"bindsnet": version("bindsnet"), "cases": found}).replace("}, ", "},\n ")
    out.write_text(lines + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
