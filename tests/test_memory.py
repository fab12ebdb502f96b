"""Memory that is freed is kept."""

import resource
import sys

import pytest
import torch

from plasticity.memory import forget_peak, held, keep_freed


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only the GNU C library keeps memory on request")
def test_a_second_request_needs_no_new_pages():
    assert keep_freed()

    def faults() -> int:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
        torch.ones(12_000_000)
        return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

    found = [faults() for _ in range(6)]
    assert min(found) < 100, found  # 48 MB are 11,719 pages


def test_memory_held():
    forget_peak()
    assert 0 < held("VmRSS") <= held("VmHWM") + 1
