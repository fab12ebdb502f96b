"""Ways to learn that bring their own network, and one estimator for all of them."""

from plasticity.learner.methods import MethodClassifier
from plasticity.methods.catalogue import catalogue, make
from plasticity.methods.method import Method

__all__ = ["Method", "MethodClassifier", "catalogue", "make"]
