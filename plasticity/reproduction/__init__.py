"""Published numbers, each as settings of an ordinary run: `plasticity reproduce NAME`."""

from plasticity.reproduction.catalogue import ROWS, chosen
from plasticity.reproduction.ledger import ledger, line
from plasticity.reproduction.reproduce import reproduce
from plasticity.reproduction.row import Row

__all__ = ["ROWS", "Row", "chosen", "ledger", "line", "reproduce"]
