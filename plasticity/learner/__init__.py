"""Learners: networks that are trained by showing them samples, in scikit-learn's estimator form."""

from plasticity.learner.classifier import UnsupervisedClassifier

__all__ = ["UnsupervisedClassifier"]
