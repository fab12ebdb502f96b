"""Ways to learn that bring their own network, and the baselines; `Learner` trains them as every other rule."""

from plasticity._utils.moved import names
from plasticity.methods.method import Method

__all__ = ["Method"]

__getattr__ = names(__name__, MethodClassifier="plasticity.learner.methods:MethodClassifier",
                    catalogue="plasticity.rules:catalogue", make="plasticity.rules:make")
