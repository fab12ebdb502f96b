"""Figures: each function takes arrays and answers a matplotlib Figure; `save` writes it. Nothing global is changed."""

from plasticity._utils import moved
from plasticity.plots.clamped import clamped_change, clamped_curve
from plasticity.plots.confusion import confusion
from plasticity.plots.curve import learning_curve
from plasticity.plots.fields import receptive_fields
from plasticity.plots.of_rule import figure_of
from plasticity.plots.raster import raster
from plasticity.plots.rates import of_rates, rate_change, rate_curve
from plasticity.plots.short_term import short_term, short_term_response
from plasticity.plots.style import finish, save
from plasticity.plots.window import stdp_window, window

__all__ = ["clamped_change", "clamped_curve", "confusion", "figure_of", "finish", "learning_curve", "of_rates",
           "raster", "rate_change", "rate_curve", "receptive_fields", "save", "short_term", "short_term_response",
           "stdp_window", "window"]

__getattr__ = moved.names(__name__, held_change="plasticity.plots.clamped:clamped_change",
                          held_curve="plasticity.plots.clamped:clamped_curve")
