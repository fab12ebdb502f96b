"""Spoken words: an LSNN, an LSTM and their rules, on cepstral coefficients."""

from __future__ import annotations

from plasticity.reproduction.row import Row

SOURCE = "chiralevy's thesis, whose numbers are those of Salaj et al.'s GoogleSpeechCommandsRNN"
MISSING = "twenty-seven of the thirty words of Speech Commands, which are not at hand"
_COMMON = {"task": "fsdd_mfcc", "encoder": "sequences", "batch": 50, "lr": 5e-3, "schedule": "cosine", "epochs": 30}
_QUICK = {"train_samples": 300, "test_samples": 100, "epochs": 2}


def _row(name: str, what: str, **settings: object) -> Row:
    return Row(name, "speech", what, "this library", None, "accuracy", {**_COMMON, **settings},
               "Free Spoken Digit Dataset, ten words", f"{_COMMON['epochs']} passes", "", quick=_QUICK)


LSNN = "lsnn(100, 100)"
ROWS: tuple[Row, ...] = (
    Row("speech-lsnn", "speech", "2048 adaptive neurons, steps of 1 ms", SOURCE, 0.9120, missing=MISSING),
    Row("speech-lstm", "speech", "512 LSTM units", SOURCE, 0.9440, missing=MISSING),
    Row("speech-cnn", "speech", "cnn-trad-fpool3", SOURCE, 0.8760, missing=MISSING),
    _row("speech-digits-lsnn", "spoken digits: LSNN by BPTT", network=LSNN, rule="bptt"),
    _row("speech-digits-eprop", "spoken digits: LSNN by e-prop", network=LSNN, rule="eprop(feedback=symmetric)"),
    _row("speech-digits-eprop-random", "spoken digits: LSNN by e-prop, random feedback", network=LSNN,
         rule="eprop(feedback=random)"),
    _row("speech-digits-lstm", "spoken digits: 200 LSTM units", network="gated(200, unit=lstm)", rule="bptt",
         readout="leaky(tau=0, bias=True)"))
