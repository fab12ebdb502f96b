"""Baselines that do not spike: perceptron, convolutional network, and recurrent networks of three kinds of units."""

from plasticity.baselines.layers import READ, Backpropagated, Recurrent, convolutional, perceptron

__all__ = ["READ", "Backpropagated", "Recurrent", "convolutional", "perceptron"]
