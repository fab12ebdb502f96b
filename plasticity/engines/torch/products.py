"""Sums over the batch that change weights: matrix products, or rows and columns where few neurons spiked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import torch
from torch.nn.functional import embedding_bag

from plasticity.engines.torch.statements import Product
from plasticity.engines.torch.step_spikes import StepSpikes

#: With listed spikes: above this share of spiking neurons (pre), or this many spikes (post), matrix products win.
MOST_ROWS, MOST_COLUMNS = 0.05, 24


@dataclass
class Sum:
    """Increments of weights [pre, post], collected before any of them is made.

    samples: how many there are, on a convolution one for each position of each sample. scale: 1 over the samples of the
    network, if these are averaged. inside: 0 or 1 [samples, pre], where an input is not in the padding; None: nowhere.
    """

    samples: int
    shape: tuple[int, int]
    scale: float
    inside: torch.Tensor | None = None
    parts: list = field(default_factory=list)

    def full(self, increments: torch.Tensor) -> None:
        """[samples, pre, post]."""
        self.parts.append((increments[0] if self.samples == 1 else increments.sum(0), self.scale))

    def product(self, product: Product, side: str, spiked: StepSpikes | None, v: Mapping[str, torch.Tensor]) -> None:
        factors = {name: function and function(v) for name, function in (("pre", product.pre), ("post", product.post))}
        if spiked is not None:
            factors[side] = _where_spiked(factors[side], spiked.dense, product.guarded)
        if self.inside is not None and side != "pre":
            factors["pre"] = _where_spiked(factors["pre"], self.inside, guarded=True)
        share = product.share * self.scale
        if product.weight is None and factors["pre"] is not None and factors["post"] is not None \
                and (factors["pre"].shape[1], factors["post"].shape[1]) == self.shape:
            self.parts.append((_Outer(factors["pre"], factors["post"], side, spiked), share))
            return
        summed = _summed(factors["pre"], factors["post"], self.samples)
        self.parts.append((summed if product.weight is None else product.weight(v) * summed, share))

    def add_to(self, w: torch.Tensor) -> None:
        """Makes the increments, in place."""
        for part, share in self.parts:
            if isinstance(part, _Outer):
                part.add_to(w, share)
            elif torch.is_tensor(part):
                w.add_(part, alpha=share)
            else:
                w.add_(part * share)


@dataclass(frozen=True)
class _Outer:
    """pre.T @ post, [pre, post]; `spiked` are the spikes of one `side`, which make it sparse."""

    pre: torch.Tensor
    post: torch.Tensor
    side: str
    spiked: StepSpikes | None

    def add_to(self, w: torch.Tensor, share: float) -> None:
        if self.spiked is None or self.spiked.where is None:
            w.addmm_(self.pre.T, self.post, alpha=share)
            return
        sample, neuron = self.spiked.where
        if self.side == "pre" and len(neuron) < MOST_ROWS * self.pre.numel():
            self._add_rows(w, share, sample, neuron)
        elif self.side == "post" and len(neuron) < MOST_COLUMNS:
            w.index_add_(1, neuron, (self.pre[sample] * self.post[sample, neuron][:, None]).T, alpha=share)
        else:
            w.addmm_(self.pre.T, self.post, alpha=share)

    def _add_rows(self, w: torch.Tensor, share: float, sample: torch.Tensor, neuron: torch.Tensor) -> None:
        """A row of `post` per presynaptic spike, added up for each neuron."""
        neuron, order = neuron.sort()
        sample = sample[order]
        offsets = torch.searchsorted(neuron, torch.arange(len(w)))
        factors = self.pre[sample, neuron]
        w.add_(embedding_bag(sample, self.post, offsets, mode="sum", per_sample_weights=factors), alpha=share)


def _where_spiked(factor: torch.Tensor | None, spikes: torch.Tensor, guarded: bool) -> torch.Tensor:
    if factor is None:
        return spikes
    return torch.where(spikes != 0, factor, 0.0) if guarded else spikes * factor


def _summed(pre: torch.Tensor | None, post: torch.Tensor | None, samples: int) -> torch.Tensor | float:
    if pre is not None and post is not None:
        return pre.T @ post
    if pre is not None:
        return pre.sum(0)[:, None]
    return float(samples) if post is None else post.sum(0)[None, :]
