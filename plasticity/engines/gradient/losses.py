"""Losses as functions of outputs and targets, by name, and firing-rate regularisation."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import torch
from torch.nn import functional

from plasticity._utils import own
from plasticity._utils.catalogue import Catalogue, called
from plasticity._utils.ranges import Count, Finite, Positive
from plasticity._utils.typed import checked
from plasticity.engines.gradient.loss import OVER, Loss
from plasticity.engines.gradient.weighting import blank, by_step, of_samples, split
from plasticity.errors import PlasticityError, choice


@checked
def cross_entropy(last: Count | None = None, steps: str = "mean", batch: str = "mean",
                  score: str = "accuracy") -> Loss:
    """-log softmax(y)[label] in every step; y [batch, steps, classes].

    Targets are labels [batch] or [batch, steps] (int), or one-hot (or probabilities) [batch, steps, classes] or, the
    same in all steps, [batch, classes] (float).

    last: only the last so many steps count (None: all). steps, batch: "mean" or "sum" over them. score: what is told of
    targets in every step, "accuracy", "nll" or "perplexity".
    """
    choice("score", score, ("accuracy", "nll", "perplexity"))
    name = "cross_entropy" if score == "accuracy" else f"cross_entropy(score={score})"
    return Loss(name, _in_every_step, _entropy, last, steps, batch, labels=True,
                place=_labels_in_every_step, at_labels=_entropy_at_labels)


@checked
def cumulative_cross_entropy(of: str = "outputs", last: Count | None = None, batch: str = "mean",
                             steps: str = "sum") -> Loss:
    """-log softmax(s)[label] of what adds up over a presentation; labels [batch], y [batch, steps, classes].

    of: "outputs", s = sum_t y(t), the outputs themselves or, with the spikes of a population as y, its counts;
        "softmax", s = sum_t softmax(y(t)), in which no single step can outweigh all others.
    last, batch: as for `cross_entropy`. steps: "mean" takes the mean over steps in place of the sum.

    Source: snnTorch's count loss (Eshraghian et al. 2023); softmax: Yin, Corradi & Bohte 2021, Nature Machine
    Intelligence 3:905 (both recalled).
    """
    what = {"outputs": _as_it_is, "softmax": partial(torch.softmax, dim=-1)}
    choice("of", of, what)
    name = f"cumulative_cross_entropy({of}{', steps=mean' if steps == 'mean' else ''})"
    return Loss(name, _once, _entropy, last, steps, batch, what[of], labels=True, place=_label_once,
                at_labels=_entropy_at_labels)


@checked
def mse(last: Count | None = None, factor: Finite = 1.0, steps: str = "mean", batch: str = "mean") -> Loss:
    """factor sum_k (y_k - target_k)^2 in every step; y [batch, steps, n].

    Targets are numbers [batch, steps, n] or, the same in all steps, [batch, n]; with one output also [batch, steps].

    factor: 0.5 makes the derivative the error itself. last, steps, batch: as for `cross_entropy`.
    """
    return Loss("mse", _vectors, partial(_squares, factor), last, steps, batch)


@checked
def bernoulli(last: Count | None = None, steps: str = "mean", batch: str = "mean") -> Loss:
    """-sum_k [t_k log p_k + (1 - t_k) log(1 - p_k)] in every step, p = sigmoid(y): each output for itself, as the keys
    of a chord; y [batch, steps, n].

    Targets are 0 and 1 (or probabilities) [batch, steps, n] or, the same in all steps, [batch, n]. last, steps, batch:
    as for `cross_entropy`.

    Source: Boulanger-Lewandowski, Bengio & Vincent 2012, ICML (as the likelihood of polyphonic music).
    """
    return Loss("bernoulli", _vectors, _log_odds, last, steps, batch)


@checked
def spike_count_mse(correct: Finite = 10.0, wrong: Finite = 0.0, batch: str = "mean") -> Loss:
    """sum_k (count_k - target_k)^2 over the neurons of an output population.

    It takes spikes [batch, steps, classes] and labels [batch].

    correct, wrong: spikes per presentation wished of the neuron of the right class, and of the others.

    Source: Shrestha & Orchard 2018, NeurIPS (SLAYER).
    """
    return Loss("spike_count_mse", partial(_wished_counts, correct, wrong), partial(_squares, 1.0), None, "sum", batch,
                _as_it_is, labels=True)


@checked
def rate_regularisation(strength: Finite, rate: Finite, dt: Positive,
                        batch: str = "mean") -> Callable[..., torch.Tensor]:
    """strength/2 sum_j (f_j - rate dt)^2, f_j the mean of neuron j's spikes per step; spikes [batch, steps, n].

    rate: Hz. dt: seconds. Its error reaches the neurons directly, with whatever paths the rule leaves open. The
    function also takes weight [batch, steps], as a `Loss`: f_j is then the mean over the steps that count.

    Source: Bellec et al. 2020, Methods.
    """
    choice("batch", batch, OVER)

    def loss(spikes: torch.Tensor, weight: torch.Tensor | None = None) -> torch.Tensor:
        if weight is None:
            return OVER[batch](strength / 2 * ((spikes.mean(1) - rate * dt) ** 2).sum(-1))
        weight = by_step(weight, spikes)
        within, samples = split(weight)
        part = within / within.sum(1, keepdim=True).clamp(min=torch.finfo(within.dtype).tiny)
        rates = (part[..., None] * blank(spikes, weight > 0)).sum(1)
        return (of_samples(samples, batch) * (strength / 2 * ((rates - rate * dt) ** 2).sum(-1))).sum()

    return loss


#: name -> function that makes the loss; all of its arguments have defaults
catalogue = Catalogue("loss", {make.__name__: f"{__name__}:{make.__name__}" for make in (
    cross_entropy, cumulative_cross_entropy, mse, bernoulli, spike_count_mse)})


def make(loss: str | Callable, **options) -> Callable:
    """The loss that a text names, "cross_entropy(last=10)" or "my_losses.py:hinge"; a loss or function as it is.

    A function of a person's own takes outputs [batch, steps, n] and targets, and may take weight [batch, steps]; where
    it is named with options, "my_losses.py:hinge(margin=2)", it makes such a function from them.
    Raises PlasticityError for an unknown name or option, and for what is neither a text nor a function.
    """
    if own.is_own(loss):
        return _own(loss, options)
    if isinstance(loss, str):
        return catalogue.make(loss, **options)
    if not callable(loss) or isinstance(loss, type):
        raise PlasticityError(f"loss must be a text, NAME or NAME(option=value, ...), or a function of outputs and "
                              f"targets, got {loss!r}")
    if options:
        raise PlasticityError(f"options ({', '.join(options)}) go with the name of a loss, not with a loss")
    return loss


def _own(text: str, options: dict) -> Callable:
    function, call = own.load(text, "loss")
    if call.arguments or call.options or options:
        function = called("loss", text, function, call.arguments, {**call.options, **options})
    return make(function) if not isinstance(function, str) else catalogue.make(function)


def _as_it_is(y: torch.Tensor) -> torch.Tensor:
    return y


def _entropy(y: torch.Tensor, wished: torch.Tensor) -> torch.Tensor:
    return -(wished * torch.log_softmax(y, -1)).sum(-1)


def _entropy_at_labels(y: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    wide = labels.expand(y.shape[:-1])
    return functional.cross_entropy(y.flatten(0, -2), wide.flatten(), reduction="none").view(wide.shape)


def _squares(factor: float, y: torch.Tensor, wished: torch.Tensor) -> torch.Tensor:
    return factor * ((y - wished) ** 2).sum(-1)


def _log_odds(y: torch.Tensor, wished: torch.Tensor) -> torch.Tensor:
    return functional.binary_cross_entropy_with_logits(y, wished.expand_as(y).to(y.dtype), reduction="none").sum(-1)


def _in_every_step(target: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """One-hot targets of every step, or of all steps at once."""
    if target.is_floating_point() or target.ndim == 3:
        return _vectors(target, y, "one-hot targets").to(y.dtype)
    return functional.one_hot(_labels_in_every_step(target, y), y.shape[-1]).to(y.dtype)


def _labels_in_every_step(target: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """Labels of every step, or of all steps at once, as [batch, steps or 1]."""
    if target.shape not in (y.shape[:1], y.shape[:2]):
        raise PlasticityError(f"labels must have shape {tuple(y.shape[:1])} or {tuple(y.shape[:2])}, got "
                              f"{tuple(target.shape)}")
    return _within(target if target.ndim == 2 else target[:, None], y)


def _once(target: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """Labels [batch] as one-hot targets [batch, 1, n]."""
    return functional.one_hot(_label_once(target, y), y.shape[-1]).to(y.dtype)


def _label_once(target: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """Labels [batch] as [batch, 1]."""
    if target.shape != y.shape[:1] or target.is_floating_point():
        raise PlasticityError(f"a loss on sums over steps takes one label per sample, {tuple(y.shape[:1])}, got "
                              f"{target.dtype} of shape {tuple(target.shape)}")
    return _within(target, y)[:, None]


def _within(labels: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """Raises PlasticityError on CPUs for labels out of range (elsewhere a look at them would wait for them)."""
    labels, n = labels.long(), y.shape[-1]
    if labels.device.type == "cpu" and labels.numel() and not 0 <= int(labels.min()) <= int(labels.max()) < n:
        raise PlasticityError(f"labels must stay within 0..{n - 1}, one per output, got {int(labels.min())}.."
                              f"{int(labels.max())}; give samples or steps without a label the weight 0")
    return labels


def _wished_counts(correct: float, wrong: float, target: torch.Tensor, spikes: torch.Tensor) -> torch.Tensor:
    return wrong + (correct - wrong) * _once(target, spikes)


def _vectors(target: torch.Tensor, y: torch.Tensor, what: str = "target") -> torch.Tensor:
    """Numbers of every step, or of all steps at once, as [batch, steps or 1, n]."""
    if y.shape[-1] == 1 and target.shape in (y.shape[:1], y.shape[:2]):
        target = target[..., None]
    if target.ndim == 2:
        target = target[:, None]
    batch, steps, n = y.shape
    if tuple(target.shape) not in ((batch, steps, n), (batch, 1, n)):
        raise PlasticityError(f"{what} must have the shape of the outputs, {tuple(y.shape)}, or {(batch, n)}, got "
                              f"{tuple(target.shape)}")
    return target if target.is_floating_point() else target.to(y.dtype)
