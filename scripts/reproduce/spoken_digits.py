"""Spoken digits (FSDD, 2,700 training recordings of six speakers) as spikes of a cochlea, by gradient rules.

    .venv/bin/python scripts/reproduce/spoken_digits.py                       # three seeds, test recordings
    .venv/bin/python scripts/reproduce/spoken_digits.py --validate 1e-3 2e-3

40 channels, 60 steps of 10 ms, into 50 LIF and 50 ALIF neurons. The last 300 training recordings, 5 of each digit
and speaker, are for validation, where one learning rate was tried with bptt and serves all rules; the test part holds
recordings 0 to 4 of each, of the same speakers. Writes docs/results/spoken_digits.json after every run, and goes on
with what that file lacks.
"""

from functools import partial

from _sequences import Study, main

from plasticity.datasets import load_sequences

STUDY = Study(
    name="spoken_digits", data=partial(load_sequences, "fsdd_spikes"), held_out=300,
    network={"regular": 50, "adaptive": 50, "beta": 0.17, "recurrent_gain": 0.5},
    neuron={"tau": 20e-3, "tau_a": 60e-3, "threshold": 0.6},
    training={"epochs": 15, "batch": 50, "tau_out": 20e-3, "scaled_readout": False, "rate": 50.0, "rate_strength": 2.0,
              "schedule": "cosine"},
    rates={"bptt": 5e-3, "eprop symmetric": 5e-3, "eprop random": 5e-3, "ottt": 5e-3, "decolle": 5e-3})

if __name__ == "__main__":
    main(STUDY, __doc__)
