"""Populations as generated programs: all steps of a batch forwards, and their exact adjoint backwards.

A population's discretised equations, threshold and resets become one Numba function that runs a batch through all
steps, and another that sends credit back along the paths a gradient rule leaves open. In torch's graph that is one
node, so that layers, readouts and losses around it are torch's own.
"""

from plasticity.engines.gradient.compiled.running import LayerByLayer, refusal

__all__ = ["LayerByLayer", "refusal"]
