"""Sequential MNIST, row by row: 28 rows as graded currents, one per step, into 60 LIF and 60 ALIF neurons.

    .venv/bin/python scripts/reproduce/sequential_mnist.py                    # three seeds, test images
    .venv/bin/python scripts/reproduce/sequential_mnist.py --validate 2e-3 5e-3

Learns from the first 20,000 training images; learning rates and the network were chosen on the last 10,000. The answer
is the largest readout over the last 5 steps. Writes docs/results/sequential_mnist.json after every run, and goes on
with what that file lacks.
"""

from functools import partial

from _sequences import Study, main

from plasticity.datasets import load_sequences

STUDY = Study(
    name="sequential_mnist", data=partial(load_sequences, "rows_mnist"), held_out=10_000, train_samples=20_000,
    network={"regular": 60, "adaptive": 60, "beta": 0.6, "recurrent_gain": 0.5},
    neuron={"tau": 20e-3, "tau_a": 60e-3, "threshold": 0.6},
    training={"epochs": 6, "batch": 50, "tau_out": 20e-3, "scaled_readout": False, "last": 5, "rate": 100.0,
              "rate_strength": 0.5, "schedule": "cosine"},
    rates={"bptt": 5e-3, "eprop symmetric": 5e-3, "eprop random": 5e-3})

if __name__ == "__main__":
    main(STUDY, __doc__)
