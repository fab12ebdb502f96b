"""Formulas written from the papers, as sums over spikes. Nothing here imports the library."""
