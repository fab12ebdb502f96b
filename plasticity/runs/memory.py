"""How much memory this process holds, and the most that it held since some moment."""

from __future__ import annotations

from pathlib import Path

STATUS = Path("/proc/self/status")


def resident() -> float:
    """Memory of this process now, in MB (of 2^20 bytes)."""
    return _memory("VmRSS")


def peak() -> float:
    """The most since `forget_peak`, in MB; where the system keeps no such record, the most ever."""
    return _memory("VmHWM")


def forget_peak() -> None:
    """Lets the system's record of the most memory held start anew, where it can."""
    try:
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    except OSError:
        return


def _memory(field: str) -> float:
    if not STATUS.exists():
        import resource

        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    for line in STATUS.read_text(encoding="ascii").splitlines():
        if line.startswith(field):
            return int(line.split()[1]) / 1024
    return 0.0
