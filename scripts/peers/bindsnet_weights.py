"""Weights that BindsNET's own `PostPre` learns from imposed spikes, written as .npz files; runs where BindsNET lives.

    .venv-peers/bin/python scripts/peers/bindsnet_weights.py OUT_FOLDER

Each file holds one case: the spikes, the weights before and after, and the constants. Spikes are imposed by layers of
BindsNET itself: an `Input` before the connection and, after it, a `McCullochPitts` layer whose threshold only the
imposed drive can reach, whatever the synapses add. BindsNET's `Network.run` makes every step.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict, dataclass, replace
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch
from bindsnet.learning import PostPre
from bindsnet.learning.MCC_learning import PostPre as FeaturePostPre
from bindsnet.network import Network
from bindsnet.network.nodes import Input, McCullochPitts
from bindsnet.network.topology import Connection, MulticompartmentConnection
from bindsnet.network.topology_features import Weight

THRESHOLD, DRIVE = 1e6, 1e9  # far above any sum of weights


@dataclass(frozen=True)
class Case:
    """One replay: trace mode, batch, step, how weights start, and which class of connection holds them."""

    name: str
    connection: str = "feature"  # "feature": as in DiehlAndCook2015; "plain": the older Connection
    additive: bool = False
    batch: int = 1
    dt: float = 1.0  # ms
    tau: float = 20.0  # ms
    nu_pre: float = 1e-4
    nu_post: float = 1e-2
    w_low: float = 0.2
    w_high: float = 0.6
    coincident: bool = True
    steps: int = 200
    rate: float = 0.06  # spikes per step
    seed: int = 0


def cases() -> list[Case]:
    """Both trace modes, both connections, batch 1 and 4; then other rates, another step, and the bounds."""
    found = [Case(f"{connection}_{'additive' if additive else 'set'}_batch{batch}", connection, additive, batch)
             for connection in ("feature", "plain") for additive in (False, True) for batch in (1, 4)]
    strong = Case("strong_depression", nu_pre=4e-3, nu_post=6e-3, seed=1)
    low = replace(strong, w_low=0.0, w_high=0.02, seed=5)
    found += [strong, replace(strong, name="coarse_step", dt=2.0, seed=2),
              replace(strong, name="coarse_step_batch4", dt=2.0, batch=4, additive=True, seed=3),
              Case("upper_bound", w_low=0.9, w_high=1.0, seed=4),
              replace(low, name="lower_bound_coincident", seed=6)]
    return found + [replace(low, name=f"lower_bound_batch{batch}", nu_pre=8e-3, nu_post=1e-3, coincident=False,
                            batch=batch) for batch in (1, 4)]


def trains(case: Case, n_pre: int, n_post: int) -> tuple[np.ndarray, np.ndarray]:
    """Random spikes, bool [steps, batch, n], with a volley in which all neurons spike at once.

    Without coincidences, presynaptic neurons spike in even steps and postsynaptic ones in odd steps.
    """
    rng = np.random.default_rng(case.seed)
    pre = rng.random((case.steps, case.batch, n_pre)) < case.rate
    post = rng.random((case.steps, case.batch, n_post)) < case.rate
    if case.coincident:
        pre[case.steps // 2] = post[case.steps // 2] = True
    else:
        pre[1::2] = post[::2] = False
    return pre, post


def connect(case: Case, source: Input, target: McCullochPitts, w: torch.Tensor):
    """The plastic connection, weights bounded by 0 and 1, with the default reduction over the batch."""
    nu = (case.nu_pre, case.nu_post)
    if case.connection == "plain":
        return Connection(source, target, nu=nu, update_rule=PostPre, w=w, wmin=0.0, wmax=1.0)
    weight = Weight("weight", w, range=[0.0, 1.0], nu=nu, learning_rule=FeaturePostPre)
    return MulticompartmentConnection(source, target, "cpu", [weight])


def learn(case: Case, w: np.ndarray, pre: np.ndarray, post: np.ndarray) -> np.ndarray:
    """Weights after BindsNET's network has seen the spikes."""
    options = {"traces": True, "traces_additive": case.additive, "tc_trace": case.tau}
    network = Network(dt=case.dt, batch_size=case.batch)
    source, target = Input(n=w.shape[0], **options), McCullochPitts(n=w.shape[1], thresh=THRESHOLD, **options)
    network.add_layer(source, name="X")
    network.add_layer(target, name="Y")
    connection = connect(case, source, target, torch.from_numpy(w.copy()))
    network.add_connection(connection, source="X", target="Y")
    drive = {"X": torch.from_numpy(pre), "Y": DRIVE * torch.from_numpy(post).float()}
    network.run(inputs=drive, time=int(case.steps * case.dt))
    value = connection.w if case.connection == "plain" else connection.feature_index["weight"].value
    return value.detach().numpy()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("out", type=Path)
    out = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    torch.set_grad_enabled(False)
    torch.set_num_threads(1)
    for case in cases():
        start = np.random.default_rng([case.seed, 1]).uniform(case.w_low, case.w_high, (30, 20)).astype(np.float32)
        pre, post = trains(case, *start.shape)
        after = learn(case, start, pre, post)
        np.savez_compressed(out / f"{case.name}.npz", pre=pre, post=post, w_before=start, w_after=after,
                            case=json.dumps({**asdict(case), "bindsnet": version("bindsnet")}))


if __name__ == "__main__":
    main()
