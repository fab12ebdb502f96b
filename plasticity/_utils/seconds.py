"""Times that were meant in milliseconds: all times are seconds."""

from __future__ import annotations

import warnings

from plasticity.errors import NetworkWarning

MOST = 1e5


def warn_of_milliseconds(above: float, **times: float) -> None:
    """Warns (NetworkWarning) of each time (s) above a limit that hardly anybody exceeds, up to `MOST`."""
    for name, value in times.items():
        if above < value < MOST:
            warnings.warn(f"{name}={value:g} is {value:g} s; did you mean {value:g}e-3? Times are in seconds",
                          NetworkWarning, stacklevel=4)
