"""Ways to learn that bring their own network, and one estimator for all of them."""

from plasticity.methods.catalogue import catalogue, make
from plasticity.methods.classifier import MethodClassifier
from plasticity.methods.method import Method

__all__ = ["Method", "MethodClassifier", "catalogue", "make"]
