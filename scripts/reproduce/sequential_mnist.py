"""Sequential MNIST, row by row: 28 rows as graded currents, one per step, into 120 LIF and 100 ALIF neurons.

    .venv/bin/python scripts/reproduce/sequential_mnist.py                    # three seeds, test images
    .venv/bin/python scripts/reproduce/sequential_mnist.py --validate 2e-3 5e-3

Sizes and the recurrent connectivity of 12 % are those of the published pixel-by-pixel network (Bellec, Salaj,
Subramoney, Legenstein & Maass 2018); time constants and adaptation are scaled to 28 steps. Learns from all training
images; learning rates and the network were chosen on the last 10,000, with seed 0. The answer is the largest readout
at the last step. Writes docs/results/sequential_mnist.json after every run, and goes on with what that file lacks.
"""

from functools import partial

from _sequences import Study, main

from plasticity.datasets import load_sequences

STUDY = Study(
    name="sequential_mnist", data=partial(load_sequences, "rows_mnist"), held_out=10_000,
    network={"regular": 120, "adaptive": 100, "beta": 0.6, "recurrent_gain": 0.5, "connectivity": 0.12},
    neuron={"tau": 20e-3, "tau_a": 60e-3, "threshold": 0.6},
    training={"epochs": 5, "batch": 50, "tau_out": 60e-3, "scaled_readout": False, "last": 1, "rate": 100.0,
              "rate_strength": 0.5, "schedule": "cosine"},
    rates={"bptt": 5e-3, "eprop symmetric": 5e-3, "eprop random": 5e-3})

if __name__ == "__main__":
    main(STUDY, __doc__)
