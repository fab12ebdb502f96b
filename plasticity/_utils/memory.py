"""Memory of this process: how much it holds, and keeping what was freed."""

from __future__ import annotations

import ctypes
import gc
import math
import sys
from pathlib import Path

from plasticity._utils import moved
from plasticity.errors import PlasticityError

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


def require_memory(needed: float, what: str) -> None:
    """Raises PlasticityError if `needed` bytes, which `what` would take, are not free.

    Nothing below a quarter of a gigabyte is looked into, so that small things cost nothing.
    """
    free = math.inf if needed < 2**28 else _free()
    if needed > free:
        raise PlasticityError(f"{what} would take {_gigabytes(needed)}, and {_gigabytes(free)} are free; make it "
                              "smaller, or do it in parts")


def _gigabytes(size: float) -> str:
    return f"{size / 2**30:,.1f} GB" if size < 2**60 else f"{size / 2**30:.1e} GB"


def _free() -> float:
    """Bytes that this process can still have: of the machine, and of its control group; infinite where none says."""
    said = _lines(Path("/proc/meminfo"))
    machine = 1024 * (said["MemAvailable"] + said.get("SwapFree", 0)) if "MemAvailable" in said else math.inf
    return max(min(machine, *(most - used for most, used in map(_group, _GROUPS))), 0)


#: the files of a control group that say how much memory it may have, and how much it has (versions 2 and 1 of Linux)
_GROUPS = (("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current", "/sys/fs/cgroup/memory.stat"),
           ("/sys/fs/cgroup/memory/memory.limit_in_bytes", "/sys/fs/cgroup/memory/memory.usage_in_bytes",
            "/sys/fs/cgroup/memory/memory.stat"))


def _group(files: tuple[str, str, str]) -> tuple[float, float]:
    """Most bytes of a control group, and those in use; what files keep in memory can be dropped."""
    try:
        most, used = (int(Path(file).read_text(encoding="ascii")) for file in files[:2])
    except (OSError, ValueError):  # there is none, or it says "max"
        return math.inf, 0
    return most, used - _lines(Path(files[2])).get("inactive_file", 0)


def _lines(path: Path) -> dict[str, int]:
    """The numbers of a file with lines "name number" or "name: number unit"; none where there is no such file."""
    try:
        words = (line.split() for line in path.read_text(encoding="ascii").splitlines())
        return {each[0].rstrip(":"): int(each[1]) for each in words if len(each) > 1}
    except (OSError, ValueError):
        return {}


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
