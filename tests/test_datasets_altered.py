"""Data files that were altered, cut off or made to hurt: one clear error, and nothing used that a checksum tells of."""

import bz2
import gzip
import io
import os
import struct
import tarfile
import time
import wave
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import h5py
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from scipy.io import savemat

from plasticity.datasets import archives, cifar10, idx, jsb, npz, pictures, streaming_tar, tasks, usps, waves
from plasticity.errors import DataError, PlasticityError

RNG = np.random.default_rng(0)
MOST = 10**7


def sound(samples: int = 200) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as written:
        written.setparams((1, 2, 8000, 0, "NONE", ""))
        written.writeframes(np.arange(samples).astype("<i2").tobytes())
    return file.getvalue()


def packed(mode: str, files: dict[str, bytes] | None = None) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode=mode) as archive:
        for name, content in (files or {"yes/a.wav": sound(), "yes/b.wav": sound(90), "notes.txt": b"x" * 700}).items():
            about = tarfile.TarInfo(name)
            about.size = len(content)
            archive.addfile(about, io.BytesIO(content))
    return file.getvalue()


def pixels() -> bytes:
    return gzip.compress(b"\0\0\x08\x03" + struct.pack(">3I", 3, 5, 4) + RNG.bytes(60), mtime=0)


def arrays(save: Callable) -> bytes:
    file = io.BytesIO()
    save(file, x=RNG.random((6, 4)), y=np.array(list("abcabc")))
    return file.getvalue()


def picture(form: str) -> bytes:
    file = io.BytesIO()
    Image.fromarray(RNG.integers(0, 255, (9, 8, 3)).astype(np.uint8)).save(file, form)
    return file.getvalue()


def digits_h5() -> bytes:
    file = io.BytesIO()
    with h5py.File(file, "w") as written:
        for part in ("train", "test"):
            written[f"{part}/data"] = RNG.random((4, 256)).astype(np.float32)
            written[f"{part}/target"] = np.arange(4)
    return file.getvalue()


def digits_text() -> bytes:
    lines = [f"{k + 1} " + " ".join(f"{i + 1}:{v:.3f}" for i, v in enumerate(RNG.random(256))) for k in range(3)]
    return bz2.compress("\n".join(lines).encode() + b"\n")


def zipped() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as written:
        for name in ("a.txt", "b.txt"):
            written.writestr(name, f"{name} " * 90)
    return file.getvalue()


def chorales() -> bytes:
    file, pieces = io.BytesIO(), np.empty((1, 3), object)
    for k in range(3):
        pieces[0, k] = RNG.integers(0, 2, (4 + k, 88)).astype(np.uint8)
    savemat(file, dict.fromkeys(jsb.VARIABLES.values(), pieces), do_compression=True)
    return file.getvalue()


def records() -> bytes:
    return packed("w:gz", {name: bytes([3]) + RNG.bytes(cifar10.RECORD - 1)
                           for name in (*cifar10.BATCHES, cifar10.TEST_BATCH)})


def of_chorales(path: Path) -> list:
    return [(part, piece.tobytes()) for part, pieces in jsb.read_mat(path).items() for piece in pieces]


def of_archive(path: Path) -> str:
    return archives.content_of(archives.read_tar(path, (".wav",), MOST))


def of_words(path: Path) -> list:
    return list(streaming_tar.words_of(path, lambda word, name: True))


def of_npz(path: Path) -> list:
    return [(name, array.dtype, array.tobytes()) for name, array in npz.read_npz(path, ("x", "y"), ("x", "y")).items()]


class Case(NamedTuple):
    """A whole file, how it is read, and whether its format has a checksum of what it holds."""

    content: bytes
    read: Callable[[Path], object]
    summed: bool = True


CASES = {
    "idx": Case(pixels(), lambda path: idx.read_idx(path, 3).tobytes()),
    "tar": Case(packed("w"), of_archive, False), "words, tar": Case(packed("w"), of_words, False),
    **{f"tar, {kind}": Case(packed(f"w:{kind}"), of_archive) for kind in ("gz", "bz2", "xz")},
    "words, tar, gz": Case(packed("w:gz"), of_words),
    "HDF5": Case(digits_h5(), lambda path: [array.tobytes() for array in usps.read_h5([path])], False),
    "LIBSVM": Case(digits_text(), lambda path: [array.tobytes() for array in usps.read_text([path, path])]),
    "wave": Case(sound(), lambda path: waves.wave_of("a", path.read_bytes(), 8000).tobytes(), False),
    "npz": Case(arrays(np.savez), of_npz), "npz, packed": Case(arrays(np.savez_compressed), of_npz),
    "zip": Case(zipped(), lambda path: archives.content_of(archives.read_zip(path, (".txt",), MOST)), False),
    "MATLAB": Case(chorales(), of_chorales, False),
    "CIFAR-10": Case(records(), lambda path: [array.tobytes() for array in cifar10.read_binary([path])]),
    **{form: Case(picture(form), lambda path: pictures.read_picture(path).tobytes(), form == "PNG")
       for form in ("PNG", "JPEG", "BMP", "GIF", "PPM", "WEBP")}}
EDITS: tuple[Callable[[bytes, int, bytes], bytes], ...] = (
    lambda content, at, new: content[:at] + new + content[at + len(new):], lambda content, at, new: content[:at],
    lambda content, at, new: content[:at] + content[at + len(new):], lambda content, at, new: content[:at] + new
    + content[at:], lambda content, at, new: content + new, lambda content, at, new: content[:at] + content[at:][:64]
    + content[at:])


@pytest.mark.parametrize("name", CASES)
@given(edit=st.sampled_from(EDITS), share=st.floats(0, 1, exclude_max=True), new=st.binary(min_size=1, max_size=8))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_an_altered_file_is_refused_or_holds_what_it_held(name, edit, share, new, tmp_path):
    case, path = CASES[name], tmp_path / "file"
    path.write_bytes(case.content)
    whole = case.read(path)
    path.write_bytes(edit(case.content, int(share * len(case.content)), new))
    try:
        content = case.read(path)
    except PlasticityError as error:
        assert "\n" not in str(error)
    else:
        assert content == whole or not case.summed


@pytest.mark.parametrize("name", CASES)
def test_half_of_a_file_is_no_file(name, tmp_path):
    content = CASES[name].content
    (tmp_path / "file").write_bytes(content[:len(content.rstrip(b"\0")) // 2])
    with pytest.raises(DataError):
        CASES[name].read(tmp_path / "file")


@pytest.mark.parametrize("name", [name for name in CASES if name != "wave"])
@pytest.mark.parametrize("kind", ["a pipe", "a device"])
def test_what_never_ends_is_not_read(name, kind, tmp_path):
    path = Path("/dev/zero")
    if kind == "a pipe":
        path = tmp_path / "pipe"
        os.mkfifo(path)
    with pytest.raises(DataError, match=r"is no file|is not a file"):
        CASES[name].read(path)


def test_a_pipe_called_like_data_is_no_task(tmp_path):
    os.mkfifo(tmp_path / "data.npz")
    with pytest.raises(DataError, match=r"neither an \.npz file"):
        tasks.load(str(tmp_path / "data.npz"))


# What unpacks to more than it should.


def zeros(name: str, kind: bytes = tarfile.REGTYPE, size: int = 2**30) -> bytes:
    """A packed archive whose only member holds so many zeros."""
    about, file = tarfile.TarInfo(name), io.BytesIO()
    about.size, about.type = size, kind
    with gzip.GzipFile(fileobj=file, mode="wb", compresslevel=1) as written:
        written.write(about.tobuf())
        for _ in range(size // 2**24):
            written.write(bytes(2**24))
    return file.getvalue()


@pytest.mark.parametrize("read", [of_archive, of_words])
@pytest.mark.parametrize(("name", "kind"), [("skipped.bin", tarfile.REGTYPE), ("header", tarfile.XHDTYPE),
                                            ("name", tarfile.GNUTYPE_LONGNAME)])
def test_nothing_unpacks_out_of_proportion(read, name, kind, tmp_path, monkeypatch):
    monkeypatch.setattr("plasticity.datasets.unpacking.SPARE", 2**20)
    monkeypatch.setattr("plasticity.datasets.unpacking.RATIO", 10)
    (tmp_path / "bomb.tar.gz").write_bytes(zeros(name, kind, 2**26))
    begun = time.process_time()
    with pytest.raises(DataError, match="unpacks to more than 10 times its size"):
        read(tmp_path / "bomb.tar.gz")
    assert time.process_time() - begun < 2


def test_an_archive_with_an_altered_header_or_without_an_end_is_not_whole(tmp_path):
    path, content = tmp_path / "words.tar", packed("w")
    second = content.index(b"yes/b.wav")
    path.write_bytes(content[:second] + b"X" + content[second + 1:])
    with pytest.raises(DataError, match="a header in it was altered"):
        of_words(path)
    path.write_bytes(content[:second])
    with pytest.raises(DataError, match="ends too early"):
        of_words(path)


# HDF5.


def linked(group: h5py.Group, elsewhere: str) -> None:
    group["data"] = h5py.ExternalLink(elsewhere, "/train/data")


def soft(group: h5py.Group, elsewhere: str) -> None:
    group.file["other"] = np.zeros((4, 256), np.float32)
    group["data"] = h5py.SoftLink("/other")


def external(group: h5py.Group, elsewhere: str) -> None:
    group.create_dataset("data", (4, 256), np.float32, external=[("/etc/passwd", 0, 4096)])


def virtual(group: h5py.Group, elsewhere: str) -> None:
    layout = h5py.VirtualLayout((4, 256), np.float32)
    layout[:] = h5py.VirtualSource(elsewhere, "train/data", (4, 256))
    group.create_virtual_dataset("data", layout)


def huge(group: h5py.Group, elsewhere: str) -> None:
    group.create_dataset("data", (10**9, 256), np.float32, chunks=(1000, 256), compression="gzip")


def texts(group: h5py.Group, elsewhere: str) -> None:
    group["data"] = np.array([["a"] * 256] * 4, h5py.string_dtype())


@pytest.mark.parametrize("make", [linked, soft, external, virtual, huge, texts])
def test_only_arrays_of_the_file_itself_are_read_once_their_shapes_fit(make, tmp_path):
    (tmp_path / "usps.h5").write_bytes(CASES["HDF5"].content)
    with h5py.File(tmp_path / "other.h5", "w") as file:
        for part in ("train", "test"):
            file[f"{part}/target"] = np.arange(4)
            make(file[part], str(tmp_path / "usps.h5")) if part == "train" else linked(file[part], "nowhere.h5")
    with pytest.raises(DataError, match=r"not the HDF5 file of USPS \(it holds no array train/data|train/data has"):
        usps.read_h5([tmp_path / "other.h5"])


# Wave files.


@pytest.mark.parametrize("change", [
    lambda content: content[:-1], lambda content: content[:len(content) // 2], lambda content: content + b"\0\0",
    lambda content: content[:40] + struct.pack("<I", 100) + content[44:],
    lambda content: content[:4] + struct.pack("<I", 100) + content[8:],
    lambda content: content[:4] + struct.pack("<I", 2**32 - 20) + content[8:]],
    ids=["odd", "half", "more", "a shorter sound", "a shorter file", "a file of 4 GB"])
def test_frames_of_a_wave_file_are_counted(change):
    assert len(waves.wave_of("a.wav", sound(), 8000)) == 200
    with pytest.raises(DataError, match=r"a\.wav (has another length than its header says|is not a wave file)"):
        waves.wave_of("a.wav", change(sound()), 8000)
