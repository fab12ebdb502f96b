"""N-MNIST, digits of an event camera (1,000 training recordings), by gradient rules.

    .venv/bin/python scripts/reproduce/event_digits.py                        # three seeds, test recordings
    .venv/bin/python scripts/reproduce/event_digits.py --validate 2e-3 5e-3

Events in steps of 10 ms, 17x17 squares of pixels and two polarities, 30 steps, into 50 LIF and 50 ALIF neurons.
Learning rates were chosen on the last 200 training recordings; the test part has 100, so one is a point of accuracy.
Writes docs/results/event_digits.json after every run, and goes on with what that file lacks.
"""

from functools import partial

from _sequences import Study, main

from plasticity.datasets import load_sequences

STUDY = Study(
    name="event_digits", data=partial(load_sequences, "nmnist_frames"), held_out=200,
    network={"regular": 50, "adaptive": 50, "beta": 0.17, "recurrent_gain": 0.5},
    neuron={"tau": 20e-3, "tau_a": 60e-3, "threshold": 0.6},
    training={"epochs": 15, "batch": 50, "tau_out": 20e-3, "scaled_readout": False, "rate": 50.0, "rate_strength": 2.0,
              "schedule": "cosine"},
    rates={"bptt": 2e-3, "eprop symmetric": 2e-3, "eprop random": 5e-3, "ottt": 2e-3, "decolle": 2e-3})

if __name__ == "__main__":
    main(STUDY, __doc__)
