"""What a class gets that can be kept."""

from __future__ import annotations

from collections.abc import Mapping

from plasticity._utils.keeping.reading import unpack
from plasticity._utils.keeping.writing import inlined
from plasticity.errors import DataError


class Kept:
    """A dataclass of `TYPES`, which can be kept in a file: `pack` and `unpack`, or everything in one dictionary."""

    def to_dict(self) -> dict:
        """All fields as a tree for `json.dumps`, arrays as lists; `from_dict` makes an equal object of it.

        Raises PlasticityError for a field with something in it that cannot be kept.
        """
        return inlined(self)

    @classmethod
    def from_dict(cls, tree: Mapping):
        """The object that `to_dict` described.

        Raises DataError, naming the place, for an unknown or another type, a field that is missing or unknown, and a
        value that does not fit.
        """
        thing = unpack(tree)
        if not isinstance(thing, cls):
            raise DataError(f"this description is of a {type(thing).__name__}, not of a {cls.__name__}")
        return thing
