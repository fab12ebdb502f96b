"""Neurons as Brian2 equations or discrete maps."""
