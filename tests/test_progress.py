"""What a person who waits is told: of compiling once, and nothing where nothing is compiled."""

import numba
import pytest

from plasticity._utils.progress import COMPILING, progress, told_of_compiling


def fresh():
    """A function that is not compiled yet, which calls another such."""
    inner = numba.njit(lambda x: x + 1)
    return numba.njit(lambda x: inner(x) * 2)


@pytest.mark.parametrize(("verbose", "calls", "lines"), [(True, 2, [COMPILING]), (True, 0, []), (False, 2, [])])
def test_where_stderr_is_no_terminal_one_line_tells_of_compiling(capsys, verbose, calls, lines):
    with progress(3, 0, verbose) as advance:
        for _ in range(calls):
            assert fresh()(1) == 4
        advance(1, "")
    said = capsys.readouterr()
    assert [line.strip() for line in said.err.splitlines() if line.strip()] == lines and not said.out


def test_what_is_compiled_within_another_is_part_of_it():
    told, function = [], fresh()
    with told_of_compiling(lambda first: told.append(first), lambda: told.append("done")):
        function(1)
        function(2)
        fresh()(1.5)
    fresh()(1)
    assert told == [True, "done", False, "done"]
