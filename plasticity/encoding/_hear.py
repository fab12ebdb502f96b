"""The compiled loop behind `cochleagram`: all stages of a channel at once, nothing kept but the averages of steps."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from plasticity._utils.compiling import kept


@kept(Path(__file__).parent, nogil=True, error_model="numpy")
def hear(sounds, leak, turn, begin, exponent, out):
    """Fills out [samples, steps, channels]: the mean of max(0, motion)^exponent over each step.

    sounds: float64 [samples, n]. leak, turn [channels]: of the four stages (see `gammatone`). begin [steps + 1].
    """
    for s in range(sounds.shape[0]):
        for k in range(leak.size):
            inflow, pole = 1.0 - leak[k], turn[k]
            a, b, c, d = 0j, 0j, 0j, 0j
            for step in range(begin.size - 1):
                total = 0.0
                for t in range(begin[step], begin[step + 1]):
                    a = inflow * sounds[s, t] + pole * a
                    b = inflow * a + pole * b
                    c = inflow * b + pole * c
                    d = inflow * c + pole * d
                    if d.real > 0:
                        total += np.exp(exponent * np.log(2 * d.real))
                out[s, step, k] = total / (begin[step + 1] - begin[step])
