"""Compiled programs that are kept: used where they are one's own and whole, and compiled again where they are not."""

import os
import pickle
import stat
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest

from plasticity._utils import compiling, folders, homeless
from plasticity.errors import CacheWarning

X = np.arange(5.0)
SOURCES = Path(__file__).parent / "support"


def doubled(x):
    return 2.0 * x.sum()


def kept(function=doubled):
    """The function as a new start finds it: not compiled yet in this process."""
    return compiling.kept(SOURCES, nogil=True)(function)


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """A new cache; nothing has been said or looked up yet."""
    monkeypatch.setenv("PLASTICITY_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))
    (tmp_path / "tmp").mkdir()
    folders._private.cache_clear()
    yield tmp_path / "cache"
    folders._private.cache_clear()


def called() -> tuple[bool, list[str]]:
    """Whether a kept form was found, and what was warned of."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", CacheWarning)
        function = kept()
        assert function(X) == 20.0
    return sum(function.stats.cache_hits.values()) == 1, [str(each.message) for each in caught]


def files(cache: Path) -> list[Path]:
    return sorted(file for file in cache.rglob("*") if file.is_file())


def test_the_second_start_compiles_nothing(cache):
    assert called() == (False, []) and called() == (True, [])
    file, = files(cache)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600 and stat.S_IMODE(file.parent.stat().st_mode) == 0o700


def test_each_program_and_type_has_its_own(cache):
    called()
    other = kept(lambda x: 3.0 * x.sum())
    assert other(X) == 30.0 and kept()(X.astype(np.float32)) == 20.0 and len(files(cache)) == 3


class Trap:
    """An object that leaves a trace where it is unpickled."""

    def __init__(self, trace: Path):
        self.trace = trace

    def __reduce__(self):
        return Path.touch, (self.trace,)


@pytest.mark.parametrize("damage", [
    lambda content, trap: b"", lambda content, trap: content[:-1],
    lambda content, trap: content[:40] + bytes([content[40] ^ 1]) + content[41:],
    lambda content, trap: trap, lambda content, trap: content[:32] + trap], ids=[
    "empty", "cut off", "another byte", "a pickle", "a pickle with the old checksum"])
def test_a_damaged_file_is_compiled_again_with_one_line_and_never_unpickled(cache, tmp_path, damage):
    called()
    file, = files(cache)
    file.write_bytes(damage(file.read_bytes(), pickle.dumps(Trap(tmp_path / "trace"))))
    found, told = called()
    assert not found and not (tmp_path / "trace").exists()
    assert told == [f"compiled programs in {file.parent} are damaged, or others could have written them; they are "
                    "compiled again"]
    assert called() == (True, [])


@pytest.mark.parametrize("mode", [0o770, 0o707, 0o1777])
def test_nothing_is_read_from_a_folder_that_others_can_write(cache, tmp_path, mode):
    called()
    folder = files(cache)[0].parent
    folder.chmod(mode)
    folders._private.cache_clear()
    found, told = called()
    assert not found and len(told) == 1 and f"{folder} can be written by others" in told[0]
    assert files(tmp_path / "tmp"), "they go to a temporary folder instead"


def test_nothing_is_read_from_a_file_that_others_can_write_or_that_is_a_link_or_a_pipe(cache, tmp_path):
    called()
    file, = files(cache)
    content = file.read_bytes()
    for change in (lambda: file.chmod(0o666), lambda: (file.replace(tmp_path / "there"), file.symlink_to(
            tmp_path / "there")), lambda: (file.unlink(), os.mkfifo(file, 0o600))):
        change()
        assert not called()[0]
        assert file.read_bytes()[32:34] == content[32:34] and file.is_file() and not file.is_symlink()


@pytest.mark.parametrize("place", ["a file", "/proc/nowhere"])
def test_a_cache_that_cannot_be_written_is_replaced_by_a_temporary_folder_with_one_line(
        cache, tmp_path, monkeypatch, place):
    (tmp_path / "a file").write_text("")
    monkeypatch.setenv("PLASTICITY_CACHE", str(tmp_path / place))
    found, told = called()
    assert not found and len(told) == 1 and "instead; set PLASTICITY_CACHE to a folder that is yours" in told[0]
    folders._private.cache_clear()
    assert called()[0], "the temporary folder serves the next start"


def test_without_any_folder_programs_run_all_the_same(cache, tmp_path, monkeypatch):
    (tmp_path / "a file").write_text("")
    monkeypatch.setenv("PLASTICITY_CACHE", str(tmp_path / "a file"))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "a file"))
    found, told = called()
    assert not found and len(told) == 1 and "are not kept" in told[0]


def test_a_full_disk_is_told_and_nothing_else_happens(cache, monkeypatch):
    def full(**where):
        raise OSError(28, "No space left on device")

    called()
    files(cache)[0].unlink()
    with monkeypatch.context() as patch:
        patch.setattr("plasticity._utils.compiling.tempfile.mkstemp", full)
        found, told = called()
    assert not found and len(told) == 1 and "cannot be kept" in told[0] and "No space left" in told[0]


def test_who_has_no_home_has_a_temporary_folder(tmp_path, monkeypatch):
    def homeless_user():
        raise RuntimeError("Could not determine home directory.")

    for name in ("PLASTICITY_CACHE", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "MPLCONFIGDIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(Path, "home", homeless_user)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert folders.cache() == folders.temporary()
    monkeypatch.delitem(sys.modules, "matplotlib", raising=False)
    homeless.settle_matplotlib()
    assert os.environ["MPLCONFIGDIR"] == str(folders.temporary() / "matplotlib")
    monkeypatch.delenv("MPLCONFIGDIR")


PROGRAM = """
import sys, warnings
warnings.simplefilter("error")
sys.path.insert(0, {tests!r})
from test_kept_programs import X, kept
print(kept()(X))
"""


def test_processes_that_compile_at_once_stay_right(tmp_path):
    environment = {**os.environ, "PLASTICITY_CACHE": str(tmp_path)}
    program = [sys.executable, "-c", PROGRAM.format(tests=str(Path(__file__).parent))]
    running = [subprocess.Popen(program, env=environment, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    assert [process.communicate()[0] for process in running] == ["20.0\n"] * 2
    assert len(files(tmp_path)) == 1
