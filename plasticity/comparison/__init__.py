"""Learners side by side: the same task, data and seeds, one table."""

from plasticity.comparison.candidates import known
from plasticity.comparison.compare import compare, resumed

__all__ = ["compare", "known", "resumed"]
