"""The networks in norse, snntorch and spikingjelly, each as its documentation builds it for speed.

Input and output are time-major. Everything without memory runs over all steps at once; neurons step through time, by
the library's own multi-step module where it has one. `compiled` passes what steps through torch.compile.
"""

from __future__ import annotations

import torch
from torch import nn
from work import DECAY, Work


class OverTime(nn.Module):
    """A module without memory, over all steps at once: [steps, batch, ...]."""

    def __init__(self, module: nn.Module):
        super().__init__()
        self.module = module

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.module(x.flatten(0, 1)).unflatten(0, x.shape[:2])


class Recurrent(nn.Module):
    """hidden: x -> spikes, both [steps, batch, n]; readout: currents -> potentials. Answers (potentials, spikes)."""

    def __init__(self, hidden: nn.Module, out: nn.Module, readout: nn.Module):
        super().__init__()
        self.hidden, self.out, self.readout = hidden, out, readout

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        spikes = self.hidden(x)
        return self.readout(self.out(spikes)), spikes


class Csnn(nn.Module):
    """neurons: three modules, currents -> spikes. Answers (counts of the ten output neurons, spikes of the first)."""

    def __init__(self, neurons: list[nn.Module]):
        super().__init__()
        self.conv1, self.conv2 = OverTime(nn.Conv2d(1, 8, 5, bias=False)), OverTime(nn.Conv2d(8, 16, 5, bias=False))
        self.pool, self.out = OverTime(nn.MaxPool2d(2)), nn.Linear(256, 10, bias=False)
        self.neurons = nn.ModuleList(neurons)

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        first = self.neurons[0](self.conv1(x))
        second = self.neurons[1](self.conv2(self.pool(first)))
        return self.neurons[2](self.out(self.pool(second).flatten(2))).sum(0), first


class SnnTorchRecurrent(nn.Module):
    """RLeaky mixes the spikes of the last step by a full matrix."""

    def __init__(self, work: Work, compiled: bool):
        super().__init__()
        import snntorch

        self.fc = nn.Linear(work.inputs, work.hidden, bias=False)
        self.cell = snntorch.RLeaky(beta=DECAY, all_to_all=True, linear_features=work.hidden)
        self.step = torch.compile(self.cell) if compiled else self.cell

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        current, sent = self.fc(x), []
        spikes, v = torch.zeros_like(current[0]), torch.zeros_like(current[0])
        for now in current:
            spikes, v = self.step(now, spikes, v)
            sent.append(spikes)
        return torch.stack(sent)


class SnnTorchLeaky(nn.Module):
    """Leaky over all steps. output: 0 for spikes, 1 for potentials."""

    def __init__(self, output: int, compiled: bool, **options):
        super().__init__()
        import snntorch

        self.cell, self.output = snntorch.Leaky(beta=DECAY, **options), output
        self.step = torch.compile(self.cell) if compiled else self.cell

    def forward(self, current: torch.Tensor) -> torch.Tensor:
        v, found = torch.zeros_like(current[0]), []
        for now in current:
            answer = self.step(now, v)
            v = answer[1]
            found.append(answer[self.output])
        return torch.stack(found)


def snntorch(work: Work, compiled: bool) -> nn.Module:
    """Compiled is one step: unrolled steps take minutes to compile."""
    if work.name == "csnn":
        return Csnn([SnnTorchLeaky(0, compiled) for _ in range(3)])
    return Recurrent(SnnTorchRecurrent(work, compiled), nn.Linear(work.hidden, work.outputs, bias=False),
                     SnnTorchLeaky(1, compiled, reset_mechanism="none"))


class SpikingJelly(nn.Module):
    """Forgets what its neurons hold before each presentation; `inner` answers what is wanted."""

    def __init__(self, inner: nn.Module):
        super().__init__()
        from spikingjelly.activation_based import functional

        functional.set_step_mode(inner, "m")
        self.forget, self.inner = functional.reset_net, inner

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        self.forget(self.inner)
        return self.inner(x)


def spikingjelly(work: Work, compiled: bool) -> nn.Module:
    """Compiled are the neurons over all steps, and one step of the recurrent layer (unrolled, 100 steps of it take
    minutes to compile)."""
    from spikingjelly.activation_based import layer, neuron

    def faster(module: nn.Module, method: str) -> nn.Module:
        if compiled:
            setattr(module, method, torch.compile(getattr(module, method)))
        return module

    def leaky() -> nn.Module:
        return neuron.LIFNode(tau=20.0, decay_input=False, detach_reset=True, v_reset=None)

    if work.name == "csnn":
        return SpikingJelly(Csnn([faster(leaky(), "multi_step_functional_forward") for _ in range(3)]))
    cell = faster(layer.LinearRecurrentContainer(leaky(), work.hidden, work.hidden, bias=False),
                  "single_step_functional_forward")
    hidden = nn.Sequential(nn.Linear(work.inputs, work.hidden, bias=False), cell)
    return SpikingJelly(Recurrent(hidden, nn.Linear(work.hidden, work.outputs, bias=False),
                                  layer.SynapseFilter(tau=20.0)))


class First(nn.Module):
    """Of norse's (output, state), the output."""

    def __init__(self, module: nn.Module, compiled: bool):
        super().__init__()
        self.module = module
        if compiled:
            module.activation = torch.compile(module.activation)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.module(x)[0]


def norse(work: Work, compiled: bool) -> nn.Module:
    """Its neurons are current-based: a synaptic current decays beside the potential, which is a little more work.

    Compiled is one step: unrolled steps take minutes to compile.
    """
    import norse.torch as library

    if work.name == "csnn":
        return Csnn([First(library.LIF(), compiled) for _ in range(3)])
    return Recurrent(First(library.LIFRecurrent(work.inputs, work.hidden), compiled),
                     nn.Linear(work.hidden, work.outputs, bias=False), First(library.LI(), compiled))


NETWORKS = {"norse": norse, "snntorch": snntorch, "spikingjelly": spikingjelly}
