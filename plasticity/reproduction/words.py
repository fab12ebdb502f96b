"""Penn Treebank: the next word, by spiking neural units."""

from __future__ import annotations

from plasticity.reproduction.row import Row

NOTE = "sizes, optimiser and truncation were not published; what is here was chosen on the validation part"
ROWS: tuple[Row, ...] = ()
