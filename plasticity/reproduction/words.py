"""Penn Treebank: the next word, by spiking neural units and an LSTM."""

from __future__ import annotations

from plasticity.reproduction.chorales import SOURCE
from plasticity.reproduction.row import Row

NOTE = ("layer sizes, optimiser and truncation were not published: ours are 400 units that hear each word as one "
        "spike, 20 streams in windows of 35 words")
_COMMON = {"task": "ptb(batch=20, steps=35)", "rule": "bptt", "encoder": "words(stream=True)",
           "loss": "cross_entropy(score=perplexity)", "readout": "leaky(tau=0, bias=True)", "batch": 20, "lr": 2e-3,
           "optimizer": "adam(clip=1.0)", "schedule": "cosine", "epochs": 10}
_QUICK = {"train_samples": 2000, "test_samples": 400, "epochs": 1}


def _row(name: str, what: str, published: float | None, network: str) -> Row:
    return Row(name, "words", what, SOURCE, published, "perplexity", {**_COMMON, "network": network},
               "Penn Treebank, 929,589 words", "published: not said; ours: 10 passes", NOTE, quick=_QUICK)


ROWS: tuple[Row, ...] = (
    _row("words-snu", "feed-forward, spiking neural units", 137.7, "layers(400, neuron=snu(bias=True), bias=True)"),
    _row("words-ssnu", "recurrent, soft spiking neural units", 108.4,
         "recurrent(400, neuron=snu(graded=True, bias=True), bias=True)"),
    _row("words-lstm", "LSTM units", None, "gated(400, unit=lstm)"))
