"""One weight update of a recurrent spiking layer by backpropagation through time and Adam, in other libraries.

    PEERS/bin/python scripts/bench/eprop_peers.py --peer snntorch

The work of `plasticity bench eprop` as these libraries do it: the same sizes, random spikes and labels, cross-entropy
of a leaky readout in every step. Inputs are made stronger until 5 % of the hidden neurons spike in a step. It runs in
an environment of its own, with torch and one of norse, snntorch or spikingjelly, and prints one JSON object. Run it on
an otherwise idle machine, in turn with `plasticity bench eprop --json`.
"""

from __future__ import annotations

import argparse
import json
import math
import time
from importlib.metadata import version
from statistics import median

import torch
from torch import nn

DECAY = math.exp(-1 / 20)  # 1 ms steps, 20 ms membrane and readout


class SnnTorch(nn.Module):
    """A recurrent layer and a leaky readout without reset, step by step."""

    def __init__(self, inputs: int, hidden: int, outputs: int):
        super().__init__()
        import snntorch

        self.fc = nn.Linear(inputs, hidden, bias=False)
        self.cell = snntorch.RLeaky(beta=DECAY, all_to_all=True, linear_features=hidden)
        self.out = nn.Linear(hidden, outputs, bias=False)
        self.readout = snntorch.Leaky(beta=DECAY, reset_mechanism="none")

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        current, (spikes, v), y = self.fc(x), self.cell.reset_mem(), self.readout.reset_mem()
        found, sent = [], []
        for now in current:
            spikes, v = self.cell(now, spikes, v)
            _, y = self.readout(self.out(spikes), y)
            found.append(y)
            sent.append(spikes)
        return torch.stack(found), torch.stack(sent)


class SpikingJelly(nn.Module):
    """Its recurrent container around a leaky neuron (which mixes input and spikes by one matrix); the readout is its
    low-pass synapse."""

    def __init__(self, inputs: int, hidden: int, outputs: int):
        super().__init__()
        from spikingjelly.activation_based import functional, layer, neuron

        self.forget = functional.reset_net
        self.fc = nn.Linear(inputs, hidden, bias=False)
        cell = neuron.LIFNode(tau=20.0, decay_input=False, detach_reset=True)
        self.cell = layer.LinearRecurrentContainer(cell, in_features=hidden, out_features=hidden, bias=False)
        self.out = nn.Linear(hidden, outputs, bias=False)
        self.readout = layer.SynapseFilter(tau=20.0)
        functional.set_step_mode(self.cell, "m")
        functional.set_step_mode(self.readout, "m")

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        self.forget(self)
        spikes = self.cell(self.fc(x))
        return self.readout(self.out(spikes)), spikes


class Norse(nn.Module):
    """A recurrent layer and a leaky integrator, both over the whole sequence."""

    def __init__(self, inputs: int, hidden: int, outputs: int):
        super().__init__()
        import norse.torch as norse

        self.cell = norse.LIFRecurrent(inputs, hidden)
        self.out = nn.Linear(hidden, outputs, bias=False)
        self.readout = norse.LI()

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        spikes, _ = self.cell(x)
        y, _ = self.readout(self.out(spikes))
        return y, spikes


PEERS = {"snntorch": SnnTorch, "spikingjelly": SpikingJelly, "norse": Norse}


def bench(peer: str, inputs: int, hidden: int, outputs: int, steps: int, batch: int, density: float,
          repeats: int) -> dict:
    """Median milliseconds of forward, backward and Adam."""
    torch.manual_seed(0)
    x = (torch.rand(steps, batch, inputs) < density).float()
    labels = torch.randint(0, outputs, (batch,)).expand(steps, batch).flatten()
    network = PEERS[peer](inputs, hidden, outputs)
    x = x * gain(network, x)
    adam, spent, rate = torch.optim.Adam(network.parameters(), lr=1e-4), [], 0.0
    for _ in range(repeats + 1):  # the first does not count
        begun = time.perf_counter()
        y, spikes = network(x)
        loss = nn.functional.cross_entropy(y.flatten(0, 1), labels)
        adam.zero_grad()
        loss.backward()
        adam.step()
        spent.append(time.perf_counter() - begun)
        rate = spikes.detach().mean().item()
    return {"peer": peer, "version": version(peer), "torch": torch.__version__, "threads": torch.get_num_threads(),
            "inputs": inputs, "hidden": hidden, "outputs": outputs, "steps": steps, "batch": batch, "density": density,
            "ms_per_step": 1e3 * median(spent[1:]), "ms_per_step_fastest": 1e3 * min(spent[1:]), "hidden_rate": rate}


@torch.no_grad()
def gain(network: nn.Module, x: torch.Tensor) -> float:
    """How strong an input spike must be, in steps of a factor of 1.3, for 5 % of the hidden neurons to spike."""
    found = 1.0
    while found < 1e4 and network(found * x[:, :8])[1].mean() < 0.05:
        found *= 1.3
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--peer", choices=PEERS, required=True)
    for name, default in (("inputs", 700), ("hidden", 256), ("outputs", 20), ("steps", 100), ("batch", 128),
                          ("repeats", 10)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--density", type=float, default=0.02)
    print(json.dumps(bench(**vars(parser.parse_args()))))


if __name__ == "__main__":
    main()
