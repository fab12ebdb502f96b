"""Learners side by side: the same task, data and seeds, one table."""

from plasticity.comparison.compare import compare, resumed
from plasticity.comparison.entrants import known

__all__ = ["compare", "known", "resumed"]
