"""Times BindsNET's own `DiehlAndCook2015` while it learns, in BindsNET's environment; one JSON object on stdout.

    .venv-peers/bin/python scripts/bench/bindsnet_diehl_cook.py --neurons 400 --batch 1

Settings are those of BindsNET's MNIST scripts (exc 22.5, inh 120, theta_plus 0.05, norm 78.4, 1 ms, PostPre with
nu = (1e-4, 1e-2)). What would slow it down for no reason is left out: no monitors and no figures in the timed blocks,
gradients off, input spikes encoded beforehand. Output spikes are counted by a monitor in one untimed block before and
one after.
"""

from __future__ import annotations

import argparse
import json
import time
from importlib.metadata import version

import numpy as np
import torch
from bindsnet.models import DiehlAndCook2015
from bindsnet.network import Network
from bindsnet.network.monitors import Monitor
from workload import DT, N_INPUT, NORM, STEPS, image_spikes, initial_weights, median_per_image


def build(neurons: int, batch: int, seed: int) -> Network:
    """The network as BindsNET's example scripts make it, with the weights all engines start from."""
    network = DiehlAndCook2015(n_inpt=N_INPUT, n_neurons=neurons, batch_size=batch, exc=22.5, inh=120.0, dt=1.0,
                               norm=NORM, nu=(1e-4, 1e-2), theta_plus=0.05)
    weights(network).copy_(torch.from_numpy(initial_weights(neurons, seed)).float())
    return network


def weights(network: Network) -> torch.Tensor:
    """The plastic weights, [784, neurons]."""
    return network.connections[("X", "Ae")].feature_index["weight"].value


def batches(spikes: np.ndarray, batch: int) -> list[torch.Tensor]:
    """Spikes [images, steps, n] as BindsNET's inputs: uint8 [steps, batch, n], one per call of `run`."""
    in_time = torch.from_numpy(spikes.astype(np.uint8)).transpose(0, 1)
    return [part.contiguous() for part in in_time.split(batch, dim=1)]


def present(network: Network, inputs: list[torch.Tensor]) -> float:
    """Seconds to learn from `inputs`; `run` normalises the weights, and states are reset, after each batch."""
    start = time.perf_counter()
    for spikes in inputs:
        network.run(inputs={"X": spikes}, time=STEPS)
        network.reset_state_variables()
    return time.perf_counter() - start


def count_output(network: Network, inputs: list[torch.Tensor]) -> int:
    """Excitatory spikes while learning from `inputs` (untimed)."""
    monitor = Monitor(network.layers["Ae"], state_vars=["s"], time=STEPS)
    network.add_monitor(monitor, name="count")
    total = 0
    for spikes in inputs:
        network.run(inputs={"X": spikes}, time=STEPS)
        total += int(monitor.get("s").sum())
        network.reset_state_variables()
    del network.monitors["count"]
    return total


def measure(neurons: int, batch: int, blocks: int, runs: int, seed: int) -> dict:
    """Learns blocks of `runs` batches: one to warm up, `blocks` timed ones, one more to count spikes."""
    spikes = image_spikes((blocks + 2) * runs * batch, seed)
    inputs = batches(spikes, batch)
    parts = [inputs[k * runs : (k + 1) * runs] for k in range(blocks + 2)]
    network = build(neurons, batch, seed)
    before = weights(network).clone()
    counted = count_output(network, parts[0])
    seconds = [present(network, part) for part in parts[1:-1]]
    counted += count_output(network, parts[-1])
    return {
        "engine": "bindsnet", "version": version("bindsnet"), "torch": torch.__version__,
        "threads": torch.get_num_threads(), "neurons": neurons, "batch": batch, "images": blocks * runs * batch,
        "steps": STEPS, "dt": DT, "input_spikes_per_image": float(spikes.sum() / len(spikes)),
        "output_spikes_per_image": counted / (2 * runs * batch),
        "ms_per_image": median_per_image(seconds, runs * batch), "block_seconds": seconds,
        "mean_weight_change": float((weights(network) - before).abs().mean()),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--neurons", type=int, default=400)
    parser.add_argument("--batch", type=int, default=1)
    parser.add_argument("--blocks", type=int, default=5)
    parser.add_argument("--runs", type=int, help="batches per block (default: 4 for batch 1, else 1)")
    parser.add_argument("--threads", type=int, help="threads of torch (default: torch's choice)")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    torch.manual_seed(given.seed)
    torch.set_grad_enabled(False)
    if given.threads:
        torch.set_num_threads(given.threads)
    runs = given.runs or (4 if given.batch == 1 else 1)
    result = measure(given.neurons, given.batch, given.blocks, runs, given.seed)
    if not result["mean_weight_change"] > 0:
        raise SystemExit("the weights did not change: nothing was learnt, so nothing was measured")
    print(json.dumps(result))


if __name__ == "__main__":
    main()
