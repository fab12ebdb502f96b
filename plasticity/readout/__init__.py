"""Readouts: from the spikes of a network's output population to classes. Labels enter on training responses only.

A readout is fitted once, by `fit_readout`, and is frozen then; `predict` answers -1 (no answer, which counts as wrong)
for samples that give it nothing to go by, such as silent ones.
"""

from plasticity.readout.catalogue import READOUTS, Readout, ReadoutKind, fit_readout
from plasticity.readout.logistic import Logistic, logistic
from plasticity.readout.ngram import NGram, ngram
from plasticity.readout.votes import AllActivity, Proportion, all_activity, assign_labels, proportion

__all__ = ["READOUTS", "AllActivity", "Logistic", "NGram", "Proportion", "Readout", "ReadoutKind", "all_activity",
           "assign_labels", "fit_readout", "logistic", "ngram", "proportion"]
