"""Published numbers, each as settings of an ordinary run: `plasticity reproduce NAME`."""

from plasticity.reproduction.catalogue import ROWS, chosen
from plasticity.reproduction.ledger import figure, ledger, line, ours, word
from plasticity.reproduction.reproduce import reproduce
from plasticity.reproduction.row import Row

__all__ = ["ROWS", "Row", "chosen", "figure", "ledger", "line", "ours", "reproduce", "word"]
