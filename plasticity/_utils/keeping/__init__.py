"""What a person made as a JSON tree, and back: only known types are made again, and nothing that is read is run.

A tree is what JSON knows. {"$type": "Trace", "tau": 0.02, ...} is a dataclass with all of its fields. {"$array": ...,
"dtype": ..., "shape": ...} is an array: its numbers in one list, or the name under which they are kept apart.
{"$named": "Encoder", "text": "latency(steps=25)"} is what a catalogue makes of a text. {"$number": "inf"} is a number
that JSON has not, {"$number": 3, "dtype": "int64"} one of numpy. A list is a tuple. A name in a mapping that begins
with "$" has a second one.
"""

from plasticity._utils.keeping.kept import Kept
from plasticity._utils.keeping.reading import unpack
from plasticity._utils.keeping.types import TYPES
from plasticity._utils.keeping.writing import pack

__all__ = ["TYPES", "Kept", "pack", "unpack"]
