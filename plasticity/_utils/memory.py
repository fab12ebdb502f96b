"""Memory of this process: how much it holds, and keeping what was freed."""

from __future__ import annotations

import ctypes
import gc
import sys
from pathlib import Path

from plasticity._utils import moved

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # of mallopt, in malloc.h of the GNU C library


def keep_freed() -> bool:
    """Lets the C library keep memory that is freed for the next request, instead of giving it back to the system.

    An update of a large network on a CPU asks for the same arrays as the one before, and getting them from the system
    page by page can take as long as the update itself. It holds for the whole process from then on, which keeps the
    most memory that it ever held. Answers whether the library took it: the GNU C library does.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    return mallopt is not None and bool(mallopt(_MMAP_THRESHOLD, 1 << 30)) and bool(
        mallopt(_TRIM_THRESHOLD, (1 << 31) - 1))


def release() -> None:
    """Drops what nothing refers to any more, and gives freed memory back to the system, where the C library can."""
    gc.collect()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None
    if trim is not None:
        trim(ctypes.c_size_t(0))


def forget_peak() -> None:
    """Lets the kernel's record of the most memory held start anew, where it can."""
    try:
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    except OSError:
        return


def rss_mb(field: str) -> float:
    """Resident memory of this process in MB: VmRSS now, VmHWM the most since `forget_peak`; the most ever elsewhere."""
    status = Path("/proc/self/status")
    if not status.exists():
        import resource

        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    for line in status.read_text(encoding="ascii").splitlines():
        if line.startswith(field):
            return int(line.split()[1]) / 1024
    return 0.0


__getattr__ = moved.names(__name__, held="plasticity._utils.memory:rss_mb")
