"""Bach's chorales: the next chord, by spiking neural units and by conventional recurrent networks of the same size."""

from __future__ import annotations

from plasticity.reproduction.row import Row

SOURCE = "Wozniak, Pantazi, Bohnstingl & Eleftheriou 2020, Nature Machine Intelligence 2:325"
NOTE = ("the paper averages in a way that it does not give; the authors' notebook says so. Both are here: over all "
        "chords, and over pieces. The first chord of a piece is nobody's to know, and does not count")
_COMMON = {"rule": "bptt", "loss": "bernoulli", "readout": "leaky(tau=0, bias=True)", "batch": 8,
           "lr": 0.01, "optimizer": "adam(weight_decay=1e-4)", "schedule": "cosine"}


def _settings(network: str, weight: str, **more: object) -> dict[str, object]:
    return {"task": f"jsb(weight={weight})", "network": network, **_COMMON, **more}


SNU = "layers(150, gain=3.0, neuron=snu(activation=leaky_relu, bias=True), bias=True)"
SSNU = "layers(150, neuron=snu(graded=True, activation=leaky_relu, bias=True), bias=True)"
GATED = "gated(150, unit={})"


def _row(name: str, what: str, published: float | None, settings: dict, note: str = NOTE) -> Row:
    return Row(name, "chorales", what, SOURCE, published, "nll", settings, "JSB chorales, 229 / 76 / 77 pieces",
               f"published: not said; ours: {settings['epochs']} passes over 229 pieces", note, quick={"epochs": 5})


def _both(name: str, what: str, published: float | None, network: str, **more: object) -> tuple[Row, Row]:
    """Averaged over chords, and over pieces."""
    return (_row(name, what, published, _settings(network, "steps", **more)),
            _row(f"{name}-pieces", f"{what}, mean over pieces", published, _settings(network, "pieces", **more)))


ROWS: tuple[Row, ...] = (
    *_both("chorales-ssnu", "150 soft spiking neural units", 8.39, SSNU, epochs=200),
    *_both("chorales-snu", "150 spiking neural units", 8.72, SNU, epochs=60, optimizer="adam",
           engine="compiled(surrogate=sigmoid_derivative(beta=2))"),
    _row("chorales-lstm", "150 LSTM units", None, _settings(GATED.format("lstm"), "steps", epochs=40), ""),
    _row("chorales-gru", "150 GRU units", None, _settings(GATED.format("gru"), "steps", epochs=40), ""),
    _row("chorales-rnn", "150 tanh units", None, _settings(GATED.format("rnn"), "steps", epochs=40), ""))
